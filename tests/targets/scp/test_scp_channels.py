"""Channels of a product: from the tree's SCMI node, and from the options.

What is expected of the tree is of Linux' ``Bindings/firmware/arm,scmi.yaml`` and mailbox transport.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import model_of, tree_of
from targets.scp.scp_build import FLAGS, HERE, definitions, run, write

from scmigen.diagnostics import Diagnostic, Severity
from scmigen.targets.make import make, option_problems

#: Where the memories are, in the order of the tree: two of the agent, two of performance.
BODY = """
soc { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>; ranges;
mhu: mhu@2b1f0000 { compatible = "arm,mhu-doorbell", "arm,primecell"; reg = <0x2b1f0000 0x1000>;
    #mbox-cells = <2>; };
sram@2e000000 { compatible = "mmio-sram"; reg = <0x2e000000 0x8000>;
    #address-cells = <1>; #size-cells = <1>; ranges = <0 0x2e000000 0x8000>;
    low0: low@0 { compatible = "arm,scmi-shmem"; reg = <0x0 0x80>; };
    low1: low@80 { compatible = "arm,scmi-shmem"; reg = <0x80 0x80>; };
    high0: high@100 { compatible = "arm,scmi-shmem"; reg = <0x100 0xa0>; };
    high1: high@200 { compatible = "arm,scmi-shmem"; reg = <0x200 0x80>; };
};
uart@1000 { compatible = "acme,uart"; reg = <0x1000 0x100>; clocks = <&scmi_clk 0>; };
};
firmware { scmi: scmi { compatible = "arm,scmi"; #address-cells = <1>; #size-cells = <0>;
    mboxes = <BOXES>; shmem = <SHMEM>;
    protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
    protocol@13 { reg = <0x13>; #clock-cells = <1>; mboxes = <&mhu 1 4 &mhu 1 5>;
        shmem = <&high0 &high1>; };
    scmi_clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
}; };
"""
BOXES, SHMEM = "&mhu 0 2 &mhu 0 3", "&low0 &low1"
#: Each channel on a doorbell of its own, as far as the tree does not do that.
BELLS: Mapping[str, Any] = {
    "psci": {"a2p": {"memory": "= SECURE", "element": 0}},
    "ospm": {
        "*": {"element": 1},
        "a2p performance": {"element": 2},
        "p2a performance": {"element": 2},
    },
}

Options = Mapping[str, Any]


def text(channels: Options = BELLS, **scp: object) -> str:
    domains = {
        "ospm": {"id": 1, "default": True, "scmi": {"role": "ospm"}},
        "psci": {"id": 2, "scmi": {"role": "psci"}},
    }
    drivers = {
        "arm,scmi": {"clock": {"module": "clock", "element": "number"}},
        "system": {"doorbell": {"module": "mhu"}},
    }
    options = {"target": "product", "drivers": drivers, "channels": channels, **scp}
    return yaml.safe_dump({"domains": domains, "outputs": {"scp": options}}, sort_keys=False)


def made(
    channels: Options = BELLS, boxes: str = BOXES, shmem: str = SHMEM, **scp: object
) -> tuple[dict[str, str], list[Diagnostic]]:
    body = BODY.replace("BOXES", boxes).replace("SHMEM", shmem)
    model = model_of(tree_of(body), text(channels, **scp))
    files, found = make(model.platforms[0], "scp")
    said = [item for item in found if item.id in ("scp-mailbox", "scp-service", "scp-driver")]
    return {file.path: file.content.decode() for file in files}, said


def rows(source: str) -> Iterator[tuple[str, str]]:
    """The rows of a table of elements: index, and all of it on one line."""
    table = re.sub(r"\s+", " ", source.split("element_table[] = {")[1].split("};")[0])
    for row in re.split(r"(?=\[\w+\] = \{ \.name)", table)[1:]:
        yield row[1 : row.index("]")], row


def merged(*changes: tuple[str, str, Options]) -> dict[str, Any]:
    """The usual channels, with settings of single ones added."""
    found = {
        agent: {word: dict(said) for word, said in words.items()} for agent, words in BELLS.items()
    }
    for agent, word, said in changes:
        found.setdefault(agent, {}).setdefault(word, {}).update(said)
    return found


def row(channels: Options, ending: str, file: str = "config_transport.c") -> str:
    files, said = made(channels)
    assert files, [item.message for item in said]
    (found,) = [body for index, body in rows(files[file]) if index.endswith(ending)]
    return found


def place(body: str) -> tuple[str, str, str]:
    address = re.search(r"_address = \(uintptr_t\)\s*([^,]+),", body)
    size = re.search(r"_size = ([^,]+),", body)
    bell = re.search(r"FWK_ID_(\w+)_INIT\( ?FWK_MODULE_IDX_MHU2?, ([^)]*)\)", body)
    assert address is not None
    assert size is not None
    assert bell is not None
    return address[1], size[1], re.sub(r"\s", "", f"{bell[1]} {bell[2]}")


def test_the_channels_of_the_tree_are_those_of_the_agent() -> None:
    files, said = made()
    assert not [item for item in said if item.severity is Severity.ERROR]
    found = {index: place(body) for index, body in rows(files["config_transport.c"])}
    assert found == {
        "SCMI_CHANNEL_IDX_OSPM_A2P": ("UINT64_C(0x2E000000)", "128", "SUB_ELEMENT1,2"),
        "SCMI_CHANNEL_IDX_OSPM_A2P_PERFORMANCE": ("UINT64_C(0x2E000100)", "160", "SUB_ELEMENT2,4"),
        "SCMI_CHANNEL_IDX_PSCI_A2P": ("SECURE", "128", "SUB_ELEMENT0,0"),
        "SCMI_CHANNEL_IDX_OSPM_P2A": ("UINT64_C(0x2E000080)", "128", "SUB_ELEMENT1,3"),
        "SCMI_CHANNEL_IDX_OSPM_P2A_PERFORMANCE": ("UINT64_C(0x2E000200)", "128", "SUB_ELEMENT2,5"),
    }
    kinds = [
        re.search(r"CHANNEL_TYPE_(COMPLETER|REQUESTER)", body)[1]  # type: ignore[index]
        for _, body in rows(files["config_transport.c"])
    ]
    assert kinds == ["COMPLETER"] * 3 + ["REQUESTER"] * 2


@pytest.mark.parametrize(
    ("boxes", "shmem", "slots"),
    [
        pytest.param("&mhu 0 2", "&low0", {"A2P": "1,2"}, id="one way"),
        pytest.param("&mhu 0 2 &mhu 0 3", "&low0", {"A2P": "1,2"}, id="one way, two mailboxes"),
        pytest.param(
            "&mhu 0 2 &mhu 0 3 &mhu 0 6", "&low0 &low1", {"A2P": "1,2", "P2A": "1,6"}, id="three"
        ),
        pytest.param(
            "&mhu 0 2 &mhu 0 3 &mhu 0 6 &mhu 0 7",
            "&low0 &low1",
            {"A2P": "1,2", "P2A": "1,6"},
            id="four",
        ),
    ],
)
def test_the_mailbox_to_the_agent_is_the_one_that_linux_takes(
    boxes: str, shmem: str, slots: dict[str, str]
) -> None:
    """``mailbox_chan_validate`` and ``mailbox_chan_setup`` of Linux."""
    files, _ = made(boxes=boxes, shmem=shmem)
    found = {
        index.rpartition("_")[2]: place(body)[2].removeprefix("SUB_ELEMENT")
        for index, body in rows(files["config_transport.c"])
        if index.startswith("SCMI_CHANNEL_IDX_OSPM") and not index.endswith("PERFORMANCE")
    }
    assert found == slots


def test_notifications_go_over_the_channel_that_belongs_to_it() -> None:
    def back(channels: Options) -> dict[str, str]:
        files, _ = made(channels)
        pairs = {
            index: re.search(
                r"scmi_p2a_id = FWK_ID_ELEMENT_INIT\( ?FWK_MODULE_IDX_SCMI, (\w+)\)", body
            )
            for index, body in rows(files["config_scmi.c"])
        }
        return {
            index.removeprefix("SCMI_CHANNEL_IDX_"): found[1].removeprefix("SCMI_CHANNEL_IDX_")
            for index, found in pairs.items()
            if found
        }

    assert back(BELLS) == {
        "OSPM_A2P": "OSPM_P2A",
        "OSPM_A2P_PERFORMANCE": "OSPM_P2A_PERFORMANCE",
    }
    only_performance = merged(("ospm", "p2a", {"left-out": True}))
    assert set(back(only_performance).values()) == {"OSPM_P2A_PERFORMANCE"}
    only_own = merged(("ospm", "p2a performance", {"left-out": True}))
    assert set(back(only_own).values()) == {"OSPM_P2A"}


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ({"memory": "= BASE + 4", "size": "= SIZE"}, ("BASE + 4", "SIZE", "SUB_ELEMENT1,2")),
        ({"memory": "0x100", "size": 64}, ("UINT64_C(0x100)", "64", "SUB_ELEMENT1,2")),
        ({"memory": "&high0"}, None),
        ({"slot": 7}, ("UINT64_C(0x2E000000)", "128", "SUB_ELEMENT1,7")),
        ({"slot": "= SLOT"}, ("UINT64_C(0x2E000000)", "128", "SUB_ELEMENT1,SLOT")),
        ({"slot": "none"}, ("UINT64_C(0x2E000000)", "128", "ELEMENT1")),
        ({"element": "= LOW"}, ("UINT64_C(0x2E000000)", "128", "SUB_ELEMENTLOW,2")),
        ({"module": "mhu2", "api": "API"}, ("UINT64_C(0x2E000000)", "128", "SUB_ELEMENT1,2")),
    ],
)
def test_the_options_say_what_the_tree_does_not(
    said: Options, expected: tuple[str, str, str] | None
) -> None:
    channels = merged(("ospm", "a2p", said))
    if expected is None:
        (problem,) = [item for item in made(channels)[1] if item.severity is Severity.ERROR]
        assert "has the memory of the channel a2p" in problem.message
        return
    body = row(channels, "OSPM_A2P")
    assert place(body) == expected
    if "api" in said:
        assert re.search(r"FWK_ID_API_INIT\( ?FWK_MODULE_IDX_MHU2, API\)", body)


def test_what_the_tables_say_of_power_and_policies() -> None:
    dependent = merged(("psci", "a2p", {"power-domain": "= TOP", "ready": "mailbox", "name": "x"}))
    body = row(dependent, "PSCI_A2P")
    assert re.search(
        r"pd_source_id = FWK_ID_ELEMENT_INIT\( ?FWK_MODULE_IDX_POWER_DOMAIN, TOP\)", body
    )
    policies = r"policies = MOD_TRANSPORT_POLICY_INIT_MAILBOX \| MOD_TRANSPORT_POLICY_SECURE,"
    assert re.search(policies, body)
    service = row(dependent, "PSCI_A2P", "config_scmi.c")
    assert '.name = "x"' in service
    assert "MOD_TRANSPORT_NOTIFICATION_IDX_INITIALIZED" in service
    whole = {"power-domain": "= FWK_ID_ELEMENT_INIT(FWK_MODULE_IDX_POWER_DOMAIN, 3)"}
    plain = merged(("psci", "a2p", {"secure": False, "init-mailbox": False, **whole}))
    body = row(plain, "PSCI_A2P")
    assert "policies = MOD_TRANSPORT_POLICY_NONE," in body
    assert re.search(r"pd_source_id = FWK_ID_ELEMENT_INIT\(FWK_MODULE_IDX_POWER_DOMAIN, 3\)", body)
    assert "FWK_ID_NONE_INIT" in row(plain, "PSCI_A2P", "config_scmi.c")


def test_settings_of_all_give_way_to_those_of_one() -> None:
    channels = merged(
        ("*", "*", {"size": 256, "headers": ["all.h"]}),
        ("*", "p2a", {"size": 512}),
        ("ospm", "*", {"size": 96, "headers": ["one.h"]}),
        ("ospm", "p2a", {"size": 64}),
    )
    files, _ = made(channels)
    sizes = {index[17:]: place(body)[1] for index, body in rows(files["config_transport.c"])}
    assert sizes == {
        "OSPM_A2P": "96",
        "OSPM_A2P_PERFORMANCE": "96",
        "OSPM_P2A": "64",
        "OSPM_P2A_PERFORMANCE": "96",
        "PSCI_A2P": "256",
    }
    for file in ("config_scmi.c", "config_transport.c"):
        assert re.findall(r'#include "(\w+\.h)"', files[file]) == ["all.h", "one.h", "scmi_idx.h"]


NAMED = merged(
    ("psci", "a2p", {"index": "ACME_PSCI"}),
    ("ospm", "a2p", {"index": "= ACME_OSPM"}),
    ("ospm", "a2p performance", {"index": 2}),
    ("ospm", "p2a", {"index": "ACME_P2A"}),
    ("ospm", "p2a performance", {"left-out": True}),
    ("*", "*", {"headers": ["acme_scmi.h"], "power-domain": "= POWER_DOMAIN_IDX_SYSTOP"}),
)
HEADER = """
enum power_domain_idx { POWER_DOMAIN_IDX_SYSTOP, POWER_DOMAIN_IDX_COUNT };
#define SECURE 0x100
enum acme { ACME_PSCI, ACME_OSPM, ACME_OTHER, ACME_P2A };
"""


@pytest.mark.parametrize("notifications", [True, False])
@pytest.mark.parametrize("channels", [BELLS, NAMED], ids=["ours", "the product's"])
def test_they_compile_with_and_without_channels_to_agents(
    channels: Options, notifications: bool, tool: Callable[[str], str], tmp_path: Path
) -> None:
    files, said = made(channels)
    assert files, [item.message for item in said]
    modules = re.findall(r'^ {8}"([a-z0-9-]+)"', files["scmi.cmake"], re.M)
    listed = "".join(f'list(APPEND SCP_MODULES "{name}")\n' for name in [*modules, "power-domain"])
    folder = write(tmp_path, files | {"Firmware.cmake": listed})
    (folder / "acme_scmi.h").write_text(HEADER)
    chosen = ["BUILD_HAS_NOTIFICATION", "BUILD_HAS_OUTBAND_MSG_SUPPORT"]
    chosen += ["BUILD_HAS_SCMI_NOTIFICATIONS"] if notifications else []
    defined = definitions(modules, chosen)
    sources = [str(folder / path) for path in files if re.fullmatch(r"\w+\.c", path)]
    secure = [] if channels is NAMED else ["-DSECURE=0x100"]
    include = [f"-I{folder}", f"-I{HERE / 'include'}", *secure]
    done = run([tool("gcc"), *FLAGS, *defined, *include, "-fsyntax-only", *sources])
    assert not done.stderr
    index = (folder / "scmi_idx.h").read_text()
    count = re.compile(r"SCMI_CHANNEL_IDX_COUNT = (\d)")
    damaged = count.sub(lambda found: f"SCMI_CHANNEL_IDX_COUNT = {int(found[1]) - 1}", index)
    (folder / "scmi_idx.h").write_text(damaged)
    assert run([tool("gcc"), *FLAGS, *defined, *include, "-fsyntax-only", *sources]).returncode


def test_the_option_for_notifications_is_the_products() -> None:
    assert "SCP_ENABLE_SCMI_NOTIFICATIONS_INIT" not in made()[0]["scmi.cmake"]


def test_a_doorbell_carries_messages_itself() -> None:
    """``struct mod_transport_channel_config``: nothing of memory, and no mailbox to initialise."""
    channels = merged(("ospm", "*", {"in-band": True, "module": "mhu2", "power-domain": "= TOP"}))
    channels["ospm"]["a2p"] = {"size": 64}
    files, said = made(channels)
    assert said == []
    found = dict(rows(files["config_transport.c"]))
    own = {name: body for name, body in found.items() if "OSPM" in name}
    assert len(own) == 4
    sizes = {}
    for name, body in own.items():
        assert "TRANSPORT_TYPE_IN_BAND" in body
        assert "MOD_TRANSPORT_POLICY_NONE" in body
        assert "out_band" not in body
        assert "pd_source_id" not in body
        sizes[name] = re.findall(r"\.in_band_mailbox_size = (\d+),", body)
    assert sorted(sizes.values()) == [["128"], ["128"], ["128"], ["64"]]
    (psci,) = (body for name, body in found.items() if name not in own)
    assert "TRANSPORT_TYPE_OUT_BAND" in psci
    assert "set(SCP_ENABLE_INBAND_MSG_SUPPORT TRUE)" in files["scmi.cmake"]
    assert "INBAND" not in made()[0]["scmi.cmake"]


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        pytest.param([("psci", "a2p", {"index": 5})], "has one above", id="gap"),
        pytest.param(
            [("psci", "a2p", {"index": 0}), ("ospm", "a2p", {"index": 0})],
            "have one index, 0",
            id="twice",
        ),
        pytest.param([("ospm", "p2a", {"index": 0})], "stands before", id="to the agent first"),
        pytest.param(
            [("psci", "a2p", {"index": "ACME"})], "needs an index", id="names and nothing"
        ),
        pytest.param(
            [("psci", "a2p", {"index": "A"}), ("ospm", "a2p", {"index": "= A"})],
            "have one index, A",
            id="one enumerator",
        ),
        pytest.param(
            [("psci", "a2p", {"ready": "mailbox", "init-mailbox": False})],
            "that nobody initialises",
            id="never ready",
        ),
        pytest.param([("ospm", "a2p 2", {})], "has no mailbox of more than 32", id="no memory"),
        pytest.param([("psci", "a2p", {"size": 32})], "has no mailbox of more than 32", id="small"),
        pytest.param(
            [("psci", "a2p", {"size": 32, "in-band": True})],
            "has no mailbox of more than 32",
            id="small in-band",
        ),
        pytest.param(
            [("psci", "a2p", {"ready": "mailbox", "in-band": True})],
            "its messages are in-band",
            id="in-band, ready with a mailbox",
        ),
        pytest.param([("psci", "a2p", {"memory": "&nosuch"})], "no label &nosuch", id="label"),
        pytest.param([("ospm", "a2p", {"slot": 3})], "has the doorbell of", id="one doorbell"),
    ],
)
def test_what_cannot_be_is_an_error(changes: list[tuple[str, str, Options]], why: str) -> None:
    files, said = made(merged(*changes))
    assert not files
    assert why in " ".join(item.message for item in said if item.severity is Severity.ERROR)
    assert all(item.position is not None for item in said)


def without(agent: str, word: str, key: str) -> dict[str, Any]:
    channels = merged()
    del channels[agent][word][key]
    return channels


@pytest.mark.parametrize(
    ("channels", "severity", "rival"),
    [
        pytest.param(
            merged(("ospm", "*", {"element": "= ACME_S"}), ("psci", "a2p", {"slot": 2}))
            | {"psci": {"a2p": {"memory": "= SECURE", "slot": 2}}},
            Severity.ERROR,
            "a2p of ospm has ACME_S",
            id="beside a name",
        ),
        pytest.param(
            {
                "psci": {"a2p": {"memory": "= SECURE", "slot": 2}},
                "ospm": {"*": {"element": "0x0"}, "p2a performance": {"left-out": True}},
            },
            Severity.ERROR,
            "a2p of ospm has 0x0",
            id="beside 0",
        ),
        pytest.param(without("psci", "a2p", "element"), Severity.WARNING, "has 1", id="numbers"),
        pytest.param(
            {"psci": {"a2p": {"memory": "= SECURE"}}, "ospm": {"*": {"element": "= ACME_S"}}},
            Severity.WARNING,
            "has ACME_S",
            id="beside a name, on a slot of its own",
        ),
    ],
)
def test_an_element_that_only_some_channels_name_is_told(
    channels: Options, severity: Severity, rival: str
) -> None:
    """Juno's element 0 is the doorbell of the secure world."""
    files, said = made(channels)
    (told,) = [item for item in said if "nothing says which element" in item.message]
    assert (told.severity, bool(files)) == (severity, severity is Severity.WARNING)
    assert "of mhu is the doorbell of channel a2p of psci" in told.message
    assert rival in told.message
    assert "channels: {psci: {a2p: {element: …}}}" in (told.hint or "")


def test_a_channel_of_the_tree_that_the_options_forget_is_told() -> None:
    channels = {"psci": {"a2p": {"memory": "= S", "element": "= ACME_S", "slot": 4}}}
    channels["ospm"] = {word: {"element": "= ACME_NS"} for word in ("a2p", "p2a")}
    said = made(channels)[1]
    told = {item.severity: item.message for item in said if "nothing says which" in item.message}
    assert "a2p performance of ospm" in told[Severity.ERROR]
    assert "p2a performance of ospm" in told[Severity.WARNING]


def test_where_nobody_names_an_element_all_are_element_0() -> None:
    channels = {"psci": {"a2p": {"memory": "= SECURE", "slot": 9}}}
    files, said = made(channels)
    assert files
    assert not [item for item in said if "nothing says which" in item.message]


@pytest.mark.parametrize(
    "pair", [(2, "0x2"), ("= 2", "= 2U"), ("= ACME", "=  ACME"), ("= UINT32_C(2)", "= (2)")]
)
def test_one_number_in_two_forms_is_one_doorbell(pair: tuple[object, object]) -> None:
    ospm, psci = ({"element": element, "slot": 7} for element in pair)
    _, said = made(merged(("ospm", "a2p", ospm), ("psci", "a2p", psci)))
    assert ["has the doorbell of" in i.message for i in said if i.severity is Severity.ERROR] == [
        True
    ]


def test_a_mailbox_that_the_firmware_may_see_elsewhere_is_told() -> None:
    _, said = made(merged(("ospm", "a2p", {"memory": "= LOW"})))
    told = [item.message for item in said if item.severity is Severity.WARNING]
    assert len(told) == 3
    assert all("is where agents see it" in message for message in told)


def test_a_slot_of_another_driver_may_be_one_for_both_ways() -> None:
    both = [("ospm", word, {"slot": 9, "module": "acme-bell"}) for word in ("a2p", "p2a")]
    assert made(merged(*both))[0]
    same = [("ospm", word, {"slot": 9}) for word in ("a2p", "p2a")]
    assert not made(merged(*same))[0]


def test_a_mailbox_that_is_always_there_is_ready_too_early() -> None:
    (told,) = made(merged(("psci", "a2p", {"ready": "mailbox"})))[1]
    assert (told.id, told.severity) == ("scp-service", Severity.WARNING)
    assert "before scmi listens" in told.message


def test_memory_that_is_named_needs_no_warning() -> None:
    channels = merged(("ospm", "a2p", {"memory": "= LOW"}), ("ospm", "p2a", {"memory": "&low1"}))
    assert len([item for item in made(channels)[1] if item.severity is Severity.WARNING]) == 2


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        ({"*": {"p2a fast": {}}}, "no agent has a channel p2a fast"),
        (
            {"psci": {"p2a": {"left-out": True}}},
            "has no channel p2a of psci that could be left out",
        ),
    ],
)
def test_settings_of_no_channel_are_told(channels: Options, message: str) -> None:
    body = BODY.replace("BOXES", BOXES).replace("SHMEM", SHMEM)
    (found,) = option_problems(model_of(tree_of(body), text(channels)))
    assert (found.id, found.severity) == ("option-unused", Severity.WARNING)
    assert message in found.message


