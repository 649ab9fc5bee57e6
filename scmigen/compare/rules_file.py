"""Files of rules, JSON or YAML: read with the position of everything that is wrong."""

from contextlib import suppress

from scmigen.assignment.given import shown
from scmigen.assignment.located import Located, parse
from scmigen.assignment.problems import Problems, TooManyError
from scmigen.assignment.words import did_you_mean
from scmigen.compare.expressions import Expression, ExpressionError, UnknownNameError
from scmigen.compare.facts import NAMES, OF_PLATFORM
from scmigen.compare.rules import Rule, Rules, Theirs
from scmigen.diagnostics import InputError, has_errors
from scmigen.hints import Final
from scmigen.patterns import pattern

#: The keys of a rule: those that are needed, those that are read if they are there, and those that
#: are for people.
_NEEDED: Final = ("name", "protocol", "message", "when", "theirs")
_READ: Final = ("lasting", "first", "unwritten")
_TOLD: Final = ("why", "kind", "source", "needed", "example")
#: The most words of a reply that a rule can replace.
_WORDS: Final = 1024
_WORD: Final = pattern(r"[0-9]{1,4}")
#: A status is less than this, and no less than its negative.
_STATUSES: Final = 1 << 31


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
            status = int(text or "", 0)
        except ValueError:
            return _expression(where, "theirs", platform)
        if not -_STATUSES <= status < _STATUSES:
            where.wrong(
                "theirs is no status", "a status has 32 bits, such as -3; or write words(…)"
            )
            return None
        return status
    found: dict[int, Expression] = {}
    for place, value in where.mapping("theirs").items():
        expression = _expression(value, f"word {place} of theirs", platform)
        if not _WORD.fullmatch(place) or int(place) >= _WORDS:
            value.wrong(
                f"theirs has no word {shown(place)}", "words are counted from 0, the status"
            )
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
