"""The one check of limits: each of them holds at its last value and is told beyond it."""

from collections.abc import Callable

import pytest
from support import model_of, tree_of
from targets.scp.scp_boards import LEVEL, PARENT, READ, STATE, Board

from scmigen.diagnostics import Diagnostic, Severity
from scmigen.model.platform import Platform
from scmigen.runtime import Numbering
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.limits import NO_LIMITS, IdSpace, Limits, check_limits

ERROR, WARNING = Severity.ERROR, Severity.WARNING


def limits(**fields: object) -> Limits:
    return Limits(prefix="toy", holder="the toy", **fields)  # type: ignore[arg-type]


def platform(kind: Kind = Kind.CLOCK, number: int = 7, **facts: object) -> Platform:
    """Two agents; the second has one resource."""
    board = Board("toy")
    board.agent("linux")
    resource = board.resource(kind, number, "it", **facts)  # type: ignore[arg-type]
    board.grant(board.agent("vm"), resource, STATE, READ)
    return board.platform()


def told(found: Platform, of: Limits) -> list[tuple[str, Severity]]:
    return [(item.id, item.severity) for item in check_limits(found, of)]


def moved(ids: tuple[int, int]) -> Platform:
    """Power domain 5, which two agents know by ids of their own."""
    board = Board("toy", Numbering.PER_AGENT)
    domain = board.resource(Kind.POWER, 5, "gpu")
    for name, number in zip(("linux", "vm"), ids, strict=True):
        board.grant(board.agent(name), domain, STATE, number=number)
    return board.platform()


def controlled(*operations: tuple[Operation, ...], on: bool = False) -> Platform:
    """A supply that an agent per set of operations has."""
    board = Board("toy")
    supply = board.resource(Kind.VOLTAGE, 0, "vdd", always_on=on)
    for number, allowed in enumerate(operations):
        board.grant(board.agent(f"a{number}"), supply, *allowed)
    return board.platform()


def choosing() -> Platform:
    board = Board("toy")
    first, second = (board.resource(Kind.CLOCK, n, f"pll{n}") for n in range(2))
    mux = board.resource(Kind.CLOCK, 2, "mux", parents=(first.key, second.key))
    board.grant(board.agent("linux"), mux, PARENT, READ)
    return board.platform()


def beside() -> Platform:
    board = Board("toy")
    linux = board.agent("linux")
    board.grant(linux, board.resource(Kind.CLOCK, 7, "it"), READ)
    board.grant(linux, board.resource(Kind.PERFORMANCE, 0, "cpu"), READ)
    return board.platform()


CASES: dict[str, tuple[Callable[[], Platform], Limits, Limits, tuple[str, Severity]]] = {
    "agents": (platform, limits(agents=2), limits(agents=1), ("toy-limit", ERROR)),
    "elements": (
        platform,
        limits(elements={Kind.CLOCK: 8}),
        limits(elements={Kind.CLOCK: 7}),
        ("toy-limit", ERROR),
    ),
    "elements-of-two-kinds": (
        beside,
        limits(elements={Kind.CLOCK: 9}, beside={Kind.CLOCK: Kind.PERFORMANCE}),
        limits(elements={Kind.CLOCK: 8}, beside={Kind.CLOCK: Kind.PERFORMANCE}),
        ("toy-limit", ERROR),
    ),
    "rows": (
        platform,
        limits(rows={Kind.CLOCK: 8}),
        limits(rows={Kind.CLOCK: 7}),
        ("toy-limit", ERROR),
    ),
    "name": (platform, limits(name_bytes=2), limits(name_bytes=1), ("toy-name", ERROR)),
    "one-id-for-all-agents": (
        lambda: moved((2, 3)),
        limits(spaces={Kind.POWER: IdSpace.PER_AGENT}),
        limits(spaces={Kind.POWER: IdSpace.SHARED}),
        ("toy-numbering", ERROR),
    ),
    "the-number-as-id": (
        lambda: moved((2, 2)),
        limits(spaces={Kind.POWER: IdSpace.SHARED}),
        limits(spaces={Kind.POWER: IdSpace.PHYSICAL}),
        ("toy-numbering", ERROR),
    ),
    "kinds": (
        platform,
        limits(kinds=frozenset({Kind.CLOCK})),
        limits(kinds=frozenset({Kind.POWER})),
        ("toy-kind", WARNING),
    ),
    "resources-at-all": (
        platform,
        limits(nonempty=True, kinds=frozenset({Kind.CLOCK})),
        limits(nonempty=True, kinds=frozenset({Kind.CLOCK}) - {Kind.CLOCK}),
        ("toy-empty", ERROR),
    ),
    "operations": (
        choosing,
        limits(operations={(Kind.CLOCK, Operation.RATE): "no table"}),
        limits(operations={(Kind.CLOCK, Operation.PARENT): "no table"}),
        ("toy-operation", WARNING),
    ),
    "rate": (
        lambda: platform(rates=(10, 20)),
        limits(rate=20),
        limits(rate=19),
        ("toy-rate", WARNING),
    ),
    "level": (
        lambda: platform(Kind.VOLTAGE, voltages=(10, 20)),
        limits(level=20),
        limits(level=19),
        ("toy-level", ERROR),
    ),
    "votes": (
        lambda: controlled((STATE, READ), (LEVEL, READ)),
        limits(without_votes=frozenset({Kind.CLOCK})),
        limits(without_votes=frozenset({Kind.VOLTAGE})),
        ("toy-votes", ERROR),
    ),
    "parents": (choosing, limits(parents=2), limits(parents=1), ("toy-parents", ERROR)),
}