@pytest.mark.parametrize(
    ("channels", "message", "hint"),
    [
        ({"opsm": {"a2p": {}}}, "no agent 'opsm'", "did you mean ospm?"),
        ({"ospm": {"ap2": {}}}, "'ap2' is not a channel", "a2p performance"),
        ({"ospm": {"a2p": {"indx": 0}}}, "has no option 'indx'", "did you mean index?"),
        ({"ospm": {"a2p": {"index": "A+B"}}}, "an enumerator", None),
        ({"ospm": {"a2p": {"power-domain": "= a; b"}}}, "= EXPRESSION in C", None),
        ({"ospm": {"a2p": {"memory": "= 0}}; int injected = 1; //"}}}, "= EXPRESSION in C", None),
        ({"ospm": {"a2p": {"memory": '= A\n#include "/etc/passwd"'}}}, "= EXPRESSION in C", None),
        ({"ospm": {"a2p": {"memory": "= */ x /*"}}}, "= EXPRESSION in C", None),
        ({"ospm": {"a2p": {"memory": "a\nb"}}}, "= EXPRESSION in C", None),
        ({"ospm": {"a2p": {"name": ""}}}, "a string that is not empty of at most 63", None),
        ({"ospm": {"a2p": {"headers": ["../a.h"]}}}, "a file: acme_scmi.h", None),
    ],
)
def test_misspelt_options_are_told(channels: Options, message: str, hint: str | None) -> None:
    body = BODY.replace("BOXES", BOXES).replace("SHMEM", SHMEM)
    (found,) = option_problems(model_of(tree_of(body), text(channels)))
    assert (message in found.message, found.severity) == (True, Severity.ERROR)
    assert hint is None or hint in (found.hint or "")


