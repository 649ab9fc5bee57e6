"""The lock where agents have numbers of their own, and giving all numbers anew."""

import pytest
from support import TWO_AGENTS, diagnostics, model_of, numbers, soc

from scmigen.bindings.facts import ResourceKey
from scmigen.diagnostics import InputError
from scmigen.model.identifiers import Ids, Lock, LockedId
from scmigen.model.lockfile import format_lock, parse_lock
from scmigen.model.platform import Model
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind

AGENTS = TWO_AGENTS + '    access: [{dev: "&e"}]'


def board(a: str, b: str) -> str:
    """A board where agent a uses some clocks, and agent b others."""
    parts = f'compatible = "acme,d"; {clocks(a)}', f'compatible = "acme,e"; {clocks(b)}'
    return "d {{ {} }}; e: e {{ {} }};".format(*parts)


def clocks(cells: str) -> str:
    entries = ", ".join(f"<&cc {cell}>" for cell in cells.split())
    return f"clocks = {entries};" if entries else ""


def made(a: str, b: str, lock: str | None = None, repack: bool = False) -> Model:
    return model_of(soc(board(a, b)), AGENTS, lock, Numbering.PER_AGENT, repack)


def views(model: Model) -> dict[str, dict[int, int]]:
    """Agent → its number of each clock, by cell."""
    found: dict[str, dict[int, int]] = {}
    for grant in model.platforms[0].all_grants:
        found.setdefault(grant.agent.name, {})[grant.resource.key.cells[0]] = grant.id
    return found


def test_a_number_of_an_agent_stays_once_given() -> None:
    first = made("5 9", "7 9")
    assert views(first) == {"a": {5: 0, 9: 1}, "b": {7: 0, 9: 1}}
    # A clock that sorts first is appended, for the agent that is new to it alone.
    second = made("1 5 9", "7 9", format_lock(first.lock))
    assert views(second) == {"a": {1: 2, 5: 0, 9: 1}, "b": {7: 0, 9: 1}}
    # A removed one leaves a hole that nobody gets …
    third = made("1 9", "9 5", format_lock(second.lock))
    assert views(third) == {"a": {1: 2, 9: 1}, "b": {9: 1, 5: 2}}
    # … but the resource itself.
    fourth = made("5 9", "7", format_lock(third.lock))
    assert views(fourth) == {"a": {5: 0, 9: 1}, "b": {7: 0}}


def test_the_text() -> None:
    assert format_lock(made("5", "7 5").lock).splitlines()[2:] == [
        "platform\tscmi",
        "clock\t0\td\t/clock-controller@1000\t5",
        "clock\t1\te\t/clock-controller@1000\t7",
        "device\t0\td\t/d",
        "device\t1\te\t/e",
        "agent\ta\tclock\t0\t/clock-controller@1000\t5",
        "agent\tb\tclock\t0\t/clock-controller@1000\t5",
        "agent\tb\tclock\t1\t/clock-controller@1000\t7",
    ]


def test_with_shared_numbers_no_agent_has_its_own() -> None:
    model = model_of(soc(board("5", "7")), AGENTS)
    assert "\nagent" not in format_lock(model.lock)


def test_round_trip() -> None:
    key = ResourceKey(Kind.CLOCK, "/c d", (1, 2))
    lock = Lock({"s": Ids({key: LockedId(1, "c")}, {}, {("an agent\t", key): 7, ("b", key): 0})})
    assert parse_lock(format_lock(lock), "x") == lock


WRONG = [
    ("agent\ta\tclock\t0", "not a line of a lock file"),
    ("agent\ta\tclock\t0\t\t1", "not a line of a lock file"),
    ("agent\ta\tnone\t0\t/c\t1", "not a line of a lock file"),
    ("agent\ta\tclock\tx\t/c\t1", "not a line of a lock file"),
    ("agent\ta\tclock\t65536\t/c\t1", "65536 is not an id"),
    ("agent\ta\tclock\t0\t/c\t1\nagent\ta\tclock\t0\t/c\t2", "a: clock 0 is given twice"),
    ("agent\ta\tclock\t0\t/c\t1\nagent\ta\tclock\t1\t/c\t1", "a: clock </c 1> is given twice"),
]


