"""``scmigen diff --remap``: rows that are known by hand, from dumps of releases and from builds."""

import json
import re
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from audit.imx_sm_tree import CONFIG
from audit.imx_sm_tree import write as write_imx_sm
from support import BOARD, SOC, scmigen, source, written

Tool = Callable[[str], str]
Rows = dict[str, list[tuple[int, int]]]

#: Facts of R-Car X5H: what U-Boot's device trees have, and its firmware at SDK 4.28 and 4.31.
DT = {
    "clock": {"MDLC_UFS0": 202, "MDLC_UFS1": 203, "MDLC_XPCS0": 316, "CLK_S0D6_PERE_MAIN": 1691},
    "reset": {"UFS0": 96, "UFS1": 97, "XPCS0": 48},
}
SDK_4_28 = {
    "clock": {"MDLC_UFS0": 202, "MDLC_UFS1": 203, "MDLC_XPCS0": 316, "CLK_S0D6_PERE_MAIN": 1691},
    "reset": {"UFS0": 202, "UFS1": 203, "XPCS0": 316},
}
SDK_4_31 = {
    "clock": {"MDLC_UFS0": 198, "MDLC_UFS1": 199, "MDLC_XPCS0": 312, "CLK_S0D6_PERE_MAIN": 1687},
    "reset": {"UFS0": 198, "UFS1": 199, "XPCS0": 312},
}
#: The rows that U-Boot's drivers have by hand for these, ascending by the first number.
BY_HAND: dict[str, Rows] = {
    "sdk_4_28": {
        "clock": [(202, 202), (203, 203), (316, 316), (1691, 1691)],
        "reset": [(48, 316), (96, 202), (97, 203)],
    },
    "sdk_4_31": {
        "clock": [(202, 198), (203, 199), (316, 312), (1691, 1687)],
        "reset": [(48, 312), (96, 198), (97, 199)],
    },
}
RELEASES = {"sdk_4_28": (SDK_4_28, 0x010A0000), "sdk_4_31": (SDK_4_31, 0x010D0000)}


def dump(path: Path, resources: Mapping[str, Mapping[str, int]], version: int = 0) -> Path:
    """What ``scmigen client URL dump --format json`` prints of a server with these."""
    said: dict[str, object] = {
        "vendor": "Acme",
        "sub_vendor": "",
        "implementation_version": version,
        "agent": 1,
        "agents": {"1": "AP"},
        "protocols": {"base": "2.0", "clock": "2.0", "reset": "2.0"},
    }
    for kind, names in resources.items():
        said[kind] = [{"id": number, "name": name} for name, number in names.items()]
    return written(path, json.dumps(said))


def remapped(folder: Path, *arguments: str | Path, release: str) -> Rows:
    """The rows of the tables, numbers in place of the names of the other header."""
    done = scmigen("diff", *arguments, "--remap", folder, "--release", release)
    assert (done.returncode, done.stderr) == (0, "")
    ids = (folder / "scmi-ids.h").read_text()
    numbers = {name: int(n) for name, n in re.findall(r"#define (\w+) +(\d+)", ids)}
    text = (folder / f"scmi-remap-{release}.h").read_text()
    tables = re.findall(rf"scmi_remap_(\w+)_{release}\[\] = \{{\n(.*?)\}};", text, re.S)
    return {
        kind: [(numbers[a], int(b)) for a, b in re.findall(r"\{ (\w+), (\d+) \}", rows)]
        for kind, rows in tables
    }


@pytest.mark.parametrize("release", RELEASES)
def test_the_rows_that_are_written_by_hand(release: str, tmp_path: Path) -> None:
    resources, version = RELEASES[release]
    old, new = dump(tmp_path / "dt.json", DT), dump(tmp_path / "new.json", resources, version)
    assert remapped(tmp_path, old, new, release=release) == BY_HAND[release]
    text = (tmp_path / f"scmi-remap-{release}.h").read_text()
    assert f"#define SCMI_REMAP_{release.upper()}_VERSION 0x{version:08x}" in text


