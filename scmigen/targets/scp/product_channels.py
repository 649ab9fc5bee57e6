"""The channels of a product: what the tree has of agents' SCMI nodes, and what the options say."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from scmigen.assignment.given import shown
from scmigen.assignment.select import Selector
from scmigen.assignment.words import did_you_mean, whole_number
from scmigen.bindings.addresses import Region, regions
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.hints import TYPE_CHECKING
from scmigen.runtime import Role
from scmigen.targets.scp.binding import SCP_DRIVER
from scmigen.targets.scp.channel_options import expression
from scmigen.targets.scp.channel_plans import Plan, plans_of
from scmigen.targets.scp.channels import Channel, Mailbox, enum_of, fixed_channels
from scmigen.targets.scp.drivers import find_driver, fixed_element, mailbox_address
from scmigen.targets.scp.kinds import Slot
from scmigen.targets.scp.options import SYSTEM, Driver, Setup
from scmigen.targets.scp.product_mailboxes import SCP_MAILBOX, check_mailboxes
from scmigen.targets.scp.spaces import name_agents
from scmigen.tuples import NamedTuple

if TYPE_CHECKING:
    from scmigen.targets.scp.product_sources import Product

SCP_SERVICE = Finding(
    "scp-service",
    "SCMI services are not where modules of the product look for them.",
    "Give each channel the index that the product has for it, or its enumerator.",
)
SCP_NOTIFICATIONS = Finding(
    "scp-notifications",
    "Agents have no channel from the platform, and so get no notifications.",
    "Give the SCMI node of the agent a second shared memory, or the options a p2a channel.",
    Severity.NOTE,
)
#: Bytes of a mailbox's header; a message comes after it.
_MAILBOX_HEADER = 32
#: Bytes of a mailbox that only the agents file places; Linux has as many.
_MAILBOX_SIZE = 128
#: The roles whose software is in the secure world.
_SECURE = frozenset({Role.PSCI, Role.SECURE})


def _back(plan: Plan, plans: Sequence[Plan]) -> Plan | None:
    """The channel for notifications: that of the same name, the agent's own, or its only one."""
    mine = {each.word: each for each in plans if each.named is plan.named and each.way == "P2A"}
    if plan.way == "P2A" or not mine:
        return None
    return mine.get(f"p2a{plan.word[3:]}") or mine.get("p2a") or next(iter(mine.values()))


class _Product:
    """Makes the channels of a product; ``problems`` grow."""

    def __init__(self, setup: Setup, plans: Sequence[Plan]) -> None:
        self.setup = setup
        self.plans = plans
        self.selector = Selector(setup.platform.inventory.tree)
        self.problems: list[Diagnostic] = []
        self.silent: dict[str, Position | None] = {}

    def channels(self, numbers: Mapping[Plan, int]) -> Iterator[Channel]:
        """The channels; those without a mailbox have been reported."""
        enums = {plan: _index(plan) for plan in self.plans}
        for plan in self.plans:
            said, named, back = plan.said, plan.named, _back(plan, self.plans)
            bell = self._bell(plan)
            header = bell.header if bell is not None else None
            yield Channel(
                agent=named,
                way=plan.way,
                word=plan.word,
                enum=enums[plan],
                number=numbers.get(plan),
                named=_is_name(said.index),
                optional=plan.way == "P2A",
                name=said.name or named.agent.name,
                p2a=None if back is None else enums[back],
                secure=named.agent.role in _SECURE if said.secure is None else said.secure,
                init_mailbox=said.init_mailbox is not False,
                waits=said.ready == "mailbox",
                power_domain=_power_domain(plan),
                mailbox=None if bell is None else self._mailbox(plan, bell),
                headers=(*said.headers, *filter(None, [header])),
            )

    def _mailbox(self, plan: Plan, bell: Driver) -> Mailbox | None:
        place = self._memory(plan, bell)
        if place is None:
            return None
        said = plan.said
        self.problems += _unready(plan) if said.ready == "mailbox" else ()
        slot = said.slot or self._slot(plan)
        element = expression(said.element) if said.element else fixed_element(bell)
        return Mailbox(
            *place,
            bell=said.module or bell.module,
            index=element or "0",
            said=element is not None,
            slot=None if slot == "none" else expression(slot),
            api=said.api or bell.api,
        )

    def _bell(self, plan: Plan) -> Driver | None:
        """The doorbell of the agent or of all, or the module that the channel itself has."""
        name = plan.named.agent.name
        found = bell_of(self.setup, name)
        if found is None and plan.said.module is not None:
            found = Driver(module=plan.said.module, element=0)
        if found is None:
            self.silent.setdefault(name, plan.position)
        return found

    def _slot(self, plan: Plan) -> str:
        """The doorbell's slot that the agents file or the tree has."""
        transport = plan.named.agent.transport
        if plan.word == "a2p" and transport is not None and transport.channel is not None:
            return str(transport.channel)
        return str(plan.tree.slot) if plan.tree is not None and plan.tree.slot is not None else "0"

    def _memory(self, plan: Plan, bell: Driver) -> tuple[str | None, str, bool] | None:
        """Address and size of the mailbox in C, and whether the options have the address."""
        said = plan.said
        if said.in_band:
            own = said.size or str(_MAILBOX_SIZE)
            if _is_small(own):
                self.problems.append(_no_mailbox(plan))
                return None
            return None, expression(own), False
        text = bell.mailbox if said.memory is None and plan.word == "a2p" else said.memory
        placed = text is not None and (text.startswith("=") or whole_number(text) is not None)
        region = self._region(plan, None if placed else text)
        size = said.size
        if size is None and region is not None:
            size = str(region.size)
        elif size is None and placed:
            size = str(_MAILBOX_SIZE)
        if size is None or _is_small(size) or (region is None and not placed):
            self.problems.append(_no_mailbox(plan))
            return None
        if text is not None and placed:
            return mailbox_address(text), expression(size), True
        assert region is not None
        return f"UINT64_C(0x{region.start:X})", expression(size), False

    def _region(self, plan: Plan, text: str | None) -> Region | None:
        """The memory that the options name, else that of the tree."""
        transport = plan.named.agent.transport
        if text is None and plan.tree is None and plan.word == "a2p" and transport is not None:
            text = transport.shmem
        nodes = [] if plan.tree is None else [plan.tree.memory]
        if text is not None:
            selected = self.selector.select(text)
            nodes = [*selected.nodes[:1]]
            if selected.problem:
                self.problems.append(
                    SCP_MAILBOX.error(
                        f"memory of {plan.what}: {selected.problem}",
                        plan.position,
                        hint=selected.hint,
                    )
                )
        return next((region for node in nodes for region in regions(node)), None)


