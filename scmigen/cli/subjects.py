"""What a word of the command line names: resources, or nodes that may be devices."""

from collections.abc import Collection, Iterator

from scmigen.assignment.select import Selector, resource_key
from scmigen.assignment.words import did_you_mean
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.scmi_emission import made_label
from scmigen.cli.problems import BadValueError
from scmigen.devicetree.nodes import Node
from scmigen.hints import Any
from scmigen.model.platform import Model, Resource, no_such
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple


class Subject(NamedTuple):
    """The resources that a text names, and the nodes where it names no cells."""

    keys: tuple[ResourceKey, ...]
    nodes: tuple[Node, ...] = ()


def subject(model: Model, text: str, agent: str) -> Subject:
    """What ``text`` names to an agent: ``clock:12``, ``clock:uart0``, ``&rcc 12``, ``&uart0``, …

    Raises `BadValueError` for what the board does not have.
    """
    word, _, rest = text.partition(":")
    if word in tuple(Kind) and rest:
        return Subject(_called(model, Kind(word), rest, agent))
    selected, cells = Selector(model.inventory.tree).resource(text)
    if not selected.nodes and (made := _made(model, text, agent)) is not None:
        return made
    if not selected.nodes:
        hint = _similar(model, text, selected.hint)
        raise _wrong("; ".join(filter(None, (selected.problem or f"no node {text!r}", hint))))
    named = {(node.path, cells) for node in selected.nodes}
    known = [r.key for r in _resources(model) if (r.key.provider, r.key.cells) in named]
    kinds = _kinds(model, text)
    keys = [key for key in known if not kinds or key.kind in kinds]
    if not keys:
        possible = [key for node in selected.nodes for key in _possible(model, text, node, cells)]
        keys = [key for key in possible if key.kind in kinds] or known or possible
    return Subject(tuple(dict.fromkeys(keys)), () if cells else selected.nodes)


def _made(model: Model, text: str, agent: str) -> Subject | None:
    """What a reference means that the agent's tree has and the board's has not: ``&scmi_clk 12`` is
    the agent's clock 12, ``&scmi_vcc`` the regulator that stands for ``&vcc``."""
    name, *cells = text.split() or [""]
    labels, label = model.inventory.tree.labels, name.removeprefix("&")
    meant = made_label(label) if label != name and label not in labels else None
    if meant is None:
        return None
    if meant.native is not None:
        known = meant.native in labels and not cells
        keys = subject(model, f"&{meant.native}", agent).keys if known else ()
        supplies = tuple(key for key in keys if key.kind is Kind.VOLTAGE)
        return Subject(supplies) if supplies else None
    kind = next((kind for kind in Kind if kind.protocol == meant.protocol), None)
    words = [*cells, *filter(None, [meant.id])]
    if kind is None or len(words) > 1:
        return None
    if not words:
        agents = f"{name} is of the tree that an agent gets"
        raise _wrong(f"{agents}; write {kind}:NUMBER, as the agent has it, or {kind}:NAME")
    return Subject(_called(model, kind, _decimal(words[0]), agent))


def _decimal(word: str) -> str:
    """A number of a device tree, as people write it elsewhere; a name as it is."""
    try:
        return str(int(word, 0))
    except ValueError:
        return word


def _similar(model: Model, text: str, hint: str | None) -> str | None:
    """The hint for what is no node: resources of that name, as ``power:BIG_CPU0``, or else
    ``hint``, or those of similar names."""
    known: dict[str, list[str]] = {}
    for resource in _resources(model):
        for name in filter(None, (resource.name, model.inventory.macros.name(resource.key))):
            known.setdefault(name, []).append(f"{resource.kind}:{name}")
    if text not in known and hint:
        return hint
    from difflib import get_close_matches

    near = [text] if text in known else get_close_matches(text, known, 2)
    named = dict.fromkeys(name for each in near for name in known[each])
    return f"did you mean {' or '.join(named)}?" if named else None


def _kinds(model: Model, text: str) -> Collection[Kind]:
    """The kinds that the macros among the cells of a resource leave; empty: any."""
    words = [word for word in text.split()[1:] if not word[0].isdigit()]
    return next(filter(None, map(model.inventory.macros.kinds, words)), frozenset())


def _resources(model: Model, *kinds: Kind) -> Iterator[Resource]:
    for platform in model.platforms:
        for kind in kinds or platform.resources:
            yield from platform.resources.get(kind, ())


def _called(model: Model, kind: Kind, name: str, agent: str) -> tuple[ResourceKey, ...]:
    """The resources of a kind with a number, a name, or else a macro.

    A number is the agent's own where it has one of the kind, else the platform's.
    """
    own = [
        grant.resource.key
        for platform in model.platforms
        for grant in platform.grants(agent, kind)
        if str(grant.id) == name
    ]
    if own:
        return tuple(own)
    known: dict[str, list[ResourceKey]] = {}
    for resource in _resources(model, kind):
        for word in {str(resource.number), resource.name}:
            known.setdefault(word, []).append(resource.key)
    if name not in known:
        for resource in _resources(model, kind):
            if macro := model.inventory.macros.name(resource.key):
                known.setdefault(macro, []).append(resource.key)
    if name not in known:
        hint = did_you_mean(name, known) or "scmigen show resources lists them"
        raise _wrong(f"no {kind} {name!r}; {hint}")
    return tuple(known[name])


def _possible(model: Model, text: str, node: Node, cells: tuple[int, ...]) -> Iterator[ResourceKey]:
    """The resources that a node may have with these cells, though the platform has none of them."""
    provider = model.providers.get(node.path)
    kinds = () if provider is None else sorted(provider.kinds)
    keys = [resource_key(kind, node, cells) for kind in kinds]
    reasons = [no_such(provider, key) for key in keys]
    if cells and all(reasons):
        told = reasons[0] if reasons else f"{node.path} provides nothing"
        raise _wrong(f"no resource {text!r}; {told}")
    yield from (key for key, reason in zip(keys, reasons, strict=True) if reason is None)


def _wrong(text: str) -> BadValueError:
    return BadValueError(text, "RESOURCE")


def _found(model: Model, key: ResourceKey) -> Resource | None:
    return next(filter(None, (platform.resource(key) for platform in model.platforms)), None)


def numbered(model: Model, key: ResourceKey, number: int | None = None) -> str:
    """``clock 12 (uart0, /rcc 12, CK_UART4)``; ``number`` is the agent's, else the platform's."""
    told = identity(model, key, number)
    found = _found(model, key)
    place = told["resource"]
    if found is not None and found.declared:
        place = f"declared at {found.facts.position}"
    where = ", ".join(filter(None, (told["name"], place, told["macro"])))
    id_ = "" if told["id"] is None else f" {told['id']}"
    return f"{key.kind}{id_} ({where})"


def identity(model: Model, key: ResourceKey, number: int | None = None) -> dict[str, Any]:
    """The same as JSON."""
    found = _found(model, key)
    if number is None and found is not None:
        number = found.number
    return {
        "kind": key.kind,
        "id": number,
        "name": None if found is None else found.name,
        "resource": str(key),
        "macro": model.inventory.macros.name(key),
    }
