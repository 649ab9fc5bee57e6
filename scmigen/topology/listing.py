"""The clocks of a running system: which there are, and what each is fed from."""

from collections.abc import Iterator, Sequence
from enum import Enum

from scmigen.data import Data
from scmigen.diagnostics import Finding, InputError, Position

TOPOLOGY_FILE = Finding(
    "topology-file",
    "A file of --topology is none of the forms that are read, or has a line that cannot be read.",
    "Compare it with docs/reference/topology.md.",
    switchable=False,
)


class Origin(Enum):
    """Whose names and numbers a listing has; its text is what messages call it."""

    LINUX = "Linux"
    BPMP = "the BPMP"
    SCMI = "the SCMI server"


class Clock(Data):
    """A clock of a running system.

    ``parent`` and ``possible`` are indices of the listing: what feeds it now, and what it can be
    switched to. ``number`` is the id by which its provider knows it, ``enabled`` whether anything
    keeps it on; ``None``: not told. ``users`` are devices that have it: what the system calls each,
    and what that calls the clock (empty: its first).
    """

    name: str
    line: int
    parent: int | None = None
    possible: tuple[int, ...] = ()
    number: int | None = None
    enabled: bool | None = None
    users: tuple[tuple[str, str], ...] = ()


#: Clocks by index, each fed by the next, and the last by the first.
Circle = tuple[int, ...]


class Listing(Data):
    """All clocks of one file, in its order. ``circles``: what the file has of them; the last clock
    of each is left without a parent."""

    file: str
    origin: Origin
    clocks: tuple[Clock, ...]
    circles: tuple[Circle, ...] = ()

    def position(self, index: int) -> Position:
        """Where the file has a clock."""
        return Position(self.file, self.clocks[index].line, 1)


class Limits(Data):
    """How much of a file is read: lines, characters of a line, clocks, possible parents of one, how
    many clocks may feed each other one after another; and how many users of a clock are kept."""

    lines: int = 1_000_000
    characters: int = 4096
    clocks: int = 50_000
    parents: int = 256
    depth: int = 64
    users: int = 64


LIMITS = Limits()


def wrong(file: str, line: int, message: str, hint: str | None = None) -> InputError:
    """What is wrong with a line of a file; line 0 is the file."""
    where = Position(file, line, 1) if line else Position(file)
    return InputError([TOPOLOGY_FILE.error(message, where, hint=hint)])


def check_depth(listing: Listing, limits: Limits) -> None:
    """Raises `InputError` where more clocks feed each other than any chip has."""
    depths: dict[int, int] = {}
    for start in range(len(listing.clocks)):
        way: list[int] = []
        at: int | None = start
        while at is not None and at not in depths:
            way.append(at)
            at = listing.clocks[at].parent
        depth = 0 if at is None else depths[at]
        for one in reversed(way):
            depth += 1
            depths[one] = depth
            if depth > limits.depth:
                clock = listing.clocks[one]
                message = f"{clock.name} has more than {limits.depth - 1} clocks above it"
                raise wrong(listing.file, clock.line, message, "is this a tree of clocks?")


def circles(parents: Sequence[int | None]) -> Iterator[Circle]:
    """The circles among parents, each once, by its lowest index."""
    state = bytearray(len(parents))  # 0: not seen, 1: on this way, 2: done
    for start in range(len(parents)):
        way: list[int] = []
        at: int | None = start
        while at is not None and not state[at]:
            state[at] = 1
            way.append(at)
            at = parents[at]
        if at is not None and state[at] == 1:
            circle = way[way.index(at) :]
            lowest = circle.index(min(circle))
            yield (*circle[lowest:], *circle[:lowest])
        for seen in way:
            state[seen] = 2


def without_circles(parents: Sequence[int | None]) -> tuple[list[int | None], tuple[Circle, ...]]:
    """The parents, of which the last of every circle is cut off, and the circles."""
    kept, found = list(parents), tuple(circles(parents))
    for circle in found:
        kept[circle[-1]] = None
    return kept, found