PROGRAM = """
#include <stdio.h>
#include "scmi-remap-sdk_4_28.h"
#include "scmi-remap-sdk_4_31.h"
#define PRINT(t) \\
    for (unsigned i = 0; i < sizeof(t) / sizeof(*t); i++) \\
        printf(#t " %u %u\\n", t[i].dt_id, t[i].fw_id);
int main(void)
{
    PRINT(scmi_remap_clock_sdk_4_28) PRINT(scmi_remap_clock_sdk_4_31)
    PRINT(scmi_remap_reset_sdk_4_28) PRINT(scmi_remap_reset_sdk_4_31)
    return SCMI_REMAP_SDK_4_31_VERSION != 0x010d0000;
}
"""


#: With those of a kernel's W=1.
WARNINGS = ("-Wall", "-Wextra", "-Wunused-const-variable", "-Werror")


def test_a_driver_of_one_protocol_has_tables_that_it_does_not_use(
    tool: Tool, tmp_path: Path
) -> None:
    old, new = dump(tmp_path / "dt.json", DT), dump(tmp_path / "new.json", SDK_4_31)
    remapped(tmp_path, old, new, release="x")
    (tmp_path / "clk.c").write_text(
        '#include "scmi-remap-x.h"\nint first(void) { return scmi_remap_clock_x[0].fw_id; }\n'
    )
    command = [tool("gcc"), *WARNINGS, "-c", "-o", "clk.o", "clk.c"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)


def test_a_driver_includes_several_releases(tool: Tool, tmp_path: Path) -> None:
    old = dump(tmp_path / "dt.json", DT)
    for release, (resources, version) in RELEASES.items():
        new = dump(tmp_path / f"{release}.json", resources, version)
        assert remapped(tmp_path, old, new, release=release)
    (tmp_path / "main.c").write_text(PROGRAM)
    command = [tool("gcc"), *WARNINGS, "-std=c99", "-o", "main", "main.c"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=60)
    printed = subprocess.run(
        [tmp_path / "main"], capture_output=True, text=True, check=True, timeout=60
    )
    assert printed.stdout.splitlines() == [
        f"scmi_remap_{kind}_{release} {was} {now}"
        for kind in ("clock", "reset")
        for release in RELEASES
        for was, now in BY_HAND[release][kind]
    ]


def test_without_a_name_a_release_is_called_by_its_version(tmp_path: Path) -> None:
    old, new = dump(tmp_path / "dt.json", DT), dump(tmp_path / "new.json", SDK_4_31, 0x010D0000)
    assert scmigen("diff", old, new, "--remap", tmp_path / "out").returncode == 0
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "scmi-ids.h",
        "scmi-remap-v010d0000.h",
    }


def test_the_version_of_what_is_no_dump_can_be_said(tmp_path: Path) -> None:
    old, new = builds(tmp_path)
    said = ("--release", "two", "--implementation-version", "0x10d0000")
    assert scmigen("diff", old, new, "--remap", tmp_path / "out", *said).returncode == 0
    text = (tmp_path / "out" / "scmi-remap-two.h").read_text()
    assert "#define SCMI_REMAP_TWO_VERSION 0x010d0000\n" in text


def test_what_vanished_and_what_cannot_be_told_apart_is_told(tmp_path: Path) -> None:
    old = dump(tmp_path / "old.json", {"clock": {"a": 0, "b": 1, "c": 2, "": 3}})
    said = json.loads(dump(tmp_path / "new.json", {"clock": {"c": 5, "d": 6}}).read_text())
    said["clock"] += [{"id": 7, "name": "b"}, {"id": 8, "name": "b"}]
    new = written(tmp_path / "new.json", json.dumps(said))
    done = scmigen("diff", old, new, "--remap", tmp_path / "out", "--release", "x")
    assert done.returncode == 0
    assert done.stdout == "clock: 1 of 4 in the table, 1 moved, 1 gone, 2 ambiguous, 1 new\n"
    assert [line.strip() for line in done.stderr.splitlines()[:-1]] == [
        f"{new}: warning[remap-ambiguous]: 2 clock resources cannot be told from others by name; "
        "the table does not have them",
        "clock 1 b",
        "clock 3",
        f"{new}: warning[remap-vanished]: 1 clock resource not there any more; the table does not "
        "have it",
        "clock 0 a",
    ]


