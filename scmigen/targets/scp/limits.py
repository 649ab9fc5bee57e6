"""What SCP-firmware cannot hold or do: its limits as data, and what data cannot express."""

from collections.abc import Iterator

from scmigen.diagnostics import Diagnostic, Finding, Related, Severity, counted
from scmigen.model.platform import Platform
from scmigen.model.protocol_grants import Right
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import BEYOND_TREES, Kind
from scmigen.targets.common.optee_channels import optee_channels
from scmigen.targets.common.values import operating_points, trip_points
from scmigen.targets.limits import IdSpace, Limits, check_limits, highest, related, where
from scmigen.targets.scp.kinds import KINDS
from scmigen.targets.scp.options import Setup
from scmigen.targets.scp.performance import same_voltage, usable
from scmigen.targets.scp.rates import MAX_RATE
from scmigen.targets.scp.variant import Mocks

#: Elements of one module: 12 bits of an identifier.
_ELEMENTS = 4096
#: Rows of an agent's clock or reset table, and reset elements in all: 8-bit counts.
_ROWS = 255
#: Trip points of a sensor: one less than 8 bits hold.
_TRIP_POINTS = 254

LIMITS = Limits(
    prefix="scp",
    holder="SCP-firmware",
    nonempty=True,
    # 8 bits of BASE PROTOCOL_ATTRIBUTES.
    agents=255,
    # Power caps it has in some versions (`powercaps`).
    kinds=frozenset((*KINDS, Kind.POWERCAP)),
    without=dict.fromkeys(BEYOND_TREES, "SCP-firmware has no such protocol"),
    # The power domain module needs an element for SYSTOP.
    elements=dict.fromkeys(KINDS, _ELEMENTS) | {Kind.POWER: _ELEMENTS - 1, Kind.RESET: _ROWS},
    beside={Kind.CLOCK: Kind.PERFORMANCE},
    rows={Kind.CLOCK: _ROWS, Kind.RESET: _ROWS},
    # Of power domains agents may have tables, but not in OP-TEE (`_WITHOUT_VIEWS`).
    spaces={
        kind: IdSpace.PHYSICAL
        for kind, row in KINDS.items()
        if row.physical and kind is not Kind.POWER
    },
    # A reply has 16 bytes for a name and its NUL.
    name_bytes=15,
    operations={(Kind.CLOCK, Operation.PARENT): "its clock protocol is 1.0 or 2.0"},
    rate=MAX_RATE,
    # A signed word.
    level=0x7FFF_FFFF,
    without_votes=frozenset({Kind.VOLTAGE}),
    renamed={"operation": "parent"},
)

#: Where all agents have the numbers of the elements for power domains.
_WITHOUT_VIEWS = Limits(
    prefix="scp", holder="SCP-firmware in OP-TEE", spaces={Kind.POWER: IdSpace.PHYSICAL}
)

SCP_CHANNEL = Finding(
    "scp-channel",
    "The channel numbers of agents are not those of OP-TEE's mailboxes, which count from 0.",
    "Number the channels of all agents 0, 1, 2, … without gaps.",
)
SCP_PERMISSIONS = Finding(
    "scp-permissions",
    "Permissions are to change at run time, which any agent could do there.",
    "Serve such agents with another server; the permissions at boot hold here.",
    Severity.NOTE,
)
SCP_SAME_VOLTAGE = Finding(
    "scp-same-voltage",
    "Two operating points have one voltage; SCP-firmware keeps the rate.",
    "Give each point of the table a voltage of its own.",
    Severity.WARNING,
)
SCP_TRIP_POINTS = Finding(
    "scp-trip-points",
    "Trip points of sensors are left out, or come with a bug of SCP-firmware.",
    "Set trip-points only where all agents are trusted.",
)
SCP_ASSUMED = Finding(
    "scp-assumed",
    "A product would be built on a value that was assumed.",
    "Write the value into the tree.",
)


def check(setup: Setup) -> Iterator[Diagnostic]:
    """Problems that prevent these tables, and what they leave out, besides `LIMITS`."""
    if setup.variant.indexed_by_channel:
        yield from _channels(setup.platform)
    if not setup.variant.power_views:
        yield from check_limits(setup.platform, _WITHOUT_VIEWS)
    yield from _gaps(setup.platform)
    yield from _devices(setup.platform)
    yield from _levels(setup.platform)
    yield from _trip_points(setup)


def check_points(setup: Setup) -> Iterator[Diagnostic]:
    """Operating points that the tables cannot state; moot if the firmware has that table itself."""
    yield from _same_voltage(setup)
    if not setup.variant.assumed_allowed:
        yield from _assumed(setup.platform)


def _channels(platform: Platform) -> Iterator[Diagnostic]:
    """Channel numbers that OP-TEE has no mailbox for, or one for two agents."""
    numbers = optee_channels(platform)
    count = len(platform.agents)
    if sorted(numbers.values()) != list(range(count)):
        agents = sorted(platform.agents, key=lambda agent: agent.id)
        said = ", ".join(f"{a.name} {numbers[a.id]}" for a in agents if a.id in numbers)
        yield SCP_CHANNEL.error(
            f"the channels of {count} agents must be 0 to {count - 1}, each once, since OP-TEE "
            f"finds a mailbox by the number of its channel: {said}",
            agents[0].position,
            [Related(agent.name, agent.position) for agent in agents[1:]],
            "number the channels from 0 without gaps",
        )


