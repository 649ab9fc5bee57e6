"""What SCP-firmware cannot hold or do is said, with what to do about it."""

from dataclasses import replace

import pytest
from support import model_of, soc
from targets.scp.scp_boards import (
    LEVEL,
    LIMITS,
    PARENT,
    READ,
    RESET,
    STATE,
    Board,
    cells,
    emit,
    memory,
    points,
    put,
    with_options,
)

from scmigen.assignment.assignment import Extra, PlatformOptions
from scmigen.bindings.facts import Use
from scmigen.diagnostics import Diagnostic, Position, Severity, format_text, has_errors
from scmigen.explain import findings
from scmigen.model.platform import Platform
from scmigen.runtime import Numbering, Role, SystemPower
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import make

OPERATION = {Kind.CLOCK: READ, Kind.RESET: RESET, Kind.POWER: STATE}


def one(kind: Kind, number: int, numbering: Numbering = Numbering.SHARED) -> Board:
    """A board with one resource of that number, granted to one agent."""
    board = Board("limits", numbering)
    linux = board.agent("linux")
    board.grant(linux, board.resource(kind, number, "it"), OPERATION[kind])
    return board


def only(platform: Platform) -> Diagnostic:
    files, (diagnostic,) = emit(platform)
    assert bool(files) == (diagnostic.severity is not Severity.ERROR)
    assert diagnostic.id in findings()
    return diagnostic


@pytest.mark.parametrize(
    ("kind", "last"), [(Kind.CLOCK, 254), (Kind.RESET, 254), (Kind.POWER, 4094)]
)
def test_the_last_number_that_fits(kind: Kind, last: int) -> None:
    assert not emit(one(kind, last).platform())[1]
    found = emit(one(kind, last + 1).platform())[1]
    assert {(item.id, item.severity) for item in found} == {("scp-limit", Severity.ERROR)}


def test_a_clock_number_out_of_reach_is_explained() -> None:
    text = format_text(only(one(Kind.CLOCK, 358).platform()))
    assert "linux is granted clock 358" in text
    assert "of the 1 clock resources" in text
    assert "ids 0 to 254" in text
    assert "hint: number the resources per agent" in text
    assert "board.dts:10" in text


def test_numbers_nobody_is_granted_do_not_count_for_an_agents_table() -> None:
    board = one(Kind.CLOCK, 3)
    board.resource(Kind.CLOCK, 300, "nobodys")
    assert not emit(board.platform())[1]


def test_per_agent_numbers_reach_high_elements() -> None:
    board = Board("limits", Numbering.PER_AGENT)
    board.grant(board.agent("linux"), board.resource(Kind.CLOCK, 3000, "far"), READ, number=0)
    assert not emit(board.platform())[1]


@pytest.mark.parametrize("kind", [Kind.CLOCK, Kind.RESET])
def test_an_agents_own_numbers_end_with_the_elements(kind: Kind) -> None:
    board = Board("limits", Numbering.PER_AGENT)
    resource = board.resource(kind, 3, "it")
    board.grant(board.agent("linux"), resource, OPERATION[kind], number=4)
    found = only(board.platform())
    assert found.id == "scp-limit"
    assert f"linux knows {kind} it as 4" in found.message


def test_numbers_of_any_size_are_refused_at_once() -> None:
    assert emit(one(Kind.POWER, 0xFFFF_FFFF).platform())[0] == ()


def test_256_agents_are_one_too_many() -> None:
    board = one(Kind.CLOCK, 0)
    for number in range(255):
        board.agent(f"vm{number}")
    assert "256 agents" in only(board.platform()).message


def test_power_domains_have_one_number_for_all_agents_in_optee_only() -> None:
    board = Board("limits", Numbering.PER_AGENT)
    gpu = board.resource(Kind.POWER, 0, "gpu")
    vpu = board.resource(Kind.POWER, 1, "vpu")
    board.grant(board.agent("linux"), gpu, STATE, number=0)
    board.grant(board.agent("vm"), vpu, STATE, number=0)
    assert not has_errors(emit(board.platform())[1])
    _, diagnostics = emit(with_options(board.platform(), target="optee"))
    (found,) = (item for item in diagnostics if item.id == "scp-numbering")
    assert found.severity is Severity.ERROR
    assert "vm knows power domain vpu as 0, but SCP-firmware in OP-TEE" in found.message


