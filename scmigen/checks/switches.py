"""Severity overrides of the user, applied to all findings in one place.

The agents file (``checks:``) may do anything, since it gives a reason. The command line (``-W``,
``-E``) has the last word, but what is an error says that the output would be wrong: without a
reason it stays one.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence

from scmigen.assignment.assignment import Switch
from scmigen.assignment.words import did_you_mean
from scmigen.data import Data, replace
from scmigen.diagnostics import Diagnostic, Finding, Related, Severity

CHECK_UNKNOWN = Finding(
    "check-unknown",
    "A severity override names a check that does not exist.",
    "Look for its name with scmigen explain --list.",
    switchable=False,
)

#: The severities by their words.
SEVERITIES = {
    "note": Severity.NOTE,
    "warning": Severity.WARNING,
    "error": Severity.ERROR,
}


class Asked(Data):
    """Overrides of the command line: checks that are on, off, or errors; or all warnings are."""

    on: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()
    errors: frozenset[str] = frozenset()
    strict: bool = False


#: A command line without overrides.
NOTHING = Asked()


def unknown_hint(word: str, known: Collection[str]) -> str:
    """The hint for a name that is not in ``known``."""
    return did_you_mean(word, known) or "scmigen explain --list lists them all"


def unknown(switches: Iterable[Switch], known: Collection[str]) -> Iterator[Diagnostic]:
    """One error per override of an id that is not in ``known``."""
    for switch in switches:
        if switch.word not in known:
            hint = unknown_hint(switch.word, known)
            yield CHECK_UNKNOWN.error(f"no check {switch.word!r}", switch.position, hint=hint)


def named(switches: Iterable[Switch], asked: Asked) -> frozenset[str]:
    """The ids that the user names, other than to turn them off."""
    return asked.on | asked.errors | {one.word for one in switches if one.severity != "off"}


def switched(
    found: Iterable[Diagnostic], switches: Sequence[Switch], asked: Asked, final: bool = False
) -> tuple[Diagnostic, ...]:
    """Apply the user's severity overrides.

    ``switches`` are those of the agents file; their reason is printed with the
    diagnostic. ``final``:
    what is an error cannot be made anyway, whatever the reason, and stays one.
    """
    by_name = {switch.word: switch for switch in switches}
    return tuple(kept for item in found for kept in _kept(item, by_name.get(item.id), asked, final))


def _kept(
    item: Diagnostic, switch: Switch | None, asked: Asked, final: bool
) -> Iterator[Diagnostic]:
    """The diagnostic after the overrides, or ``None``."""
    if final and item.severity is Severity.ERROR:
        yield item
        return
    kept = item if switch is None or item.id in asked.on else _by_reason(item, switch)
    if kept is not None:
        kept = _by_command(kept, asked)
    if kept is not None:
        yield kept


def _by_reason(item: Diagnostic, switch: Switch) -> Diagnostic | None:
    if switch.severity == "off":
        return None
    severity = SEVERITIES[switch.severity]
    why = Related(f"{severity.word} because: {switch.reason}", switch.position)
    return replace(_with(item, severity), related=(why, *item.related))


def _with(item: Diagnostic, severity: Severity) -> Diagnostic:
    judged = item.severity if item.judged is None else item.judged
    return replace(item, severity=severity, judged=judged)


def _by_command(item: Diagnostic, asked: Asked) -> Diagnostic | None:
    if item.id in asked.errors:
        return _with(item, Severity.ERROR)
    if item.id not in asked.off:
        fails = asked.strict and item.severity is Severity.WARNING
        return _with(item, Severity.ERROR) if fails else item
    if item.severity is not Severity.ERROR:
        return None
    wanted = f"checks: {{{item.id}: {{severity: off, reason: …}}}} in the agents file"
    told = Related(f"-W no-{item.id} does not apply to errors; if this is intended, use {wanted}")
    return replace(item, related=(told, *item.related))
