"""The ``.cfg`` language of imx-sm, as its ``configtool.pl`` takes it (sm/doc/config.md).

Lines with commands and resources. ``NAME: text`` replaces a word in the lines below it, until it is
defined anew: a pass goes down the file, and in a line it applies the definitions above from the
last to the first; up to ten passes replace what replacements brought. What the tool does in silence
(the first of two levels in a line holds, the last of two lines) is done here as well, so that both
come to the same table.
"""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path

from scmigen.audit.imx_sm_config import IMX_SM_SYNTAX, Config, Row, Section
from scmigen.data import Data, field
from scmigen.diagnostics import InputError, Position
from scmigen.imx_sm.levels import LEVELS, PROTOCOLS
from scmigen.inputs import is_missing, read_text
from scmigen.patterns import pattern
from scmigen.tuples import NamedTuple

#: How deep files include each other, and how many they are.
_INCLUDES = 16
_FILES = 200
_LINES = 100_000
#: Passes over the file, as in the tool.
_ROUNDS = 10
_LONGEST = 1 << 14
#: Characters that replacing reads in all: the largest known configuration needs a seventieth.
_WORK = 16 << 20

_FROM_HERE = "paths are relative to the file with the line"

_WORD = pattern(r"\w+", re.ASCII)
_DEFINITION = pattern(r"(\w+):", re.ASCII)
#: A definition but for the blank behind the colon: the tool takes it for a line of words.
_NO_BLANK = pattern(r"(\w+):\S", re.ASCII)
_COMMAND = pattern(
    r"(MAKE|DOX|BOARD|MODE|MAILBOX|CHANNEL|DEBUG|MIX|(?:DOM|LM|SCMI_AGENT)\d*)(?![\w.])", re.ASCII
)
_AGENT = pattern(r"SCMI_AGENT(\d{1,3})\b", re.ASCII)
_MACHINE = pattern(r"LM(\d{1,3})\b", re.ASCII)
_SETTING = pattern(r"(\w+)=([\w\-./\"|]+)", re.ASCII)
_PREFIXED = pattern(rf"\b(?=(?:{'|'.join(word.upper() for word in PROTOCOLS)})_)(\w+)\b", re.ASCII)
_RESOURCE = pattern(rf"[A-Z]+_SM_({'|'.join(word.upper() for word in PROTOCOLS)})_\w*", re.ASCII)
#: Words of resource lines that are no resources: flags, and what the firewalls are set up with.
_FLAGS = pattern(r"test|nodbg|default|secure|(?:TRDC|BCTRL)_CONFIG_\w+", re.ASCII)
#: Words for all protocols of a line.
_ALL = {word: [f"{protocol}={word}" for protocol in PROTOCOLS] for word in LEVELS}


class _Line(NamedTuple):
    """A line with its continuations and without comments, and where it begins."""

    text: str
    position: Position


def read_cfg(path: Path) -> Config:
    """A configuration with what it includes. Raises `InputError`."""
    files: list[str] = []
    lines = list(_loaded(path, files, (), None))
    if len(lines) > _LINES:
        raise _problem(f"the configuration has more than {_LINES} lines", Position(str(path)))
    return _config(str(path), files, lines, _replaced(lines))


def _problem(message: str, at: Position | None, hint: str | None = None) -> InputError:
    return InputError([IMX_SM_SYNTAX.error(message, at, hint=hint)])


def _loaded(
    path: Path, files: list[str], above: tuple[Path, ...], at: Position | None
) -> Iterator[_Line]:
    """The lines of a file; an included one comes where it is included."""
    if path in above or len(above) >= _INCLUDES:
        raise _problem(f"{path} is included by itself, or too deep", at)
    if len(files) >= _FILES:
        raise _problem(f"more than {_FILES} files are included", at)
    files.append(str(path))
    waiting, begin = "", 0
    for number, whole in enumerate(read_text(path).split("\n"), 1):
        text = whole.replace("\r", "").partition("#")[0]
        begin = begin or number
        here = Position(str(path), begin, 1)
        if text.endswith("\\"):
            waiting += text[:-1] + " "
        elif text.startswith("include"):
            name = text.partition(" ")[2].strip()
            if not name:
                raise _problem("include names no file", here)
            if is_missing(path.parent / name):
                raise _problem(f"there is no {name} to include", here, _FROM_HERE)
            yield from _loaded(path.parent / name, files, (*above, path), here)
        else:
            words = " ".join((waiting + text).replace(",", " ").split())
            if words:
                yield _Line(words, here)
            waiting, begin = "", 0
        if not waiting:
            begin = 0


class _Definitions(Data, frozen=False):
    """Those above a line, in their order: the texts, and by name where in that order it is."""

    texts: list[tuple[str, str]] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=dict)

    def add(self, name: str, text: str) -> None:
        self.places.setdefault(name, []).append(len(self.texts))
        self.texts.append((name, text))

    def last(self, line: str, before: int) -> int | None:
        """The last definition below the index ``before`` whose name the line has."""
        found = [
            places[at - 1]
            for word in set(_WORD.findall(line))
            if (places := self.places.get(word)) and (at := bisect_right(places, before - 1))
        ]
        return max(found, default=None)