def test_names_must_be_short_and_different() -> None:
    board = Board("names")
    linux = board.agent("linux")
    for number, name in enumerate(("same", "same", "é" * 10, "")):
        board.grant(linux, board.resource(Kind.CLOCK, number, name), READ)
    files, found = emit(board.platform())
    assert not files
    assert [(item.id, item.message.split(";")[0]) for item in found] == [
        ("scp-name", "clock 1 is called 'same'"),
        ("scp-name", f"clock 2 is called {'é' * 10!r}"),
        ("scp-name", "clock 3 is called ''"),
    ]


def test_parent_is_left_out_with_a_warning() -> None:
    board = Board("parents")
    linux = board.agent("linux")
    for number in range(7):
        board.grant(linux, board.resource(Kind.CLOCK, number, f"mux{number}"), PARENT, READ)
    found = only(board.platform())
    assert (found.id, found.severity) == ("scp-parent", Severity.WARNING)
    assert "left out of 7 grants" in found.message
    assert [place.message for place in found.related] == [f"linux: mux{n}" for n in range(7)]


def test_kinds_without_tables_are_named() -> None:
    board = one(Kind.CLOCK, 0)
    board.resource(Kind.PIN, 0, "soc")
    found = only(board.platform())
    assert (found.id, found.severity) == ("scp-kind", Severity.WARNING)
    assert found.message.startswith("1 pin resource is left out")


def test_nothing_to_write() -> None:
    board = Board("empty")
    board.agent("linux")
    assert only(board.platform()).id == "scp-empty"


def test_agents_that_may_change_permissions_are_told() -> None:
    board = one(Kind.CLOCK, 0)
    board.agent("xen", permissions=True)
    found = only(board.platform())
    assert (found.id, found.severity) == ("scp-permissions", Severity.NOTE)
    assert [place.message for place in found.related] == ["agent xen"]


def test_a_rate_beyond_32_bits_is_left_out() -> None:
    board = Board("rates")
    rates = (1_000, 5_000_000_000)
    board.grant(board.agent("linux"), board.resource(Kind.CLOCK, 0, "pll", rates=rates), READ)
    platform = board.platform()
    assert only(platform).id == "scp-rate"
    (table,) = [file.content for file in emit(platform)[0] if file.path == "config_mock_clock.c"]
    assert b".rate = 1000U" in table
    assert b"5000000000" not in table


def test_a_supply_has_one_agent_that_controls_it() -> None:
    board = Board("supplies")
    vdd = board.resource(Kind.VOLTAGE, 0, "vdd")
    board.grant(board.agent("linux"), vdd, STATE, READ)
    board.grant(board.agent("optee"), vdd, LEVEL, READ)
    found = only(board.platform())
    assert (found.id, found.severity) == ("scp-votes", Severity.ERROR)
    assert "vdd is controlled by linux, optee" in found.message


def test_a_supply_of_the_platform_is_nobodys_to_switch() -> None:
    """The platform's devices are no agent's, and have no device id."""
    body = """
        wdt: wdt@5000 { compatible = "acme,wdt"; vdd-supply = <&vdd>; };
        spi@6000 { compatible = "acme,spi"; vdd-supply = <&vdd>; };
    """
    agents = """
domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}
platform: {devices: ["&wdt"]}
"""
    (platform,) = model_of(soc(body), agents).platforms
    (found,) = (d for d in make(platform, "scp").diagnostics if d.id == "scp-votes")
    assert found.severity is Severity.ERROR
    assert "vdd is controlled by linux, the platform" in found.message


def test_a_supply_that_others_only_read_is_fine() -> None:
    board = Board("supplies")
    vdd = board.resource(Kind.VOLTAGE, 0, "vdd")
    board.grant(board.agent("linux"), vdd, STATE, LEVEL, READ)
    board.grant(board.agent("vm"), vdd, READ)
    assert not emit(board.platform())[1]


def test_a_supply_that_stays_on_is_pointed_out() -> None:
    board = Board("supplies")
    vdd = board.resource(Kind.VOLTAGE, 0, "vdd", always_on=True)
    board.grant(board.agent("linux"), vdd, STATE)
    found = only(board.platform())
    assert (found.id, found.severity) == ("scp-votes", Severity.WARNING)
    assert "let linux switch it off" in found.message


def test_a_level_beyond_a_signed_word_is_refused() -> None:
    board = Board("supplies")
    vdd = board.resource(Kind.VOLTAGE, 0, "vdd", voltages=(1, 1 << 31))
    board.grant(board.agent("linux"), vdd, READ)
    assert only(board.platform()).id == "scp-level"


def performing(*triples: tuple[int, int | None, int | None]) -> Board:
    """A board with one performance domain of these points (MHz, mV, level)."""
    board = Board("levels")
    cpu = board.resource(Kind.PERFORMANCE, 0, "cpu", points=points(*triples))
    board.grant(board.agent("linux"), cpu, LEVEL, READ)
    return board


