"""Policies: what the user says must hold of the permissions, whatever these come from."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from scmigen.assignment.assignment import Agent, PolicySaid
from scmigen.assignment.select import Selection, Selector, resource_key
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.facts import ResourceKey
from scmigen.checks.check import check
from scmigen.checks.words import joined, listed, node_word, resource_name
from scmigen.data import replace
from scmigen.devicetree.nodes import Node
from scmigen.diagnostics import Diagnostic, Position, Severity, counted
from scmigen.hints import TYPE_CHECKING
from scmigen.model.platform import Model, Stated
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

if TYPE_CHECKING:
    from scmigen.model.influence import Influence, Way

#: Of one policy, so many violations are told one by one.
MOST = 100
#: In ``on``: all cells of a provider.
ALL_CELLS = "*"
_ABOUT_NOTHING = "is about nothing here: "


@check(
    "policy-violated",
    about="The permissions of this board are not what a policy says.",
    advice="Take back the grant or move the device that the way begins with, or change the policy.",
)
def policy_violated(model: Model) -> Iterator[Diagnostic]:
    """One error per policy, agent and device or resource, with the shortest way."""
    for known in _policies(model):
        yield from known.violations()


@check(
    "policy-unused",
    about="A policy, or a part of one, is about nothing on this board.",
    advice="Correct the name; remove what the board does not have.",
    severity=Severity.WARNING,
)
def policy_unused(model: Model) -> Iterator[Diagnostic]:
    """Names of policies that mean nothing: one warning per policy."""
    for known in _policies(model):
        if known.problems:
            (problem, hint), *others = known.problems
            more = f" (and {counted(len(others), 'more name')})" if others else ""
            yield policy_unused.warning(
                f"{known.word} {_ABOUT_NOTHING}{problem}{more}",
                known.said.position,
                hint=hint or "remove it, or write what is meant",
            ).about(agents=known.said.agents)


def policy_word(said: PolicySaid, names: Callable[[Sequence[str]], str] = joined) -> str:
    """``never vm1: affects &npu``: what a policy says. ``names`` puts what it names together."""
    who = names(said.agents)
    if said.form == "isolated":
        return f"{who} are isolated"
    what = joined(sorted(said.operations))
    target = f"affects {names(said.affects)}" if said.affects else f"on {names(said.on)}"
    return " ".join(filter(None, (said.form, f"{who}:", what, target)))


def stated(said: Iterable[PolicySaid], found: Iterable[Diagnostic]) -> tuple[Stated, ...]:
    """The policies for the permission map, each with those of the findings that are about it."""
    broken: dict[Position | None, list[Diagnostic]] = {}
    unused: dict[Position | None, str] = {}
    for item in found:
        if item.id == policy_violated.id:
            broken.setdefault(item.position, []).append(item)
        elif item.id == policy_unused.id:
            _, start, problem = item.message.partition(_ABOUT_NOTHING)
            unused[item.position] = start + problem
    return tuple(
        Stated(
            policy_word(each),
            each.reason,
            each.position,
            tuple(broken.get(each.position, ())),
            unused.get(each.position, ""),
        )
        for each in said
    )


class _Known:
    """A policy with its names resolved, as far as the board has them."""

    def __init__(self, model: Model, influence: "Influence", said: PolicySaid) -> None:
        self.model = model
        self.said = said
        self.influence = influence
        #: What the board does not have, and a hint.
        self.problems: list[tuple[str, str | None]] = []
        by_name = {agent.name: agent for agent in model.assignment.agents}
        for name in said.agents:
            if name not in by_name:
                self.problems.append((f"no agent {name}", did_you_mean(name, by_name)))
        self.agents = [by_name[name] for name in said.agents if name in by_name]
        selector = Selector(model.inventory.tree)
        self.devices = [path for text in said.affects for path in self._devices(selector, text)]
        self.providers = frozenset(
            resource.key.provider
            for platform in model.platforms
            for resources in platform.resources.values()
            for resource in resources
        )
        self.keys = [key for text in said.on for key in self._resources(selector, text)]
        if said.form == "isolated":
            self._has_devices()

    @property
    def word(self) -> str:
        """What the policy says, in each of its findings: of many names, the first few."""
        return policy_word(self.said, listed)

    def violations(self) -> Iterator[Diagnostic]:
        """What is not as the policy says, up to `MOST`, and whether there is more."""
        found = self._violations()
        yield from islice(found, MOST)
        if next(found, None) is not None:
            yield policy_violated.error(
                f"{self.word} ({self.said.reason}): there are more violations than these {MOST}",
                self.said.position,
                hint="mend these first, or give the policy fewer agents and devices",
            ).about(agents=self.said.agents)

    def _violations(self) -> Iterator[Diagnostic]:
        influence, asked = self.influence, self.said.operations
        isolated = self.said.form == "isolated"
        forbidden = self.agents if isolated else self._forbidden()
        numbers = {agent.id for agent in forbidden}
        for path in influence.devices if isolated else dict.fromkeys(self.devices):
            for agent in influence.affecting(path):
                if agent.id in numbers and not (isolated and not self._is_others(agent, path)):
                    yield from self._told(influence.on_device(agent, path, asked), path)
        keys = dict.fromkeys(self.keys)
        for agent in forbidden if keys else ():
            every = (way for key in keys for way in influence.on_resource(agent, key, asked))
            yield from self._told(every, None)

    def _is_others(self, agent: Agent, path: str) -> bool:
        """Whether a device is one of another of the isolated agents."""
        owners = self.influence.owners(self.influence.devices[path][0].consumer)
        return any(owner in self.agents for owner in owners if owner != agent)

    def _forbidden(self) -> list[Agent]:
        """The agents that must not."""
        if self.said.form == "never":
            return self.agents
        return [agent for agent in self.model.assignment.agents if agent not in self.agents]

    def _told(self, ways: "Iterable[Way]", device: str | None) -> Iterator[Diagnostic]:
        from scmigen.checks.ways import beginning, power_word, steps

        shortest: dict[tuple[Operation, ResourceKey], Way] = {}
        for way in sorted(ways, key=lambda way: len(way.keys)):
            shortest.setdefault((way.operation, way.keys[0]), way)
        if not shortest:
            return
        first, *others = found = [*shortest.values()]
        may = f"{first.agent.name} may {power_word(self.model, first)}"
        tree = self.model.inventory.tree
        affected = "" if device is None else f", which {node_word(tree, device)} depends on"
        more = f" ({counted(len(others), 'further way')})" if others else ""
        diagnostic = policy_violated.error(
            f"{self.word} ({self.said.reason}), but {may}{affected}{more}",
            self.said.position,
            [
                *steps(self.model, self.influence, first),
                *(beginning(self.model, way) for way in others),
            ],
            "take back what the way begins with, or change the policy",
        ).about(
            (resource_name(way.keys[0]) for way in found),
            () if device is None else (device,),
            (first.agent.name,),
        )
        yield replace(diagnostic, whole=True)

    def _devices(self, selector: Selector, text: str) -> list[str]:
        """The devices at and below the nodes that a text names, of those that need anything."""
        selected = selector.select(text)
        nodes = frozenset(node.path for node in selected.nodes)
        found = [path for path in self.influence.devices if _within(path, nodes)]
        if not found:
            self._missing(text, selected, "needs nothing that agents may use")
        return found

    def _resources(self, selector: Selector, text: str) -> list[ResourceKey]:
        """The resources of the platforms that a text names: kind (or none), provider and cells."""
        first, _, rest = text.partition(" ")
        kinds = {Kind(first)} if first in tuple(Kind) else set(Kind)
        name = rest if first in tuple(Kind) else text
        provider, star, after = name.partition(f" {ALL_CELLS}")
        every = bool(star) and not after.strip()
        selected, cells = selector.resource(provider if every else name)
        if name.strip() == ALL_CELLS:
            self.problems.append((f"{text} names no provider", 'write "&cru *"'))
            return []
        if every and cells:
            hint = f'write "{provider}", or "{provider.split()[0]} *" for all of it'
            self.problems.append((f"{text} has cells and {ALL_CELLS}", hint))
            return []
        # A pattern may match thousands of nodes; few of them provide anything.
        nodes = [node for node in selected.nodes if _within(node.path, self.providers)]
        matches = _matches(nodes, cells, every)
        found = [
            resource.key
            for platform in self.model.platforms
            for kind, resources in platform.resources.items()
            for resource in resources
            if kind in kinds and matches(resource.key)
        ]
        if not found:
            whole = "" if cells or every else f'; "{provider} *" are all that it has'
            self._missing(text, selected, f"names no resource of an agent{whole}")
        return found

    def _missing(self, text: str, selected: Selection, otherwise: str) -> None:
        problem, hint = selected.problem or f"{text} {otherwise}", selected.hint
        if not selected.nodes and not selected.problem:
            problem = f"{text} matches no node"
            if text.startswith("&"):
                hint = f'a pattern is of names of nodes, not of labels: "*{text.strip("&*")}*"'
        self.problems.append((problem, hint))

    def _has_devices(self) -> None:
        """Whether each of the agents has a device that another could affect."""
        owners = {
            agent
            for uses in self.influence.devices.values()
            for agent in self.influence.owners(uses[0].consumer)
        }
        for agent in self.agents:
            if agent not in owners:
                self.problems.append((f"{agent.name} has no device that needs anything", None))


def _policies(model: Model) -> list[_Known]:
    said = model.assignment.policies
    if not said:
        return []
    from scmigen.model.influence import Influence  # few boards have policies

    influence = Influence(model)
    return [_Known(model, influence, each) for each in said]


def _within(path: str, nodes: frozenset[str]) -> bool:
    """Whether a path is one of some nodes, or below one."""
    parts = path.split("/")
    return any("/".join(parts[:end]) in nodes for end in range(2, len(parts) + 1)) or "/" in nodes


def _matches(
    nodes: Iterable[Node], cells: tuple[int, ...], every: bool
) -> Callable[[ResourceKey], bool]:
    """Whether a resource is of one of the nodes: all of these, or that with some cells."""
    known = list(nodes)
    if every:
        paths = {node.path for node in known}
        return lambda key: key.provider in paths
    keys = {resource_key(kind, node, cells) for kind in Kind for node in known}
    return keys.__contains__
