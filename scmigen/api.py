"""The library: boards in, platforms, diagnostics and files out.

Functions never print, never exit and never change their arguments. Input that cannot be understood
raises `InputError`, which carries every diagnostic; problems of a board that can be understood are
in ``Result.diagnostics``.
"""

from collections.abc import Callable, Mapping, Sequence
from os import PathLike
from pathlib import Path

from scmigen.assignment.assignment import WaiverSaid
from scmigen.assignment.said import SourceSaid
from scmigen.assignment.sources import Sources
from scmigen.checks.check import Check, Run
from scmigen.checks.check import check as make_check
from scmigen.checks.switches import NOTHING, Asked
from scmigen.data import replace
from scmigen.devicetree.load import load_board
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import (
    Diagnostic,
    Finding,
    InputError,
    Position,
    Related,
    Severity,
    has_errors,
)
from scmigen.hints import TYPE_CHECKING, Any, TypeAlias, overload
from scmigen.inputs import is_directory, is_missing, of_build, read_bytes, read_text
from scmigen.model.identifiers import Lock
from scmigen.model.places import PrefixMap
from scmigen.model.platform import Device, Grant, Model, Platform, Resource
from scmigen.pipeline import (
    DEFAULT_OUTPUTS,
    Against,
    Emitted,
    Request,
    Result,
    compile_board,
    emit_outputs,
    served_against,
)
from scmigen.runtime import ConfigurationError, Numbering
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets import registry
from scmigen.tuples import NamedTuple

__all__ = [
    "Board",
    "Change",
    "Check",
    "Device",
    "DeviceTree",
    "Diagnostic",
    "Emitted",
    "Finding",
    "Grant",
    "InputError",
    "Kind",
    "Model",
    "Numbering",
    "Operation",
    "Platform",
    "Position",
    "Related",
    "Resource",
    "Result",
    "Served",
    "Severity",
    "Source",
    "SourceSaid",
    "Text",
    "check",
    "compile",
    "diff",
    "emit",
    "load",
    "loads",
    "read_server",
]

# Few compare boards, bring readers or have lock files: what only they need is not imported before.
if TYPE_CHECKING:
    from scmigen.assignment.foreign import Source
    from scmigen.migration.carried import Carried
    from scmigen.model.compare import Change, Side
    from scmigen.model.verdict import Comparison
    from scmigen.runtime import Runtime, Served
    from scmigen.topology.listing import Listing
else:

    def __getattr__(name):
        """The types of what they use."""
        if name not in ("Change", "Served", "Source"):
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from scmigen import runtime
        from scmigen.assignment import foreign
        from scmigen.model import compare

        return {"Change": compare.Change, "Served": runtime.Served, "Source": foreign.Source}[name]


#: The first byte of a runtime configuration.
_JSON = b"{"


class Text(NamedTuple):
    """The content of a file that need not exist; positions use ``name``."""

    name: str
    text: str


#: A file: its path, or its content.
File: TypeAlias = str | PathLike[str] | Text
#: A board: its file (DTS or DTB), or a tree that was loaded.
Board: TypeAlias = str | PathLike[str] | DeviceTree
#: A server to hold a board against: its configuration or description, its board, or descriptions of
#: one server, each ``[AGENT=][FORM:]PATH``.
Server: TypeAlias = "Runtime | Served | Board | Sequence[str]"
#: What `diff` compares.
Comparable: TypeAlias = "Result | Runtime | Served | str | PathLike[str]"


def load(
    board: str | PathLike[str],
    *,
    overlays: Sequence[str | PathLike[str]] = (),
    include: Sequence[str | PathLike[str]] = (),
    define: Sequence[str] = (),
) -> DeviceTree:
    """Read a board's device tree: DTS (preprocessed where needed) or DTB, with ``overlays``.

    ``include`` lists directories for the preprocessor and ``/include/``, ``define`` macros as
    ``NAME`` or ``NAME=VALUE``. Raises `InputError`.
    """
    paths = [Path(path) for path in overlays]
    return load_board(Path(board), paths, [Path(path) for path in include], define)


def loads(text: str, name: str = "board.dts") -> DeviceTree:
    """Read DTS source that is already preprocessed; positions name the file ``name``.

    Raises `InputError`.
    """
    from scmigen.devicetree.source import read_source

    return read_source(text, name)


