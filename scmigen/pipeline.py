"""The stages in order: the one place to read the whole way from a board to its files.

text → tree → inventory → platform → checks → files
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from scmigen.assignment.assignment import Switch
from scmigen.assignment.given import NO_OUTPUTS
from scmigen.assignment.sources import Sources, assign
from scmigen.checks.registry import run_checks
from scmigen.checks.switches import NOTHING, Asked, switched, unknown
from scmigen.devicetree.findings import FILE_UNREADABLE
from scmigen.devicetree.load import load_board
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import (
    Diagnostic,
    Finding,
    InputError,
    Position,
    Related,
    counted,
    has_errors,
)
from scmigen.model.build import build
from scmigen.model.identifiers import Lock
from scmigen.model.lockfile import format_lock, parse_lock
from scmigen.model.platform import Model, Platform
from scmigen.runtime import ConfigurationError, Numbering, decode
from scmigen.targets.registry import DEFAULT

if TYPE_CHECKING:
    from scmigen.targets.make import Made, Overrides

PLATFORM_EXTRA = Finding(
    "platform-extra",
    "What platform.extra adds does not fit the runtime configuration.",
    "Compare it with runtime.schema.json; a new thing needs all that its kind must have.",
    switchable=False,
)

SERVER_INVALID = Finding(
    "server-invalid",
    "The board that describes the server has errors of its own.",
    "Correct that board first.",
    switchable=False,
)
RUNTIME_INVALID = Finding(
    "runtime-invalid",
    "The server's description is no runtime configuration.",
    "Name a runtime.json that scmigen build wrote.",
    switchable=False,
)

#: The outputs of ``scmigen build`` without ``--emit``.
DEFAULT_OUTPUTS = DEFAULT


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks for: the board's file, the agents files, how to read and number them.

    ``trees`` are the agents' own trees, by name. ``repack``: number everything anew, whatever the
    lock file has. ``asked`` are checks switched on the command line. ``overlays`` are laid over
    the board, in order. ``against``: the description of a server (a runtime configuration, or a
    board that is compiled to one) to hold the board against; ``agent`` is whose tree the board is.
    """

    board: Path
    agents: tuple[Path, ...] = ()
    include_dirs: tuple[Path, ...] = ()
    defines: tuple[str, ...] = ()
    numbering: Numbering = Numbering.SHARED
    ids: Path | None = None
    trees: tuple[tuple[str, Path], ...] = ()
    repack: bool = False
    asked: Asked = NOTHING
    overlays: tuple[Path, ...] = ()
    against: Path | None = None
    agent: str | None = None


@dataclass(frozen=True, slots=True)
class Compiled:
    """A board after all checks. ``files`` are all files that were read."""

    model: Model
    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]

    @property
    def moved(self) -> bool:
        """Whether the tree fixes a number that the lock file has otherwise."""
        return bool(self.model.findings.moved)


def compile_board(request: Request) -> Compiled:
    """From files to a checked model. Raises `InputError` where the input cannot be understood."""
    tree = _load(request, request.board, request.overlays)
    sources = Sources(
        [(str(path), _read_text(path)) for path in request.agents],
        {name: _load(request, path) for name, path in request.trees},
    )
    inventory, assignment = assign(tree, sources)
    lock = _read_lock(request.ids)
    model = build(inventory, assignment, lock, request.numbering, request.repack)
    read = dict.fromkeys((*tree.files, *map(str, request.agents)))
    for own in sources.trees.values():
        read.update(dict.fromkeys(own.files))
    checked = (*tree.warnings, *run_checks(model), *extra_problems(model), *_option_problems(model))
    if request.against is not None:
        checked += _held_against(request, request.against, model)
        read.setdefault(str(request.against))
    found = switched(checked, assignment.switches, request.asked)
    return Compiled(model, (*_unknown(assignment.switches), *found), tuple(read))


def _unknown(switches: Sequence[Switch]) -> tuple[Diagnostic, ...]:
    """What is wrong with the switches of agents files."""
    if not switches:
        return ()
    # What outputs find is known only where they are.
    from scmigen.explain import switchable

    return tuple(unknown(switches, switchable()))


