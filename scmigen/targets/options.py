"""Options of targets: from what the agents file says, as written, to the typed options of a target.

Every key and value is compared with the fields of the target's `Options`; each problem is reported
at its own line. Several files are united; an option that is given twice is a problem.
"""

from collections.abc import Mapping

from scmigen.assignment.findings import OPTION_DIFFERS
from scmigen.assignment.given import Given, Outputs
from scmigen.data import replace
from scmigen.diagnostics import Diagnostic, Finding, Related, Severity
from scmigen.hints import TypeVar
from scmigen.targets.base import Options
from scmigen.tuples import NamedTuple

OUTPUT_OPTION = Finding(
    "output-option",
    "An option of an output is misspelt, or its value is wrong.",
    "Correct it; docs/reference/agents.md and the page of the output list its options.",
    switchable=False,
)
OUTPUT_UNKNOWN = Finding(
    "output-unknown",
    "The agents file has options for an output that does not exist.",
    "Correct the name, or install the package that brings the output.",
    switchable=False,
)
OPTION_UNUSED = Finding(
    "option-unused",
    "An option of an output applies to nothing on the board.",
    "Correct its name, or remove it.",
    Severity.WARNING,
)
OPTION_MOVED = Finding(
    "option-moved",
    "A key of platform is an option of an output now.",
    "Move it below outputs, as the message says; until then it keeps working.",
    Severity.NOTE,
)

#: Key of ``platform`` → the outputs whose option it is now, under the same name.
MOVED: Mapping[str, tuple[str, ...]] = {
    "target": ("scp",),
    "trip-points": ("scp", "runtime"),
    "fast-channels": ("scp",),
    "drivers": ("scp",),
}

OptionsT = TypeVar("OptionsT", bound=Options)


class Raw(NamedTuple):
    """Options by output, as written, and problems of their place in the file."""

    given: Mapping[str, Given]
    problems: tuple[Diagnostic, ...]


def raw_options(outputs: Outputs) -> Raw:
    """The options of all files in one, those that were keys of ``platform`` among them."""
    problems: list[Diagnostic] = []
    found = Given({})
    for file in outputs.given:
        if not isinstance(file.value, Mapping):
            problems.append(_no_mapping("outputs", file))
        for name, given in file.entries.items():
            if isinstance(given.value, Mapping):
                found = _united(found, Given({name: given}), problems)
            else:
                problems.append(_no_mapping(f"outputs.{name}", given))
    for file in outputs.former:
        for key, given in file.entries.items():
            problems.append(_moved(key, given))
            for name in MOVED[key]:
                found = _united(found, Given({name: Given({key: given})}), problems)
    return Raw(found.entries, tuple(dict.fromkeys(problems)))


def _no_mapping(what: str, given: Given) -> Diagnostic:
    return OUTPUT_OPTION.error(
        f"{what} must be a mapping", given.position, hint="write key: value pairs"
    )


def _moved(key: str, given: Given) -> Diagnostic:
    new = ", ".join(f"{name}: {{{key}: …}}" for name in MOVED[key])
    return OPTION_MOVED.note(
        f"platform.{key} is an option of {' and '.join(MOVED[key])} now",
        given.key,
        hint=f"outputs: {{{new}}}",
    )


def _united(one: Given, other: Given, problems: list[Diagnostic]) -> Given:
    """Two mappings in one; two different values of one option are a problem."""
    found = dict(one.entries)
    for key, given in other.entries.items():
        first = found.setdefault(key, given)
        if first is given:
            continue
        if isinstance(first.value, Mapping) and isinstance(given.value, Mapping):
            found[key] = _united(first, given, problems)
        elif not _same(first, given):
            problems.append(
                OPTION_DIFFERS.error(
                    f"{key} is given twice with different values",
                    given.key,
                    [Related("the first", first.key)],
                    "say it once, or the same in both",
                )
            )
    return replace(one, value=found)


def _same(one: Given, other: Given) -> bool:
    if isinstance(one.value, tuple) and isinstance(other.value, tuple):
        return len(one.value) == len(other.value) and all(map(_same, one.value, other.value))
    return one.value == other.value


def read_options(given: Given, kind: type[OptionsT]) -> tuple[OptionsT, tuple[Diagnostic, ...]]:
    """The options in a mapping; a wrong one gets its default and a diagnostic."""
    if not given.entries:
        return kind(), ()
    from scmigen.targets.option_reader import Reader  # most outputs have no options

    reader = Reader()
    values = reader.fields(given, kind, ())
    problems = (
        OUTPUT_OPTION.error(message, position, hint=hint)
        for message, position, hint in reader.problems
    )
    return kind(**values, positions=reader.positions), tuple(problems)


def options_in(
    outputs: Outputs, name: str, kind: type[OptionsT], above: str | None = None
) -> OptionsT:
    """The options of one output, wrong ones at their defaults.

    ``above``: the output whose options apply where this one has none of its own.
    """
    given = raw_options(outputs).given
    own = given.get(name, Given({}))
    if above is not None and above in given:
        from scmigen.targets.option_types import options_of

        keys = {option.key for option in options_of(kind)}
        wider = {key: value for key, value in given[above].entries.items() if key in keys}
        own = replace(own, value=wider | dict(own.entries))
    return read_options(own, kind)[0]


def unsupported(kind: type[Options]) -> str | None:
    """Why a class cannot be the options of a target; ``None`` if it can."""
    if not issubclass(kind, Options):
        return f"its options are {kind.__name__}, not a class of Options"
    from scmigen.targets.option_types import Grouped, options_of, unreadable

    for option in options_of(kind):
        if option.required:
            return f"its option {option.key} has no default"
    wrong = next(unreadable(Grouped(of=kind), "", ()), None)
    if wrong is None:
        kind()
    return wrong