DEVICES = """
a@5000 { compatible = "acme,a"; clocks = <&cc 3>%s; clock-names = "one"%s; };
b@6000 { compatible = "acme,b"; clocks = <&cc 9>; };
"""


def builds(folder: Path, numbering: str = "shared") -> tuple[Path, Path]:
    """Two builds of a board, the second with a clock in between, which moves the last."""
    found = []
    for name, more in (("old", ("", "")), ("new", (", <&cc 4>", ', "two"'))):
        board = written(folder / f"{name}.dts", source(SOC + DEVICES % more))
        done = scmigen("build", board, "-o", folder / name, "-q", "--numbering", numbering)
        assert done.returncode == 0, done.stderr
        found.append(folder / name)
    return found[0], found[1]


def test_two_builds_are_compared_by_provider_and_cells(tmp_path: Path) -> None:
    """Names may differ: the third clock is the same whatever it is called."""
    old, new = builds(tmp_path)
    file = new / "runtime" / "runtime.json"
    file.write_text(file.read_text().replace('"b-6000"', '"renamed"'))
    assert remapped(tmp_path / "out", old, file, release="two") == {"clock": [(0, 0), (1, 2)]}


def test_boards_are_compiled(tmp_path: Path) -> None:
    builds(tmp_path)
    sides = (tmp_path / "old.dts", tmp_path / "new.dts")
    assert remapped(tmp_path / "out", *sides, release="two") == {"clock": [(0, 0), (1, 2)]}


def test_a_build_and_a_dump_are_compared_by_name(tmp_path: Path) -> None:
    old, _ = builds(tmp_path)
    new = dump(tmp_path / "new.json", {"clock": {"a-5000-one": 40, "b-6000": 2}})
    assert remapped(tmp_path / "out", old, new, release="two") == {"clock": [(0, 40), (1, 2)]}


def test_the_names_of_numbers_are_those_of_the_headers(tmp_path: Path) -> None:
    """A tree that includes the one may include the other."""
    old, new = builds(tmp_path)
    remapped(tmp_path / "out", old, new, release="two")
    (header,) = (old / "headers" / "dt-bindings" / "scmi").glob("*.h")
    define = re.compile(r"#define (SCMI_\w+) +(\d+)")
    assert define.findall((tmp_path / "out" / "scmi-ids.h").read_text()) == define.findall(
        header.read_text()
    )


def test_dumps_are_compared_by_name_without_a_table_too(tmp_path: Path) -> None:
    old = dump(tmp_path / "old.json", {"clock": {"a": 0, "b": 1, "": 2}})
    new = dump(tmp_path / "new.json", {"clock": {"b": 0, "c": 1, "": 2}})
    done = scmigen("diff", old, new)
    assert done.returncode == 3
    assert [line for line in done.stdout.splitlines() if line.startswith("AP: ")] == [
        "AP: clock 0 a removed (a)",
        "AP: clock 0 b renumbered, was 1 (b)",
        "AP: clock 1 c added (c)",
        "AP: clock 1 c has the number that b had (c)",
    ]


def test_a_build_is_compared_with_a_dump_by_name(tmp_path: Path) -> None:
    old, _ = builds(tmp_path)
    new = dump(tmp_path / "new.json", {"clock": {"a-5000-one": 0, "b-6000": 5}})
    done = scmigen("diff", old, new)
    assert done.returncode == 3
    assert "clock 5 b-6000 renumbered, was 1 (b-6000)" in done.stdout
    assert "a-5000-one" not in done.stdout


AGENTS = """
domains:
  a: {id: 1, default: true, scmi: {role: ospm}}
  b: {id: 2, scmi: {role: vm}, access: [{dev: "b@6000"}]}
"""