def test_a_level_of_zero_is_left_out() -> None:
    platform = performing((100, 800, 0), (200, 900, 1)).platform()
    found = only(platform)
    assert (found.id, found.severity) == ("scp-level", Severity.WARNING)
    (table,) = [file.content for file in emit(platform)[0] if file.path == "config_dvfs.c"]
    assert b".level = 0U" not in table
    assert b".frequency = 200000U" in table


def test_a_domain_without_a_usable_level_is_refused() -> None:
    assert only(performing((100, 800, 0)).platform()).severity is Severity.ERROR


def test_points_of_one_voltage_are_pointed_out() -> None:
    found = only(performing((100, 800, None), (200, 800, None)).platform())
    assert (found.id, found.severity) == ("scp-same-voltage", Severity.WARNING)
    assert "a millivolt more" in found.message


@pytest.mark.parametrize("kind", [Kind.PERFORMANCE, Kind.SENSOR])
def test_elements_have_one_number_for_all_agents(kind: Kind) -> None:
    board = Board("limits", Numbering.PER_AGENT)
    board.grant(board.agent("linux"), board.resource(kind, 1, "it"), READ, number=0)
    assert only(board.platform()).id == "scp-numbering"


def test_every_error_of_a_run_is_told() -> None:
    board = one(Kind.CLOCK, 255)
    board.resource(Kind.RESET, 255, "far")
    assert len(emit(board.platform())[1]) == 2


def test_power_caps_that_no_tree_has_are_named() -> None:
    extra = Extra(b'{"powercaps": {"soc": {"id": 0}, "cpu": {"id": 1}}}', Position("a.yaml", 9, 3))
    found = only(one(Kind.CLOCK, 0).platform(PlatformOptions({}, {}, {}, extra=extra)))
    assert (found.id, found.severity) == ("scp-kind", Severity.WARNING)
    assert found.message.startswith("2 powercap resources are left out")
    assert "power-allocator" in found.message
    assert found.position == Position("a.yaml", 9, 3)


def fast_board(
    other_memory: tuple[int, int] | None = None, **options: object
) -> tuple[Board, Platform]:
    """Two domains of two agents, with a page of reserved memory for each agent.

    ``other_memory``: address and size of reserved memory besides that.
    """
    board = Board("fast")
    if other_memory is not None:
        memory(board, *other_memory)
    for number, name in enumerate(("linux", "vm")):
        levels = points((1, 1, None), (2, 2, None))
        domain = board.resource(Kind.PERFORMANCE, number, f"dom{number}", points=levels)
        board.grant(board.agent(name), domain, LEVEL, LIMITS, READ)
    where = memory(board, **options)  # type: ignore[arg-type]
    return board, board.platform(fast_channels={"memory": where.path})


def test_fast_channels_of_two_agents_fit_into_two_pages() -> None:
    assert not emit(fast_board()[1])[1]
    assert not emit(fast_board(size=4096 + 24)[1])[1]


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ({"size": 4096 + 23}, "need 4120 bytes, and /reserved-memory/memory@80000000 has 4119"),
        ({"address": 0x8000_0100}, "do not begin with a page, as several agents have channels"),
        ({"size": 0}, "has no memory that the CPU can reach"),
    ],
)
def test_memory_that_cannot_hold_fast_channels(place: dict[str, int], why: str) -> None:
    found = only(fast_board(**place)[1])
    assert (found.id, found.severity) == ("scp-fast-channels", Severity.ERROR)
    assert why in found.message


def test_fast_channels_in_somebody_elses_memory() -> None:
    found = only(fast_board(other_memory=(0x8000_1000, 0x1000))[1])
    assert "overlaps reserved memory at 0x80001000" in found.message


def test_a_domain_that_two_agents_control_has_no_fast_channels() -> None:
    board, platform = fast_board()
    linux, domain = board.agents[0], board.resources[Kind.PERFORMANCE][1]
    board.grant(linux, domain, LIMITS, READ)
    found = only(board.platform(platform.options))
    assert (found.id, found.severity) == ("scp-fast-channels", Severity.NOTE)
    assert found.message.startswith("performance domain dom1 gets no fast channels")
    assert "linux and vm have level or limits of it" in found.message
    assert found.hint == "grants of level and limits to one of linux and vm"


