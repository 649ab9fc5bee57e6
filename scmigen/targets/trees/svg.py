"""Trees as SVG: one file that needs no other, in the colours of the reader's system."""

from collections.abc import Iterator, Sequence
from unicodedata import east_asian_width

from scmigen.escape import plain, xml
from scmigen.model.platform import Platform
from scmigen.targets.common.forest import TreeNode
from scmigen.targets.common.templates import render
from scmigen.targets.trees.layout import GAP, HEIGHT, Box, Layout, lay_out

#: Width in pixels of a character of the monospaced font, at 11 pixels.
_CHARACTER = 6.65
_PADDING = 10
#: Width of the stripe of each agent.
_STRIPE = 5
#: Agents have one of so many colours.
_COLOURS = 10
_MARGIN = 16
_HEAD = 62


def picture(platform: Platform, nodes: Sequence[TreeNode], title: str) -> bytes:
    """The trees of ``nodes`` below a title and the colours of the agents."""
    holders = [_holders(platform, node) for node in nodes]
    widths = [_width(node, len(agents)) for node, agents in zip(nodes, holders, strict=True)]
    layout = lay_out(nodes, widths)
    names = [agent.name for agent in platform.agents]
    key = list(_key(names))
    wide = max(
        layout.width, _measure(title) * 1.5, *(x + _measure(name) + 20 for x, _, name in key)
    )
    return render(
        "trees/tree.svg.j2",
        title=xml(title),
        width=round(wide) + 2 * _MARGIN,
        height=layout.height + _HEAD + 2 * _MARGIN,
        margin=_MARGIN,
        head=_HEAD + _MARGIN,
        box_height=HEIGHT,
        stripe=_STRIPE,
        key=[(x, colour, xml(name)) for x, colour, name in key],
        edges=list(_edges(nodes, layout)),
        nodes=[
            _drawn(node, layout.boxes[number], holders[number], names)
            for number, node in enumerate(nodes)
        ],
        empty=not nodes,
    )


def _holders(platform: Platform, node: TreeNode) -> tuple[int, ...]:
    """The agents that have a node's resource, by their place in the platform."""
    if node.resource is None:
        return ()
    held = platform.holders(node.resource.key)
    return tuple(at for at, agent in enumerate(platform.agents) if agent.id in held)


def _measure(text: str) -> float:
    """The width of a text, of which wide characters take two places."""
    places = sum(2 if east_asian_width(c) in "WF" else 1 for c in plain(text))
    return places * _CHARACTER


def _width(node: TreeNode, agents: int) -> int:
    value = f"  {node.value_text}" if node.value_text else ""
    return round(_measure(node.name + value) + 2 * _PADDING + agents * _STRIPE)


def _key(names: Sequence[str]) -> Iterator[tuple[int, int, str]]:
    """(x, colour, name) of each agent in the key."""
    x = 0
    for at, name in enumerate(names):
        yield x, at % _COLOURS, name
        x += round(_measure(name)) + 36


def _edges(nodes: Sequence[TreeNode], layout: Layout) -> Iterator[tuple[str, str]]:
    """(class, path) of the lines, those to further parents first, below all others."""
    for number, node in enumerate(nodes):
        for other in node.also:
            yield "also", _curve(layout.boxes[other], layout.boxes[number])
    for number, node in enumerate(nodes):
        if node.parent is not None:
            yield "edge", _corner(layout.boxes[node.parent], layout.boxes[number])


def _corner(parent: Box, child: Box) -> str:
    bend = child.x - GAP // 2
    start, end = parent.y + HEIGHT // 2, child.y + HEIGHT // 2
    return f"M{parent.x + parent.width} {start}H{bend}V{end}H{child.x}"


def _curve(parent: Box, child: Box) -> str:
    x, y = parent.x + parent.width, parent.y + HEIGHT // 2
    to_x, to_y = child.x, child.y + HEIGHT // 2
    return f"M{x} {y}C{x + 40} {y} {to_x - 40} {to_y} {to_x} {to_y}"


def _drawn(
    node: TreeNode, box: Box, holders: Sequence[int], names: Sequence[str]
) -> dict[str, object]:
    kind = "provider" if node.is_provider else "" if node.resource else "outside"
    words = (node.name, node.source, node.value_text, *(names[at] for at in holders))
    return {
        "kind": kind,
        "box": box,
        "name": xml(node.name),
        "value": xml(node.value_text),
        "hint": xml(", ".join(filter(None, words))),
        "colours": [at % _COLOURS for at in holders],
        "text_x": _PADDING + len(holders) * _STRIPE,
    }