def _is_small(size: str) -> bool:
    """Whether a mailbox has no room for a message behind its header, as far as that is known."""
    number = whole_number(size)
    return number is not None and number <= _MAILBOX_HEADER


def _power_domain(plan: Plan) -> str | None:
    """What the mailbox in memory is there with, in C."""
    said = plan.said
    return None if said.in_band or said.power_domain is None else expression(said.power_domain)


def _unready(plan: Plan) -> Iterator[Diagnostic]:
    """Why a channel's mailbox never tells that it is ready, or does before anybody listens."""
    said = plan.said
    if said.in_band:
        yield SCP_SERVICE.error(
            f"{plan.what} would be ready with a mailbox in memory, and has none: its messages are "
            "in-band",
            plan.position,
            hint="ready: start",
        )
    elif said.init_mailbox is False:
        yield SCP_SERVICE.error(
            f"{plan.what} would be ready with a mailbox that nobody initialises",
            plan.position,
            hint="leave out ready: mailbox or init-mailbox: false",
        )
    elif said.power_domain is None:
        yield SCP_SERVICE.warning(
            f"{plan.what} is ready with its mailbox, which is there before scmi listens, as no "
            "power domain has to be switched on first",
            plan.position,
            hint="power-domain of the channel, or ready: start",
        )


def _is_name(index: str | None) -> bool:
    return index is not None and not index.isdecimal()


def _index(plan: Plan) -> str:
    """The index of a channel in C: the product's enumerator, or one of ours."""
    said = plan.said.index
    if said is None or not _is_name(said):
        return enum_of(plan.named, plan.word)
    return expression(said)


def bell_of(setup: Setup, agent: str) -> Driver | None:
    """The driver of an agent's doorbells: its own, or that of all."""
    own = find_driver(setup.options, None, Slot.DOORBELL, agent)
    return own or find_driver(setup.options, None, Slot.DOORBELL)


def _no_mailbox(plan: Plan) -> Diagnostic:
    return SCP_MAILBOX.error(
        f"{plan.named.agent.name} has no mailbox of more than {_MAILBOX_HEADER} bytes for "
        f"{plan.word} in memory that the CPU can reach",
        plan.position,
        hint="transport: {type: mailbox, shmem: LABEL, channel: 0}, where LABEL is a node with "
        "reg, below ranges; or memory and size of the channel in the options",
    )


def _no_bells(setup: Setup, silent: Mapping[str, Position | None]) -> Iterator[Diagnostic]:
    """Agents without a doorbell; told once, if none has any."""
    options = setup.options
    where = "drivers" if options.drivers else "outputs, scp, drivers in the agents file"
    at = options.at("drivers", SYSTEM)
    slot = Slot.DOORBELL
    if len(silent) == len(setup.platform.agents) and silent:
        hint = f"write under {where}, {SYSTEM}: {slot}: {{module: …, element: 0}}"
        yield SCP_DRIVER.error(f"no driver for {slot}", at, hint=hint)
        return
    for name, position in silent.items():
        hint = f"write under {where}, {SYSTEM}: {slot} {name}: {{module: …}}"
        yield SCP_DRIVER.error(f"{name} has no driver for its {slot}", at or position, hint=hint)


