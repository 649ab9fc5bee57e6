"""Diagnostics in the forms that other programs read: JSON, SARIF 2.1.0, GitHub annotations, GitLab
code quality, JUnit XML.

The text form is `scmigen.diagnostics.format_text`.
"""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from scmigen.cli.junit import as_junit
from scmigen.diagnostics import (
    Diagnostic,
    Finding,
    Position,
    Severity,
    Waiver,
    related_lines,
    to_dict,
)
from scmigen.escape import github_data, github_property, json_text, plain
from scmigen.hints import Any
from scmigen.version import __version__

_SARIF_SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

#: The command of a workflow that makes an annotation.
_COMMANDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTE: "notice"}

_GITLAB = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.NOTE: "info"}


def as_json(diagnostics: Sequence[Diagnostic]) -> str:
    """An array with one object per diagnostic."""
    return json_text(json.dumps([to_dict(item) for item in diagnostics], indent=1))


def as_sarif(diagnostics: Sequence[Diagnostic]) -> str:
    """One log with one run: every finding of the package as a rule, one result per diagnostic.

    A diagnostic brings its own finding, so a rule is there for each of them in any case.
    """
    # Only this form needs the whole registry.
    from scmigen.explain import findings

    rules = findings() | {item.id: item.finding for item in diagnostics}
    index = {identifier: at for at, identifier in enumerate(rules)}
    run = {
        "tool": {
            "driver": {
                "name": "scmigen",
                "version": __version__,
                "rules": [_rule(identifier, said) for identifier, said in rules.items()],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(item, index[item.id]) for item in diagnostics],
    }
    log = {"$schema": _SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}
    return json_text(json.dumps(log, indent=1))


def _rule(identifier: str, said: Finding) -> dict[str, Any]:
    return {
        "id": identifier,
        "shortDescription": _message(said.about),
        "help": _message(said.advice),
    }


def _result(item: Diagnostic, rule: int) -> dict[str, Any]:
    result: dict[str, Any] = {
        "ruleId": item.id,
        "ruleIndex": rule,
        "level": item.severity.word,
        "message": _message(_with_hint(item.message, item.hint)),
    }
    if item.position is not None:
        result["locations"] = [{"physicalLocation": _physical(item.position, item.excerpt)}]
    related = []
    for number, place in enumerate(item.related):
        location: dict[str, Any] = {"id": number, "message": _message(place.message)}
        if place.position is not None:
            location["physicalLocation"] = _physical(place.position)
        related.append(location)
    if related:
        result["relatedLocations"] = related
    if item.hint:
        result["properties"] = {"hint": item.hint}
    if item.waiver is not None:
        result["suppressions"] = [_suppression(item.waiver)]
    return result


def _suppression(waiver: Waiver) -> dict[str, Any]:
    """What a viewer hides a result for (3.35); the reason is that of the user."""
    found: dict[str, Any] = {"kind": "external", "justification": waiver.reason}
    if waiver.position is not None:
        found["location"] = {"physicalLocation": _physical(waiver.position)}
    if waiver.until is not None:
        found["properties"] = {"until": waiver.until}
    return found


def _with_hint(message: str, hint: str | None) -> str:
    return f"{message}\nhint: {hint}" if hint else message


def _message(text: str) -> dict[str, str]:
    """A message object; its braces are doubled, for single ones hold placeholders (3.11.5)."""
    return {"text": text.replace("{", "{{").replace("}", "}}")}


def _physical(position: Position, excerpt: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = {"artifactLocation": {"uri": _uri(position.file)}}
    if position.line:
        found["region"] = _region(position, excerpt)
    return found


def _region(position: Position, excerpt: str | None) -> dict[str, Any]:
    """The place; with an excerpt it is all from there to the end of what the excerpt shows."""
    region: dict[str, Any] = {"startLine": position.line}
    if position.column:
        region["startColumn"] = position.column
        line, _, caret = (excerpt or "").partition("\n")
        snippet = line[caret.find("^") :] if caret else ""
        if snippet:
            region["endColumn"] = position.column + len(snippet)
            region["snippet"] = {"text": snippet}
    return region


def _uri(file: str) -> str:
    """A relative reference below the working directory, else a ``file:`` address."""
    path = Path(_relative(file))
    # Bytes, for a name need not be UTF-8.
    quoted = quote(os.fsencode(path.as_posix()))
    return f"file://{quoted}" if path.is_absolute() else quoted


def _relative(file: str) -> str:
    """The path as seen from the working directory, where the file is below that."""
    path = Path(file)
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else file


def as_github(diagnostics: Sequence[Diagnostic]) -> str:
    """One workflow command per diagnostic, each on a line of its own."""
    return "\n".join(map(_command, diagnostics))


def _command(item: Diagnostic) -> str:
    properties: dict[str, object] = {}
    if item.position is not None:
        properties["file"] = _relative(item.position.file)
        if item.position.line:
            properties["line"] = item.position.line
            if item.position.column:
                properties["col"] = item.position.column
    properties["title"] = item.id
    settings = ",".join(f"{key}={github_property(str(it))}" for key, it in properties.items())
    text = _with_hint("\n".join((item.message, *related_lines(item))), item.hint)
    return f"::{_COMMANDS[item.severity]} {settings}::{github_data(text)}"


def as_gitlab(diagnostics: Sequence[Diagnostic]) -> str:
    """A code quality report: an array with one object per diagnostic."""
    # Few runs need a digest.
    from hashlib import sha256

    seen: dict[tuple[str, ...], int] = {}
    found = []
    for item in diagnostics:
        path, line = _shown_at(item)
        # A line number is no part of it: a finding whose line has moved is no new one.
        same = (item.id, path, item.message)
        seen[same] = seen.get(same, 0) + 1
        key = json.dumps([*same, seen[same]])
        found.append(
            {
                "description": plain(_with_hint(item.message, item.hint).replace("\n", "; ")),
                "check_name": item.id,
                "fingerprint": sha256(key.encode()).hexdigest(),
                "severity": _GITLAB[item.severity],
                "location": {"path": path, "lines": {"begin": line}},
            }
        )
    return json_text(json.dumps(found, indent=1))


def _shown_at(item: Diagnostic) -> tuple[str, int]:
    """The path and line that a finding is shown at; every one must have them."""
    places = [item.position, *(place.position for place in item.related)]
    place = next(filter(None, places), None) or Position(".")
    return plain(os.path.normpath(_relative(place.file))), place.line or 1


#: Form → all diagnostics in it. But for annotations, each is one document even of nothing.
WRITERS: Mapping[str, Callable[[Sequence[Diagnostic]], str]] = {
    "json": as_json,
    "sarif": as_sarif,
    "github": as_github,
    "gitlab": as_gitlab,
    "junit": as_junit,
}