SCMI = """
/dts-v1/;
/ {
    compatible = "acme,s"; #address-cells = <1>; #size-cells = <1>;
    firmware { scmi {
        compatible = "arm,scmi-smc"; arm,smc-id = <0x82000010>; shmem = <&shm>;
        #address-cells = <1>; #size-cells = <0>;
        clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
    }; };
    sram@40000 {
        compatible = "mmio-sram"; reg = <0x40000 0x1000>;
        #address-cells = <1>; #size-cells = <1>; ranges = <0 0x40000 0x1000>;
        shm: shm@0 { compatible = "arm,scmi-shmem"; reg = <0 0x1000>; };
    };
    uart@10000 { compatible = "acme,uart"; reg = <0x10000 0x1000>; clocks = <&clk %d>; };
    eth@20000 { compatible = "acme,eth"; reg = <0x20000 0x1000>; clocks = <&clk %d>; };
};
"""


@pytest.mark.parametrize("built", [False, True])
@pytest.mark.parametrize("numbers", [(6, 7), (6, 5)])
def test_below_an_scmi_node_the_name_counts(
    numbers: tuple[int, int], built: bool, tmp_path: Path
) -> None:
    """The cells are the number that has changed: the clock of the UART was 5, of Ethernet 6."""
    sides = []
    for name, those in (("old", (5, 6)), ("new", numbers)):
        board = written(tmp_path / f"{name}.dts", SCMI % those)
        if built:
            assert scmigen("build", board, "-o", tmp_path / name, "-q").returncode == 0
        sides.append(tmp_path / name if built else board)
    rows = remapped(tmp_path / "out", *sides, release="two")
    assert rows == {"clock": [(5, numbers[0]), (6, numbers[1])]}


@pytest.mark.parametrize(
    ("old", "new", "ambiguous", "gone"),
    [
        pytest.param({"eth": 5, "eth~6": 6}, {"eth": 4, "eth~7": 7, "eth~8": 8}, 2, 0, id="more"),
        pytest.param({"eth": 5}, {"eth": 4, "eth~5": 5}, 1, 0, id="the first of several"),
        pytest.param({"reserved-3": 3}, {"reserved-3": 3}, 1, 0, id="reserved"),
        pytest.param({"clock-3": 3}, {"clock-3": 3}, 1, 0, id="nobody's"),
        pytest.param({"watchdog-150000": 3}, {"watchdog-1500~3": 3}, 1, 0, id="cut"),
        pytest.param({"timer-150000": 3}, {"watchdog-1500~3": 3}, 0, 1, id="cut, another"),
        pytest.param({"eth-phy": 3}, {"eth~3": 3, "eth": 2}, 0, 1, id="not cut"),
    ],
)
def test_names_that_were_made_of_a_number_say_nothing(
    old: dict[str, int], new: dict[str, int], ambiguous: int, gone: int, tmp_path: Path
) -> None:
    """In the other release that number is another resource's."""
    sides = (
        dump(tmp_path / "old.json", {"clock": {**old, "uart": 90}}),
        dump(tmp_path / "new.json", {"clock": {"uart": 91, **new}}),
    )
    done = scmigen("diff", *sides, "--remap", tmp_path / "out", "--release", "x")
    assert done.returncode == 0
    count = len(old) + 1
    assert f"1 of {count} in the table, 1 moved, {gone} gone, {ambiguous} amb" in done.stdout


#: Without what is wrong in it on purpose.
IMX_SM = CONFIG.replace("SYS     NOTIFY\n", "")


def releases_of_imx_sm(folder: Path) -> tuple[Path, Path]:
    """Two, the second with one clock more before UART and CAN, which were 3 and 4."""
    old, new = (write_imx_sm(folder / name, IMX_SM) for name in ("old", "new"))
    for path in (folder / "new").rglob("*.h"):
        path.write_text(path.read_text().replace("CLOCK_NUM_SRC 3UL", "CLOCK_NUM_SRC 4UL"))
    return old, new


