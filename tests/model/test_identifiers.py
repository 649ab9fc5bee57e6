"""Numbers: how they are given at first, and how the lock file keeps them."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import TWO_AGENTS, grants, model_of, numbers, soc, soc_model, told, tree_of

from scmigen.bindings.facts import ResourceKey
from scmigen.diagnostics import InputError
from scmigen.model.identifiers import Ids, Lock, LockedId
from scmigen.model.lockfile import format_lock, parse_lock
from scmigen.model.platform import Model
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind

HEADER = "# scmigen identifiers 1\nplatform\tscmi\n"


def test_first_numbers_go_by_provider_path_and_cells_for_each_kind() -> None:
    """Neither labels nor the order in the tree matter."""
    body = """
    z { clocks = <&b 2>, <&a 10>, <&b 1>, <&a 9>; resets = <&rc 7>; };
    b: b@1 { #clock-cells = <1>; }; a: z@1 { #clock-cells = <1>; };
    """
    assert numbers(soc_model(body)) == {
        "clock b 1": 0, "clock b 2": 1, "clock a 9": 2, "clock a 10": 3, "reset rc 7": 0,
    }  # fmt: skip


def test_shared_numbers_are_the_same_for_every_agent() -> None:
    body = "d { clocks = <&cc 1>, <&cc 2>; }; e: e { clocks = <&cc 2>, <&cc 3>; };"
    model = model_of(soc(body), TWO_AGENTS + '    access: [{dev: "&e"}]')
    assert ids(model, "a") == {"cc 1": 0, "cc 2": 1}
    assert ids(model, "b") == {"cc 2": 1, "cc 3": 2}


def test_numbers_of_each_agent_are_dense() -> None:
    body = "d { clocks = <&cc 1>, <&cc 2>; }; e: e { clocks = <&cc 2>, <&cc 3>; };"
    text = TWO_AGENTS + '    access: [{dev: "&e"}]'
    model = model_of(soc(body), text, numbering=Numbering.PER_AGENT)
    assert ids(model, "a") == {"cc 1": 0, "cc 2": 1}
    assert ids(model, "b") == {"cc 2": 0, "cc 3": 1}


def ids(model: Model, agent: str) -> dict[str, int]:
    return {
        f"cc {g.resource.key.cells[0]}": g.id
        for g in model.platforms[0].all_grants
        if g.agent.name == agent
    }


SCMI = """
scmi { compatible = "arm,scmi-virtio"; clk: protocol@99 { reg = <0x14>; #clock-cells = <1>; };
    protocol@17 { reg = <0x17>; regulators { sv: regulator@5 { reg = <9>; }; }; }; };
"""


def test_a_tree_that_consumes_scmi_fixes_the_numbers() -> None:
    """By the cell and by reg, never by a unit address; the lock has no say."""
    tree = tree_of(SCMI + "d { clocks = <&clk 12>, <&clk 3>; x-supply = <&sv>; };")
    expected = {"clock clk 3": 3, "clock clk 12": 12, "voltage /scmi/protocol@17 9": 9}
    assert numbers(model_of(tree)) == expected
    lock = HEADER + "clock\t7\tname\t/scmi/protocol@99\t12\n"
    model = model_of(tree, lock=lock)
    assert numbers(model) == expected
    assert [(m.key.cells, m.locked, m.fixed) for m in model.findings.moved] == [((12,), 7, 12)]
    assert ("error", "id-moved") in told(model)


def test_native_resources_are_numbered_behind_those_of_scmi() -> None:
    tree = tree_of(SCMI + "cru: cru { #clock-cells = <1>; }; d { clocks = <&clk 12>, <&cru 1>; };")
    agents = 'domains: {a: {id: 1, default: true}}\nplatform: {managed: ["&cru"]}'
    # The regulator is there because an operating system registers it.
    expected = {"clock clk 12": 12, "clock cru 1": 13, "voltage /scmi/protocol@17 9": 9}
    assert numbers(model_of(tree, agents)) == expected


def test_each_scmi_instance_is_a_platform_of_its_own() -> None:
    tree = tree_of(
        SCMI.replace("clk:", "one:")
        + 'scmi-1 { compatible = "arm,scmi-smc"; two: protocol@14 { reg = <0x14>;'
        " #clock-cells = <1>; }; }; d { clocks = <&one 3>, <&two 3>; };"
    )
    first, second = model_of(tree).platforms
    assert (first.name, second.name) == ("scmi", "scmi-1")
    assert [r.key.provider for r in first.resources[Kind.CLOCK]] == ["/scmi/protocol@99"]
    assert [r.key.provider for r in second.resources[Kind.CLOCK]] == ["/scmi-1/protocol@14"]


def board(*clocks: int) -> str:
    entries = ", ".join(f"<&cc {number}>" for number in clocks)
    return f'd {{ compatible = "acme,d"; clocks = {entries}; }};'


def relocked(lock: str | None, *clocks: int) -> tuple[dict[str, int], tuple[int, ...], str]:
    """Numbers, reserved clocks and the new lock file of a board with these clocks."""
    model = model_of(soc(board(*clocks)), lock=lock)
    reserved = model.platforms[0].reserved.get(Kind.CLOCK, ())
    return numbers(model), reserved, format_lock(model.lock)


def test_the_lock_keeps_every_number_once_given() -> None:
    found, reserved, lock = relocked(None, 5, 9)
    assert (found, reserved) == ({"clock cc 5": 0, "clock cc 9": 1}, ())
    # A new resource is appended, though it would come first.
    found, reserved, lock = relocked(lock, 1, 5, 9)
    assert (found, reserved) == ({"clock cc 5": 0, "clock cc 9": 1, "clock cc 1": 2}, ())
    # A removed one leaves a reserved number, the last one too …
    found, reserved, lock = relocked(lock, 9)
    assert (found, reserved) == ({"clock cc 9": 1}, (0, 2))
    # … that nobody else gets …
    found, reserved, lock = relocked(lock, 7, 9)
    assert (found, reserved) == ({"clock cc 9": 1, "clock cc 7": 3}, (0, 2))
    # … and that it has again when it comes back.
    found, reserved, _ = relocked(lock, 1, 7, 9)
    assert (found, reserved) == ({"clock cc 1": 2, "clock cc 7": 3, "clock cc 9": 1}, (0,))


def test_the_lock_keeps_names_and_devices() -> None:
    first = model_of(soc('zz { compatible = "acme,z"; clocks = <&cc 1>; };'))
    lock = format_lock(first.lock)
    second = model_of(
        soc('zz { compatible = "acme,z"; clocks = <&cc 1>; };'
            'aa { compatible = "acme,a"; clocks = <&cc 1>; };'), lock=lock,
    )  # fmt: skip
    assert [r.name for r in second.platforms[0].resources[Kind.CLOCK]] == ["zz"]
    assert {d.node.name: d.number for d in second.platforms[0].devices} == {"zz": 0, "aa": 1}


def test_the_text_of_a_lock_file() -> None:
    _, _, text = relocked(None, 5, 9)
    assert text.splitlines() == [
        "# scmigen identifiers 1",
        "# kind\tnumber\tname\tnode\tcells",
        "platform\tscmi",
        "clock\t0\td\t/clock-controller@1000\t5",
        "clock\t1\td~1\t/clock-controller@1000\t9",
        "device\t0\td\t/d",
    ]


def test_round_trip() -> None:
    lock = Lock(
        {
            "scmi": Ids(
                {
                    ResourceKey(Kind.CLOCK, "/a b\t\\x/\u00e9@1", ()): LockedId(3, "x.y~1"),
                    ResourceKey(Kind.RESET, "/r", (1, 0xFFFFFFFF)): LockedId(0xFFFF, "r"),
                },
                {"/d d": LockedId(0, "d")},
            ),
            "scmi 2": Ids({ResourceKey(Kind.CLOCK, "/c", (1,)): LockedId(3, "x")}, {}),
        }
    )
    text = format_lock(lock)
    assert parse_lock(text, "ids") == lock
    assert format_lock(parse_lock(text, "ids")) == text


WRONG = [
    ("clock\t1\ta\t/c\t1\nclock\t1\tb\t/c\t2", 4, "lock-duplicate", "clock 1 is given twice"),
    ("clock\t1\ta\t/c\t1\nclock\t2\tb\t/c\t1", 4, "lock-duplicate", "clock </c 1> is given twice"),
    ("clock\t1\ta\t/c\t1\nclock\t2\ta\t/c\t2", 4, "lock-duplicate", "clock name a is given twice"),
    ("device\t1\ta\t/c\ndevice\t2\tb\t/c", 4, "lock-duplicate", "device </c> is given twice"),
    ("platform\tscmi", 3, "lock-duplicate", "platform scmi is given twice"),
    ("clock\t65536\ta\t/c\t1", 3, "lock-syntax", "65536 is not an id"),
    ("clock\t-1\ta\t/c\t1", 3, "lock-syntax", "not a line"),
    ("clock\t1_0\ta\t/c\t1", 3, "lock-syntax", "not a line"),
    ("clock\t\u0661\ta\t/c\t1", 3, "lock-syntax", "not a line"),
    ("clock\t1\ta\t/\\ud800\t1", 3, "lock-syntax", "not a line"),
    ("clock\t1\ta\t", 3, "lock-syntax", "not a line"),
    ("clock\t1\ta\tc\t1", 3, "lock-syntax", "not a line"),
    ("device\t1\ta\t\t", 3, "lock-syntax", "not a line"),
    ("clock\tone\ta\t/c\t1", 3, "lock-syntax", "not a line"),
    ("clock\t" + "9" * 5000 + "\ta\t/c", 3, "lock-syntax", "not a line"),
    ("clocks\t1\ta\t/c\t1", 3, "lock-syntax", "not a line"),
    ("clock\t1\ta", 3, "lock-syntax", "not a line"),
    ("clock\t1\ta\t/c\tx", 3, "lock-syntax", "not a line"),
    ("clock\t1\ta\t/c\t-1", 3, "lock-syntax", "not a line"),
    ("clock\t1\ta\t/c\t4294967296", 3, "lock-syntax", "not a line"),
    ("clock\t1\t\t/c\t1", 3, "lock-syntax", "not a name"),
    ('clock\t1\ta"b\t/c\t1', 3, "lock-syntax", "not a name"),
    (f"clock\t1\t{'a' * 64}\t/c\t1", 3, "lock-syntax", "not a name"),
    ("clock\t1\ta\t/\u00e9\t1", 3, "lock-syntax", "not a line"),
    ("clock\t1\ta\t/\\q\t1", 3, "lock-syntax", "not a line"),
    ("clock\t1\ta\t/\\\t1", 3, "lock-syntax", "not a line"),
    ("# a comment in an editor\v\nclock", 4, "lock-syntax", "not a line"),
    ("clock\t1\ta\t/c\u20281", 3, "lock-syntax", "not a line"),
    ("<<<<<<< ours", 3, "lock-syntax", "a merge has left a conflict"),
]


@pytest.mark.parametrize(("lines", "line", "identifier", "message"), WRONG)
def test_a_line_that_is_wrong(lines: str, line: int, identifier: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_lock(HEADER + lines + "\n", "ids.lock")
    (found,) = raised.value.diagnostics
    assert (found.id, str(found.position)) == (identifier, f"ids.lock:{line}")
    assert message in found.message
    assert found.hint


@pytest.mark.parametrize("text", ["clock\t1\ta\t/c\t1\n", "# scmigen identifiers 2\n", "\0\n"])
def test_a_file_that_is_no_lock(text: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_lock(text, "ids.lock")
    (found,) = raised.value.diagnostics
    assert (found.id, str(found.position)) == ("lock-syntax", "ids.lock:1")


@given(st.text(alphabet="clock\t\n#01 /\\x~-u platform device\u2028\0", max_size=60))
def test_any_text(text: str) -> None:
    """A lock, or a diagnostic; never anything else."""
    with suppress(InputError):
        lock = parse_lock(HEADER + text, "ids.lock")
        assert parse_lock(format_lock(lock), "ids.lock") == lock


def test_identifiers_without_a_platform() -> None:
    with pytest.raises(InputError) as raised:
        parse_lock("# scmigen identifiers 1\nclock\t1\ta\t/c\t1\n", "ids.lock")
    assert "belongs to no platform" in raised.value.diagnostics[0].message


def test_an_empty_file_is_an_empty_lock() -> None:
    assert parse_lock("", "ids.lock") == Lock()


def test_a_locked_number_of_a_removed_resource_is_nobodys_grant() -> None:
    lock = HEADER + "clock\t0\told\t/gone\t1\n"
    model = model_of(soc(board(5)), lock=lock)
    assert grants(model, "ospm") == {"clock cc 5": "state read"}
    assert numbers(model) == {"clock cc 5": 1}
    assert model.platforms[0].reserved == {Kind.CLOCK: (0,)}
