"""What ``scmigen compare-server`` prints. Names come from servers: every line is escaped when it is
printed."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from scmigen.compare.run import Comparison, Difference, Pair
from scmigen.diagnostics import counted
from scmigen.hints import Any, Final

#: Differing fields of one message that are printed.
_FIELDS: Final = 12
#: Fields whose bits matter.
_BITS: Final = (
    "attributes",
    "attributes_low",
    "attributes_high",
    "config",
    "flags",
    "permissions",
)


def lines_of(difference: Difference) -> Iterator[str]:
    """A difference for people: the message, and each field that differs, first and second."""
    fields = " ".join(f"{name}={value}" for name, value in difference.fields.items())
    why = f" (as {', '.join(difference.rules)} says)" if difference.rules else ""
    yield f"{difference.agent}: {difference.name} {fields}".rstrip() + why
    for place, (name, (first, second)) in enumerate(difference.differing.items()):
        if place == _FIELDS:
            yield f"  … and {len(difference.differing) - place} more fields"
            return
        yield f"  {name}: {_shown(name, first)} | {_shown(name, second)}"


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, int):
        return f"{value:#x}" if name in _BITS else str(value)
    return str(value) if name in ("status", "bytes") else repr(value)


def summary(result: Comparison) -> Iterator[str]:
    """How many messages, what the rules explain, and what is left, by message and field."""
    left = Counter(f"{it.name}: {', '.join(list(it.differing)[:4])}" for it in result.differences)
    for rule, number in result.explained.most_common():
        yield f"{number:>8}  explained by {rule}"
    for what, number in left.most_common():
        yield f"{number:>8}  unexplained, {what}"
    if result.unexplained > len(result.differences):
        yield f"{result.unexplained - len(result.differences):>8}  unexplained, of any message"
    yield (
        f"{counted(result.messages, 'message')}: {result.same} answered alike, "
        f"{counted(result.expected, 'difference')} explained, {result.unexplained} unexplained"
    )


def document(
    addresses: Sequence[tuple[str, str, str]], pairs: Sequence[Pair], result: Comparison
) -> Mapping[str, Any]:
    """The same for programs: all differences that no rule explains, up to a bound."""
    return {
        "agents": [
            {"name": pair.name, "id": pair.id, "first": first, "second": second}
            for pair, (_, first, second) in zip(pairs, addresses, strict=True)
        ],
        "messages": result.messages,
        "same": result.same,
        "explained": result.expected,
        "rules": dict(result.explained.most_common()),
        "unexplained": result.unexplained,
        "differences": [_object(difference) for difference in result.differences],
    }


def _object(difference: Difference) -> Mapping[str, Any]:
    request = difference.request
    return {
        "agent": difference.agent,
        "message": difference.name,
        "protocol": request.protocol,
        "id": request.message,
        "fields": dict(difference.fields),
        "payload": request.payload.hex(),
        "first": _hex(difference.ours),
        "second": _hex(difference.theirs),
        "differing": {
            name: {"first": first, "second": second}
            for name, (first, second) in difference.differing.items()
        },
    }


def _hex(reply: bytes | None) -> str | None:
    return None if reply is None else reply.hex()