@pytest.mark.parametrize(("lines", "message"), WRONG)
def test_mistake(lines: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_lock(f"# scmigen identifiers 1\nplatform\ts\n{lines}\n", "ids.lock")
    (found,) = raised.value.diagnostics
    assert found.message == message
    assert found.position is not None
    assert found.position.line == 3 + lines.count("\n")


def test_two_agents_may_have_the_same_number() -> None:
    lines = "agent\ta\tclock\t0\t/c\t1\nagent\tb\tclock\t0\t/c\t2\n"
    text = "# scmigen identifiers 1\nplatform\ts\n" + lines
    assert len(parse_lock(text, "x").platforms["s"].agents) == 2


def test_repack_gives_every_number_anew_and_keeps_the_names() -> None:
    lock = format_lock(made("5 9 11", "7").lock)
    holes = made("1 11", "", lock)
    assert numbers(holes) == {"clock cc 11": 3, "clock cc 1": 4}
    packed = made("1 11", "", format_lock(holes.lock), repack=True)
    assert numbers(packed) == {"clock cc 1": 0, "clock cc 11": 1}
    assert views(packed) == {"a": {1: 0, 11: 1}}
    assert [device.number for device in packed.platforms[0].devices] == [0]
    assert packed.platforms[0].reserved == {}
    before = {r.key: r.name for r in holes.platforms[0].resources[Kind.CLOCK]}
    assert {r.key: r.name for r in packed.platforms[0].resources[Kind.CLOCK]} == before
    # What has gone is forgotten.
    assert "\t5\n" not in format_lock(packed.lock)
    assert "/e" not in format_lock(packed.lock)


def test_numbers_that_the_tree_fixes_are_not_packed() -> None:
    body = (
        'scmi { compatible = "arm,scmi-virtio";'
        " clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };"
        "d { clocks = <&clk 12>; };"
    )
    lock = format_lock(model_of(soc(body)).lock)
    assert numbers(model_of(soc(body), lock=lock, repack=True)) == {"clock clk 12": 12}


def test_lines_that_two_branches_add_meet_in_one_place() -> None:
    """Two new clocks claim one number in the same place of the file: a merge cannot miss it."""
    base = format_lock(made("5", "").lock).splitlines()
    one = format_lock(made("5 6", "", "\n".join(base)).lock).splitlines()
    other = format_lock(made("5 8", "", "\n".join(base)).lock).splitlines()
    changed = [place for place, (a, b) in enumerate(zip(one, other, strict=True)) if a != b]
    assert one[changed[0]].split("\t")[:2] == ["clock", "1"]
    assert other[changed[0]].split("\t")[:2] == ["clock", "1"]
    merged = [*one[:5], other[4], *one[5:]]
    with pytest.raises(InputError) as raised:
        parse_lock("\n".join(merged), "ids.lock")
    assert "clock 1 is given twice" in raised.value.diagnostics[0].message


SCMI = """scmi { compatible = "arm,scmi-virtio";
    clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
    old: protocol@15 { reg = <0x14>; #clock-cells = <1>; }; };"""


def test_a_reserved_number_that_the_tree_gives_to_something_else() -> None:
    """What was built for the old clock 12 would reach the new one."""
    first = model_of(soc(SCMI + "d { clocks = <&old 12>; };"))
    lock = format_lock(first.lock)
    second = model_of(soc(SCMI + "d { clocks = <&clk 12>; };"), lock=lock)
    (found,) = diagnostics(second, "id-moved")
    assert found.message == "12 was clock <&old 12> and is clock <&clk 12> now"
    # Where the user lets it pass, the lock forgets the old one, and can be read again.
    (platform,) = second.platforms
    assert platform.reserved == {}
    again = parse_lock(format_lock(second.lock), "ids")
    assert [key.provider for key in again.platforms["scmi"].resources] == ["/scmi/protocol@14"]
