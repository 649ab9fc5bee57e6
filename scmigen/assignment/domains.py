"""``/domains`` of the tree itself: system device tree execution domains as nodes.

System Device Tree specification, chapter 3: ``compatible = "openamp,domain-v1"``, ``id``,
``access`` with ``#access-flags-cells`` flags per entry, else with the flags of
``access-implicit-default``. Domains may be nested (`scmigen.assignment.nesting`). The default
domain is the outermost one that runs on ``/cpus``, if any. What SCMI needs beyond that
is in the same node under the prefix ``scmigen,``: ``scmigen,id``, ``scmigen,role``,
``scmigen,profile``, ``scmigen,default``, ``scmigen,permissions``, ``scmigen,system-power``,
``scmigen,needs``. Flag
bit 0 of the first flags cell means that the device is shared.
"""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from scmigen.assignment.assignment import COMPATIBLE
from scmigen.assignment.findings import AGENT_ID, AGENT_PROFILE, AGENT_ROLE, DOMAIN_PROPERTY
from scmigen.assignment.needs import named_tables
from scmigen.assignment.properties import Properties
from scmigen.assignment.said import AgentSaid, ClaimSaid, Said, SourceSaid
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.driver_tables import DriverTable
from scmigen.bindings.references import position_of, read_list
from scmigen.devicetree.nodes import Node, Property
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Finding, counted
from scmigen.hints import TypeVar
from scmigen.runtime import MAX_AGENTS, Role, SystemPower
from scmigen.scmi.clients import later, near, profile_of
from scmigen.scmi.protocols import Profile

_W = TypeVar("_W", bound=StrEnum)

_SHARED = 1
_PREFIX = "scmigen,"
_OURS = tuple(
    _PREFIX + word
    for word in ("id", "role", "profile", "default", "permissions", "system-power", "needs")
)
#: The only properties of a domain that is an agent by its id alone.
_BARE = frozenset({"compatible", "id", "phandle", "linux,phandle"})


def domain_nodes(tree: DeviceTree) -> tuple[Node, ...]:
    """The execution domains of a tree, in the order of the tree."""
    top = tree.node("/domains")
    return () if top is None else tuple(node for node in top.walk() if _is_domain(node))


def _is_domain(node: Node) -> bool:
    return COMPATIBLE in node.strings("compatible")


def read_domains(tree: DeviceTree) -> tuple[SourceSaid, tuple[Diagnostic, ...]]:
    """Read ``/domains``: the source, and its problems. Never raises."""
    problems: list[Diagnostic] = []
    properties = Properties(tree, DOMAIN_PROPERTY, problems)
    nodes = domain_nodes(tree)
    names = _names(nodes)
    on_cpus = _default(properties, nodes)
    agents = [_agent(properties, node, names, node is on_cpus) for node in nodes]
    claims = [claim for node in nodes for claim in _claims(properties, node, names[node.path])]
    problems.extend(_misplaced(tree))
    default = None if on_cpus is None else names[on_cpus.path]
    places = tuple(node.position for node in nodes)
    said = SourceSaid(tuple(agents), tuple(claims), default=default, domains=places, bounded=False)
    return said, tuple(problems)


def _names(nodes: Sequence[Node]) -> dict[str, str]:
    """Path → name of each domain: without the unit address where that is unambiguous."""
    counts: dict[str, int] = {}
    for node in nodes:
        counts[node.base_name] = counts.get(node.base_name, 0) + 1
    return {
        node.path: node.base_name if counts[node.base_name] == 1 else node.name for node in nodes
    }


def _agent(
    properties: Properties, node: Node, names: dict[str, str], is_default: bool
) -> AgentSaid:
    number = properties.number(node, f"{_PREFIX}id")
    if number is not None and not 1 <= number.value <= MAX_AGENTS:
        properties.problems.append(
            AGENT_ID.error(
                f"{node.path}: scmigen,id must be <1> to <{MAX_AGENTS}>", number.position
            )
        )
        number = None
    around = next((above for above in node.ancestors() if _is_domain(above)), None)
    domain_id = properties.number(node, "id")
    return AgentSaid(
        names[node.path],
        node.position,
        domain_id=domain_id,
        id=number,
        role=_word(properties, node, "role", Role, AGENT_ROLE),
        profile=_profile(properties, node),
        permissions=properties.flag(node, f"{_PREFIX}permissions"),
        system_power=_word(properties, node, "system-power", SystemPower, DOMAIN_PROPERTY),
        default=properties.flag(node, f"{_PREFIX}default"),
        needs=_needs(properties, node),
        parent=Said(names[around.path], node.position) if around is not None else None,
        is_agent=is_default or _is_agent(node, domain_id),
        is_domain=True,
    )


