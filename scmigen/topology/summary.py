"""``clk_summary`` of Linux's debugfs: a tree by indentation, with a header that names the columns.

The columns differ between kernels: releases have added the counts of exclusive use and what the
hardware says, the duty cycle, and last who uses each clock, with a line of its own for every
further user. The header alone tells how many counts there are, and where users are.
"""

from collections.abc import Sequence

from scmigen.data import replace
from scmigen.topology.listing import Clock, Limits, Listing, Origin, wrong

_RATE, _USER = "rate", "consumer"
#: What is printed where no device, or no name of the clock, is known.
_NO_DEVICE, _NO_NAME = "deviceless", "no_connection_id"
#: A clock is indented by three per level, and one; a further user of it begins one later.
_STEP, _CLOCK = 3, 1


def is_header(line: str) -> bool:
    """Whether a line names the columns."""
    words = line.split()
    return words[:1] == ["clock"] and _RATE in words and "accuracy" in words


def read(lines: Sequence[str], file: str, limits: Limits) -> Listing:
    """The clocks of a ``clk_summary``."""
    start = next(index for index, line in enumerate(lines) if is_header(line))
    columns = lines[start].split()[1:]
    counts = columns.index(_RATE)
    user = columns.index(_USER) if _USER in columns else None
    clocks: list[Clock] = []
    above: list[tuple[int, int]] = []  # indentation and index of the clocks that this is below
    for number, line in enumerate(lines[start + 1 :], start + 2):
        text = line.strip()
        if not text or set(text) == {"-"}:
            continue
        indent = len(line) - len(line.lstrip(" "))
        words = text.split()
        row = _row(words, counts, user, limits)
        # A further user stands far to the right; what is less far in was meant to be a clock.
        further = user is not None and clocks and indent > lines[start].index(_RATE)
        if further and indent % _STEP != _CLOCK:
            clocks[-1] = _used(clocks[-1], words, limits)
            continue
        if row is None:
            raise wrong(
                file,
                number,
                f"this is not a clock with {counts} counts and a rate, as the header has them",
                "take the whole file as it is, with cat",
            )
        _indented(row, line, above[-1][0] + _STEP if above else _CLOCK, file, number)
        if len(clocks) == limits.clocks:
            raise wrong(file, number, f"there are more than {limits.clocks} clocks")
        while above and above[-1][0] >= indent:
            above.pop()
        parent = above[-1][1] if above else None
        above.append((indent, len(clocks)))
        clocks.append(replace(row, line=number, parent=parent))
    if not clocks:
        raise wrong(file, start + 1, "no clocks follow the header")
    return Listing(file, Origin.LINUX, tuple(clocks))


def _indented(row: Clock, line: str, deepest: int, file: str, number: int) -> None:
    """Refuses blanks that say no level: a clock would be lost, or be below another one."""
    indent = len(line) - len(line.lstrip(" "))
    if indent % _STEP == _CLOCK and indent <= deepest and not line[indent].isspace():
        return
    raise wrong(
        file,
        number,
        f"{row.name} is indented by {indent} spaces: a clock has {_CLOCK}, and {_STEP} for each "
        f"level; below the clock above it that is {deepest}",
        "take the whole file as it is, with cat; an editor may have changed the blanks",
    )


def _row(words: Sequence[str], counts: int, user: int | None, limits: Limits) -> Clock | None:
    """A clock: a name, which may have spaces, then the counts, of enables first, and a rate."""
    for at in range(1, len(words) - counts):
        if all(word.isdecimal() for word in words[at : at + counts + 1]):
            found = Clock(" ".join(words[:at]), 0, enabled=words[at].strip("0") != "")
            return found if user is None else _used(found, words[at + user :], limits)
    return None


def _used(clock: Clock, words: Sequence[str], limits: Limits) -> Clock:
    """A clock with a user of it: the device, and its name for the clock."""
    if len(words) != 2 or words[0] == _NO_DEVICE or len(clock.users) == limits.users:
        return clock
    device, name = words
    return replace(clock, users=(*clock.users, (device, "" if name == _NO_NAME else name)))
