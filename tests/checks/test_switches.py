"""Checks switched by the user: in the agents file with a reason, on the command line without."""

import pytest
from assigned import assigned
from support import AGENTS, TWO_AGENTS, soc

from scmigen.assignment.assignment import Switch
from scmigen.checks.switches import Asked, switched, unknown
from scmigen.diagnostics import Diagnostic, Finding, InputError, Position
from scmigen.explain import switchable


def finding(name: str) -> Finding:
    return Finding(name, "Something is wrong.", "Repair it.")


FOUND = (
    finding("reset-shared").error("one"),
    finding("rate-twice").warning("two"),
    finding("operation-withdrawn").note("three"),
)


def left(switches: dict[str, str] | None = None, **asked: list[str]) -> dict[str, str]:
    """Check → severity, of what is left of `FOUND`."""
    words = {name: frozenset(value) for name, value in asked.items()}
    given = [Switch(name, word, "because") for name, word in (switches or {}).items()]
    return {item.id: item.severity.word for item in switched(FOUND, given, Asked(**words))}


ALL = {"reset-shared": "error", "rate-twice": "warning", "operation-withdrawn": "note"}


def without(*names: str) -> dict[str, str]:
    return {name: word for name, word in ALL.items() if name not in names}


def test_nothing_is_switched() -> None:
    assert left() == ALL


def test_off_on_the_command_line() -> None:
    assert left(off=["rate-twice", "operation-withdrawn"]) == {"reset-shared": "error"}


def test_an_error_stays_without_a_reason() -> None:
    """And it says how it would go."""
    (found,) = switched(FOUND[:1], [], Asked(off=frozenset({"reset-shared"})))
    assert found.severity.word == "error"
    assert "checks: {reset-shared: {severity: off, reason: …}}" in found.related[0].message


def test_errors_on_the_command_line() -> None:
    assert left(errors=["operation-withdrawn"]) == {**ALL, "operation-withdrawn": "error"}
    # An error is not switched off again.
    assert left(errors=["rate-twice"], off=["rate-twice"]) == {**ALL, "rate-twice": "error"}


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("word", ["note", "warning", "error"])
def test_the_agents_file_may_do_anything(name: str, word: str) -> None:
    assert left({name: word}) == {**ALL, name: word}


@pytest.mark.parametrize("name", ALL)
def test_the_agents_file_switches_off(name: str) -> None:
    assert left({name: "off"}) == without(name)


def test_the_command_line_has_the_last_word() -> None:
    assert left({"rate-twice": "off"}, on=["rate-twice"]) == ALL
    assert left({"rate-twice": "note"}, errors=["rate-twice"]) == {**ALL, "rate-twice": "error"}
    # What the file made a warning may go like any warning.
    assert left({"reset-shared": "warning"}, off=["reset-shared"]) == without("reset-shared")


def test_what_cannot_be_made_is_not_talked_away() -> None:
    """An output that cannot hold the board stays an error, whatever reason there is."""
    found = [finding("scp-limit").error("one"), finding("scp-parent").warning("two")]
    switches = [Switch("scp-limit", "off", "y"), Switch("scp-parent", "off", "y")]
    assert switched(found, switches, Asked(), final=True) == (found[0],)
    off = Asked(off=frozenset({"scp-limit", "scp-parent"}))
    assert switched(found, [], off, final=True) == (found[0],)
    asked = Asked(errors=frozenset({"scp-parent"}))
    raised = switched(found, [], asked, final=True)
    assert [item.severity.word for item in raised] == ["error", "error"]


def test_the_reason_goes_with_the_finding() -> None:
    where = Position(AGENTS, 3, 1)
    switch = Switch("reset-shared", "note", "the second user is never started", where)
    (found,) = switched(FOUND[:1], [switch], Asked())
    assert found.related[0].message == "note because: the second user is never started"
    assert found.related[0].position == where


def test_a_check_that_does_not_exist() -> None:
    where = Position(AGENTS, 3, 1)
    (found,) = unknown([Switch("reset-shard", "off", "x", where)], switchable())
    assert (found.id, found.severity.word, found.position) == ("check-unknown", "error", where)
    assert (found.hint or "").startswith("did you mean reset-shared")


def test_what_can_be_switched() -> None:
    """Checks, what reading a board finds, what outputs find; not what stops the run."""
    found = switchable()
    assert {"reset-shared", "glob-unmatched", "phandle-dangling", "scp-parent"} <= set(found)
    assert {"output-left-out", "dts-truncated"} <= set(found)
    assert not {"file-unreadable", "agents-file", "lock-syntax", "check-unknown"} & set(found)


def read(text: str) -> tuple[Switch, ...]:
    return assigned(soc(""), TWO_AGENTS + text).switches


def test_in_the_agents_file() -> None:
    text = 'checks:\n  rate-twice: {severity: off, reason: "one driver only"}\n'
    (found,) = read(text)
    assert (found.word, found.severity, found.reason) == ("rate-twice", "off", "one driver only")
    assert found.position is not None
    assert found.position.line == TWO_AGENTS.count("\n") + 2


WRONG = [
    ("checks: {x: {severity: off}}", "check x needs a reason"),
    ("checks: {x: {severity: off, reason: ' '}}", "check x needs a reason"),
    ("checks: {x: {reason: y}}", "check x needs a severity"),
    ("checks: {x: {severity: of, reason: y}}", "severity cannot be 'of'"),
    ("checks: {x: off}", "check x must be a mapping"),
    ("checks: [x]", "checks must be a mapping"),
    ("checks: {x: {severity: off, reason: [y]}}", "reason must be a string"),
    ("checks: {x: {severity: off, reason: y, why: z}}", "check x has no key 'why'"),
]


@pytest.mark.parametrize(("text", "message"), WRONG)
def test_mistake(text: str, message: str) -> None:
    with pytest.raises(InputError) as raised:
        read(text)
    found: list[Diagnostic] = list(raised.value.diagnostics)
    assert [item.message for item in found] == [message]