def _gaps(platform: Platform) -> Iterator[Diagnostic]:
    """An agent's own ids stay below the number of elements: its states are kept by that."""
    for kind in (Kind.CLOCK, Kind.POWER, Kind.RESET):
        last = highest(platform, kind)
        count = last.number + 1 if last is not None else 0
        for agent in platform.agents:
            for grant in platform.grants_of(agent, kind)[-1:]:
                if grant.id < count:
                    continue
                yield LIMITS.finding("limit").error(
                    f"{agent.name} knows {kind} {grant.resource.name} as {grant.id}; in "
                    f"SCP-firmware an agent's ids end where the {kind} numbers of the board do "
                    f"({count - 1})",
                    where(grant.resource),
                    hint="give up the numbers that this agent has reserved",
                )


def _devices(platform: Platform) -> Iterator[Diagnostic]:
    """Base 0x9 to 0xB are open to every agent, so the firmware gets no devices."""
    trusted = [a for a in platform.agents if platform.has_right(a, Right.PERMISSIONS)]
    movable = [device for device in platform.devices if device.assignable]
    if trusted or movable:
        yield SCP_PERMISSIONS.note(
            "SCP-firmware would let any agent change permissions (base messages 0x9 to 0xB), so "
            "no device table is written and these messages answer NOT_FOUND",
            trusted[0].position if trusted else movable[0].node.position,
            related(
                [(f"agent {agent.name}", agent.position) for agent in trusted]
                + [(f"assignable {device.node.path}", device.node.position) for device in movable]
            ),
        )


def _levels(platform: Platform) -> Iterator[Diagnostic]:
    """Operating points at which the dvfs module would end its table."""
    finding = LIMITS.finding("level")
    for resource in platform.resources.get(Kind.PERFORMANCE, ()):
        points = operating_points(platform, resource)
        kept = usable(points)
        if len(kept.points) < len(points.points):
            yield finding.at(
                Severity.WARNING if kept.points else Severity.ERROR,
                f"of the {len(points.points)} levels of {resource.name} SCP-firmware holds "
                f"{len(kept.points)}: a level of 0 ends its table, and rates go up to {MAX_RATE} "
                "Hz",
                where(resource),
            )


def _same_voltage(setup: Setup) -> Iterator[Diagnostic]:
    """Operating points between which the dvfs module would not change the rate."""
    refused = setup.variant.mocks is Mocks.REFUSED
    for resource in setup.platform.resources.get(Kind.PERFORMANCE, ()):
        kept = usable(operating_points(setup.platform, resource))
        known = kept._replace(points=tuple(p for p in kept.points if p.voltage is not None))
        if same_voltage(known):
            yield SCP_SAME_VOLTAGE.at(
                Severity.ERROR if refused else Severity.WARNING,
                f"levels of {resource.name} have one voltage in mV; SCP-firmware changes the rate "
                "only where the voltage changes"
                + ("" if refused else ": the mock supply gets a millivolt more"),
                where(resource),
                hint="give each point of the table a voltage of its own, by a millivolt at least",
            )


def _trip_points(setup: Setup) -> Iterator[Diagnostic]:
    """To end notifications of trip points, SCP-firmware writes past the end of a table."""
    platform = setup.platform
    sensors = platform.resources.get(Kind.SENSOR, ())
    found = {sensor.number: trip_points(platform, sensor) for sensor in sensors}
    if not setup.options.trip_points:
        have = [sensor for sensor in sensors if found[sensor.number]]
        if have:
            yield SCP_TRIP_POINTS.note(
                f"{counted(len(have), 'sensor has', 'sensors have')} trip points in the tree; they "
                "are left out, as SCP-firmware writes past a table when notifications of one end",
                where(have[0]),
                related((sensor.name, where(sensor)) for sensor in have),
                hint="trip-points: true below outputs lets agents set them all the same",
            )
        return
    if sensors:
        yield SCP_TRIP_POINTS.warning(
            "a SENSOR_TRIP_POINT_NOTIFY that ends notifications makes SCP-firmware write past a "
            "table, whoever sends it; any agent that may read a sensor can",
            where(sensors[0]),
            hint="leave trip-points out where agents are not trusted",
        )
    for sensor in sensors:
        count = len(found[sensor.number])
        if count > _TRIP_POINTS:
            yield SCP_TRIP_POINTS.error(
                f"sensor {sensor.name} has {count} trip points; in SCP-firmware's attributes "
                f"there is room for {_TRIP_POINTS}",
                where(sensor),
            )


def _assumed(platform: Platform) -> Iterator[Diagnostic]:
    """Assumed operating points, which are in tables of ours.

    Rates of clocks and levels of supplies are in the tables of the product's drivers.
    """
    for resource in platform.resources.get(Kind.PERFORMANCE, ()):
        points, assumed = operating_points(platform, resource)
        missing = {
            *assumed,
            *("frequency" for point in points if not point.frequency),
            *("voltage" for point in points if point.voltage is None),
        }
        if missing:
            yield SCP_ASSUMED.error(
                f"the operating points of {resource.name} are assumed "
                f"({', '.join(sorted(missing))}); a product refuses them",
                where(resource),
                hint="give the device an OPP table with opp-hz and opp-microvolt; where the tree "
                "can have none, levels in elements.performance or platform.assume.values",
            )
