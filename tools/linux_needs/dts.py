"""The compatibles that the device trees of a kernel use on nodes with clocks or supplies."""

import re
from collections import defaultdict
from pathlib import Path

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_TOKEN = re.compile(
    r"(?:(?P<label>[A-Za-z_]\w*)\s*:\s*)*(?P<name>&?\{?[\w/,.+@#-]*\}?)\s*\{"
    r"|(?P<end>\})\s*;"
    r"|(?P<property>[\w,.+#?-]+)\s*(?:=\s*(?P<value>(?:\"(?:[^\"\\]|\\.)*\"|[^;\"])*))?;"
)
_STRING = re.compile(r'"([^"]+)"')


class _Node:
    def __init__(self, compatibles: set[str]) -> None:
        self.compatibles = compatibles
        self.takes = False


def compatibles(root: Path) -> set[str]:
    """The compatibles of nodes below arch/*/boot/dts that have clocks or a supply.

    A node that a board's file completes by its label is found by that label in the same folder.
    """
    folders: dict[Path, list[Path]] = defaultdict(list)
    for path in sorted(root.glob("arch/*/boot/dts/**/*.dts*")):
        folders[path.parent].append(path)
    found: set[str] = set()
    for paths in folders.values():
        found |= _folder([_COMMENT.sub(" ", path.read_text("utf-8", "replace")) for path in paths])
    return found


def _folder(texts: list[str]) -> set[str]:
    labels: dict[str, set[str]] = defaultdict(set)
    nodes = [node for text in texts for node in _nodes(text, labels)]
    return {one for node in nodes if node.takes for one in node.compatibles}


def _nodes(text: str, labels: dict[str, set[str]]) -> list[_Node]:
    """The nodes of a text; ``labels`` has, and gets, what is compatible by label."""
    made, within = [], [_Node(set())]
    for match in _TOKEN.finditer(text):
        if match["end"] is not None:
            if len(within) > 1:
                within.pop()
        elif match["property"] is None:
            name = match["name"] or ""
            label = name[1:] if name.startswith("&") else match["label"]
            within.append(_Node(labels[label] if label else set()))
            made.append(within[-1])
        elif match["property"] == "compatible":
            within[-1].compatibles.update(_STRING.findall(match["value"] or ""))
        elif match["property"] == "clocks" or match["property"].endswith("-supply"):
            within[-1].takes = True
    return made


def names(root: Path) -> set[str]:
    """The names of clocks and of supplies (without ``-supply``) below arch/*/boot/dts."""
    found: set[str] = set()
    for path in sorted(root.glob("arch/*/boot/dts/**/*.dts*")):
        text = path.read_text("utf-8", "replace")
        for value in re.findall(r"\bclock-names\s*=\s*([^;]+);", text):
            found.update(_STRING.findall(value))
        found.update(re.findall(r"([\w,.-]+)-supply\s*=", text))
    return found
