"""Rules: differences that are expected, each with the bytes that the second server answers.

A rule says for which messages it is (protocol, message), when (an expression over `facts.NAMES`),
and what the second server then answers, given what the first one does. A difference is explained
only where a rule gives exactly its bytes.
"""

import struct
from collections.abc import Iterable, Mapping, Sequence

from scmigen.compare.expressions import Expression, ExpressionError
from scmigen.compare.facts import statuses
from scmigen.data import Data, field
from scmigen.diagnostics import Position

Theirs = int | Expression | Mapping[int, Expression]


class Rule(Data):
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
            return _status(found) if isinstance(found, int) else _bytes(found)
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


class Rules(Data, frozen=False):
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


def _bytes(value: object) -> bytes:
    """A whole reply: bytes, or a list of such numbers."""
    try:
        if isinstance(value, bytes | list | tuple | range):
            return bytes(value)
    except (TypeError, ValueError):
        pass
    raise ExpressionError("theirs is neither a status nor bytes, each a number from 0 to 255")


def _number(value: object) -> int:
    if not isinstance(value, int):
        raise ExpressionError(f"{value!r} is not a number")
    return value