def compile(  # noqa: A001 (the name in the library is scmigen.compile)
    board: Board,
    *,
    agents: File | Sequence[File] = (),
    trees: Mapping[str, Board] | None = None,
    lock: File | None = None,
    numbering: Numbering | str = Numbering.SHARED,
    repack: bool = False,
    overrides: Asked = NOTHING,
    against: "Server | None" = None,
    agent: str | Mapping[str, str] | None = None,
    prefix_map: PrefixMap = (),
    locked: bool = False,
    baseline: File | None = None,
    topology: File | Sequence[File] = (),
) -> Result:
    """Compile a board into its SCMI platform, and check it.

    ``agents``: agents files. ``trees``: agents' own device trees, by agent. ``lock``: the lock file
    that keeps numbers; a path that does not exist yet is an empty one. ``locked``: it is an error
    if it would change. ``numbering``: ``shared`` or ``per-agent``. ``repack``: ignore the numbers
    of the lock. ``overrides``: severities, as with ``-W`` and ``-E``. ``against``: a server to hold
    this board against; ``agent`` is whose tree this is there, or what the server calls the agents
    of the board, by their names here. ``prefix_map``: pairs of a folder and what outputs have in
    its place; of several that match, the last one holds. ``baseline``: a file of waivers.
    ``topology``: what running systems say of what feeds what, such as ``clk_summary``.

    Raises `InputError` where the input cannot be understood.
    """
    sources = Sources(
        [_text(source) for source in _several(agents)],
        {name: _tree(tree) for name, tree in (trees or {}).items()},
        _listings(_several(topology)),
    )
    numbers = Numbering(numbering)
    name = "" if lock is None or isinstance(lock, Text) else str(lock)
    waivers = () if baseline is None else _baseline(baseline)
    request = Request(
        sources, _lock(lock), numbers, repack, overrides, None, prefix_map, name, locked, waivers
    )
    if against is not None:
        try:
            request = replace(request, against=_against(against, agent))
        except InputError as problem:
            # What is wrong with the board itself is told as well.
            found = check(
                board,
                agents=agents,
                trees=trees,
                lock=lock,
                numbering=numbering,
                overrides=overrides,
                baseline=baseline,
                topology=topology,
            )
            raise InputError((*problem.diagnostics, *found)) from None
    result = compile_board(_tree(board), request)
    read = () if baseline is None or isinstance(baseline, Text) else (str(baseline),)
    return replace(result, files=(*result.files, *read))


@overload
def check(
    board: Board,
    /,
    *,
    agents: File | Sequence[File] = (),
    trees: Mapping[str, Board] | None = None,
    lock: File | None = None,
    numbering: Numbering | str = Numbering.SHARED,
    overrides: Asked = NOTHING,
    against: "Server | None" = None,
    agent: str | Mapping[str, str] | None = None,
    baseline: File | None = None,
    locked: bool = False,
    topology: File | Sequence[File] = (),
) -> tuple[Diagnostic, ...]: ...


@overload
def check(
    name: str, /, *, about: str, advice: str, severity: Severity = ...
) -> Callable[[Run], Check]: ...


def check(
    board: Board, /, *, about: str = "", advice: str = "", **options: Any
) -> tuple[Diagnostic, ...] | Callable[[Run], Check]:
    """Check a board, or, as a decorator, make a check of a function.

    ``check(board, agents=…)`` returns the diagnostics of `compile`, which takes the same options;
    where the input cannot be understood, those of its `InputError`.

    ``@check("acme-fused", about="…", advice="…")`` turns a function that yields the diagnostics of
    a `Model` into a check, see `scmigen.checks.check.check`; an entry point of the group
    ``scmigen.checks`` makes it run with the others.
    """
    if about:
        return make_check(str(board), about=about, advice=advice, **options)
    try:
        return compile(board, **options).diagnostics
    except InputError as problem:
        return problem.diagnostics


def emit(result: Result, targets: str | Sequence[str] = ()) -> Emitted:
    """Make the files of ``targets`` for a compiled board, in memory; by default, the default set.

    A target that cannot hold the board is an error where it was named, else it is left out with a
    warning: see ``Emitted.diagnostics``. Raises `ValueError` for a board with errors, and for a
    target that does not exist.
    """
    if not result.ok:
        raise ValueError("the board has errors: see Result.diagnostics")
    names = (targets,) if isinstance(targets, str) else tuple(targets)
    for name in names:
        if not registry.exists(name):
            known = ", ".join(registry.names())
            raise ValueError(f"no target {name!r}; one of: {known}")
    return emit_outputs(
        result.model, names or DEFAULT_OUTPUTS, bool(names), result.asked, None, result.baseline
    )


