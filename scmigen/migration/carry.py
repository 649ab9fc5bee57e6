"""The agents file and lock file that give what a description of a server has, as far as they can.

They are made in rounds: each is compiled, and what the board then has is compared with the
description, cell by cell: agent, kind, id, name and operation. What differs in the end is told.
"""

from collections.abc import Iterable, Iterator, Mapping, Set

from scmigen.assignment.elements import numbers_of
from scmigen.assignment.elements_file import NAME
from scmigen.assignment.sources import Sources
from scmigen.bindings.facts import ProviderClass, ResourceKey
from scmigen.bindings.transports import BY_WORD
from scmigen.checks.against import compare
from scmigen.checks.served_view import place_of
from scmigen.data import Data, field, replace
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError, Position, Severity
from scmigen.hints import Any
from scmigen.migration.carried import Carried
from scmigen.migration.facts import Facts, facts_of, left_facts
from scmigen.migration.findings import IMPORT_LEFT
from scmigen.migration.held import left_on, to_keep_on
from scmigen.migration.joins import Join, Map, joined
from scmigen.migration.left import (
    Cells,
    Outcome,
    carried_operations,
    different,
    unnamed,
    untold,
)
from scmigen.migration.numbered import by_ids
from scmigen.migration.outputs import outputs_text, seen_from
from scmigen.migration.plan import Plan, Wanted, agents_text
from scmigen.model.identifiers import Ids, Lock, LockedId
from scmigen.model.lockfile import format_lock
from scmigen.model.platform import Model, Platform
from scmigen.pipeline import Request, Result, compile_board, configuration_of
from scmigen.runtime import Device, Numbering, Role, Served, ServedAgent, ServedGrant
from scmigen.scmi.operations import Operation, aggregates
from scmigen.scmi.protocols import Kind

_ROUNDS = 7


def carry(
    board: DeviceTree,
    served: Served,
    file: str,
    said: Map,
    origin: str,
    folder: str = "",
) -> Carried:
    """What moves a board to the server that ``served`` describes, as files of ``folder``. Raises
    `InputError` for a board that cannot be understood."""
    base = compile_board(board, Request())
    if not served.devices:
        served = by_ids(served)
    carrying = _Carrying(base.model, served, Position(file), said, origin, folder)
    return carrying.run()


class _Round(Data, frozen=False):
    """A plan, what the board is with it, and the cells of that."""

    plan: Plan
    text: str
    result: Result | None
    problems: tuple[Diagnostic, ...] = ()
    cells: Cells = field(default_factory=dict)
    names: dict[tuple[Kind, int], str] = field(default_factory=dict)

    def outcome(self) -> Outcome:
        """What there is to compare with the description."""
        return Outcome(self.cells, self.names)