def extra_problems(model: Model) -> tuple[Diagnostic, ...]:
    """Whether what no tree says (``platform.extra``) fits what the tree says."""
    extra = model.assignment.options.extra
    if extra is None:
        return ()
    from scmigen.targets.runtime.configuration import to_runtime

    try:
        to_runtime(model.platforms[0])
    except ConfigurationError as problem:
        hint = "it has the form of runtime.json, with names in place of lists: docs/agents.md"
        return (PLATFORM_EXTRA.error(str(problem), extra.position, hint=hint),)
    return ()


def _option_problems(model: Model) -> tuple[Diagnostic, ...]:
    """What is wrong with the options of outputs in agents files."""
    if model.assignment.options.outputs == NO_OUTPUTS:
        return ()
    from scmigen.targets.make import option_problems

    return option_problems(model)


def _held_against(request: Request, path: Path, model: Model) -> tuple[Diagnostic, ...]:
    """What does not fit between the board and a server: a runtime configuration, or the board that
    describes the server, the errors of which are told too."""
    # A server is read only if one is named.
    from scmigen.checks.against import compare

    if path.suffix == ".json":
        try:
            server = decode(_read_text(path).encode())
        except ConfigurationError as problem:
            told = RUNTIME_INVALID.error(str(problem), Position(str(path)))
            raise InputError([told]) from None
        return compare(model, server, str(path), request.agent)
    from scmigen.targets.runtime.configuration import to_runtime

    board = Request(path, include_dirs=request.include_dirs, defines=request.defines)
    compiled = compile_board(board)
    found = list(_server_errors(path, compiled.diagnostics))
    for platform in _alike(compiled.model.platforms, model):
        try:
            server = to_runtime(platform)
        except ConfigurationError as problem:
            found.append(RUNTIME_INVALID.error(str(problem), Position(str(path))))
        else:
            found.extend(compare(model, server, str(path), request.agent))
    return tuple(found)


def _alike(servers: Sequence[Platform], model: Model) -> Sequence[Platform]:
    """Of several platforms of a server's board, those that the board's own may be."""
    names = {platform.name for platform in model.platforms}
    return [server for server in servers if server.name in names] or servers[:1]


def _server_errors(path: Path, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    errors = [item for item in diagnostics if has_errors([item])]
    if errors:
        yield SERVER_INVALID.error(
            f"the board of the server has {counted(len(errors), 'error')} of its own, so no server "
            "can be built from it",
            Position(str(path)),
            [Related(f"{item.id}: {item.message}", item.position) for item in errors],
            f"scmigen check {path} explains them",
        )


def _load(request: Request, path: Path, overlays: tuple[Path, ...] = ()) -> DeviceTree:
    return load_board(path, overlays, request.include_dirs, request.defines)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not UTF-8 text"
        raise InputError([FILE_UNREADABLE.error(reason, Position(str(path)))]) from None


def _read_lock(path: Path | None) -> Lock | None:
    """The lock file; none where it does not exist yet."""
    if path is None or not path.exists():
        return None
    return parse_lock(_read_text(path), str(path))


def lock_text(compiled: Compiled) -> str:
    """The lock file after this compilation."""
    return format_lock(compiled.model.lock)


def emit_outputs(
    model: Model,
    wanted: Sequence[str],
    explicit: bool,
    asked: Asked = NOTHING,
    overrides: "Overrides | None" = None,
) -> "Made":
    """The files of the outputs ``wanted``, each in its folder, and what could not be made.

    ``explicit``: the user named the outputs, so one that cannot hold the board is an error; else it
    is left out. Notes and warnings can be switched like checks. ``overrides``: options given in
    place of those in the agents file.
    """
    # Targets are imported only where there are outputs to make.
    from scmigen.targets.make import Made, make_outputs

    files, diagnostics = make_outputs(model, wanted, explicit, overrides)
    found = switched(diagnostics, model.assignment.switches, asked, final=True)
    return Made(files, found)