def diff(old: Comparable, new: Comparable) -> "tuple[Change, ...]":
    """What changed from ``old`` to ``new``, by agent: numbers, names, and what is allowed.

    Each is a compiled board, a runtime configuration, what a server lets its agents do, or the path
    of a board, a ``runtime.json``, the directory of a build, a lock file, or another description of
    a server, as `read_server` has it. Raises `InputError` where a file cannot be read, and
    for a board whose errors leave no platform to compare.
    """
    return comparison(old, new).changes


def comparison(old: Comparable, new: Comparable) -> "Comparison":
    """The same changes as `diff`, with a verdict on what is allowed, and by device."""
    from scmigen.model.compare import compare
    from scmigen.model.verdict import Comparison

    before, after = _snapshots(old), _snapshots(new)
    if len(before) == len(after) == 1:
        # A platform may be renamed.
        before = dict(zip(after, before.values(), strict=True))
    sides = {name: (before.get(name), after.get(name)) for name in dict.fromkeys((*before, *after))}
    changes = (
        replace(change, platform=name) for name, pair in sides.items() for change in compare(*pair)
    )
    return Comparison(sides, tuple(changes))


def _snapshots(given: Comparable) -> "Mapping[str, Side]":
    """One snapshot per platform, by name."""
    from scmigen.model.compare import of_ids, of_runtime, of_served
    from scmigen.model.lockfile import parse_lock
    from scmigen.runtime import Runtime, Served

    if isinstance(given, Runtime):
        return {"scmi": of_runtime(given)}
    if isinstance(given, Served):
        return {"scmi": of_served(given)}
    if isinstance(given, Result):
        return _of_board(given)
    if described(given):
        return {"scmi": of_served(read_server(given))}
    path = of_build(Path(given))
    if is_board(path):
        board = compile(path)
        if not board.ok:
            raise InputError(board.diagnostics)
        return _of_board(board)
    data = read_bytes(path)
    if data[:1] == _JSON:
        return {"scmi": of_runtime(_configuration(data, str(path)))}
    lock = parse_lock(data.decode("utf-8", "replace"), str(path))
    return {name: of_ids(ids) for name, ids in lock.platforms.items()}


def described(given: str | PathLike[str]) -> bool:
    """Whether a server is described in another form than a board, a runtime configuration or a lock
    file. Raises `InputError` where that cannot be read, or is a folder of no form."""
    from scmigen.audit import registry as forms  # readers are for what is no configuration
    from scmigen.model.lockfile import is_lock

    path = Path(given)
    own = (forms.BOARD, "runtime")
    if is_missing(path) or (is_directory(path) and is_missing(of_build(path))):
        return forms.named(str(given)).form not in own
    if forms.is_board(path) or is_directory(path):
        return False
    if is_lock(read_bytes(path).decode("utf-8", "replace")):
        return False
    reader = forms.recognised(path)
    return reader is not None and reader.name not in own


def is_board(given: str | PathLike[str]) -> bool:
    """Whether a file is a board rather than a runtime configuration or a lock file.

    Raises `InputError` where it cannot be read.
    """
    from scmigen.model.lockfile import is_lock

    data = read_bytes(of_build(Path(given)))
    return data[:1] != _JSON and not is_lock(data.decode("utf-8", "replace"))


def _of_board(result: Result) -> "Mapping[str, Side]":
    from scmigen.model.compare import of_platform
    from scmigen.model.joint import platforms_of
    from scmigen.targets.runtime.configuration import to_runtime

    platforms = platforms_of(result.model)
    try:
        return {each.name: of_platform(to_runtime(each), each) for each in platforms}
    except ConfigurationError:
        # Only a board with errors is inconsistent.
        if result.ok:
            raise
        raise InputError(result.diagnostics) from None


def _tree(board: Board) -> DeviceTree:
    return board if isinstance(board, DeviceTree) else load(board)


def _several(sources: File | Sequence[File]) -> Sequence[File]:
    return [sources] if isinstance(sources, str | PathLike | Text) else sources


def _text(source: File) -> Text:
    """The content of a file. Raises `InputError` if it cannot be read."""
    return source if isinstance(source, Text) else Text(str(source), read_text(Path(source)))


