"""Lines of a path and a value, ``…/CLOCK/FILE:VALUE``, as ``grep -r .`` prints a debugfs.

The files of the BPMP's debugfs, of Linux's own, and of what scmigen's client writes of an SCMI
server. CLOCK is the directory of a clock, by which the values of others call it; its name is that
of the directory, unless a file ``name`` says another.
"""

import re
from collections.abc import Mapping, Sequence

from scmigen.data import replace
from scmigen.patterns import pattern
from scmigen.topology.listing import Clock, Limits, Listing, Origin, without_circles, wrong

#: File → what it says. Other files are passed over.
_FILES = {
    "id": "id",
    "name": "name",
    "parent": "parent",
    "clk_parent": "parent",
    "possible_parents": "possible",
    "clk_possible_parents": "possible",
    "state": "enabled",
    "clk_enable_count": "enabled",
}
#: The first file that is known ends the path: the value may have anything in it.
_LINE = pattern(rf"(?:(.*?)/)?([^/]+)/({'|'.join(_FILES)}):(.*)", re.ASCII)
_OTHER = pattern(r"[^:]*/[^/:]+/[a-z_]{1,40}:.*|.*/[a-z_]{1,40}:[^/]*", re.ASCII)
#: What begins a comment, and what grep says of a file that it cannot read.
_ASIDE = ("#", "grep:")
_NUMBER = pattern(r"(0x[0-9a-f]{1,8}|[0-9]{1,10})", re.ASCII | re.IGNORECASE)
_MAX_NUMBER = 2**32 - 1
#: Whose debugfs a path is in.
_ORIGINS = ((pattern(r"(^|/)bpmp/"), Origin.BPMP), (pattern(r"(^|/)scmi/"), Origin.SCMI))

_Said = dict[str, tuple[int, str]]


def is_entry(line: str) -> bool:
    """Whether a line is one of these."""
    return _LINE.fullmatch(line) is not None


def read(lines: Sequence[str], file: str, limits: Limits) -> Listing:
    """The clocks of such a file."""
    said: dict[str, _Said] = {}
    origin: Origin | None = None
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith(_ASIDE):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            if _OTHER.fullmatch(line):
                continue
            raise wrong(file, number, "this is not a path and a value, PATH/CLOCK/FILE:VALUE")
        word = _FILES[found[3]]
        if found[2] not in said and len(said) == limits.clocks:
            raise wrong(file, number, f"there are more than {limits.clocks} clocks")
        origin = _same(origin, _origin(found[1] or ""), file, number)
        values = said.setdefault(found[2], {})
        if values.setdefault(word, (number, found[4].strip()))[1] != found[4].strip():
            before = values[word][0]
            raise wrong(file, number, f"line {before} says another {found[3]} of {found[2]}")
    return _listing(said, origin or Origin.LINUX, file, limits)


def _origin(folder: str) -> Origin:
    return next((origin for way, origin in _ORIGINS if way.search(folder + "/")), Origin.LINUX)


def _same(before: Origin | None, origin: Origin, file: str, line: int) -> Origin:
    if before not in (None, origin):
        assert before is not None
        message = f"this is a clock of {origin.value}, and those above are of {before.value}"
        raise wrong(file, line, message, "give each a file of its own, with --topology for each")
    return origin


def _listing(said: Mapping[str, _Said], origin: Origin, file: str, limits: Limits) -> Listing:
    index = {word: number for number, word in enumerate(said)}
    clocks, parents = [], []
    for word, values in said.items():
        line, name = values.get("name", (next(iter(values.values()))[0], word))
        possible = values.get("possible", (0, ""))[1].split()
        if len(possible) > limits.parents:
            at = values["possible"][0]
            raise wrong(file, at, f"there are more than {limits.parents} possible parents")
        clocks.append(
            Clock(
                name or word,
                line,
                None,
                tuple(dict.fromkeys(index[other] for other in possible if other in index)),
                _number(values.get("id"), file),
                _enabled(values.get("enabled")),
            )
        )
        # What has one possible parent is fed by that.
        alone = possible[0] if len(possible) == 1 else ""
        parents.append(index.get(values.get("parent", (0, alone))[1]))
    kept, circles = without_circles(parents)
    joined = (replace(clock, parent=above) for clock, above in zip(clocks, kept, strict=True))
    return Listing(file, origin, tuple(joined), circles)


def _number(said: tuple[int, str] | None, file: str) -> int | None:
    if said is None:
        return None
    line, text = said
    value = int(text, 0) if _NUMBER.fullmatch(text) and not _octal(text) else None
    if value is None or value > _MAX_NUMBER:
        raise wrong(file, line, f"an id is a number below 2^32, not {text[:40]!r}")
    return value


def _octal(text: str) -> bool:
    """Whether Python would not read it: other zeros than one at the beginning."""
    return text[:1] == "0" and len(text) > 1 and text[1:2] not in "xX"


def _enabled(said: tuple[int, str] | None) -> bool | None:
    if said is None or not said[1].isdecimal():
        return None
    return said[1].strip("0") != ""