@pytest.mark.parametrize(
    ("key", "given", "why"),
    [
        ("element", "= (((", "its parentheses do not match"),
        ("size", "= )", "its parentheses do not match"),
        ("slot", "= A), FWK_ID(1", "its parentheses do not match"),
        ("memory", "= A, .B", "several expressions"),
        ("power-domain", "= A /", "something is missing"),
        ("element", "= /", "something is missing"),
        ("memory", "= ", "something is missing"),
        ("element", "= f(A, )", "something is missing"),
        ("size", "= A * ()", "something is missing"),
        ("api", "&& A", "something is missing"),
        ("memory", "-1", "a number from 0 to 18446744073709551615"),
        ("memory", "= -0x1", "a number from 0 to 18446744073709551615"),
        ("memory", "99999999999999999999", "a number from 0 to 18446744073709551615"),
        ("element", 4096, "a number from 0 to 4095"),
        ("slot", 256, "a number from 0 to 255"),
    ],
)
def test_what_c_cannot_have_there_is_told(key: str, given: object, why: str) -> None:
    body = BODY.replace("BOXES", BOXES).replace("SHMEM", SHMEM)
    (found,) = option_problems(model_of(tree_of(body), text({"ospm": {"a2p": {key: given}}})))
    assert (found.id, found.severity) == ("output-option", Severity.ERROR)
    assert why in found.message


@pytest.mark.parametrize(
    "given",
    [
        "= A",
        "= 0xFFFFFFFFFFFFFFFF",
        "= A + (B << 2) * sizeof(struct a)",
        "= BASE((uint32_t)A, B)",
        "= ~A & -1",
        "= (uintptr_t)&acme_memory",
        "= (volatile uint32_t *)A",
        "= acme_base ()",
    ],
)
def test_what_c_can_have_there_is_taken(given: str) -> None:
    body = BODY.replace("BOXES", BOXES).replace("SHMEM", SHMEM)
    assert not option_problems(model_of(tree_of(body), text({"ospm": {"a2p": {"memory": given}}})))
