"""Power caps, of which only ``platform.extra`` knows: what the tables say of them, or why not.

SCP-firmware has the module below, ``power-capping``, from v2.16.0 on. Its ``scmi-power-capping``
asks for no permission of a domain, and takes numbers as an agent sends them; a guard before it asks
the table that is made here (`guards`).
"""

import json
from collections.abc import Iterator, Mapping

from scmigen import runtime
from scmigen.assignment.assignment import Extra, mapping_in
from scmigen.data import Data, field
from scmigen.diagnostics import Diagnostic, counted
from scmigen.hints import Any
from scmigen.model.platform import Platform
from scmigen.runtime import PowerUnit
from scmigen.scmi.needs import needed
from scmigen.scmi.operations import Operation, ordered
from scmigen.scmi.protocols import Kind, Protocol
from scmigen.targets.common.ctext import Enumerators
from scmigen.targets.scp.binding import Drivers
from scmigen.targets.scp.kinds import Slot
from scmigen.targets.scp.limits import LIMITS
from scmigen.targets.scp.options import Setup
from scmigen.targets.scp.spaces import NamedAgent
from scmigen.targets.scp.variant import Mocks

#: The HAL module, in C.
HAL = "POWER_CAPPING"
#: Message → its enumerator: those that SCP-firmware has and a number is all that they need. Not
#: those that ask for notifications: the module writes past a table when they end, or when there
#: are two kinds of them.
_MESSAGES: Mapping[int, str] = {
    0x3: "MOD_SCMI_POWER_CAPPING_DOMAIN_ATTRIBUTES",
    0x4: "MOD_SCMI_POWER_CAPPING_CAP_GET",
    0x5: "MOD_SCMI_POWER_CAPPING_CAP_SET",
    0x6: "MOD_SCMI_POWER_CAPPING_PAI_GET",
    0x7: "MOD_SCMI_POWER_CAPPING_PAI_SET",
    0x9: "MOD_SCMI_POWER_CAPPING_MEASUREMENTS_GET",
}
#: Unit → the enumerator that the module turns into the unit's bits: it shifts them by one bit too
#: many, so that its microwatt is what the specification has for milliwatt.
_UNITS: Mapping[PowerUnit, tuple[str, str]] = {
    PowerUnit.ABSTRACT: ("MOD_SCMI_PCAPPING_POWER_CAP_ABSTRACT", ""),
    PowerUnit.MILLIWATT: (
        "MOD_SCMI_PCAPPING_POWER_CAP_MICROWATT",
        "Agents read mW: the module shifts the unit one bit too far",
    ),
}
#: Elements of a module, and bytes of a name.
_ELEMENTS, _NAME = 4096, 15


class Cap(Data):
    """A power cap as an element of the modules: ``domain`` is ``None`` for a number in a gap."""

    number: int
    enum: str
    name: str
    domain: "runtime.Powercap | None"
    parent: str | None

    @property
    def unit(self) -> tuple[str, str]:
        """The enumerator of the unit, and what is to say of it."""
        return _UNITS[self.domain.unit if self.domain is not None else PowerUnit.ABSTRACT]

    @property
    def sets_interval(self) -> bool:
        """Whether agents can set the interval of the average."""
        return self.domain is not None and self.domain.minimum_pai < self.domain.maximum_pai


class Allowed(Data):
    """What one agent may do with one cap: operations for people, messages as enumerators."""

    cap: Cap
    says: str
    messages: tuple[str, ...]


class AgentCaps(Data):
    """An agent with a grant, and what it may do."""

    agent: NamedAgent
    allowed: tuple[Allowed, ...]


class Powercaps(Data):
    """All power caps of a firmware; ``kept``: the table of the HAL module is the product's own."""

    caps: tuple[Cap, ...]
    agents: tuple[AgentCaps, ...]
    kept: bool

    @property
    def users(self) -> frozenset[int]:
        """The agents that have the protocol."""
        return frozenset(each.agent.agent.id for each in self.agents)


class _Given(Data):
    """The part of ``platform.extra`` that is about power caps, or what is wrong with it.

    ``count``: of the domains, whatever is wrong."""

    count: int = 0
    domains: "tuple[runtime.Powercap, ...]" = ()
    grants: "Mapping[int, tuple[runtime.Grant, ...]]" = field(default_factory=dict)
    problem: str | None = None


def _part(extra: Extra) -> Mapping[str, Any]:
    """What ``extra`` has of power caps and grants of them, in its own form."""
    said = extra.read()
    agents = {
        name: {"grants": {str(Kind.POWERCAP): grants[str(Kind.POWERCAP)]}}
        for name, fields in mapping_in(said.get("agents")).items()
        if str(Kind.POWERCAP) in (grants := mapping_in(mapping_in(fields).get("grants")))
    }
    return {"powercaps": said.get("powercaps") or {}, "agents": agents}


def _given(platform: Platform) -> _Given:
    extra, instances = platform.options.extra, platform.inventory.instances
    if extra is None or platform.instance not in (None, *instances[:1]):
        return _Given()
    part = _part(extra)
    caps = part["powercaps"]
    count = len(caps) if isinstance(caps, dict | list) else 0
    agents = tuple(runtime.Agent(id=a.id, name=a.name, role=a.role) for a in platform.agents)
    bare = runtime.Runtime(format=runtime.FORMAT, name="", agents=agents)
    try:
        merged = runtime.decode(runtime.overlay(runtime.encode(bare), json.dumps(part).encode()))
    except runtime.ConfigurationError as error:
        return _Given(count, problem=f"platform.extra does not fit: {error}")
    grants = {agent.id: agent.grants.get(Kind.POWERCAP, ()) for agent in merged.agents}
    return _Given(count, merged.powercaps, grants)