class _Carrying:
    """One import: the description, the joins, and what is left."""

    def __init__(
        self, model: Model, served: Served, where: Position, said: Map, origin: str, folder: str
    ) -> None:
        self.model = model
        self.tree = model.inventory.tree
        self.served = served
        self.where = where
        self.origin = origin
        self.folder = folder
        self.left: list[Diagnostic] = []
        self.facts = Facts()
        self.joins = joined(served, model, said)
        self.homes = numbers_of(model.inventory)
        self.wanted = self._cells()

    def leave(self, message: str, source: str | None, hint: str | None = None) -> None:
        """Note what is not in the files."""
        self.left.append(IMPORT_LEFT.warning(message, place_of(source, self.where), hint=hint))

    def _cells(self) -> Cells:
        return {
            (agent.name, kind, grant.id, operation): grant.source or agent.source
            for agent in self.served.agents
            for kind, grants in agent.grants.items()
            for grant in grants
            for operation in carried_operations(grant)
        }

    def run(self) -> Carried:
        """The rounds, and the comparison of the last one."""
        self.left.extend(untold(self.served, self.joins, self.where))
        plan = self._first()
        in_tree = {
            resource.key
            for platform in self.model.platforms
            for resource in platform.resources[Kind.PERFORMANCE]
            if resource.facts.points
        }
        self.facts = facts_of(self.served, self.joins, plan.names, self.where, in_tree)
        self.left.extend(self.facts.left)
        plan = replace(plan, vendor=self._vendor(), levels=self.facts.levels)
        done = self._compiled(plan)
        for _ in range(_ROUNDS):
            better = self._better(done)
            if better is None:
                break
            done = self._compiled(better)
        return self._result(done)

    def _vendor(self) -> tuple[str, str] | None:
        """The vendor, if it is another than a build has anyway."""
        options = self.model.platforms[0].options
        said = self.facts.vendor
        return None if said == (options.vendor, options.sub_vendor) else said

    def _outputs(self) -> dict[str, dict[str, Any]]:
        """The options of outputs."""
        return {**(self.facts.outputs or {}), **seen_from(self.served.outputs, self.folder)}

    def _first(self) -> Plan:
        """The first plan: agents, devices and elements, and all grants unless there are devices."""
        names = self._names()
        numbered = self._numbered()
        devices = self._devices()
        counts = {agent.id: 0 for agent in self.served.agents}
        for device in devices:
            for one in device.agents[:1]:
                counts[one] = counts.get(one, 0) + 1
        ospm = {agent.id for agent in self.served.agents if agent.role is Role.OSPM}
        order = sorted(counts, key=lambda one: (one not in ospm, -counts[one], one))
        default = order[0] if devices else None
        managed = sorted(
            {
                join.key.provider
                for join in self.joins.values()
                if join.known and join.problem is None and self._is_unmanaged(join.key)
            }
        )
        plan = Plan(
            numbered,
            names,
            {},
            self._elements(),
            managed,
            self._owners(),
            devices,
            default,
            self._without_channel(),
        )
        return plan if devices else replace(plan, grants=self._grants({}))

    def _names(self) -> dict[str, str]:
        """What agents are called in the file."""
        found = {}
        for agent in self.served.agents:
            name = agent.name if agent.name.isprintable() else f"agent-{agent.id}"
            if name != agent.name:
                self.leave(f"the name of agent {agent.id} cannot be written", agent.source)
            found[agent.name] = name
        return found

    def _numbered(self) -> list[tuple[int, ServedAgent]]:
        agents = sorted(self.served.agents, key=lambda agent: agent.id)
        for number, agent in enumerate(agents, 1):
            if agent.id != number:
                message = f"agent {agent.id} ({agent.name}) is {number}: ids are 1, 2, 3, …"
                self.leave(message, agent.source)
        return list(enumerate(agents, 1))

    def _devices(self) -> tuple[Device, ...]:
        found = []
        for device in self.served.devices:
            if self.tree.node(device.node) is None:
                self.leave(f"the tree has no device {device.node}", device.source)
            else:
                found.append(device)
        return tuple(found)

    def _is_unmanaged(self, key: ResourceKey) -> bool:
        provider = self.model.providers.get(key.provider)
        return provider is not None and provider.category is not ProviderClass.MANAGED

    def _elements(self) -> dict[tuple[Kind, int], str]:
        found = {}
        used: set[tuple[Kind, str]] = set()
        unwritten: list[Join] = []
        for (kind, number), join in self.joins.items():
            if join.known or join.problem is not None:
                continue
            name = join.resource.name
            if name and (not NAME.fullmatch(name) or (kind, name) in used):
                unwritten.append(join)
                name = ""
            used.add((kind, name))
            found[kind, number] = name
        self.left.extend(unnamed(unwritten, self.where))
        return found

    def _without_channel(self) -> frozenset[str]:
        """The agents whose transport no agents file can have."""
        found = set()
        for agent in self.served.agents:
            if agent.transport is not None and agent.transport.type not in BY_WORD:
                message = f"the transport {agent.transport.type!r} of {agent.name} is none"
                self.leave(message, agent.source)
                found.add(agent.name)
        return frozenset(found)

    def _owners(self) -> dict[ResourceKey, str]:
        """The agents that alone may use what does not aggregate, of what others have, too."""
        return {
            key: next(iter(having))
            for key, (having, all_of_it) in self._holders().items()
            if len(having) == 1 and len(all_of_it) > 1
        }

    def _holders(self) -> dict[ResourceKey, tuple[set[str], set[str]]]:
        """Resource → the agents with an operation that does not aggregate, and all of them."""
        found: dict[ResourceKey, tuple[set[str], set[str]]] = {}
        for agent, kind, grant, join in self._rows():
            alone, every = found.setdefault(join.key, (set(), set()))
            every.add(agent.name)
            if any(not aggregates(kind, operation) for operation in carried_operations(grant)):
                alone.add(agent.name)
        return found

    def _rows(self) -> Iterator[tuple[ServedAgent, Kind, ServedGrant, Join]]:
        for agent in self.served.agents:
            for kind, grants in agent.grants.items():
                for grant in grants:
                    join = self.joins[kind, grant.resource]
                    if carried_operations(grant) and join.problem is None:
                        yield agent, kind, grant, join

    def _grants(
        self, had: Mapping[tuple[str, Kind, int, Operation], object]
    ) -> dict[str, list[Wanted]]:
        """What is written below grant: all that the board does not have anyway."""
        found: dict[str, list[Wanted]] = {}
        for agent, kind, grant, join in self._rows():
            missing = {
                operation
                for operation in carried_operations(grant)
                if (agent.name, kind, grant.id, operation) not in had
            }
            if missing:
                found.setdefault(agent.name, []).append(
                    Wanted(
                        join.key,
                        join.number,
                        grant.id,
                        join.resource.name,
                        frozenset(carried_operations(grant)),
                        grant.source,
                        self._by_number(join.key),
                    )
                )
        return found

    def _by_number(self, key: ResourceKey) -> bool:
        kind = key.kind
        home = self.homes.homes.get(kind, "/")
        return key.provider == home and len(key.cells) == 1 and kind not in self.homes.rivals

    def lock(self) -> Lock:
        """The numbers and names of the description."""
        resources: dict[str, dict[ResourceKey, LockedId]] = {}
        agents: dict[str, dict[tuple[str, ResourceKey], int]] = {}
        devices: dict[str, dict[str, LockedId]] = {}
        names: set[tuple[str, Kind, str]] = set()
        for (kind, number), join in self.joins.items():
            if join.problem is not None:
                continue
            platform = self._platform(join.key)
            known = platform.resource(join.key)
            name = join.resource.name or (known.name if known is not None else "")
            if not _is_lockable(name) or (platform.name, kind, name) in names:
                name = f"{kind}-{number}"
            names.add((platform.name, kind, name))
            resources.setdefault(platform.name, {})[join.key] = LockedId(number, name)
        if self.served.numbering is Numbering.PER_AGENT:
            for agent, _, grant, join in self._rows():
                place = agents.setdefault(self._platform(join.key).name, {})
                place[agent.name, join.key] = grant.id
        for device in self.served.devices:
            if self.tree.node(device.node) is not None and _is_lockable(device.name):
                place_of_it = devices.setdefault(self.model.platforms[0].name, {})
                place_of_it[device.node] = LockedId(device.id, device.name)
        return Lock(
            {
                platform.name: Ids(
                    resources.get(platform.name, {}),
                    devices.get(platform.name, {}),
                    agents.get(platform.name, {}),
                )
                for platform in self.model.platforms
                if platform.name in resources
            }
        )

    def _platform(self, key: ResourceKey) -> Platform:
        """The platform that a resource is of: that of its SCMI node, or the first."""
        for platform in self.model.platforms:
            instance = platform.instance
            if instance is not None and key.provider.startswith(f"{instance.node.path}/"):
                return platform
        return self.model.platforms[0]

    def _compiled(self, plan: Plan) -> _Round:
        text = agents_text(plan, self.tree, self.origin)
        request = Request(Sources([("agents.yaml", text)]), self.lock(), self.served.numbering)
        try:
            result = compile_board(self.tree, request)
        except InputError as problem:
            return _Round(plan, text, None, problem.diagnostics)
        done = _Round(plan, text, result)
        done.problems = tuple(
            item for item in result.diagnostics if item.severity is Severity.ERROR
        )
        called = {here: there for there, here in plan.names.items()}
        for platform in self._platforms(result.model):
            for grant in platform.all_grants:
                name = called.get(grant.agent.name, grant.agent.name)
                where = next(filter(None, (why.position for why in grant.because)), None)
                for operation in grant.operations:
                    place = name, grant.kind, grant.id, operation
                    done.cells[place] = None if where is None else str(where)
            for kind, resources in platform.resources.items():
                for resource in resources:
                    done.names[kind, resource.number] = resource.name
        return done

    def _platforms(self, model: Model) -> Iterable[Platform]:
        """The platforms that the description is of."""
        names = {self._platform(join.key).name for join in self.joins.values() if not join.problem}
        return [platform for platform in model.platforms if platform.name in names]

    def _better(self, done: _Round) -> Plan | None:
        """The next plan, if there is a better one."""
        plan = done.plan
        if done.result is None:
            return None
        more = self._more(done)
        local = self._local(more) - plan.local
        found = replace(
            plan,
            local=plan.local | local,
            owners=dict(plan.owners) | self._more_owners(done),
            without_channel=plan.without_channel | self._channels(done),
            kept=plan.kept if local else plan.kept | self._kept(done, more),
        )
        if plan.devices and not plan.grants:
            found = replace(found, grants=self._grants(done.cells))
        if found == plan:  # what else is kept on than what the platform's own devices need
            held = to_keep_on(self.joins, self._platforms(done.result.model))
            found = replace(plan, held=plan.held | held)
        if found == plan:
            found = replace(plan, waived=(*plan.waived, *self._waivable(done)))
        return found if found != plan else None

    def _more_owners(self, done: _Round) -> dict[ResourceKey, str]:
        """Owners of what others depend on, where the check of sharing asks for one."""
        asked = {
            word
            for item in done.problems
            if item.id.endswith("-shared")
            for word in item.subject.resources
        }
        return {
            key: next(iter(having))
            for key, (having, _) in self._holders().items()
            if len(having) == 1 and f"{key.kind} {key}" in asked and key not in done.plan.owners
        }

    def _more(self, done: _Round) -> set[ResourceKey]:
        """The resources of which the board has permissions that the description has not."""
        if not done.plan.devices or done.result is None:
            return set()
        more = {(kind, number) for _, kind, number, _ in done.cells.keys() - self.wanted.keys()}
        return {
            grant.resource.key
            for platform in self._platforms(done.result.model)
            for grant in platform.all_grants
            if (grant.kind, grant.id) in more
        }

    def _local(self, more: Iterable[ResourceKey]) -> frozenset[str]:
        """The providers of which the server has nothing: agents drive them natively."""
        served = {join.key.provider for join in self.joins.values()}
        homes = set(self.homes.homes.values())
        return frozenset(
            key.provider
            for key in more
            if key.provider not in served | homes and key.provider in self.model.providers
        )

    def _kept(self, done: _Round, more: Set[ResourceKey]) -> frozenset[str]:
        """The devices that need more than the server gives and are none of its own: those that the
        platform keeps."""
        if done.result is None:
            return frozenset()
        listed = {device.node for device in done.plan.devices}
        return frozenset(
            device.node.path
            for platform in self._platforms(done.result.model)
            for device in platform.devices
            if device.node.path not in listed and any(use.key in more for use in device.uses)
        )

    def _waivable(self, done: _Round) -> Iterator[Diagnostic]:
        """The errors that the server has as well: what two agents set of one resource."""
        for item in done.problems:
            if item.id.endswith("-shared") and item.subject.resources:
                self.leave(f"an error of the board is waived: {item.message}", None, item.hint)
                yield item

    def _channels(self, done: _Round) -> frozenset[str]:
        """The agents whose channel the tree has otherwise."""
        found = set()
        for item in done.problems:
            if item.id in ("agent-differs", "agents-file", "selector-unmatched"):
                for agent in self.served.agents:
                    if agent.transport is not None and agent.name not in done.plan.without_channel:
                        found.add(agent.name)
        for name in sorted(found):
            source = next(each.source for each in self.served.agents if each.name == name)
            self.leave(f"the channel of {name} is left to the tree, which has another", source)
        return frozenset(found)

    def _result(self, done: _Round) -> Carried:
        kept = {place for place, join in self.joins.items() if join.in_outputs}
        wanted = {cell for cell in self.wanted if cell[1:3] not in kept}
        equal = len(wanted & done.cells.keys())
        more = done.cells.keys() - self.wanted.keys()
        names = {
            place: join.resource.name
            for place, join in self.joins.items()
            if join.resource.name and place not in kept
        }
        same = sum(done.names.get(place) == name for place, name in names.items())
        self.left.extend(
            different(self.wanted, self.joins, done.outcome(), done.problems, self.where)
        )
        self.left.extend(self._left_facts(done))
        counts: dict[str, int] = {}
        for join in self.joins.values():
            how = "not at all" if join.problem is not None else join.how
            how = "in outputs" if join.in_outputs else how
            counts[how] = counts.get(how, 0) + 1
        lock = done.result.model.lock if done.result is not None else self.lock()
        return Carried(
            done.text + outputs_text(self._outputs()),
            format_lock(lock),
            self.served.numbering,
            tuple(self.left),
            len(wanted),
            equal,
            len(more),
            len(names),
            same,
            counts,
            len(self.wanted) - len(wanted),
            not self.served.devices,
        )

    def _left_facts(self, done: _Round) -> Iterator[Diagnostic]:
        """What the server is besides numbers, names and permissions, and a build would not be."""
        if done.result is None or done.problems:
            return
        called = {here: there for there, here in done.plan.names.items()}
        file, model = self.where.file, done.result.model
        found = compare(model, self.served, file, called=called, build=configuration_of)
        yield from left_facts(self.served, found, self.facts.unwritten, self.where)
        yield from left_on(self.joins, self._platforms(model), self.where)


def _is_lockable(name: str) -> bool:
    return bool(NAME.fullmatch(name.replace("~", "-")))
