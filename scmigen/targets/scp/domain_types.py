"""What power domains are to SCP-firmware, where their table is written here: devices, cores or
clusters, and what each is under.

Module ``power_domain`` (``mod_power_domain.h``): a core is set together with the domains above it,
by a composite state of up to four levels, and only by agents of the type PSCI, as a cluster. At
start the module asks drivers for states from the last element to the first, and takes a domain for
off whose parent it has not asked yet; so a parent has the higher number.
"""

from collections.abc import Iterator, Mapping

from scmigen.data import Data, replace
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.hints import TypeVar
from scmigen.model.platform import Grant, Platform, Resource
from scmigen.runtime import Role
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.limits import where
from scmigen.targets.scp.drivers import Entry, find_entry
from scmigen.targets.scp.element_map import element_map, is_kept
from scmigen.targets.scp.kinds import Slot
from scmigen.targets.scp.options import DomainType, Setup

V = TypeVar("V")

SCP_DOMAIN = Finding(
    "scp-domain",
    "A power domain cannot be what the options say, or under what they say.",
    "Put cores under clusters, and number what is above higher than what is below.",
)

#: Levels of a composite state: cores, clusters and what is above them.
_LEVELS = 4
#: What a domain may be under; SYSTOP is above all.
_ABOVE: Mapping[DomainType, frozenset[DomainType]] = {
    "core": frozenset({"cluster"}),
    "cluster": frozenset({"cluster"}),
    "device": frozenset({"device", "device-debug", "cluster"}),
    "device-debug": frozenset({"device", "device-debug", "cluster"}),
}
#: The domains that only an agent of the type PSCI may set.
_PSCI_ONLY: frozenset[DomainType] = frozenset({"core", "cluster"})


class Shape(Data):
    """What a domain is; ``parent`` is the number of the one that it is under, or None: SYSTOP."""

    type: DomainType = "device"
    parent: int | None = None

    @property
    def macro(self) -> str:
        """Its type in C."""
        return f"MOD_PD_TYPE_{self.type.upper().replace('-', '_')}"

    @property
    def states(self) -> str:
        """The table of states that it may be in, by that of its parent."""
        return "core_allowed_states" if self.type == "core" else "device_allowed_states"

    @property
    def is_voted(self) -> bool:
        """Whether agents vote for it; the others have states of their own."""
        return self.type not in _PSCI_ONLY


#: What nothing is said of.
DEVICE = Shape()


def shapes(setup: Setup) -> Mapping[int, Shape]:
    """The power domains of which the options say what they are, by number."""
    numbers = _numbers(setup.platform)
    return {
        resource.number: shape if shape.parent in numbers else replace(shape, parent=None)
        for resource, _, shape in _said(setup)
    }


def _said(setup: Setup) -> Iterator[tuple[Resource, Entry, Shape]]:
    for resource in setup.platform.resources.get(Kind.POWER, ()):
        entry = find_entry(setup.options, resource.node, Slot.POWER)
        if entry is None or is_kept(entry.driver, entry.word):
            continue
        driver = entry.driver
        said, number = driver.type, resource.number
        word = _of(said, number) if isinstance(said, Mapping) else said
        parent = _of(driver.parent or {}, number)
        if word is not None or parent is not None:
            yield resource, entry, Shape(word or "device", parent)


def _of(said: Mapping[str, V], number: int) -> V | None:
    """What a map says of a number."""
    key = element_map(said).key(number)
    return None if key is None else said[key]


def check_shapes(setup: Setup) -> Iterator[Diagnostic]:
    """Parents that there are not, or that cannot be parents; agents that may not set a core."""
    found = {resource.number: shape for resource, _, shape in _said(setup)}
    for resource, entry, shape in _said(setup):
        if shape.parent is not None:
            at = setup.options.at(*entry.path, "parent")
            yield from _parent(setup.platform, resource, shape.parent, found, at)
        if not shape.is_voted:
            yield from _setters(setup, resource, shape, setup.options.at(*entry.path, "type"))


def _parent(
    platform: Platform,
    resource: Resource,
    number: int,
    found: Mapping[int, Shape],
    at: Position | None,
) -> Iterator[Diagnostic]:
    numbers = _numbers(platform)
    name = f"{resource.name} (number {resource.number})"
    shape, above = found[resource.number], found.get(number, DEVICE)
    if number not in numbers:
        # Nodes of one compatible have one driver here, and each node has numbers of its own.
        several = len(platform.inventory.instances) > 1
        yield SCP_DOMAIN.at(
            Severity.WARNING if several else Severity.ERROR,
            f"{name} is under power domain {number}, which there is not"
            + (f" on {platform.name}: it is under SYSTOP" if several else ""),
            at,
            _place(resource),
            f"power domains have the numbers 0 to {max(numbers, default=0)}",
        )
    elif number <= resource.number:
        yield SCP_DOMAIN.error(
            f"{name} is under number {number}: SCP-firmware asks for states from the highest "
            "number down, and would take the domain for off at boot",
            at,
            _place(resource),
            "give the domain above the higher number",
        )
    elif above.type not in _ABOVE[shape.type]:
        yield SCP_DOMAIN.error(
            f"{name} is a {shape.type}, and number {number} above it a {above.type}",
            at,
            _place(resource),
            f"type: {{{number}: {' or '.join(sorted(_ABOVE[shape.type]))}}}",
        )
    elif len(_chain(number, found)) > _LEVELS - 2:
        yield SCP_DOMAIN.error(
            f"{name} has {len(_chain(number, found))} domains and SYSTOP above it; a state of "
            f"SCP-firmware has {_LEVELS} levels",
            at,
            _place(resource),
            "leave out levels between",
        )


def _chain(number: int, found: Mapping[int, Shape]) -> list[int]:
    """A domain and those above it, as long as numbers go up."""
    chain = [number]
    while (above := found.get(chain[-1], DEVICE).parent) is not None and above > chain[-1]:
        chain.append(above)
    return chain


def _numbers(platform: Platform) -> frozenset[int]:
    return frozenset(each.number for each in platform.resources.get(Kind.POWER, ()))


def _setters(
    setup: Setup, resource: Resource, shape: Shape, at: Position | None
) -> Iterator[Diagnostic]:
    """Agents with a grant that the firmware's module does not heed."""
    grants = setup.platform.holders(resource.key).values()
    others = [grant for grant in grants if _sets_in_vain(grant)]
    if others:
        yield SCP_DOMAIN.warning(
            f"{', '.join(grant.agent.name for grant in others)} may set {resource.name} (number "
            f"{resource.number}), and SCP-firmware answers NOT_SUPPORTED: it lets only an agent of "
            f"the role psci set a {shape.type}",
            at,
            _place(resource),
            "leave out state of the grant, or type: device",
        )


def _sets_in_vain(grant: Grant) -> bool:
    return Operation.STATE in grant.operations and grant.agent.role is not Role.PSCI


def _place(resource: Resource) -> tuple[Related, ...]:
    return (Related(f"power {resource.name}", where(resource)),)
