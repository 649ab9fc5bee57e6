"""Clocks that a device tree gives to a device, and that its driver never takes.

Half of what looks like that is taken by somebody else, or by a name that is made at run time. So a
clock counts only where nothing is left to guess: the node has names for its clocks, its drivers
take theirs by names, and this one stands nowhere in what they can run, not even in pieces. What
takes all clocks of a node, or those of another node, rules a driver out.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from .calls import get
from .matches import Match
from .nodes import Node
from .reach import Reach
from .rows import Row
from .source import Source

#: Functions that take clocks by other means than a name, register clocks that have parents, or make
#: other devices of the same node, whose drivers may take its clocks.
_OTHERWISE = re.compile(
    r"\w*clk_bulk_get_all\w*|of_clk_get|of_clk_get_from_provider|of_clk_(?:bulk|add|parent|del)\w*"
    r"|of_clk_get_parent_\w+|\w*clk_(?:hw_)?register\w*|\w*of_clk_add\w*|\w*pm_clk_\w+"
    r"|\w*get_clk_from_child\w*|\w*mfd_add_\w+|platform_device_(?:register_full|alloc)"
    r"|\w*auxiliary_device_\w+|device_set_of_node_from_dev|of_platform_device_create\w*"
)
#: Functions that take clocks of a node that need not be their device's own.
_OTHER_NODE = re.compile(r"of_clk_get\w*|\w*get_clk_from_child|of_clk_bulk_get\w*")
_CALLS_IT = re.compile(rf"\b(?:{_OTHER_NODE.pattern})\(")
#: It takes the first clock of nodes that say they are compatible with it, and of no others.
_SYSCON = "drivers/mfd/syscon.c"
#: Folders of systems whose power domains, or buses, take clocks of the devices in them.
_DOMAINS = re.compile(r"/renesas|/rockchip|/ti/(?:omap|davinci|keystone)|^arch/sh/")
#: Compatibles of nodes of which a framework takes clocks.
_FRAMEWORKS = {"syscon", "simple-mfd", "simple-bus", "simple-pm-bus"}
#: What nodes have that offer clocks or domains, and those of which others take the first clock.
_PROVIDERS = {"#clock-cells", "#power-domain-cells"}
_FIRST = {"operating-points-v2", "#sound-dai-cells"}
#: A name that the bus takes of each device on it.
_OF_BUS = "apb_pclk"

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
_FORMAT = re.compile(r'"([^"\s%]*%[^"\s]*)"')
_DIRECTIVE = re.compile(r"%[-+ #0]*\d*(?:\.\d+)?(?:hh|h|ll|l|z)?[diuxXsc]")
#: A macro that makes a text of its argument, and a reader of all names of a node.
_STRINGIFIED = re.compile(
    r"^[ \t]*#[ \t]*define\b(?:[^\n]*\\\n)*[^\n]*(?<!#)#[ \t]*[A-Za-z_]", re.M
)
_ALL_NAMES = re.compile(r'(?:read_string|for_each_string|count_strings)\w*\([^;]*"clock-names"')


@dataclass(frozen=True)
class Taken:
    """What a driver can run in order to take clocks."""

    path: str
    files: frozenset[str]
    by_name: bool  #: by names that stand in it, or the first one without a name; nothing else
    unnamed: bool  #: perhaps the first one
    of_others: bool  #: perhaps those of other nodes, too


def taken(source: Source, match: Match, reach: Reach) -> Taken:
    """How the driver of a compatible takes clocks."""
    functions = reach.functions.values()
    names = {name for one in functions if one.path != _SYSCON for name in one.names}
    asked = [
        event.right[row.argument]
        for one in functions
        for event in one.events
        if event.kind == "call" and event.left[0] == "id"
        if (row := get(event.left[1])) is not None and row.kind == "clock"
        if len(event.right) > row.argument
    ]
    files = {one.path for one in functions} | {one.path for one in reach.variables.values()}
    file = source.file(match.path)
    variables = {} if file is None else file.variables
    return Taken(
        match.path,
        frozenset({*files, *source.near(match.path)}),
        by_name=any(
            one in variables and variables[one].type.endswith("driver") for one in match.roots
        )
        and not any(map(_OTHERWISE.fullmatch, names))
        and (bool(asked) or any("clk_bulk_get" in name for name in names)),
        unnamed=any(one[0] != "str" for one in asked),
        of_others=any(map(_OTHER_NODE.fullmatch, names)),
    )


@dataclass(frozen=True)
class _Text:
    """A file without comments, and what of it can make names."""

    text: str
    formats: tuple[str, ...]
    stringifies: bool
    reads_names: bool

    def says(self, name: str) -> bool:
        """Whether a name stands in it, or may be made of what stands in it."""
        if self.reads_names:
            return True
        if name in self.text:
            word = re.escape(name)
            if re.search(rf'"(?:[^"\n]*[^"\w,.\n-])?{word}(?![\w,.-])', self.text):
                return True
            if self.stringifies and re.search(rf"(?<!\w){word}(?!\w)", self.text):
                return True
        stem = re.sub(r"[_-]?\d.*", "", name)
        if stem != name and re.search(rf'"{re.escape(stem)}[_-]?["%]', self.text):
            return True
        return any(_makes(one, name) for one in self.formats)


def _makes(text_format: str, name: str) -> bool:
    parts = _DIRECTIVE.split(text_format)
    fixed = any(letter.isalnum() for part in parts for letter in part)
    return fixed and re.fullmatch(".+".join(map(re.escape, parts)), name) is not None


class Never:
    """Collects how drivers take clocks, and says which clocks of their devices none takes."""

    def __init__(self, source: Source, nodes: Iterable[Node]) -> None:
        self._source = source
        self._nodes = list(nodes)
        self._asked = {one for node in self._nodes for one in (*node.compatibles, *node.parent)}
        self._drivers: dict[str, list[Taken]] = defaultdict(list)
        self._text = lru_cache(4000)(self._read)

    def _read(self, path: str) -> _Text:
        text = _COMMENT.sub(" ", self._source.text(path))
        formats = tuple(sorted(set(_FORMAT.findall(text))))
        return _Text(text, formats, bool(_STRINGIFIED.search(text)), bool(_ALL_NAMES.search(text)))

    def see(self, matches: Iterable[Match], reach: Reach) -> None:
        """A driver, by what it can run for some compatibles."""
        ours = [match for match in matches if match.compatible in self._asked]
        if ours:
            found = taken(self._source, ours[0], reach)
            for match in ours:
                self._drivers[match.compatible].append(found)

    def rows(self) -> Iterator[Row]:
        """A row for each clock of nodes that no driver takes, by the first compatible of a node
        that has a driver."""
        names: dict[str, set[str]] = defaultdict(set)
        spoken: dict[str, set[str]] = defaultdict(set)
        out: set[str] = set()
        elsewhere = self._elsewhere()
        for node in self._nodes:
            first = next((one for one in node.compatibles if one in self._drivers), None)
            if first is None or first in out:
                continue
            drivers = [one for name in node.compatibles for one in self._drivers.get(name, ())]
            if not self._is_clear(node, drivers) or elsewhere & {*node.compatibles}:
                out.add(first)
                continue
            unnamed = bool(_FIRST & node.properties) or any(one.unnamed for one in drivers)
            files = sorted(set().union(*(one.files for one in drivers)))
            for number, name in enumerate(node.names):
                is_first = number == 0 and unnamed
                said = is_first or name == _OF_BUS or name in spoken[first]
                if said or any(self._text(path).says(name) for path in files):
                    spoken[first].add(name)
                else:
                    names[first].add(name)
        for compatible in sorted(names.keys() - out):
            place = self._drivers[compatible][0].path
            for name in sorted(names[compatible] - spoken[compatible]):
                yield Row(compatible, "clock", name, "-", "never", place)

    def _is_clear(self, node: Node, drivers: Iterable[Taken]) -> bool:
        """Whether nobody but drivers that are known takes clocks of a node, and these by name."""
        above = [one for name in node.parent for one in self._drivers.get(name, ())]
        return (
            all(one.by_name for one in drivers)
            and not any(one.of_others for one in above)
            and not _DOMAINS.search(node.folder)
            and not _FRAMEWORKS & {*node.compatibles}
            and not _PROVIDERS & node.properties
        )

    def _elsewhere(self) -> set[str]:
        """The compatibles that are named in files that take clocks of other nodes."""
        root, found = self._source.root, set[str]()
        machines = (path.relative_to(root).as_posix() for path in root.glob("arch/**/*.c"))
        for path in (*self._source.paths, *machines):
            if path.endswith(".c"):
                text = self._source.text(path)
                if _CALLS_IT.search(text):
                    found.update(re.findall(r'"([^"\s]+)"', text))
        return found & self._asked
