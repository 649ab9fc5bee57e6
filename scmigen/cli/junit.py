"""Diagnostics as JUnit XML, which test reports of CI systems show: a test suite for each board.

A finding is a test case: it fails if it is an error, else it passes and has its text as output.
Where nothing was found, one case passes.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from html import escape as markup

from scmigen import escape
from scmigen.cli.declare import running
from scmigen.diagnostics import Diagnostic, Severity, format_text


def as_junit(diagnostics: Sequence[Diagnostic]) -> str:
    """A document with one suite, which has the name of the board that the command reads."""
    asked = running()
    given = {} if asked is None else asked.values
    names = (given.get(key) for key in ("board", "source", "named"))
    board = next(filter(None, names), "scmigen")
    return suites({os.fspath(board): diagnostics})


def suites(found: Mapping[str, Sequence[Diagnostic]]) -> str:
    """A document with the diagnostics of several boards, by their names."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>"]
    for board, diagnostics in found.items():
        lines += _suite(board, diagnostics)
    text = "\n".join([*lines, "</testsuites>"])
    # Whatever the encoding of the stream is, these bytes are what the first line says.
    return text.encode("ascii", "xmlcharrefreplace").decode()


def _suite(board: str, found: Sequence[Diagnostic]) -> Iterator[str]:
    failed = sum(item.severity is Severity.ERROR for item in found)
    numbers = {"tests": len(found) or 1, "failures": failed, "errors": 0, "skipped": 0}
    yield _tag("testsuite", name=board, **numbers, time=0)
    if not found:
        asked = running()
        quiet = asked is not None and asked.values.get("quiet")  # then only errors are here
        name = "no errors" if quiet else "no findings"
        yield f"{_tag('testcase', name=name, classname='scmigen', time=0)}</testcase>"
    names: dict[str, int] = {}
    for item in found:
        # The name is the same on the next run; the position is not.
        times = names[item.message] = names.get(item.message, 0) + 1
        yield _case(item, item.message if times == 1 else f"{item.message} ({times})")
    yield "</testsuite>"


def _case(item: Diagnostic, name: str) -> str:
    case = _tag("testcase", name=name, classname=f"scmigen.{item.id}", time=0)
    # The position is in the text: Jenkins takes no report with other attributes (junit-10.xsd).
    text = markup(format_text(item))
    if item.severity is Severity.ERROR:
        failure = _tag("failure", type=item.id, message=item.message)
        return f"{case}{failure}{text}</failure></testcase>"
    return f"{case}<system-out>{text}</system-out></testcase>"


def _tag(element: str, **attributes: object) -> str:
    """A start tag. `escape.line` leaves only characters that XML 1.0 (2.2) can have."""
    words = (f'{key}="{markup(escape.line(str(value)))}"' for key, value in attributes.items())
    return f"<{' '.join((element, *words))}>"