def _names(domain: "runtime.Powercap") -> str:
    return f"{domain.name} ({domain.id})"


def _unfit(setup: Setup, given: _Given) -> Iterator[str]:
    """What of the caps themselves the module cannot say."""
    for domain in given.domains:
        if domain.unit not in _UNITS:
            yield (
                f"{_names(domain)} is in {domain.unit}, which agents of SCP-firmware would read "
                "as mW: it shifts the unit one bit too far; abstract and mW can be said"
            )
        if not 1 <= len(domain.name.encode()) <= _NAME:
            yield f"{_names(domain)} needs a name of 1 to {_NAME} bytes"
        if domain.id >= _ELEMENTS:
            yield f"the number of {_names(domain)} is above {_ELEMENTS - 1}"
        steps = (domain.maximum_cap - domain.minimum_cap) % domain.cap_step
        if setup.version.whole_cap_steps and steps:
            yield (
                f"between the caps {domain.minimum_cap} and {domain.maximum_cap} of "
                f"{_names(domain)} are no whole steps of {domain.cap_step}, and the module stops "
                "the firmware at its start"
            )
    for grants in given.grants.values():
        for grant in grants:
            if grant.id != grant.resource:
                yield (
                    f"an agent knows power cap {grant.resource} as {grant.id}; all have the "
                    "numbers of the elements"
                )


def _missing(setup: Setup, drivers: Drivers) -> str | None:
    """Why the firmware cannot have the protocol."""
    if not setup.version.power_capping:
        return (
            f"scmi-power-capping of SCP-firmware {setup.version.name} works on modules "
            "power-allocator, power-coordinator and power-meter that are not part of it; 2.16 "
            "and later have the module that it works on"
        )
    if setup.variant.no_power_capping is not None:
        return setup.variant.no_power_capping
    bound = drivers.slots.get((Slot.CAPS, 0))
    if setup.variant.mocks is not Mocks.REFUSED or (bound is not None and bound.module == HAL):
        return None
    return (
        "the product's module power-capping has a table of its own, with what measures and "
        f"limits power: {Slot.CAPS}: {{module: power-capping}} below drivers and system says so"
    )


def check(setup: Setup, drivers: Drivers) -> Iterator[Diagnostic]:
    """Power caps that are left out, and why."""
    given = _given(setup.platform)
    extra = setup.platform.options.extra
    if extra is None or not given.count:
        return
    why = _missing(setup, drivers) or given.problem or next(_unfit(setup, given), None)
    if why is not None:
        found = counted(given.count, "powercap resource is", "powercap resources are")
        yield LIMITS.finding("kind").warning(
            f"{found} left out, and agents are denied the protocol: {why}", extra.position
        )


def no_use(setup: Setup) -> str | None:
    """Why a firmware has no use for the table of power caps that a product has."""
    if setup.version.power_capping and setup.variant.no_power_capping is None:
        return None if _given(setup.platform).count else "there are no power caps"
    return setup.variant.no_power_capping or (
        f"SCP-firmware {setup.version.name} has not all modules of power caps"
    )


def _cap_rows(domains: "tuple[runtime.Powercap, ...]") -> tuple[Cap, ...]:
    known = {domain.id: domain for domain in domains}
    names = {domain.name for domain in domains}
    enums = Enumerators("POWERCAP_IDX", ("COUNT",))
    found: dict[int, tuple[str, str]] = {}
    for number in range(max(known) + 1):
        name = known[number].name if number in known else f"reserved-{number}"
        while number not in known and name in names:
            name += "-"
        found[number] = (name, enums.name(number, name))
    return tuple(
        Cap(
            number,
            enum,
            name,
            domain := known.get(number),
            None if domain is None or domain.parent is None else found[domain.parent][1],
        )
        for number, (name, enum) in found.items()
    )


def _allowed(cap: Cap, grant: "runtime.Grant") -> Allowed:
    operations = frozenset(Operation(operation) for operation in grant.operations)
    messages = tuple(
        enum
        for message, enum in _MESSAGES.items()
        if (operation := needed(Protocol.POWERCAP)[message]) in operations
        or (operation is None and operations)
    )
    return Allowed(cap, ", ".join(ordered(Kind.POWERCAP, operations)), messages)


def powercaps(setup: Setup, drivers: Drivers, agents: tuple[NamedAgent, ...]) -> Powercaps | None:
    """The power caps of a firmware; ``None`` where it has none, or cannot have them (`check`)."""
    given = _given(setup.platform)
    if not given.domains or _missing(setup, drivers) or any(_unfit(setup, given)):
        return None
    caps = _cap_rows(given.domains)
    rows = tuple(
        AgentCaps(
            named,
            tuple(_allowed(caps[g.id], g) for g in given.grants[named.agent.id] if g.operations),
        )
        for named in agents
    )
    users = tuple(row for row in rows if row.allowed)
    return Powercaps(caps, users, setup.variant.mocks is Mocks.REFUSED) if users else None