@pytest.mark.parametrize(
    ("operations", "lacking"),
    [((LIMITS, READ), "level"), ((LEVEL, READ), "limits"), ((LEVEL, LIMITS), "read")],
)
def test_a_domain_without_fast_channels_has_a_grant_as_hint(
    operations: tuple[Operation, ...], lacking: str
) -> None:
    board = Board("fast")
    for number, said in enumerate(((LEVEL, LIMITS, READ), operations)):
        levels = points((1, 1, None), (2, 2, None))
        domain = board.resource(Kind.PERFORMANCE, number, f"dom{number}", points=levels)
        board.grant(board.agent("linux") if not number else board.agents[0], domain, *said)
    where = memory(board)
    found = only(board.platform(fast_channels={"memory": where.path}))
    assert found.severity is Severity.NOTE
    assert f", operations: [{lacking}]}}] in the domain linux" in (found.hint or "")


def test_a_product_without_the_alarm_of_fast_channels_is_told_which_driver() -> None:
    """The hint was about the memory, which is right."""
    _, platform = fast_board()
    found = emit(with_options(platform, target="product"))[1]
    (told,) = [item for item in found if item.id == "scp-fast-channels"]
    assert "there is no driver for fast-channel-alarm" in told.message
    assert (told.hint or "").startswith("drivers: {system: {fast-channel-alarm: {module: timer")


def test_fast_channels_need_a_domain_that_one_agent_controls() -> None:
    board = one(Kind.CLOCK, 0)
    found = only(board.platform(fast_channels={"memory": memory(board).path}))
    assert "no agent has fast channels" in found.message


def test_op_tee_has_no_fast_channels() -> None:
    _, platform = fast_board()
    found = emit(with_options(platform, target="optee"))[1]
    told = [item for item in found if item.id == "scp-fast-channels"]
    assert ["which OP-TEE does not have" in item.message for item in told] == [True]


def sensing(trips: int, **options: object) -> Platform:
    """A board with a sensor of so many trip points."""
    board = Board("trips")
    sensor = board.resource(Kind.SENSOR, 0, "cpu")
    board.grant(board.agent("linux"), sensor, READ)
    zone = board.node("cpu-thermal")
    board.uses.append(Use(zone, sensor.key, "thermal-sensors", 0, frozenset({READ})))
    above = board.child(zone, "trips")
    for number in range(trips):
        put(board.child(above, f"trip{number}"), "temperature", cells(1000 * number))
    return board.platform(**options)


def test_trip_points_of_the_tree_are_left_out_unless_asked_for() -> None:
    found = only(sensing(2))
    assert (found.id, found.severity) == ("scp-trip-points", Severity.NOTE)
    assert found.message.startswith("1 sensor has trip points in the tree")
    assert not emit(sensing(0))[1]


def test_trip_points_come_with_a_warning() -> None:
    found = only(sensing(254, trip_points=True))
    assert (found.id, found.severity) == ("scp-trip-points", Severity.WARNING)


def test_more_trip_points_than_the_attributes_have_room_for() -> None:
    files, found = emit(sensing(255, trip_points=True))
    assert not files
    assert [item.message for item in found if item.severity is Severity.ERROR] == [
        "sensor cpu has 255 trip points; in SCP-firmware's attributes there is room for 254"
    ]


def powered(target: str, role: Role) -> list[Diagnostic]:
    board = Board("power")
    board.grant(board.agent("it", role), board.resource(Kind.POWER, 0, "gpu"), STATE)
    found = emit(board.platform(target=target))[1]
    return [item for item in found if item.id == "scp-system-power"]


def test_system_power_without_drivers_is_denied() -> None:
    (found,) = powered("product", Role.PSCI)
    assert "denied to it: there is no driver for shutdown and system-power-alarm" in found.message
    (found,) = powered("optee", Role.OSPM)
    assert "OP-TEE has no timer" in found.message
    (found,) = powered("optee", Role.VM)
    assert "denied to it" in found.message
    assert not powered("optee", Role.OTHER)
    assert not powered("host", Role.OSPM)


def test_an_agent_that_may_only_be_told_gets_no_more_by_its_type() -> None:
    """SCP-firmware lets a PSCI agent that has the protocol set the state."""
    board = Board("told")
    told = replace(board.agent("it", Role.PSCI), system_power=SystemPower.TOLD)
    board.agents[:] = [told]
    board.grant(told, board.resource(Kind.POWER, 0, "gpu"), STATE)
    (said,) = (it for it in emit(board.platform(target="product"))[1] if "system" in it.id)
    assert said.message.startswith("the system power protocol is denied to it, which may only be")
    assert "config_scmi_system_power.c" not in {it.path for it in emit(board.platform())[0]}