def _is_agent(node: Node, number: Said[int] | None) -> bool:
    access = node.get("access")
    if (access is not None and access.value) or any(name in node for name in _OURS):
        return True
    plain = number is not None and 1 <= number.value <= MAX_AGENTS
    return plain and node.properties.keys() <= _BARE


def _word(
    properties: Properties, node: Node, name: str, words: type[_W], finding: Finding
) -> Said[_W] | None:
    """The value of a property of ours that is one of some words."""
    word = properties.text(node, f"{_PREFIX}{name}")
    if word is None:
        return None
    if word.value in tuple(words):
        return Said(words(word.value), word.position)
    properties.problems.append(
        finding.error(
            f"{node.path}: scmigen,{name} cannot be {word.value!r}",
            word.position,
            hint="one of: " + ", ".join(words),
        )
    )
    return None


def _profile(properties: Properties, node: Node) -> Said[Profile] | None:
    word = properties.text(node, f"{_PREFIX}profile")
    if word is None:
        return None
    found = profile_of(word.value)
    if found is not None:
        note = later(word.value)
        if note is not None:
            properties.problems.append(AGENT_PROFILE.note(note, word.position))
        return Said(found, word.position)
    properties.problems.append(
        AGENT_PROFILE.error(
            f"{node.path}: scmigen,profile cannot be {word.value!r}",
            word.position,
            hint=near(word.value),
        )
    )
    return None


def _needs(properties: Properties, node: Node) -> Said[tuple[str | DriverTable, ...]] | None:
    """The names of tables of drivers. A tree names no file: it may be a stranger's."""
    words = properties.texts(node, f"{_PREFIX}needs")
    if words is None:
        return None
    named = named_tables(words.value)
    if named and len(named) < len(words.value):
        message = f"{node.path}: scmigen,needs has none beside others"
        hint = "write none alone, or leave it out"
        properties.problems.append(DOMAIN_PROPERTY.error(message, words.position, hint=hint))
    return Said(named, words.position)


def _misplaced(tree: DeviceTree) -> Iterator[Diagnostic]:
    """Properties with our prefix that do not exist, or that are not in a domain."""
    top = tree.node("/domains")
    for node in top.walk() if top is not None else ():
        for prop in node.properties.values():
            if not prop.name.startswith(_PREFIX):
                continue
            where = position_of(tree, prop)
            if prop.name not in _OURS:
                yield DOMAIN_PROPERTY.error(
                    f"{node.path}: there is no property {prop.name}",
                    where,
                    hint=did_you_mean(prop.name, _OURS),
                )
            elif not _is_domain(node):
                yield DOMAIN_PROPERTY.error(
                    f"{node.path} has {prop.name} but is not a domain",
                    where,
                    hint=f'write compatible = "{COMPATIBLE}"',
                )


def _default(properties: Properties, nodes: Sequence[Node]) -> Node | None:
    """The outermost domain that runs on ``/cpus``, if there is exactly one."""
    on_cpus = {
        node.path
        for node in nodes
        if (cpus := properties.cells(node, "cpus")) is not None
        and (cluster := properties.tree.by_phandle(cpus.value[0])) is not None
        and cluster.path == "/cpus"
    }
    outer = [
        node
        for node in nodes
        if node.path in on_cpus and not any(above.path in on_cpus for above in node.ancestors())
    ]
    return outer[0] if len(outer) == 1 else None


def _claims(properties: Properties, node: Node, agent: str) -> Iterator[ClaimSaid]:
    tree, problems = properties.tree, properties.problems
    stated = properties.number(node, "#access-flags-cells")
    implicit = properties.cells(node, "access-implicit-default")
    prop = node.get("access")
    if prop is None or (stated is None and "#access-flags-cells" in node):
        return
    where = position_of(tree, prop)
    width = None if stated is None else stated.value
    stride = _stride(prop) if width is None else 1
    if stride > 1:
        width = stride - 1
        problems.append(
            DOMAIN_PROPERTY.warning(
                f"{node.path} has no #access-flags-cells, but "
                f"{counted(width, 'cell follows', 'cells follow')} each device in access; "
                "they are passed over",
                where,
                hint=f"write #access-flags-cells = <{stride - 1}>",
            )
        )
    found = read_list(tree, node, "access", lambda _: width or 0)
    if found.problem is not None:
        problems.append(found.problem)
    for entry in found.entries:
        flags = (entry.cells if stride == 1 else None) or (implicit.value if implicit else None)
        shared = Said(bool(flags[0] & _SHARED), where) if flags else None
        yield ClaimSaid(agent, entry.provider, exact=True, position=where, shared=shared)


def _stride(prop: Property) -> int:
    """Cells per entry of a list whose source shows where each reference is; else 1."""
    starts = [reference.offset for reference in prop.references if not reference.is_path]
    size, rest = divmod(len(prop.value), 4 * len(starts)) if starts else (1, 0)
    regular = not rest and starts == [4 * size * index for index in range(len(starts))]
    return size if regular else 1
