"""From platforms to files: a target with its options, checked, and made in memory."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import PurePosixPath

from scmigen.assignment.given import Given, Outputs
from scmigen.checks.alike import alike
from scmigen.data import replace
from scmigen.diagnostics import (
    Diagnostic,
    Finding,
    InputError,
    Related,
    Severity,
    has_errors,
)
from scmigen.hints import Any
from scmigen.model.joint import joint
from scmigen.model.platform import MANY, Model, Platform
from scmigen.plugins import PluginError, every, guarded
from scmigen.targets import registry
from scmigen.targets.base import Many, Options, Target
from scmigen.targets.common.files import File
from scmigen.targets.limits import check_limits
from scmigen.targets.options import OUTPUT_UNKNOWN, options_in, raw_options, read_options
from scmigen.tuples import NamedTuple

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


class Build(NamedTuple):
    """The files of several outputs, their diagnostics, and the files that their options had them
    read, in the order of their paths."""

    files: tuple[File, ...]
    diagnostics: tuple[Diagnostic, ...]
    read: tuple[str, ...]


class _Output(NamedTuple):
    """A target with its options, which are the same for all that one build does with it."""

    target: Target[Any]
    options: Options


def _output(given: Outputs, name: str, overrides: Overrides | None = None) -> _Output:
    """Raises `InputError` where the target cannot be loaded."""
    target = registry.find(name)
    options: Options = options_in(given, target.name, target.options, target.inherits)
    over: Mapping[str, Any] = (overrides or {}).get(target.name, {})
    return _Output(target, replace(options, **over) if over else options)


def options_of(
    platform: Platform, target: Target[Any], overrides: Overrides | None = None
) -> Options:
    """The options of a target as the agents file has them, wrong ones at their defaults."""
    return _output(platform.options.outputs, target.name, overrides).options


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
        run = partial(_checks_of_options, target, options, model)
        found.extend(_of(target, target.check_options, run))
    return tuple(found)


def _checks_of_options(target: Target[Any], given: Given, model: Model) -> Iterator[Diagnostic]:
    typed, wrong = read_options(given, target.options)
    yield from wrong
    yield from every(target.check_options(model.platforms, typed))


def outputs_asked(model: Model) -> tuple[str, ...]:
    """The outputs that agents files ask for: ``scp`` by its option ``target``, and each that is not
    of the default set by having options at all."""
    given, _ = raw_options(model.assignment.options.outputs)
    return tuple(
        name
        for name, options in given.items()
        if registry.exists(name) and (name not in registry.DEFAULT or "target" in options.entries)
    )


def check_outputs(model: Model, wanted: Sequence[str], explicit: bool) -> Iterator[Diagnostic]:
    """What the outputs ``wanted`` find on all platforms; no files are made. ``explicit`` as for
    `make_outputs`."""
    yield from registry.rivals(wanted)
    for name in wanted:
        try:
            output = _output(model.assignment.options.outputs, name)
        except InputError as problem:
            yield from problem.diagnostics
            continue
        if _is_for_each(model, output) and not explicit:
            continue
        told: list[Sequence[Diagnostic]] = []
        for platform, _ in _places(model, output):
            found = _found(platform, output)
            out = has_errors(found) and not explicit
            told.append([_left_out(name, platform, found)] if out else found)
        yield from alike(told)


def make(platform: Platform, name: str, overrides: Overrides | None = None) -> Made:
    """One output of a platform. Raises `InputError` where the target cannot be loaded."""
    return _made(platform, _output(platform.options.outputs, name, overrides))


def _made(platform: Platform, output: _Output) -> Made:
    found = _found(platform, output)
    if has_errors(found):
        return Made((), tuple(found))
    target, options = output
    made = _of(target, target.files, lambda: target.files(platform, options))
    problems = [item for item in made if isinstance(item, Diagnostic)]
    if problems:
        return Made((), (*found, *problems))
    return Made(tuple(sorted(made, key=lambda file: file.path)), tuple(found))


def _found(platform: Platform, output: _Output) -> list[Diagnostic]:
    return _of(output.target, output.target.check, lambda: _checks(platform, output))


def _checks(platform: Platform, output: _Output) -> Iterator[Diagnostic]:
    yield from check_limits(platform, output.target.limits)
    yield from every(output.target.check(platform, output.options))


def _of(
    target: Target[Any],
    part: object,
    run: Callable[[], Iterable[Any]],
    kinds: tuple[type, ...] = (File, Diagnostic),
) -> list[Any]:
    """What ``run`` makes by a part of a target; an exception of another package is an error, and so
    is what is none of ``kinds``."""
    if registry.is_built_in(target.name):
        return list(run())
    found: list[Any] = []
    try:
        guarded(lambda: _collect(run, found, kinds), part)
    except PluginError as problem:
        package = registry.package(target.name)
        told = f"output {target.name}{f' of {package}' if package else ''} failed with {problem}"
        found.append(TARGET_FAILED.error(told, problem.position))
    return found


def _collect(run: Callable[[], Iterable[Any]], found: list[Any], kinds: tuple[type, ...]) -> None:
    """Add what is of one of ``kinds``, and files that stay below the folder of their output, to
    ``found``."""
    from scmigen.plugin_types import mistyped  # few have outputs of other packages

    paths: dict[PurePosixPath, bool] = {}
    for item in every(run()):
        kind = next((kind for kind in kinds if isinstance(item, kind)), None)
        if kind is None:
            wrong: str | None = f"it yields {type(item).__name__}"
        else:
            wrong = mistyped(item, kind, f"its {kind.__name__.lower()}")
        if wrong:
            raise TypeError(wrong)
        if isinstance(item, File):
            _check_path(item.path, paths)
        found.append(item)


def _check_path(text: str, taken: dict[PurePosixPath, bool]) -> None:
    """Raises `ValueError` for a path that leaves the folder, or that is taken.

    ``taken``: path → whether it is a file, else a folder.
    """
    path = PurePosixPath(text)
    if not path.parts or path.is_absolute() or ".." in path.parts or "\\" in text:
        raise ValueError(f"{text!r} is not a path below the output's folder")
    if not text.isprintable():
        raise ValueError(f"{text!r} has characters that cannot be printed")
    if taken.get(path):
        raise ValueError(f"there are two files {text!r}")
    if path in taken or any(taken.get(folder) for folder in path.parents):
        raise ValueError(f"{text!r} cannot be a file: it is a folder, or below a file")
    taken.update(dict.fromkeys(path.parents, False))
    taken[path] = True


def make_outputs(
    model: Model, wanted: Sequence[str], explicit: bool, overrides: Overrides | None = None
) -> Build:
    """The outputs ``wanted`` of all platforms, each in a folder of its name.

    Where the tree has several SCMI instances each has a folder of its own, and of many as the
    target says (`Many`). ``explicit``: the user named the outputs, so one that cannot hold the
    board is an error; else it is left out.
    """
    outputs = [_output(model.assignment.options.outputs, name, overrides) for name in wanted]
    files: list[File] = []
    diagnostics: list[Diagnostic] = list(registry.rivals(wanted))
    for name, output in zip(wanted, outputs, strict=True):
        if _is_for_each(model, output) and not explicit:
            diagnostics.append(_named_only(name, model))
            continue
        parts: list[tuple[str, tuple[File, ...]]] = []
        told: list[Sequence[Diagnostic]] = []
        for platform, folder in _places(model, output):
            made, found = _made(platform, output)
            if has_errors(found) and not explicit:
                found = (_left_out(name, platform, found),)
            told.append(found)
            parts.append((folder, made))
        diagnostics.extend(alike(told))
        files.extend(_placed(name, parts, output, len(model.platforms) >= MANY))
    read: set[str] = set()
    for output in outputs:
        paths, failed = _read(output)
        read.update(paths)
        diagnostics.extend(failed)
    return Build(tuple(files), tuple(diagnostics), tuple(sorted(read)))


def _is_for_each(model: Model, output: _Output) -> bool:
    """Whether an output would be made once for each of many instances."""
    return len(model.platforms) >= MANY and output.target.many is Many.EACH


def _places(model: Model, output: _Output) -> Sequence[tuple[Platform, str]]:
    """The platforms that an output is made of, and the folder that its own folder is in."""
    many = len(model.platforms) >= MANY
    if many and output.target.many in (Many.APART, Many.JOINT):
        return [(joint(model, output.target.many is Many.APART), "")]
    alone = len(model.platforms) == 1
    return [(each, "" if alone else f"{each.name}/") for each in model.platforms]


def _placed(
    name: str, parts: Sequence[tuple[str, tuple[File, ...]]], output: _Output, many: bool
) -> Iterator[File]:
    """The files of an output in its folders; what many instances have alike is there once."""
    if many and output.target.many is Many.TOGETHER and not _meet(made for _, made in parts):
        parts = [("", made) for _, made in parts]
    once: dict[str, File] = {}
    for folder, made in parts:
        for file in made:
            if many and file.alike:
                once.setdefault(file.path, file.below(name))
            else:
                yield file.below(f"{folder}{name}")
    yield from once.values()


def _meet(parts: Iterable[Sequence[File]]) -> bool:
    """Whether files of two instances have one path, on a system that ignores case, too."""
    paths = [file.path.lower() for made in parts for file in made]
    return len(set(paths)) < len(paths)


def _named_only(name: str, model: Model) -> Diagnostic:
    """A note on an output that would be made for each of many instances."""
    return OUTPUT_LEFT_OUT.note(
        f"no {name} output: the board has {len(model.platforms)} SCMI instances, and {name} is "
        "made for one",
        None,
        [Related(each.node.path, each.node.position) for each in model.inventory.instances],
        f"--emit {name} makes one for each",
    )


def _read(output: _Output) -> tuple[list[str], list[Diagnostic]]:
    """The files that the options of an output have it read, and what went wrong."""
    target, options = output
    found = _of(target, target.reads, lambda: target.reads(options), (str,))
    failed = [item for item in found if isinstance(item, Diagnostic)]
    return ([], failed) if failed else (found, [])


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
