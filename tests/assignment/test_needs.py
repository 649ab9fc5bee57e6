"""``needs`` of an agent: tables of drivers by name, as files, and in the agents file itself."""

import json
from pathlib import Path

import pytest
from driver_rows import HEAD, table
from support import SOC, grants, scmigen, soc, source

from scmigen import Diagnostic, InputError, Text
from scmigen import compile as compile_board
from scmigen.bindings import driver_files

BODY = """
d { compatible = "acme,mmc"; clocks = <&cc 1>, <&cc 2>; clock-names = "ciu", "biu";
    vmmc-supply = <&vdd>; };
"""


@pytest.fixture(autouse=True)
def tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tables as if they came with scmigen: the newest sets ciu, the old one biu."""
    for name, clock in (("linux-6.12", "ciu"), ("linux-5.4", "biu")):
        row = f"acme,mmc\n clock {clock} rate sure drivers/{name}.c:f\n"
        (tmp_path / f"{name}.txt").write_text(HEAD + row)
    monkeypatch.setattr(driver_files, "_FOLDER", tmp_path)
    driver_files.shipped_table.cache_clear()


def setting(
    needs: str, folder: Path, domains: str = "", agents: str = "agents.yaml"
) -> tuple[str, ...]:
    """What the agent may set, of clocks 1 and 2 and of the supply."""
    text = f"domains: {{a: {{default: true, scmi: {{role: ospm{needs and ', needs: '}{needs}}}}}}}"
    sources = [] if domains else [Text(str(folder / agents), text)]
    found = grants(compile_board(soc(BODY + domains), agents=sources).model, "a")
    setters = {"clock cc 1": "rate", "clock cc 2": "rate", "voltage vdd": "level"}
    return tuple(key for key, word in setters.items() if word in found[key].split())


ONE, TWO, VDD = "clock cc 1", "clock cc 2", "voltage vdd"
CHOSEN = [
    ("", (ONE,)),
    ("linux-6.12", (ONE,)),
    ("linux-5.4", (TWO,)),
    ("none", ()),
    # A file is named relative to the agents file, or by its full path; and beside a name.
    ("./drivers.txt", (ONE, VDD)),
    ("drivers.txt", (ONE, VDD)),
    ("[linux-5.4, drivers.txt]", (ONE, TWO, VDD)),
    # Single drivers, besides the usual table.
    ('{"acme,mmc": {biu: [rate]}}', (ONE, TWO)),
    ('{"acme,mmc": {ciu: [state]}}', ()),
    ('{"acme,mmc": {ciu: []}}', ()),
    ('{"acme,mmc": {"#0": [state], biu: [state, rate]}}', (TWO,)),
    ('{"acme,mmc": {"*": [read]}}', ()),
    ('{"acme,mmc": {"*": [rate]}}', (ONE, TWO)),
    ('{"acme,mmc": {vmmc-supply: [state, level]}}', (ONE, VDD)),
    ('{"acme,other": {ciu: [state]}}', (ONE,)),
    # Of several the later holds; with none of a system, nothing else is assumed.
    ('[linux-5.4, {"acme,mmc": {biu: [state]}}]', ()),
    ('[{"acme,mmc": {biu: [state]}}, linux-5.4]', (TWO,)),
    ("[linux-5.4, linux-6.12]", (ONE, TWO)),
    # A driver that sets nothing, whatever the others say, and a list of which each part counts.
    ('{"acme,mmc": {}}', ()),
    ('[linux-5.4, {"acme,mmc": {}}]', ()),
    ('[{"acme,mmc": {}}, linux-5.4]', (TWO,)),
    ('[drivers.txt, {"acme,other": {}}]', (ONE, VDD)),
]


@pytest.mark.parametrize(("needs", "expected"), CHOSEN)
def test_which_tables_hold(needs: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    table(tmp_path)
    assert setting(needs, tmp_path) == expected


def test_a_file_is_among_those_that_were_read(tmp_path: Path) -> None:
    path = table(tmp_path)
    agents = Text(str(tmp_path / "a.yaml"), "domains: {a: {scmi: {needs: drivers.txt}}}")
    assert str(path) in compile_board(soc(BODY), agents=[agents]).files


DOMAIN = 'domains { a { compatible = "openamp,domain-v1"; id = <1>; scmigen,role = "ospm"; %s }; };'
IN_TREE = [
    ("", (ONE,)),
    ('scmigen,needs = "none";', ()),
    ('scmigen,needs = "linux-5.4";', (TWO,)),
    ('scmigen,needs = "linux-5.4", "linux-6.12";', (ONE, TWO)),
]


@pytest.mark.parametrize(("prop", "expected"), IN_TREE)
def test_a_domain_of_the_tree(prop: str, expected: tuple[str, ...], tmp_path: Path) -> None:
    domain = DOMAIN % ("scmigen,default; " + prop)
    assert setting("", tmp_path, domain) == expected


def problems(needs: str, folder: Path, domains: str = "") -> list[Diagnostic]:
    with pytest.raises(InputError) as raised:
        setting(needs, folder, domains)
    return list(raised.value.diagnostics)


BOTH = "linux-6.12 or linux-5.4"
EVERY = "one of: linux-5.4, linux-6.12, none; or, in an agents file, a file as ./"
WRONG = [
    (
        "linux-6.13",
        "needs cannot be 'linux-6.13'",
        f"did you mean linux-6.12 or linux-5.4? {EVERY}linux-6.13.txt",
    ),
    ("zephyr", "needs cannot be 'zephyr'", f"{EVERY}zephyr.txt"),
    ("[none, linux-6.12]", "needs has none beside others", "write none alone"),
    ("[linux-6.12, 7]", "needs cannot be '7'", EVERY),
    (f"[{'linux-5.4, ' * 17}]", "needs has at most 16 tables", "one file"),
    ("[]", "needs is an empty list", "write none, or leave it out"),
    ("{}", "needs is an empty mapping", "write none, or leave it out"),
    ("[linux-5.4, {}]", "needs is an empty mapping", "write none, or leave it out"),
    ('{"acme,mmc": [rate]}', "needs of acme,mmc must be a mapping", "key: value"),
    ('{"acme,mmc": {ciu: rate}}', "operations must be a list", "[a, b]"),
    ('{"acme,mmc": {ciu: [level]}}', "an operation on a clock cannot be 'level'", "state"),
    (
        '{"acme,mmc": {vmmc-supply: [rate]}}',
        "an operation on a voltage cannot be 'rate'",
        "did you mean",
    ),
]


@pytest.mark.parametrize(("needs", "message", "hint"), WRONG)
def test_what_is_wrong(needs: str, message: str, hint: str, tmp_path: Path) -> None:
    (found,) = problems(needs, tmp_path)
    assert found.message == message
    assert hint in (found.hint or "")
    assert found.position is not None
    assert found.position.line == 1


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    (found,) = problems("./missing.txt", tmp_path)
    assert (found.id, str(found.position)) == ("file-unreadable", str(tmp_path / "missing.txt"))
    (found,) = problems(str(tmp_path) + "/", tmp_path)
    assert found.id == "file-unreadable"
    (tmp_path / "bad.txt").write_text(HEAD + "acme,mmc clock\n")
    (found,) = problems("bad.txt", tmp_path)
    assert (found.id, str(found.position)) == ("driver-table", f"{tmp_path / 'bad.txt'}:2")
    (named,) = found.related
    assert str(named.position).startswith(f"{tmp_path / 'agents.yaml'}:1:")


def test_a_tree_names_no_file(tmp_path: Path) -> None:
    table(tmp_path)
    (found,) = problems("", tmp_path, DOMAIN % 'scmigen,needs = "./drivers.txt";')
    assert found.message == "needs cannot be './drivers.txt'"
    assert found.hint == "a tree names no file: say needs of the agent in an agents file"
    (found,) = problems("", tmp_path, DOMAIN % 'scmigen,needs = "none", "linux-5.4";')
    assert found.message == "/domains/a: scmigen,needs has none beside others"
    assert str(found.position).startswith("board.dts:")
    (found,) = problems("", tmp_path, DOMAIN % "scmigen,needs = <1>;")
    assert found.message == "/domains/a: scmigen,needs must be strings"


def test_which_drivers_agents_have_is_shown(tmp_path: Path) -> None:
    board, agents = tmp_path / "board.dts", tmp_path / "agents.yaml"
    board.write_text(source(BODY + SOC))
    table(tmp_path)
    text = "domains: {a: {default: true, scmi: {role: ospm%s}}, b: {scmi: {role: secure}}}"

    def shown(needs: str) -> tuple[list[str], str]:
        agents.write_text(text % needs)
        told = scmigen("show", "agents", board, "-a", agents, "--format", "json").stdout
        head = scmigen("show", "agents", board, "-a", agents).stdout.splitlines()[0]
        return [row["drivers"] for row in json.loads(told)], head

    drivers, head = shown("")
    assert drivers == ["linux-6.12", "none"]
    assert "drivers" in head.split()
    drivers, head = shown(", needs: [drivers.txt, linux-5.4]")
    assert drivers == ["linux-5.4, drivers.txt", "none"]
    assert "drivers" in head.split()


def test_two_files_that_differ_are_told_with_what_they_say() -> None:
    files = [
        Text(name, f'domains: {{a: {{default: true, scmi: {{needs: {{"acme,mmc": {said}}}}}}}}}')
        for name, said in (("1.yaml", "{ciu: [rate]}"), ("2.yaml", "{ciu: []}"))
    ]
    with pytest.raises(InputError) as raised:
        compile_board(soc(BODY), agents=files)
    (found,) = raised.value.diagnostics
    assert found.message == (
        'agent a has the needs {"acme,mmc": {ciu: []}} here and {"acme,mmc": {ciu: [rate]}} '
        "elsewhere"
    )
