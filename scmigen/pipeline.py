"""The stages in order: the one place to read the whole way from a board to its files.

text → tree → inventory → platform → checks → files
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from os import PathLike
from pathlib import Path

from scmigen.assignment.assignment import Assignment, Switch, WaiverSaid, mapping_in
from scmigen.assignment.given import NO_OUTPUTS, shown
from scmigen.assignment.sources import NO_SOURCES, Sources, assign
from scmigen.checks.policies import stated
from scmigen.checks.registry import run_checks
from scmigen.checks.switches import NOTHING, Asked, named, switched, unknown
from scmigen.data import Data, field, replace
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
from scmigen.hints import TYPE_CHECKING
from scmigen.model.build import build
from scmigen.model.findings import LOCK_MISSING, LOCK_OUTDATED
from scmigen.model.identifiers import Lock
from scmigen.model.places import Places, PrefixMap
from scmigen.model.platform import Model, Platform, Record
from scmigen.runtime import ConfigurationError, Numbering
from scmigen.targets.registry import DEFAULT
from scmigen.tuples import NamedTuple

if TYPE_CHECKING:
    from scmigen.runtime import Runtime, Served
    from scmigen.targets.common.files import Beside, File, Written
    from scmigen.targets.make import Overrides

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

#: The outputs of ``scmigen build`` without ``--emit``.
DEFAULT_OUTPUTS = DEFAULT


class Against(Data):
    """A server to hold a board against: what a description says of it, or the board that describes
    it.

    Messages use ``name``; ``agent`` is the agent whose tree the board is (``None``: agents are
    paired by name), ``called`` what the server calls agents of the board. ``files`` are those of
    the description, ``problems`` what its reader found in them.
    """

    server: "Served | DeviceTree"
    name: str
    agent: str | None = None
    called: Mapping[str, str] = field(default_factory=dict, hash=False)
    files: tuple[str, ...] = ()
    problems: tuple[Diagnostic, ...] = ()


class Request(Data):
    """How to compile a board.

    ``sources``: who owns what. ``lock``: the numbers and names given so far; ``None`` with a
    ``lock_file``: that file does not exist. ``locked``: it is an error where a number is not in the
    lock. ``repack``: number everything anew in spite of it. ``asked``: severity overrides that come
    with the request, not with the board. ``prefix_map``: pairs of a folder and what outputs have in
    its place. ``baseline``: waivers besides those of the agents files.
    """

    sources: Sources = NO_SOURCES
    lock: Lock | None = None
    numbering: Numbering = Numbering.SHARED
    repack: bool = False
    asked: Asked = NOTHING
    against: Against | None = None
    prefix_map: PrefixMap = ()
    lock_file: str = ""
    locked: bool = False
    baseline: tuple[WaiverSaid, ...] = ()


class Result(Data):
    """A compiled board: its model, every diagnostic, and the names of all files that were read.

    ``waived`` are the diagnostics that a waiver covers; they do not count. ``baseline``: the
    waivers that came with the request, for the outputs.
    """

    model: Model
    diagnostics: tuple[Diagnostic, ...]
    files: tuple[str, ...]
    asked: Asked = NOTHING
    waived: tuple[Diagnostic, ...] = ()
    baseline: tuple[WaiverSaid, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no diagnostic is an error: only then may outputs be used."""
        return not has_errors(self.diagnostics)

    @property
    def moved(self) -> bool:
        """Whether the tree fixes a number that the lock has otherwise."""
        return bool(self.model.findings.moved)

    @property
    def platforms(self) -> tuple[Platform, ...]:
        """One platform for each SCMI instance of the tree, or one where it has none."""
        return self.model.platforms

    @property
    def platform(self) -> Platform:
        """The only platform; raises `ValueError` where the tree has several SCMI instances."""
        if len(self.platforms) != 1:
            names = ", ".join(platform.name for platform in self.platforms)
            raise ValueError(f"the board has several platforms: {names}")
        return self.platforms[0]

    @property
    def lock(self) -> str:
        """The text of the lock file after this compilation."""
        from scmigen.model.lockfile import format_lock

        return format_lock(self.model.lock)