def _baseline(source: File) -> tuple[WaiverSaid, ...]:
    from scmigen.assignment.waivers_file import (
        read_baseline,  # YAML is read only where there is any
    )

    name, text = _text(source)
    return read_baseline(text, name)


def _listings(sources: Sequence[File]) -> "tuple[Listing, ...]":
    """The clocks of running systems. Raises `InputError` with what is wrong in any of the files."""
    if not sources:
        return ()
    from scmigen.topology.read import read_listing  # only where there is one

    found: list[Listing] = []
    problems: list[Diagnostic] = []
    for source in sources:
        try:
            if isinstance(source, Text):
                found.append(read_listing(source.text.encode(), source.name))
            else:
                found.append(read_listing(read_bytes(Path(source)), str(source)))
        except InputError as problem:
            problems.extend(problem.diagnostics)
    if problems:
        raise InputError(problems)
    return tuple(found)


def _lock(source: File | None) -> Lock | None:
    """The lock file; ``None`` if it does not exist yet."""
    if source is None or (not isinstance(source, Text) and is_missing(Path(source))):
        return None
    from scmigen.model.lockfile import parse_lock

    name, text = _text(source)
    return parse_lock(text, name)


def read_server(*servers: str | PathLike[str]) -> "Served":
    """What descriptions say that one server lets its agents do.

    Each is ``[AGENT=][FORM:]PATH``: a ``runtime.json``, a board, or any other form that scmigen
    reads (docs/reference/audit.md). Raises `InputError` where one cannot be read, or has errors.
    """
    served, problems = read_server_and_findings(*servers)
    if has_errors(problems):
        raise InputError(problems)
    return served


def read_server_and_findings(*servers: str | PathLike[str]) -> "tuple[Served, list[Diagnostic]]":
    """As `read_server`, with what is wrong with the descriptions, be it errors or what they do not
    tell. Raises `InputError` only where one cannot be read."""
    if not servers:
        raise ValueError("name a description of a server")
    found = _against([str(server) for server in servers], None)
    described, problems = served_against(found)
    if not described:
        raise InputError(problems)
    return described[0], list(problems)


def carry(
    server: str | PathLike[str],
    board: Board,
    said: File | None = None,
    folder: str | PathLike[str] = "",
) -> "tuple[Carried, tuple[str, ...]]":
    """The agents file and lock file with which ``board`` gets what ``server`` has, and the names of
    all files that were read. ``said``: which resource of the tree a number of the server means;
    ``folder``: where the files are to be.

    Raises `InputError` where one cannot be read, or has errors.
    """
    # Few move a product.
    from scmigen.migration.carry import carry as carried
    from scmigen.migration.map_file import read_map

    found = _against(server, None)
    described, problems = served_against(found)
    if has_errors(problems) or not described:
        raise InputError(problems)
    tree = _tree(board)
    text = None if said is None else _text(said)
    joins = {} if text is None else read_map(text.text, text.name, tree)
    done = carried(tree, described[0], found.name, joins, str(server), str(folder))
    done = replace(done, told=problems)
    more = found.server.files if isinstance(found.server, DeviceTree) else found.files
    return done, (*tree.files, *more, *([] if text is None else [text.name]))


def _against(given: Server, agent: str | Mapping[str, str] | None) -> Against:
    """The server that a board is held against, and the names of agents there."""
    only = agent if isinstance(agent, str) else None
    called = agent if isinstance(agent, Mapping) else {}
    from scmigen.runtime import Runtime, Served, served_of

    if isinstance(given, Runtime | Served):
        served = served_of(given) if isinstance(given, Runtime) else given
        return Against(served, "the server", only, called)
    if isinstance(given, DeviceTree):
        return Against(given, given.file, only, called)
    # Readers are imported only where there is something to read.
    from scmigen.audit.registry import BOARD, named, read

    texts = [str(given)] if isinstance(given, str | PathLike) else given
    sources = [named(text) for text in texts]
    if [source.form for source in sources] == [BOARD]:
        tree = _tree(sources[0].path)
        return Against(tree, tree.file, only, called)
    found = read(sources)
    return Against(found.served, str(sources[0].path), only, called, found.files, found.diagnostics)


def _configuration(data: bytes, name: str) -> "Runtime":
    from scmigen.audit.runtime_json import RUNTIME_INVALID
    from scmigen.runtime import decode

    try:
        return decode(data)
    except ConfigurationError as problem:
        raise InputError([RUNTIME_INVALID.error(str(problem), Position(name))]) from None