def _places(
    plans: Sequence[Plan], values: Mapping[str, int | None]
) -> tuple[Mapping[Plan, int], list[Diagnostic]]:
    """The index of each channel as far as it is known, and what is wrong with those given.

    ``values``: the product's enumerators.
    """
    problems: list[Diagnostic] = []
    found: dict[Plan, int] = {}
    named = False
    for plan in plans:
        said = plan.said.index
        if said is None:
            continue
        named = named or not said.isdecimal()
        value = int(said) if said.isdecimal() else values.get(expression(said))
        if value is not None:
            found[plan] = value
        elif values:
            problems.append(
                SCP_SERVICE.error(
                    f"the product's headers have no enumerator {shown(expression(said))} whose "
                    "value is known",
                    plan.position,
                    hint=did_you_mean(expression(said), values),
                )
            )
    problems += _named_twice(plans)
    unknown = [plan for plan in plans if plan.said.index is not None and plan not in found]
    open_ = [plan for plan in plans if plan.said.index is None]
    if unknown and open_ and not problems:
        problems.append(
            SCP_SERVICE.error(
                f"{open_[0].what} needs an index, as others have enumerators of unknown value",
                open_[0].position,
                hint="give each channel an index, or the product's directory: product: PATH",
            )
        )
    if not unknown:
        free = (number for number in count() if number not in set(found.values()))
        found |= dict(zip(open_, free, strict=False))
        problems += _misplaced(found, named=named)
    return found, problems


def _named_twice(plans: Sequence[Plan]) -> Iterator[Diagnostic]:
    """One enumerator of the product for two channels."""
    seen: dict[str, Plan] = {}
    for plan in plans:
        if not _is_name(plan.said.index):
            continue
        first = seen.setdefault(_index(plan), plan)
        if first is not plan:
            yield _one_index(plan, first, _index(plan))


def _one_index(plan: Plan, first: Plan, index: object) -> Diagnostic:
    return SCP_SERVICE.error(
        f"{plan.what} and {first.what} have one index, {index}",
        plan.position,
        [Related(first.what, first.position)],
        "give each channel an index of its own",
    )


def _misplaced(found: Mapping[Plan, int], *, named: bool) -> Iterator[Diagnostic]:
    """Indices that two channels have, that none has, or that are not there in each build."""
    by_index: dict[int, Plan] = {}
    for plan, number in found.items():
        first = by_index.setdefault(number, plan)
        if first is not plan and not _is_name(plan.said.index):
            yield _one_index(plan, first, number)
    for number in range(len(by_index)):
        if number not in by_index:
            after = by_index[min(each for each in by_index if each > number)]
            yield SCP_SERVICE.error(
                f"no channel has index {number}, but {after.what} has one above: the framework "
                "ends the table at the first gap",
                after.position,
                hint="number the channels from 0 without gaps, those to agents last",
            )
            return
    ways = [by_index[number].way for number in sorted(by_index)]
    if not named and ways != sorted(ways):
        first = by_index[ways.index("P2A")]
        yield SCP_SERVICE.error(
            f"{first.what} stands before channels to the platform; a build without SCMI "
            "notifications does not have it, and all indices after it would move",
            first.position,
            hint="number the p2a channels last",
        )


class Channels(NamedTuple):
    """The channels of a firmware in the order of their indices, and the problems of a product's.

    ``counter``: the product's enumerator that counts the same services, if one is known.
    """

    rows: tuple[Channel, ...]
    problems: tuple[Diagnostic, ...] = ()
    counter: str | None = None


def channels(setup: Setup, sources: "Product | None" = None) -> Channels:
    """The channels of a firmware; ``sources`` are the product's, as far as they are known."""
    agents = name_agents(setup.platform)
    if not setup.variant.mailboxes:
        return Channels(tuple(fixed_channels(setup, agents)))
    if sources is None:
        from scmigen.targets.scp.product_sources import NO_PRODUCT

        sources = NO_PRODUCT
    plans = plans_of(setup, agents)
    numbers, problems = _places(plans, sources.values)
    maker = _Product(setup, plans)
    found = list(maker.channels(numbers))
    problems += maker.problems
    problems += _no_bells(setup, maker.silent)
    problems += check_mailboxes(plans, found, sources.constants)
    problems += _unheard(setup, found)
    if all(channel.number is not None for channel in found):
        found.sort(key=lambda channel: channel.number or 0)
    return Channels(tuple(found), tuple(problems))


def _unheard(setup: Setup, found: Sequence[Channel]) -> Iterator[Diagnostic]:
    """Agents that no notification reaches. PSCI asks for none."""
    heard = {channel.agent.agent.id for channel in found if channel.way == "P2A"}
    deaf = [
        agent
        for agent in setup.platform.agents
        if agent.id not in heard and agent.role is not Role.PSCI
    ]
    if deaf:
        yield SCP_NOTIFICATIONS.note(
            f"no channel leads from the platform to {', '.join(agent.name for agent in deaf)}: "
            "where the build has SCMI notifications, a request for them is SUCCESS, and none is "
            "ever sent",
            deaf[0].position,
            hint="a second shared memory of the SCMI node, or channels: {AGENT: {p2a: {…}}}",
        )