class Emitted(NamedTuple):
    """The files of outputs, in memory, and the diagnostics of making them.

    ``read``: the files that the options of the outputs had them read.
    """

    files: "tuple[File, ...]"
    diagnostics: tuple[Diagnostic, ...]
    waived: tuple[Diagnostic, ...] = ()
    read: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether no diagnostic is an error."""
        return not has_errors(self.diagnostics)

    def write(
        self,
        folder: str | PathLike[str],
        beside: "Sequence[Beside]" = (),
        force: bool = False,
        stamps: Sequence[Path] = (),
        strict: bool = False,
    ) -> "Written":
        """Put the files into a directory, and each of ``beside`` at its own path: all or none.

        Files that did not change keep their time stamps; files of earlier runs that are not made
        any more are removed, unless somebody changed them. ``force``: replace files of the same
        name that scmigen did not write, or that were changed since. ``stamps``: files that get the
        time of now after all else. ``strict``: a warning is an error. Raises
        `ValueError` where there are errors, and `InputError` where a file cannot be written or is
        not to be replaced.
        """
        if not self.ok:
            raise ValueError("the outputs have errors: see Emitted.diagnostics")
        from scmigen.targets.common.write import write  # a check writes nothing

        return write(Path(folder), self.files, beside, force, stamps, strict)


def compile_board(board: DeviceTree, request: Request) -> Result:
    """From a tree to a checked model. Raises `InputError` where the input cannot be understood."""
    inventory, assignment = assign(board, _named(request))
    places = _places(board, request)
    model = build(inventory, assignment, request.lock, request.numbering, request.repack, places)
    checked = (
        *board.warnings,
        *run_checks(model, requested=named(assignment.switches, request.asked)),
        *extra_problems(model),
        *_option_problems(model),
        *_lock_problems(model, request),
    )
    if request.against is not None:
        checked += _held_against(request.against, model)
    # Waivers are for findings as they are, whatever severity they are given here.
    kept, waived, problems = _waived(checked, _waivers(model, request.baseline), board, _findings)
    found = switched((*problems, *kept), assignment.switches, request.asked)
    told = (*_unknown(assignment.switches), *found)
    read = dict.fromkeys((*_files(board, request), *_tables(assignment)))
    policies = stated(assignment.policies, (*kept, *waived))
    lock_file = request.lock_file if request.lock is None else request.lock.file
    lock = replace(model.lock, file=lock_file)
    record = Record(tuple(read), lock, kept, waived)
    platforms = (replace(each, stated=policies, record=record) for each in model.platforms)
    model = replace(model, platforms=tuple(platforms))
    return Result(model, told, tuple(read), request.asked, waived, request.baseline)


def _named(request: Request) -> Sources:
    """The sources, with the names in the lock file where clocks are to be found by name."""
    sources = request.sources
    if not sources.topology or request.lock is None:
        return sources
    from scmigen.model.lockfile import clock_names

    return replace(sources, names=clock_names(request.lock))


def _findings() -> Mapping[str, Finding]:
    from scmigen.explain import findings  # findings of outputs are known once targets are imported

    return findings()


def _waivers(model: Model, baseline: Sequence[WaiverSaid]) -> tuple[WaiverSaid, ...]:
    """Those of the agents files come first, so their reasons hold."""
    return (*model.assignment.waivers, *baseline)


def _waived(
    found: Iterable[Diagnostic],
    waivers: Sequence[WaiverSaid],
    tree: DeviceTree,
    known: Callable[[], Mapping[str, Finding]] | None,
) -> tuple[tuple[Diagnostic, ...], ...]:
    """The findings that count, those that do not, and problems of the waivers: see `waive`."""
    if not waivers:
        return tuple(found), (), ()
    from scmigen.checks.waivers import waive  # few boards have any

    return waive(found, waivers, tree, known)


def _files(board: DeviceTree, request: Request) -> tuple[str, ...]:
    """The names of everything that was read, each once."""
    names = [*board.files, *(name for name, _ in request.sources.files)]
    names.extend(name for tree in request.sources.trees.values() for name in tree.files)
    names.extend(listing.file for listing in request.sources.topology)
    if request.against is not None:
        server = request.against.server
        names.extend(server.files if isinstance(server, DeviceTree) else request.against.files)
    return tuple(dict.fromkeys(names))


def _tables(assignment: Assignment) -> Iterator[str]:
    """The tables of drivers that users name as files."""
    for tables in assignment.drivers.values():
        yield from (table.file for table in tables if table.file is not None)


def _places(board: DeviceTree, request: Request) -> Places:
    """What outputs call the files that were read."""
    folders = [*board.folders, *(str(Path(name).parent) for name, _ in request.sources.files)]
    folders.extend(folder for tree in request.sources.trees.values() for folder in tree.folders)
    return Places(_files(board, request), tuple(folders), request.prefix_map)


def _unknown(switches: Sequence[Switch]) -> tuple[Diagnostic, ...]:
    """Problems of the severity overrides in agents files."""
    if not switches:
        return ()
    # Findings of outputs are known only once targets are imported.
    from scmigen.explain import switchable

    return tuple(unknown(switches, switchable()))


def _lock_problems(model: Model, request: Request) -> Iterator[Diagnostic]:
    """A lock file that does not exist, and with ``locked`` one that would change."""
    if request.lock is None and request.lock_file:
        report = LOCK_MISSING.error if request.locked else LOCK_MISSING.note
        build = "build without --locked" if request.locked else "build"
        hint = f"{build} makes it: commit it; else correct the name"
        message = "this lock file does not exist, so every number is a new one"
        yield report(message, Position(request.lock_file), hint=hint)
    elif request.locked and request.lock is not None and request.lock != model.lock:
        from scmigen.model.lockfile import changed_lines  # seldom asked for

        changed = changed_lines(request.lock, model.lock)
        hint = f"scmigen build --ids {request.lock.file} without --locked; commit what it writes"
        yield LOCK_OUTDATED.error(
            f"the lock file would change: {counted(len(changed), 'line')}",
            Position(request.lock.file),
            [Related(line) for line in changed],
            hint,
        )


def extra_problems(model: Model) -> tuple[Diagnostic, ...]:
    """Problems of ``platform.extra``, which must fit the facts of the tree."""
    extra = model.assignment.options.extra
    if extra is None:
        return ()
    from scmigen.targets.runtime.configuration import to_runtime

    platform = model.platforms[0]
    known = {agent.name for agent in platform.agents}
    if others := mapping_in(extra.read().get("agents")).keys() - known:
        # Whatever it were given, no check would know of it.
        message = f"agents: there is no agent {', '.join(map(shown, sorted(others)))}"
        hint = "an agent needs an entry of its own below domains, which checks know"
        return (PLATFORM_EXTRA.error(message, extra.position, hint=hint),)
    try:
        to_runtime(platform)
    except ConfigurationError as problem:
        hint = (
            "it has the form of runtime.json, with names in place of lists: "
            "docs/reference/agents.md"
        )
        return (PLATFORM_EXTRA.error(str(problem), extra.position, hint=hint),)
    return ()


def _option_problems(model: Model) -> tuple[Diagnostic, ...]:
    """Problems of the options of outputs in agents files."""
    if model.assignment.options.outputs == NO_OUTPUTS:
        return ()
    from scmigen.targets.make import option_problems

    return option_problems(model)


def _held_against(against: Against, model: Model) -> tuple[Diagnostic, ...]:
    """Differences between the board and a server, and the errors of the server's description."""
    # A server is compared only if one is named.
    from scmigen.checks.against import compare

    servers, found = served_against(against, model)
    for server in servers:
        said = (against.name, against.agent, against.called)
        found += compare(model, server, *said, build=configuration_of)
    return found