@pytest.mark.parametrize(("made", "within", "beyond", "finding"), CASES.values(), ids=CASES.keys())
def test_a_limit_holds_at_its_value_and_is_reported_beyond(
    made: Callable[[], Platform], within: Limits, beyond: Limits, finding: tuple[str, Severity]
) -> None:
    assert told(made(), within) == []
    found = list(check_limits(made(), beyond))
    assert finding in [(item.id, item.severity) for item in found]
    for item in found:
        assert item.finding in beyond.findings
        assert "the toy" in item.message or item.id == "toy-kind"


@pytest.mark.parametrize(
    ("made", "beyond"), [(c[0], c[2]) for c in CASES.values()], ids=CASES.keys()
)
def test_without_limits_nothing_is_reported(made: Callable[[], Platform], beyond: Limits) -> None:
    assert told(made(), NO_LIMITS) == []
    assert beyond.findings


def test_readers_do_not_count_as_voters() -> None:
    none = limits(without_votes=frozenset({Kind.VOLTAGE}))
    assert told(controlled((STATE, LEVEL, READ), (READ,)), none) == []


def test_what_stays_on_is_a_warning_where_one_agent_may_switch_it() -> None:
    none = limits(without_votes=frozenset({Kind.VOLTAGE}))
    assert told(controlled((STATE,), on=True), none) == [("toy-votes", WARNING)]


def test_every_way_beyond_is_reported_at_once() -> None:
    both = limits(agents=1, name_bytes=1)
    assert [name for name, _ in told(platform(), both)] == ["toy-limit", "toy-name"]


def test_a_limit_that_is_not_there_has_no_finding() -> None:
    assert [item.id for item in limits(agents=1).findings] == ["toy-limit"]
    assert NO_LIMITS.findings == ()


def test_a_finding_can_have_an_id_of_its_own() -> None:
    lost = {(Kind.CLOCK, Operation.PARENT): "no table"}
    named = limits(operations=lost, renamed={"operation": "parent"})
    (found,) = check_limits(choosing(), named)
    assert isinstance(found, Diagnostic)
    assert found.id == "toy-parent"
    assert found.related[0].message == "linux: mux"


def test_what_feeds_a_supply_of_the_platform_has_two_that_control_it() -> None:
    """The platform's ``wdt`` has ldo, and ldo its voltage from buck, which linux controls."""
    levels = "regulator-min-microvolt = <1>; regulator-max-microvolt = <2>;"
    body = f"""
    pmic {{ compatible = "acme,pmic";
        buck: buck {{ regulator-name = "buck"; {levels} }};
        ldo: ldo {{ regulator-name = "ldo"; vin-supply = <&buck>; {levels} }}; }};
    wdt: wdt {{ compatible = "acme,wdt"; vdd-supply = <&ldo>; }};
    eth {{ compatible = "acme,eth"; vdd-supply = <&buck>; }};
    """
    agents = "domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}\n"
    agents += 'platform: {devices: ["&wdt"], managed: ["&buck", "&ldo"]}\n'
    (board,) = model_of(tree_of(body), agents).platforms
    found = check_limits(board, limits(without_votes=frozenset({Kind.VOLTAGE})))
    assert [(item.severity, item.message.partition(";")[0]) for item in found] == [
        (ERROR, "voltage domain buck is controlled by linux, the platform")
    ]