def _replaced(lines: Sequence[_Line]) -> list[str]:
    """The texts of lines with all words replaced; empty those of definitions."""
    texts = [line.text for line in lines]
    work = _WORK
    for _ in range(_ROUNDS):
        defined = _Definitions()
        changed = False
        for index, line in enumerate(lines):
            definition = _defines(line)
            if definition is not None:
                defined.add(*definition)
            elif not re.match(r"MIX\b", line.text):
                before = texts[index]
                texts[index], read = _one_pass(before, defined, line.position)
                work -= read
                changed = changed or texts[index] != before
            if work < 0:
                raise _problem("the definitions make too much of the lines", line.position)
        if not changed:
            return ["" if _defines(line) else text for line, text in zip(lines, texts, strict=True)]
    raise _problem(
        f"{_ROUNDS} rounds of replacing did not come to an end: a definition contains itself",
        next((line.position for line in lines if _defines(line)), None),
    )


def _defines(line: _Line) -> tuple[str, str] | None:
    first, _, rest = line.text.partition(" ")
    found = _DEFINITION.fullmatch(first)
    return (found[1], rest) if found else None


def _one_pass(text: str, defined: _Definitions, at: Position) -> tuple[str, int]:
    """A line after one pass, and how many characters that read."""
    read = len(text)
    before = len(defined.texts)
    while (place := defined.last(text, before)) is not None:
        before, (name, by) = place, defined.texts[place]
        if len(text) + text.count(name) * len(by) > _LONGEST:
            raise _problem(f"the definitions make more than {_LONGEST} characters of a line", at)
        text = re.sub(rf"\b{name}\b", lambda _, by=by: by, text, flags=re.ASCII)  # type: ignore[misc]
        read += len(text)
    return text, read


def _words(text: str) -> list[str]:
    """The words of a resource line, each once: the resources with their prefixes, ``api`` for all
    protocols."""
    text = re.sub(r"^(SYS|FUSA)\b", r"\1_0", text.strip(), flags=re.ASCII)
    found: list[str] = []
    for word in text.split():
        key, is_setting, value = word.partition("=")
        found += _ALL[value] if key == "api" and is_setting and value in _ALL else [word]
    return [_PREFIXED.sub(r"DEV_SM_\1", word) for word in dict.fromkeys(found)]


def _config(file: str, files: list[str], lines: Sequence[_Line], texts: Sequence[str]) -> Config:
    sections: list[Section] = []
    machines: dict[int, str] = {}
    made: dict[str, str] = {}
    strays: list[tuple[str, Position]] = []
    joined = [line for line in lines if _NO_BLANK.match(line.text)]
    for line, text in zip(lines, texts, strict=True):
        command = _COMMAND.match(text)
        settings = dict(_SETTING.findall(text)[::-1])
        if command is None:
            if text:
                current = sections[-1] if sections else None
                strays += _resources(text, line, current)
        elif machine := _MACHINE.match(text):
            machines[int(machine[1])] = _name(settings)
            sections.append(Section(None, int(machine[1]), line.position, _name(settings)))
        elif agent := _AGENT.match(text):
            replaced = _Line(text, line.position)
            sections.append(_agent(int(agent[1]), settings, replaced, sections))
        elif command[1] in ("MAILBOX", "CHANNEL") and sections:
            _wired(sections[-1], command[1], text)
        elif command[1] == "MAKE":
            made |= {key: value for key, value in settings.items() if key not in made}
    _numbered(sections)
    return Config(
        file, tuple(files), made.get("soc"), made.get("board"), machines, tuple(sections),
        tuple(strays), frozenset(found[0] for line in lines if (found := _defines(line))),
        tuple((line.text.partition(" ")[0], line.position) for line in joined),
    )  # fmt: skip


def _agent(number: int, settings: dict[str, str], line: _Line, above: Sequence[Section]) -> Section:
    at, name, dup = line.position, _name(settings), settings.get("dup")
    if not above:
        raise _problem("an agent needs a logical machine (LMn) above it", at)
    if not name:
        raise _problem("an agent needs a name", at, 'SCMI_AGENT0 name="AP-NS"')
    if dup is not None and not (dup.isdecimal() and len(dup) < 4):
        raise _problem(f"dup={dup} is no number of an agent", at)
    return Section(
        number,
        above[-1].machine,
        at,
        name,
        secure="secure" in line.text.split(),
        dup=None if dup is None else int(dup),
    )


def _wired(section: Section, command: str, text: str) -> None:
    settings = ", ".join(word for word in text.split()[1:] if "=" in word)
    if command == "MAILBOX":
        section.mailbox = settings
    else:
        section.channels.append(settings)


def _name(settings: dict[str, str]) -> str:
    return settings.get("name", "").replace('"', "")


def _numbered(sections: Sequence[Section]) -> None:
    """The tool counts agents from 0, in the order of the file."""
    agents = [one for one in sections if one.number is not None]
    for index, agent in enumerate(agents):
        if agent.number != index:
            hint = "agents are numbered from 0, in the order of the file"
            raise _problem(f"agent {agent.number} comes as number {index}", agent.position, hint)
        if agent.dup is not None and not 0 <= agent.dup < len(agents):
            raise _problem(f"there is no agent {agent.dup} to duplicate", agent.position)


def _resources(text: str, line: _Line, section: Section | None) -> Iterator[tuple[str, Position]]:
    """The rows of a line go to its section; what is no resource is yielded."""
    words = _words(text)
    levels: dict[str, str] = {}
    for word in words:
        key, found, value = word.partition("=")
        if found and key in PROTOCOLS:
            levels.setdefault(key, value)
    for word in words:
        resource = _RESOURCE.fullmatch(word)
        if resource is None:
            if "=" not in word and not _FLAGS.fullmatch(word):
                yield word, line.position
            continue
        protocol = resource[1].lower()
        if section is not None and protocol in levels:
            written = line.text.partition(" ")[0]
            section.rows.append(Row(protocol, word, levels[protocol], line.position, written))