def configuration_of(platform: Platform) -> "Runtime":
    """What a build of a platform would serve; ``platform.extra`` that does not fit, an error of its
    own, has no part in it."""
    from scmigen.targets.runtime.configuration import to_runtime

    try:
        return to_runtime(platform)
    except ConfigurationError:
        return to_runtime(replace(platform, options=replace(platform.options, extra=None)))


def served_against(
    against: Against, model: Model | None = None
) -> "tuple[tuple[Served, ...], tuple[Diagnostic, ...]]":
    """What a server lets its agents do, and what is wrong with its description.

    Of a board with several, the servers that that of ``model`` may be.
    """
    if not isinstance(against.server, DeviceTree):
        return (against.server,), against.problems
    from scmigen.audit.server_board import served_by_tree  # most boards have no such node

    described = served_by_tree(against.server)
    if described is None:
        return _of_board(against.server, against.name, model)
    return (described.served,), tuple(_server_errors(against.name, described.diagnostics))


def _of_board(
    board: DeviceTree, name: str, model: Model | None
) -> "tuple[tuple[Served, ...], tuple[Diagnostic, ...]]":
    """The servers that are built from a board, and the errors of that."""
    try:
        compiled = compile_board(board, Request())
    except InputError as problem:
        return (), tuple(_server_errors(name, problem.diagnostics))
    servers, found = [], list(_server_errors(name, compiled.diagnostics))
    for platform in _alike(compiled.platforms, model):
        try:
            servers.append(served_platform(platform))
        except ConfigurationError as problem:
            from scmigen.audit.runtime_json import RUNTIME_INVALID

            found.append(RUNTIME_INVALID.error(str(problem), Position(name)))
    return tuple(servers), tuple(found)