@pytest.mark.parametrize("form", ["", "imx-sm:"])
def test_a_side_may_be_what_an_audit_reads(form: str, tmp_path: Path) -> None:
    old, new = releases_of_imx_sm(tmp_path)
    sides = (f"{form}{old}", f"{form}{new}")
    done = scmigen("diff", *sides, "--remap", tmp_path / "out", "--release", "two")
    assert done.returncode == 0
    table = (tmp_path / "out" / "scmi-remap-two.h").read_text()
    assert "{ SCMI_CLK_CLK_UART, 4 }" in table
    assert "{ SCMI_CLK_CLK_CAN, 5 }" in table
    assert str(tmp_path) not in table
    ids = (tmp_path / "out" / "scmi-ids.h").read_text()
    assert "#define SCMI_CLK_CLK_CAN 4 " in re.sub(" +", " ", ids)
    compared = scmigen("diff", *sides)
    assert compared.returncode == 3
    assert "clock 5 CLK_CAN renumbered, was 4 (CLK_CAN)" in compared.stdout
    assert "permissions: equal" in compared.stdout


def test_a_folder_of_no_form_is_told_which_forms_there_are(tmp_path: Path) -> None:
    done = scmigen("diff", tmp_path, tmp_path)
    assert done.returncode == 1
    assert "error[server-unknown]: this describes a server in no form that is known" in done.stderr


def test_of_whom_a_dump_says_nothing_nothing_is_removed(tmp_path: Path) -> None:
    """It is of one agent, and has the others by name at most."""
    (tmp_path / "agents.yaml").write_text(AGENTS)
    board = written(tmp_path / BOARD, source(SOC + DEVICES % ("", "")))
    scmigen("build", board, "-a", tmp_path / "agents.yaml", "-o", tmp_path / "b", "-q")
    new = dump(tmp_path / "new.json", {"clock": {"a-5000-one": 0}})
    said = new.read_text().replace('"AP"', '"a"')
    new.write_text(said)
    done = scmigen("diff", tmp_path / "b", new)
    assert (done.returncode, done.stdout) == (0, "permissions: equal\n")


def test_numbers_of_one_agent(tmp_path: Path) -> None:
    """With numbers of their own for each agent, it has to be said whose they are."""
    (tmp_path / "agents.yaml").write_text(AGENTS)
    board = written(tmp_path / BOARD, source(SOC + DEVICES % ("", "")))
    common = ("-a", tmp_path / "agents.yaml", "--numbering", "per-agent")
    done = scmigen("diff", board, board, *common, "--remap", tmp_path / "out")
    assert done.returncode == 2
    assert "say with --as whose numbers they are; agents: a, b" in done.stderr
    rows = remapped(tmp_path / "out", board, board, *common, "--as", "b", release="two")
    assert rows == {"clock": [(0, 0)]}


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        pytest.param(["--release", "x"], "are for", id="release alone"),
        pytest.param(["--remap", "out", "--release", "A/b"], "lower-case letters", id="release"),
        pytest.param(["--remap", "out", "--fail-on", "gain"], "--fail-on is for", id="fail-on"),
        pytest.param(
            ["--remap", "out", "--implementation-version", "1.2"], "of 32 bits", id="version"
        ),
        pytest.param(["--remap", "out", "--as", "nobody"], "one of: AP", id="agent"),
    ],
)
def test_wrong_use(options: list[str], problem: str, tmp_path: Path) -> None:
    old = dump(tmp_path / "dt.json", DT)
    done = scmigen("diff", old, old, *options, cwd=tmp_path)
    assert done.returncode == 2
    assert problem in done.stderr
    assert not (tmp_path / "out").exists()


def test_names_of_a_server_stay_in_comments(tmp_path: Path) -> None:
    old = dump(tmp_path / "dt.json", {"clock": {"*/ #error \n x": 4, "a\\": 5, "??/": 6}})
    rows = remapped(tmp_path / "out", old, old, release="x")
    assert rows == {"clock": [(4, 4), (5, 5), (6, 6)]}
    for line in (tmp_path / "out" / "scmi-ids.h").read_text().splitlines():
        assert not line.startswith("#") or line.split()[0] in ("#define", "#ifndef", "#endif")
    assert (tmp_path / "out" / "scmi-ids.h").read_text().count("*/") == 7
