"""From platforms to files: a target with its options, checked, and made in memory."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from traceback import extract_tb
from typing import Any, NamedTuple

import msgspec

from scmigen.diagnostics import (
    Diagnostic,
    Finding,
    InputError,
    Position,
    Related,
    Severity,
    has_errors,
)
from scmigen.model.platform import Model, Platform
from scmigen.targets import registry
from scmigen.targets.base import Options, Target
from scmigen.targets.common.files import File
from scmigen.targets.limits import check_limits
from scmigen.targets.options import OUTPUT_UNKNOWN, options_in, raw_options, read_options

OUTPUT_LEFT_OUT = Finding(
    "output-left-out",
    "An output of the default set cannot hold the board and is left out.",
    "Name it with --emit to see why as errors.",
    Severity.WARNING,
)
TARGET_FAILED = Finding(
    "target-failed",
    "An output of another package raised an exception, or made something else than files.",
    "Report it to the authors of that package.",
    switchable=False,
)

#: Output → option → value, in place of what the agents file says.
Overrides = Mapping[str, Mapping[str, object]]


class Made(NamedTuple):
    """The files of an output, sorted by path, and its diagnostics; no files after an error."""

    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]


def options_of(
    platform: Platform, target: Target[Any], overrides: Overrides | None = None
) -> Options:
    """The options of a target as the agents file has them, wrong ones at their defaults."""
    options: Options = options_in(
        platform.options.outputs, target.name, target.options, target.inherits
    )
    over = (overrides or {}).get(target.name, {})
    return msgspec.structs.replace(options, **over) if over else options


def option_problems(model: Model) -> tuple[Diagnostic, ...]:
    """Problems of the options of outputs in agents files, whichever outputs are requested."""
    given, problems = raw_options(model.assignment.options.outputs)
    found = list(problems)
    for name, options in given.items():
        if not registry.exists(name):
            hint = registry.unknown_hint(name)
            found.append(OUTPUT_UNKNOWN.error(f"no output {name!r}", options.key, hint=hint))
            continue
        try:
            target = registry.find(name)
        except InputError as problem:
            found.extend(problem.diagnostics)
            continue
        typed, wrong = read_options(options, target.options)
        found.extend(wrong)
        found.extend(_guarded(target, lambda t, o: t.check_options(model.platforms, o), typed))
    return tuple(found)


def make(platform: Platform, name: str, overrides: Overrides | None = None) -> Made:
    """One output of a platform. Raises `InputError` where the target cannot be loaded."""
    target = registry.find(name)
    options = options_of(platform, target, overrides)
    checks = _guarded(target, lambda t, o: t.check(platform, o), options)
    found = (*check_limits(platform, target.limits), *checks)
    if has_errors(found):
        return Made((), found)
    made = list(_guarded(target, lambda t, o: t.files(platform, o), options))
    problems = [item for item in made if isinstance(item, Diagnostic)]
    if problems:
        return Made((), (*found, *problems))
    return Made(tuple(sorted(made, key=lambda file: file.path)), found)


def _guarded(target: Target[Any], run: Any, options: Options) -> Iterator[Any]:
    """What a part of a target makes; an exception of another package's target is an error."""
    if registry.is_built_in(target.name):
        yield from run(target, options)
        return
    paths: set[str] = set()
    try:
        for item in run(target, options):
            yield _checked(item, paths)
    # The code of others may raise anything.
    except Exception as problem:
        *_, last = extract_tb(problem.__traceback__)
        yield TARGET_FAILED.error(
            f"output {target.name} failed with {type(problem).__name__}: {problem}",
            Position(last.filename, last.lineno or 0),
        )


def _checked(item: object, paths: set[str]) -> object:
    """A diagnostic, or a file that stays below the folder of its output; ``paths`` are taken."""
    if isinstance(item, File):
        if item.path in paths:
            raise ValueError(f"there are two files {item.path!r}")
        paths.add(item.path)
        path = PurePosixPath(item.path)
        if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in item.path:
            raise ValueError(f"{item.path!r} is not a path below the output's folder")
        return item
    if not isinstance(item, Diagnostic):
        raise TypeError(f"it yields {type(item).__name__}")
    return item


def make_outputs(
    model: Model, wanted: Sequence[str], explicit: bool, overrides: Overrides | None = None
) -> Made:
    """The outputs ``wanted`` of all platforms, each in a folder of its name.

    Where the tree has several SCMI instances each has a folder of its own. ``explicit``: the user
    named the outputs, so one that cannot hold the board is an error; else it is left out.
    """
    files: list[File] = []
    diagnostics: list[Diagnostic] = []
    for platform in model.platforms:
        folder = f"{platform.name}/" if len(model.platforms) > 1 else ""
        for name in wanted:
            made, found = make(platform, name, overrides)
            if has_errors(found) and not explicit:
                found = (_left_out(name, platform, found),)
            diagnostics.extend(found)
            files.extend(file.below(f"{folder}{name}") for file in made)
    return Made(tuple(files), tuple(diagnostics))


def _left_out(name: str, platform: Platform, found: Iterable[Diagnostic]) -> Diagnostic:
    """One warning for an output, with every reason and one way out of each kind of them."""
    reasons = [item for item in found if has_errors([item])]
    ways = {item.id: item.hint for item in reversed(reasons) if item.hint}
    return OUTPUT_LEFT_OUT.warning(
        f"no {name} output for {platform.name}: {name} cannot hold this board",
        None,
        [Related(item.message, item.position) for item in reasons],
        "; ".join((*reversed(ways.values()), f"--emit {name} makes this an error")),
    )
