"""What the device trees of a kernel say of nodes with names for their clocks."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_TOKEN = re.compile(
    r"(?P<name>&?\{?[\w/,.+@#-]*\}?)\s*\{"
    r"|(?P<end>\})\s*;"
    r"|(?P<property>[\w,.+#?-]+)\s*(?:=\s*(?P<value>(?:\"(?:[^\"\\]|\\.)*\"|[^;\"])*))?;"
)
_STRING = re.compile(r'"([^"]+)"')


@dataclass(frozen=True)
class Node:
    """A node with ``clock-names``, as far as one place writes it: what it is compatible with, and
    its parent; ``folder`` has the file."""

    folder: str
    compatibles: tuple[str, ...]
    names: tuple[str, ...]
    properties: frozenset[str]
    parent: tuple[str, ...]


def clocked(root: Path) -> Iterator[Node]:
    """The nodes below arch/*/boot/dts that have a compatible and names for their clocks."""
    for path in sorted(root.glob("arch/*/boot/dts/**/*.dts*")):
        text = _COMMENT.sub(" ", path.read_text("utf-8", "replace"))
        yield from _nodes(path.parent.relative_to(root).as_posix(), text)


def _nodes(folder: str, text: str) -> Iterator[Node]:
    within: list[dict[str, tuple[str, ...]]] = [{}]
    for match in _TOKEN.finditer(text):
        if match["end"] is not None:
            if len(within) > 1:
                node, parent = within.pop(), within[-1]
                if "compatible" in node and node.get("clock-names"):
                    yield Node(
                        folder,
                        node["compatible"],
                        node["clock-names"],
                        frozenset(node),
                        parent.get("compatible", ()),
                    )
        elif match["property"] is None:
            within.append({})
        else:
            within[-1][match["property"]] = tuple(_STRING.findall(match["value"] or ""))
