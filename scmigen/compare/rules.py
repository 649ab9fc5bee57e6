"""Rule files: differences that are expected, each with the bytes that the second server answers.

A rule says for which messages it is (protocol, message), when (an expression over `facts.NAMES`),
and what the second server then answers, given what the first one does. A difference is explained
only where a rule gives exactly its bytes.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from scmigen.assignment.located import Located, parse
from scmigen.assignment.problems import Problems, TooManyError
from scmigen.assignment.words import did_you_mean
from scmigen.compare.expressions import Expression, ExpressionError, UnknownNameError
from scmigen.compare.facts import NAMES, OF_PLATFORM, statuses
from scmigen.diagnostics import InputError, Position, has_errors

#: The keys of a rule: those that are needed, those that are read if they are there, and those that
#: are for people.
_NEEDED: Final = ("name", "protocol", "message", "when", "theirs")
_READ: Final = ("lasting", "first", "unwritten")
_TOLD: Final = ("why", "kind", "source", "needed", "example")
#: The most words of a reply that a rule can replace.
_WORDS: Final = 1024

Theirs = int | Expression | Mapping[int, Expression]


@dataclass(frozen=True, slots=True)
class Rule:
    """An expected difference. ``theirs``: a status, a whole reply, or words of the first server's
    reply and what stands there instead. Of the reply the last ``unwritten`` bytes may be anything.
    After a ``lasting`` one the two hold different states of a resource. What a rule that comes
    ``first`` gives is what the others start from. No ``protocols`` or ``messages``: any."""

    name: str
    protocols: frozenset[int]
    messages: frozenset[int]
    when: Expression
    theirs: Theirs
    lasting: bool = False
    first: bool = False
    unwritten: Expression | None = None
    position: Position | None = None

    def concerns(self, protocol: int, message: int) -> bool:
        """Whether the rule is for this message."""
        if self.protocols and protocol not in self.protocols:
            return False
        return not self.messages or message in self.messages

    def reply(self, ours: bytes, names: Mapping[str, object]) -> bytes | None:
        """What the second server answers; none where the rule does not apply. Raises
        `ExpressionError`."""
        if not self.when.value(names):
            return None
        if isinstance(self.theirs, int):
            return struct.pack("<i", self.theirs)
        if isinstance(self.theirs, Expression):
            found = self.theirs.value(names)
            return _status(found) if isinstance(found, int) else bytes(found)
        words = list(struct.unpack_from(f"<{len(ours) // 4}I", ours))
        for place, expression in self.theirs.items():
            if place >= len(words):
                return None
            words[place] = _number(expression.value(names)) & 0xFFFF_FFFF
        return struct.pack(f"<{len(words)}I", *words) + ours[4 * len(words) :]

    def explains(self, ours: bytes, theirs: bytes, names: Mapping[str, object]) -> bool:
        """Whether the rule gives these bytes. Raises `ExpressionError`."""
        said = self.reply(ours, names)
        if said is None or len(said) != len(theirs):
            return False
        unwritten = 0 if self.unwritten is None else _number(self.unwritten.value(names))
        compared = len(said) - max(0, unwritten)
        return said[:compared] == theirs[:compared]


@dataclass(slots=True)
class Rules:
    """The rules of a file, in order, and what went wrong when they were applied: rule → why."""

    listed: Sequence[Rule] = ()
    failures: dict[str, str] = field(default_factory=dict)

    def explaining(
        self, ours: bytes, theirs: bytes, names: Mapping[str, object]
    ) -> tuple[Rule, ...]:
        """The rules that make ``theirs`` of ``ours``: one, or several that change words; none
        where the list does not explain it."""
        protocol, message = names["protocol"], names["message"]
        assert isinstance(protocol, int)
        assert isinstance(message, int)
        fitting = [rule for rule in self.listed if rule.concerns(protocol, message)]
        begun: tuple[Rule, ...] = ()
        for rule in fitting:
            made = self._made(rule, ours, names) if rule.first else None
            if made is not None and made != ours:
                ours, begun = made, (*begun, rule)
                names = {**names, **statuses("ours", "o", ours)}
        if ours == theirs:
            return begun
        found = self._plainly(fitting, ours, theirs, names)
        return (*begun, *found) if found else ()

    def _made(self, rule: Rule, ours: bytes, names: Mapping[str, object]) -> bytes | None:
        """What a rule makes of a reply; none where it does not apply or cannot be evaluated."""
        try:
            return rule.reply(ours, names)
        except ExpressionError as problem:
            self.failures.setdefault(rule.name, f"{rule.position}: {problem}")
            return None

    def _plainly(
        self, fitting: Iterable[Rule], ours: bytes, theirs: bytes, names: Mapping[str, object]
    ) -> tuple[Rule, ...]:
        for rule in fitting:
            try:
                if rule.explains(ours, theirs, names):
                    return (rule,)
            except ExpressionError as problem:
                self.failures.setdefault(rule.name, f"{rule.position}: {problem}")
        return self._together(fitting, ours, theirs, names)

    def _together(
        self, fitting: Iterable[Rule], ours: bytes, theirs: bytes, names: Mapping[str, object]
    ) -> tuple[Rule, ...]:
        changed, used = ours, []
        for rule in fitting:
            if not isinstance(rule.theirs, Mapping):
                continue
            made = self._made(rule, changed, names)
            if made is not None and made != changed:
                changed = made
                used.append(rule)
        return tuple(used) if changed == theirs else ()


def _status(number: int) -> bytes:
    return struct.pack("<I", number & 0xFFFF_FFFF)


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise ExpressionError(f"{value!r} is not a number")
    return value


def read_rules(text: str, file: str, *, platform: bool) -> Rules:
    """The rules in a file, JSON or YAML; ``platform``: whether expressions may use the names that
    only a runtime configuration gives. Raises `InputError` with all that is wrong."""
    problems = Problems()
    top = parse(text, file, problems, "differences")
    found: list[Rule] = []
    if top is not None:
        parts = top.mapping("a file of rules", ("format", "about", "names", "differences"))
        if "differences" in parts:
            with suppress(TooManyError):
                found = _rules(parts["differences"], platform)
        else:
            top.lacks("a file of rules needs differences", "write differences: and a list of rules")
    if has_errors(problems.all()):
        raise InputError(problems.all())
    return Rules(found)


def _rules(where: Located, platform: bool) -> list[Rule]:
    found: dict[str, Rule] = {}
    for item in where.items("differences"):
        where.problems.bound()
        rule = _rule(item, platform)
        if rule is None:
            continue
        if rule.name in found:
            item.wrong(
                f"two rules have the name {rule.name!r}", f"first at {found[rule.name].position}"
            )
        found[rule.name] = rule
    return list(found.values())


def _rule(item: Located, platform: bool) -> Rule | None:
    parts = item.mapping("a rule", (*_NEEDED, *_READ, *_TOLD))
    missing = [key for key in _NEEDED if key not in parts]
    if missing:
        item.lacks(f"a rule needs {', '.join(missing)}", f"a rule has {', '.join(_NEEDED)}")
        return None
    name = parts["name"].text("name")
    protocols = _numbers(parts["protocol"], "protocol")
    messages = _numbers(parts["message"], "message")
    when = _expression(parts["when"], "when", platform)
    theirs = _theirs(parts["theirs"], platform)
    flags = {key: parts[key].flag(key) for key in ("lasting", "first") if key in parts}
    unwritten = None
    if "unwritten" in parts:
        unwritten = _expression(parts["unwritten"], "unwritten", platform)
    if not name or protocols is None or messages is None or when is None or theirs is None:
        return None
    return Rule(
        name,
        protocols,
        messages,
        when,
        theirs,
        bool(flags.get("lasting")),
        bool(flags.get("first")),
        unwritten,
        item.position,
    )


def _numbers(where: Located, what: str) -> frozenset[int] | None:
    """``0x3 0x5-0x7`` as numbers; ``*``: any (an empty set)."""
    text = where.text(what)
    found: set[int] = set()
    for part in (text or "").split():
        if part == "*":
            continue
        first, dash, last = part.partition("-")
        try:
            low = int(first, 16)
            high = int(last, 16) if dash else low
        except ValueError:
            low, high = 1, 0
        if not 0 <= low <= high <= 0xFF:
            where.wrong(
                f"{what} cannot be {part!r}", "write numbers like 0x14, ranges like 0x3-0x6, or *"
            )
            return None
        found |= set(range(low, high + 1))
    if text is not None and not text.split():
        where.wrong(f"{what} is empty", "write numbers like 0x14, ranges like 0x3-0x6, or *")
    return None if text is None else frozenset(found)


def _theirs(where: Located, platform: bool) -> Theirs | None:
    if not where.is_mapping:
        text = where.text("theirs")
        try:
            return int(text or "", 0)
        except ValueError:
            return _expression(where, "theirs", platform)
    found: dict[int, Expression] = {}
    for place, value in where.mapping("theirs").items():
        expression = _expression(value, f"word {place} of theirs", platform)
        if not place.isdecimal() or int(place) >= _WORDS:
            value.wrong(f"theirs has no word {place!r}", "words are counted from 0, the status")
        elif expression is not None:
            found[int(place)] = expression
    return found


def _expression(where: Located, what: str, platform: bool) -> Expression | None:
    text = where.text(what)
    if text is None:
        return None
    try:
        found = Expression(text, NAMES)
    except UnknownNameError as problem:
        where.wrong(f"{what}: {problem}", did_you_mean(problem.name, NAMES))
        return None
    except ExpressionError as problem:
        where.wrong(f"{what}: {problem}")
        return None
    asked = sorted(found.names & OF_PLATFORM)
    if asked and not platform:
        where.wrong(
            f"{what} asks for {', '.join(asked)}",
            "only the platform tells: give --platform RUNTIME, or the directory of a build",
        )
        return None
    return found
