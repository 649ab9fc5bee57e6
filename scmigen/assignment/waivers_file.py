"""Waivers of single findings: ``waivers`` of an agents file, and baseline files."""

from collections.abc import Iterator

from scmigen.assignment.assignment import WaiverSaid
from scmigen.assignment.located import Located, parse
from scmigen.assignment.problems import Problems
from scmigen.diagnostics import InputError, has_errors

#: The keys of a waiver.
KEYS = ("check", "resource", "device", "agent", "message", "severity", "reason", "until")

#: The severities that a waiver can be for.
WAIVABLE = ("note", "warning", "error")

#: The keys of a baseline file.
FORMAT, WAIVERS = "format", "waivers"


def read_baseline(text: str, name: str) -> tuple[WaiverSaid, ...]:
    """The waivers in a baseline file. Raises `InputError` where it has errors."""
    problems = Problems()
    top = parse(text, name, problems, "baseline")
    found = []
    if top is not None:
        parts = top.mapping("a baseline file", (FORMAT, WAIVERS))
        found = list(read_waivers(parts[WAIVERS])) if WAIVERS in parts else []
    if has_errors(problems.all()):
        raise InputError(problems.all())
    return tuple(found)


def read_waivers(where: Located) -> Iterator[WaiverSaid]:
    """The waivers in a list; what is wrong with one is reported, and that one is left out."""
    for item in where.items("waivers"):
        waiver = _waiver(item)
        if waiver is not None:
            yield waiver


def _waiver(item: Located) -> WaiverSaid | None:
    parts = item.mapping("a waiver", KEYS)
    texts = {
        key: parts[key].text(key) for key in ("check", "reason", "message", "until") if key in parts
    }
    lists = {key: parts[key].texts(key) for key in ("resource", "device", "agent") if key in parts}
    severity = parts["severity"].choice("severity", WAIVABLE) if "severity" in parts else None
    check, reason = texts.get("check") or "", texts.get("reason") or ""
    if not check.strip():
        item.lacks("a waiver needs a check", "write check: the id in the brackets of the finding")
    elif not reason.strip():
        item.lacks("a waiver needs a reason", 'write reason: "why this is right here"')
    elif not (any(lists.values()) or texts.get("message")):
        item.lacks(
            f"this waiver names nothing but the check {check}",
            "name its resource or device, and its agent; checks: is for a whole check",
        )
    elif "until" in parts and not _is_date(texts["until"]):
        parts["until"].wrong("until must be a date", "write it as 2027-12-31")
    else:
        return WaiverSaid(
            check,
            reason,
            lists.get("resource", ()),
            lists.get("device", ()),
            lists.get("agent", ()),
            texts.get("message"),
            texts.get("until"),
            severity,
            item.position,
        )
    return None


def _is_date(text: str | None) -> bool:
    from datetime import date  # only where a waiver ends

    try:
        return text is not None and date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