def served_platform(platform: Platform) -> "Served":
    """What the server of a platform lets its agents do; each grant has the place that it is from.

    Raises `ConfigurationError` where the board has errors that leave no platform.
    """
    from scmigen.runtime import served_of
    from scmigen.targets.runtime.configuration import to_runtime

    places = {
        (grant.agent.id, grant.kind, grant.id): str(where)
        for grant in platform.all_grants
        if (where := next(filter(None, (why.position for why in grant.because)), None))
    }
    file = platform.inventory.tree.file
    agents = {agent.id: str(agent.position or file) for agent in platform.agents}
    return served_of(to_runtime(platform), places, agents)


def _alike(servers: Sequence[Platform], model: Model | None) -> Sequence[Platform]:
    """Of several platforms of a server's board, those that the board's own may be."""
    if model is None:
        return servers
    names = {platform.name for platform in model.platforms}
    return [server for server in servers if server.name in names] or servers[:1]


def _server_errors(name: str, diagnostics: Iterable[Diagnostic]) -> Iterator[Diagnostic]:
    errors = [item for item in diagnostics if has_errors([item])]
    if errors:
        yield SERVER_INVALID.error(
            f"the board of the server has {counted(len(errors), 'error')} of its own, so no server "
            "can be built from it",
            Position(name),
            [Related(f"{item.id}: {item.message}", item.position) for item in errors],
            f"scmigen check {name} explains them",
        )


def emit_outputs(
    model: Model,
    wanted: Sequence[str],
    explicit: bool,
    asked: Asked = NOTHING,
    overrides: "Overrides | None" = None,
    baseline: Sequence[WaiverSaid] = (),
) -> Emitted:
    """The files of the outputs ``wanted``, each in its folder, and what could not be made.

    ``explicit``: the user named the outputs, so one that cannot hold the board is an error; else it
    is left out. Notes and warnings can be switched like checks. ``overrides``: options given in
    place of those in the agents file. ``baseline``: waivers besides those of the agents files.
    """
    # Targets are imported only where there are outputs to make.
    from scmigen.targets.make import make_outputs

    try:
        files, diagnostics, read = make_outputs(model, wanted, explicit, overrides)
    except InputError as problem:
        files, diagnostics, read = (), problem.diagnostics, ()
    return Emitted(files, *_judged(diagnostics, model, asked, baseline), read)


def _judged(
    found: Iterable[Diagnostic], model: Model, asked: Asked, baseline: Sequence[WaiverSaid]
) -> tuple[tuple[Diagnostic, ...], tuple[Diagnostic, ...]]:
    """Findings of outputs after the overrides, and those that are waived."""
    waivers = _waivers(model, baseline)
    kept, waived, _ = _waived(found, waivers, model.inventory.tree, None)
    return switched(kept, model.assignment.switches, asked, final=True), waived


def with_outputs(found: Result, wanted: Sequence[str] = ()) -> Result:
    """A compiled board without errors, with what its outputs find: those ``wanted``, as if named
    with ``--emit``, or else those that the agents files ask for."""
    model = found.model
    if not wanted and model.assignment.options.outputs == NO_OUTPUTS:
        return found
    # Targets are imported only where there are outputs to check.
    from scmigen.targets.make import check_outputs, outputs_asked

    # Several outputs for SCP-firmware say the same.
    each = dict.fromkeys(check_outputs(model, wanted or outputs_asked(model), bool(wanted)))
    told, waived = _judged(each, model, found.asked, found.baseline)
    return replace(found, diagnostics=(*found.diagnostics, *told), waived=(*found.waived, *waived))
