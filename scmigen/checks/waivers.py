"""Waivers of single findings, applied before the severity overrides.

A waiver covers a finding of its check if it names all resources, nodes and agents that the finding
is about. One of resources and nodes may be missing: a clock and its agents are enough, whatever
devices use it. Several waivers may share what a finding says of several devices. So a finding that
comes to concern one more agent is reported again.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from scmigen.assignment.assignment import WaiverSaid
from scmigen.assignment.select import Selection, Selector, resource_key
from scmigen.checks.registry import CHECKS
from scmigen.checks.switches import CHECK_UNKNOWN, SEVERITIES, unknown_hint
from scmigen.checks.words import listed, resource_name
from scmigen.data import Data, replace
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, Finding, Severity, Waiver
from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple

WAIVER_UNUSED = Finding(
    "waiver-unused",
    "A waiver covers no finding of this board.",
    "Remove it, or name all resources, devices and agents that the finding is about.",
    Severity.WARNING,
)
WAIVER_EXPIRED = Finding(
    "waiver-expired",
    "The last day of a waiver has passed; what it covers is reported again.",
    "Mend the cause, or decide anew and give it another date.",
    Severity.WARNING,
)
WAIVER_REFUSED = Finding(
    "waiver-refused",
    "A waiver is for a finding that cannot be waived.",
    "Correct the input: without that, scmigen cannot go on or does not know what is meant.",
    switchable=False,
)


#: The last second of the year 9999.
_LAST = 253_402_300_799


class Waived(NamedTuple):
    """The findings that remain, those that are waived, and those about the waivers."""

    found: tuple[Diagnostic, ...]
    waived: tuple[Diagnostic, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


class _Known(Data):
    """A waiver with its names resolved; ``problem`` is what the tree does not have, ``hint`` what
    may be meant."""

    said: WaiverSaid
    resources: frozenset[str]
    nodes: frozenset[str]
    problem: str | None
    hint: str | None


def waive(
    found: Iterable[Diagnostic],
    waivers: Sequence[WaiverSaid],
    tree: DeviceTree,
    known: Callable[[], Mapping[str, Finding]] | None,
) -> Waived:
    """Take out the findings that ``waivers`` cover, and report what is wrong with the waivers.

    ``known`` gives all findings by id; None: these are the findings of outputs. Of those an error
    cannot be waived, and nothing is said about the waivers again. The day is that of
    SOURCE_DATE_EPOCH, or else of the clock (UTC).
    """
    now = _today(waivers)
    resolved = [_resolved(waiver, tree) for waiver in waivers]
    used: set[int] = set()
    kept, waived = [], []
    for item in found:
        fixed = not item.finding.switchable or (known is None and item.severity is Severity.ERROR)
        covering = [] if fixed else _covering(resolved, item, now)
        used.update(covering)
        valid = [resolved[i].said for i in covering if not _expired(resolved[i].said, now)]
        if valid:
            waiver = Waiver(valid[0].reason, valid[0].until, valid[0].position)
            waived.append(replace(item, waiver=waiver))
        else:
            kept.append(item)
    problems = () if known is None else tuple(_problems(resolved, known(), used, kept, now))
    return Waived(tuple(kept), tuple(waived), problems)


def _today(waivers: Sequence[WaiverSaid]) -> str:
    """The date in UTC; nothing is imported for it where no waiver ends."""
    if not any(waiver.until for waiver in waivers):
        return ""
    from datetime import UTC, datetime

    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isascii() and epoch.isdigit() and len(epoch) <= len(str(_LAST)):
        return datetime.fromtimestamp(min(int(epoch), _LAST), UTC).date().isoformat()
    return datetime.now(UTC).date().isoformat()


def _expired(waiver: WaiverSaid, now: str) -> bool:
    return waiver.until is not None and waiver.until < now


def _resolved(waiver: WaiverSaid, tree: DeviceTree) -> _Known:
    selector = Selector(tree)
    problems: list[tuple[str | None, str | None]] = []
    # The names in diagnostics are taken as they are: a blob may have paths that no selector has.
    resources = set(waiver.resources)
    for text in waiver.resources:
        kind, _, rest = text.partition(" ")
        if kind not in tuple(Kind):
            kinds = f"write one of: {', '.join(Kind)}"
            problems.append((f"{text!r} does not begin with a kind of resource", kinds))
            continue
        selected, cells = selector.resource(rest)
        problems.append(_problem(text, selected))
        resources.update(
            resource_name(resource_key(Kind(kind), node, cells))
            for node in selected.nodes
            if selected.exact
        )
    nodes = set(waiver.devices)
    for text in waiver.devices:
        selected = selector.select(text)
        problems.append(_problem(text, selected))
        nodes.update(node.path for node in selected.nodes if selected.exact)
    problem, hint = next((both for both in problems if both[0]), (None, None))
    return _Known(waiver, frozenset(resources), frozenset(nodes), problem, hint)


def _problem(text: str, selected: Selection) -> tuple[str | None, str | None]:
    """What is wrong with a name, and a hint. A pattern would cover what comes later, too."""
    if selected.exact:
        return selected.problem, selected.hint
    return f"{text!r} is a pattern; name each one", None


def _covering(waivers: Sequence[_Known], item: Diagnostic, now: str) -> list[int]:
    """The waivers that cover a finding: each by itself, else those that do so together.

    A finding about several devices may once have been one per device, each with its waiver and with
    the agents of that device.
    """
    alone = [i for i, one in enumerate(waivers) if _covers(one, item)]
    if alone:
        return alone
    subject = item.subject
    parts = item.parts or [replace(subject, nodes=(node,)) for node in subject.nodes]
    if len(parts) < 2:
        return []
    current = {i: one for i, one in enumerate(waivers) if not _expired(one.said, now)}
    found: set[int] = set()
    for part in parts:
        of_part = replace(item, subject=part)
        covering = [i for i, one in current.items() if _covers(one, of_part)]
        if not covering:
            return []
        found.update(covering)
    return sorted(found)


def _covers(one: _Known, item: Diagnostic) -> bool:
    said, subject = one.said, item.subject
    if said.check != item.id or (said.severity and item.severity > SEVERITIES[said.severity]):
        return False
    if said.message is not None:
        return said.message == item.message
    named = (
        (said.resources, one.resources, subject.resources),
        (said.devices, one.nodes, subject.nodes),
    )
    for wanted, names, about in named:
        if wanted and not (about and names.issuperset(about)):
            return False
    # An agent alone is enough only where there is nothing else to name.
    whole = said.resources or said.devices or not (subject.resources or subject.nodes)
    return bool(whole) and set(said.agents).issuperset(subject.agents)


def _problems(
    waivers: Sequence[_Known],
    every: Mapping[str, Finding],
    used: set[int],
    kept: Sequence[Diagnostic],
    now: str,
) -> Iterator[Diagnostic]:
    """Waivers that are no use: of checks that do not exist, that ended, that cover nothing."""
    of_board = {check.id for check in CHECKS}
    for index, one in enumerate(waivers):
        said = one.said
        if said.check not in every:
            hint = unknown_hint(said.check, every)
            yield CHECK_UNKNOWN.error(f"no check {said.check!r}", said.position, hint=hint)
        elif not every[said.check].switchable:
            yield WAIVER_REFUSED.error(
                f"{said.check} cannot be waived: it says that the input is not understood",
                said.position,
                hint="correct the input and remove the waiver",
            )
        elif index in used and _expired(said, now):
            yield WAIVER_EXPIRED.warning(
                f"this waiver of {said.check} ended on {said.until}: {said.reason}",
                said.position,
                hint="mend the cause, or decide anew and change until",
            )
        elif index not in used and said.check in of_board:
            yield WAIVER_UNUSED.warning(
                f"this waiver covers no {said.check}: {one.problem or _why(one, kept)}",
                said.position,
                hint=one.hint or "remove it if what it was for is mended",
            )


def _why(one: _Known, kept: Sequence[Diagnostic]) -> str:
    """What the waiver would have to name, where a finding of its check is about as much."""
    near = [
        item
        for item in kept
        if item.id == one.said.check
        and (
            one.resources & set(item.subject.resources)
            or one.nodes & set(item.subject.nodes)
            or one.said.message == item.message
        )
    ]
    if not near:
        return "there is no such finding"
    subject = near[0].subject
    missing = {
        "resource": [n for n in subject.resources if one.resources and n not in one.resources],
        "device": [n for n in subject.nodes if one.nodes and n not in one.nodes],
        "agent": [n for n in subject.agents if n not in one.said.agents],
    }
    parts = [f"{word} {listed(names)}" for word, names in missing.items() if names]
    also = f"the finding is also about {' and '.join(parts)}"
    if parts:
        return also
    most, severity = one.said.severity, near[0].severity
    if most and severity > SEVERITIES[most]:
        return f"the finding is of severity {severity.word}, and this covers up to {most}"
    return "its message is another one"
