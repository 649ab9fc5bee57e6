"""Nodes and properties, and their positions in the source. Both are read-only.

Property values are always the bytes of the DTB (Devicetree Specification v0.4, chapter 5); types
are never guessed here. Readers build trees of drafts (see `drafts`).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from struct import unpack

from scmigen.devicetree.regex import regex
from scmigen.diagnostics import Position
from scmigen.hints import Any, Protocol
from scmigen.tuples import NamedTuple

#: How deep nodes may be nested, the root at depth 0. Linux refuses a deeper tree
#: (``FDT_MAX_DEPTH``), so both readers do; whoever walks a tree may rely on it.
MAX_DEPTH = 64

#: The longest name of a node, property or label that is taken (the specification has 31).
MAX_NAME = 4096

#: What can name a node and a property: what dtc's checks take without an error, since any other
#: character may be syntax in a source.
NODE_NAME = regex(r"[A-Za-z0-9,._+-]++(?:@[A-Za-z0-9,._+-]*+)?+").fullmatch
PROPERTY_NAME = regex(r"[A-Za-z0-9,._+*#?-]++").fullmatch
NODE_HINT = "letters, digits and , . _ + - with one @ before the unit address"
PROPERTY_HINT = "letters, digits and , . _ + - * # ?"

#: A phandle that refers to nothing: an empty slot in a list, or an unresolved external reference.
NULL_PHANDLES = frozenset({0, 0xFFFFFFFF})


class Run(Protocol):
    """A stretch of source text that defines several things, and knows where each of them is."""

    def position(self, index: int) -> Position:
        """The position of item number ``index`` of the run."""

    def position_in(self, index: int, value: bytes, offset: int) -> Position:
        """The position of the entry at ``offset`` of its ``value``."""


#: A place in the source: a position, or what one can be made of when somebody asks for it.
Place = Position | tuple[Run, int]


def _position(place: Place | None) -> Position | None:
    return place[0].position(place[1]) if isinstance(place, tuple) else place


class Reference(NamedTuple):
    """A reference that a property of a source file holds.

    ``offset`` is in bytes from the start of the value. ``target`` is a label, a full path, or
    ``label/path``. It stands for the target's phandle (one cell), or for its path (a string)
    where ``is_path``.
    """

    offset: int
    target: str
    is_path: bool


_Fields = tuple[str, bytes, Place | None, tuple[str, ...], tuple[Reference, ...], "Property | None"]


class Property(NamedTuple):
    """One property: its name, the bytes of its value, and its place in the source if known.

    ``references`` are those the source wrote in the value; a tree that was read from a blob has
    none. ``earlier`` is the definition that this one replaced, if any. ``place`` is what `position`
    is made of.
    """

    name: str
    value: bytes = b""
    place: Place | None = None
    labels: tuple[str, ...] = ()
    references: tuple[Reference, ...] = ()
    earlier: "Property | None" = None

    def with_value(self, value: bytes) -> "Property":
        """The property with another value."""
        return made((self[0], value, *self[2:]))

    @property
    def position(self) -> Position | None:
        """Where the property was last defined, if known."""
        return _position(self.place)

    def position_at(self, offset: int) -> Position | None:
        """The position of the entry that holds the byte ``offset`` of the value.

        An entry is a cell, a reference, a string, or a byte of ``[…]``. Where that is not known, as
        of a property that was not read from a source, it is the property's own position.
        """
        if isinstance(self.place, tuple):
            run, index = self.place
            return run.position_in(index, self.value, offset)
        return self.place

    def each_place(self) -> Iterator[Position]:
        """Every place that defined the property, the last first."""
        definition: Property | None = self
        while definition is not None:
            position = definition.position
            if position is not None:
                yield position
            definition = definition.earlier

    @property
    def places(self) -> tuple[Position, ...]:
        """Every place that defined the property, the last first."""
        return tuple(self.each_place())

    def cells(self) -> tuple[int, ...]:
        """The value as big-endian 32-bit cells. Raises `ValueError` where it is not a multiple."""
        size, rest = divmod(len(self.value), 4)
        if rest:
            raise ValueError(f"{self.name} has {len(self.value)} bytes, not a multiple of 4")
        return unpack(f">{size}I", self.value)

    def strings(self) -> tuple[str, ...]:
        """The value as a list of NUL-terminated strings; empty for an empty value."""
        return _strings(self.value)

    def string(self) -> str:
        """The first string of the value, or an empty one."""
        return self.value.split(b"\0", 1)[0].decode("utf-8", "replace")

    def __repr__(self) -> str:
        return f"Property({self.name!r}, {self.value!r})"


@lru_cache(maxsize=1 << 10)
def _strings(value: bytes) -> tuple[str, ...]:
    """A ``compatible`` is asked for often, and many nodes have the same."""
    if not value:
        return ()
    return tuple(part.decode("utf-8", "replace") for part in value[:-1].split(b"\0"))


#: The property with all of these fields: half the time of a call of `Property`, and boards have
#: thousands.
made: Callable[[_Fields], Property] = partial(tuple.__new__, Property)


class Node:
    """One node. ``properties`` and ``children`` keep the order of the DTB."""

    __slots__ = ("_path", "_place", "_places", "children", "labels", "name", "parent", "properties")
    name: str
    parent: "Node | None"
    properties: Mapping[str, Property]
    children: "Mapping[str, Node]"
    labels: Sequence[str]
    _place: Place | None
    _places: Sequence[Place] | None
    _path: str | None

    def __setattr__(self, name: str, value: Any, /) -> None:
        raise AttributeError(f"{self!r} is read-only; {name} cannot be set")

    def __delattr__(self, name: str, /) -> None:
        raise AttributeError(f"{self!r} is read-only; {name} cannot be deleted")

    @property
    def place(self) -> Place | None:
        """What `position` is made of."""
        return self._place

    @property
    def position(self) -> Position | None:
        """Where the node was last defined or extended, if known."""
        return _position(self._place)

    def each_place(self) -> Iterator[Position]:
        """Every place that defined or extended the node, the last first."""
        for place in reversed([*(self._places or ()), self._place]):
            position = _position(place)
            if position is not None:
                yield position

    @property
    def places(self) -> tuple[Position, ...]:
        """Every place that defined or extended the node, the last first."""
        return tuple(self.each_place())

    @property
    def path(self) -> str:
        """The full path, ``/`` for the root. At any depth; kept once it was asked for."""
        known = self._path
        if known is None:
            names: list[str] = []
            node = self
            while node.parent is not None and node._path is None:
                names.append(node.name)
                node = node.parent
            above = "" if node.parent is None else node._path or ""
            path = above + "".join(f"/{name}" for name in reversed(names)) or "/"
            object.__setattr__(self, "_path", path)
            return path
        return known

    @property
    def base_name(self) -> str:
        """The name without its unit address."""
        return self.name.partition("@")[0]

    def get(self, name: str) -> Property | None:
        """The property of that name."""
        return self.properties.get(name)

    def __contains__(self, name: str) -> bool:
        return name in self.properties

    def cells(self, name: str) -> tuple[int, ...] | None:
        """The cells of a property; None if it is absent or its size is not a multiple of 4."""
        found = self.properties.get(name)
        if found is None or len(found.value) % 4:
            return None
        return found.cells()

    def cell(self, name: str) -> int | None:
        """The first cell of a property, if it has one."""
        found = self.properties.get(name)
        if found is None or not found.value or len(found.value) % 4:
            return None
        return int.from_bytes(found.value[:4], "big")

    def string(self, name: str) -> str | None:
        """The first string of a property, or None if it is absent."""
        found = self.properties.get(name)
        return None if found is None else found.string()

    def strings(self, name: str) -> tuple[str, ...]:
        """The strings of a property; empty if it is absent."""
        found = self.properties.get(name)
        return () if found is None else found.strings()

    @property
    def phandle(self) -> int | None:
        """The node's phandle (``phandle``, or ``linux,phandle`` as old trees have it)."""
        found = self.cell("phandle")
        return found if found is not None else self.cell("linux,phandle")

    def ancestors(self) -> Iterator["Node"]:
        """The node's parent, its parent, … up to the root."""
        above = self.parent
        while above is not None:
            yield above
            above = above.parent

    def upwards(self) -> tuple["Node", ...]:
        """The node, its parent, … up to the root."""
        found = [self]
        while found[-1].parent is not None:
            found.append(found[-1].parent)
        return tuple(found)

    def walk(self) -> Iterator["Node"]:
        """The node and all nodes below it, in preorder, at any depth."""
        stack = [self]
        while stack:
            node = stack.pop()
            yield node
            if node.children:
                stack.extend(reversed([*node.children.values()]))

    def __repr__(self) -> str:
        return f"Node({self.path!r})"
