"""The board that a command is about, and how it is to be compiled."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from scmigen import api
from scmigen.cli.choices import asked
from scmigen.cli.report import ERRORS, MOVED
from scmigen.data import Data, field, replace
from scmigen.devicetree.load import load_board
from scmigen.devicetree.tree import DeviceTree
from scmigen.diagnostics import Diagnostic, InputError, Position, Related, Severity
from scmigen.hints import TYPE_CHECKING, Any, TypeAlias
from scmigen.inputs import FILE_UNREADABLE, missing_folders
from scmigen.model.places import PrefixMap
from scmigen.pipeline import Result, with_outputs
from scmigen.runtime import Numbering

if TYPE_CHECKING:
    from scmigen.devicetree.heads import Heads

#: The descriptions of a server that a board is held against, each ``[AGENT=][FORM:]PATH``.
Servers: TypeAlias = Sequence[str]
#: Whose tree the board is there, or the names that the server has for agents of the board.
Whose: TypeAlias = str | Mapping[str, str] | None

#: In ``-I NAME=DIR``, the board of the server that a board is held against.
AGAINST = "against"

#: Options that are fields of a `BoardRequest` as they are.
FIELDS = (
    *("overlays", "agents", "include", "define", "ids", "trees"),
    *("switches", "errors", "repack", "baseline", "topology"),
)


class BoardRequest(Data):
    """The board that a command line or a project file names, and how it is to be compiled.

    ``switches`` and ``errors`` are the words after ``-W`` and ``-E``. ``name``, ``output``,
    ``emit`` and ``reference`` are those of a board of the project file ``project``; ``named`` is
    where that names each file. ``heads`` are those of the boards before, where there are many.
    """

    board: Path
    overlays: tuple[Path, ...] = ()
    agents: tuple[Path, ...] = ()
    include: tuple[Path, ...] = ()
    define: tuple[str, ...] = ()
    numbering: Numbering = Numbering.SHARED
    ids: Path | None = None
    trees: tuple[tuple[str, Path], ...] = ()
    switches: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    repack: bool = False
    prefix_map: PrefixMap = ()
    locked: bool = False
    baseline: Path | None = None
    topology: tuple[Path, ...] = ()
    name: str = ""
    output: Path | None = None
    emit: tuple[str, ...] = ()
    reference: Path | None = None
    project: Path | None = None
    named: Mapping[str, Position] = field(default_factory=dict, hash=False, compare=False)
    heads: "Heads | None" = field(default=None, hash=False, compare=False)

    @property
    def label(self) -> str:
        """What messages call the board."""
        return self.name or str(self.board)

    def load(
        self, path: Path, overlays: Sequence[Path] = (), name: str | None = None
    ) -> DeviceTree:
        """The tree in a file, read as the command line says; ``name`` is the agent's whose own it
        is, or `AGAINST`. Raises `InputError`."""
        folders = self.folders(name)
        return load_board(path, overlays, folders, self.define, self.heads)

    def folders(self, name: str | None = None) -> tuple[Path, ...]:
        """The include directories of the board, or of another tree: its own, if it has such."""
        known = {AGAINST, *(agent for agent, _ in self.trees)}
        common: list[Path] = []
        own: list[Path] = []
        for path in self.include:
            whose, equals, folder = str(path).partition("=")
            if not equals or whose not in known:
                common.append(path)
            elif whose == name:
                own.append(Path(folder))
        return tuple(own or common)

    def _every_folder(self) -> tuple[Path, ...]:
        names = (None, AGAINST, *(agent for agent, _ in self.trees))
        return tuple(dict.fromkeys(path for name in names for path in self.folders(name)))

    def compile(self, against: Servers = (), agent: Whose = None) -> Result:
        """The compiled board. Raises `InputError`."""
        folders = tuple(map(self._told, missing_folders(self._every_folder())))
        try:
            found = self._compile(against, agent)
        except InputError as problem:
            raise InputError([*folders, *map(self._told, problem.diagnostics)]) from None
        return replace(found, diagnostics=(*folders, *found.diagnostics)) if folders else found

    def check(self, against: Servers = (), agent: Whose = None) -> Result:
        """The compiled board, and what the outputs find that are asked for. Raises `InputError`."""
        found = self.compile(against, agent)
        return with_outputs(found, self.emit) if found.ok else found

    def _told(self, item: Diagnostic) -> Diagnostic:
        """A diagnostic; of a file that the project file names, with where it does."""
        where = item.position and self.named.get(item.position.file)
        if item.finding is not FILE_UNREADABLE or where is None:
            return item
        return replace(item, related=(*item.related, Related("named here", where)))

    def _compile(self, against: Servers, agent: Whose) -> Result:
        wrong: list[Diagnostic] = []

        def load(
            path: Path, overlays: Sequence[Path] = (), name: str | None = None
        ) -> DeviceTree | None:
            try:
                return self.load(path, overlays, name)
            except InputError as problem:
                wrong.extend(problem.diagnostics)
                return None

        board = load(self.board, self.overlays)
        trees = {name: tree for name, path in self.trees if (tree := load(path, name=name))}
        server: DeviceTree | Sequence[str] | None = against or None
        if (path := _board_of(against, wrong)) is not None:
            server = load(path, name=AGAINST)
        if wrong or board is None:
            raise InputError(wrong)
        found = api.compile(
            board,
            agents=self.agents,
            trees=trees,
            lock=self.ids,
            numbering=self.numbering,
            repack=self.repack,
            overrides=asked(self.switches, self.errors),
            against=server,
            agent=agent,
            prefix_map=self.prefix_map,
            locked=self.locked,
            baseline=self.baseline,
            topology=self.topology,
        )
        return replace(found, files=(*found.files, str(self.project))) if self.project else found


def _board_of(against: Servers, wrong: list[Diagnostic]) -> Path | None:
    """The path of a server's board, if it is that; what is wrong with the words is reported."""
    if not against:
        return None
    from scmigen.audit.registry import BOARD, named  # only where a server is named

    forms = []
    for text in against:
        try:
            forms.append(named(text))
        except InputError as problem:
            wrong.extend(problem.diagnostics)
    return forms[0].path if [each.form for each in forms] == [BOARD] else None


def typed_request(options: Mapping[str, Any]) -> BoardRequest:
    """What a command line says; options that are not given, or not yet, are left out."""
    given = {field: options[field] for field in FIELDS if options.get(field)}
    numbering = Numbering(options.get("numbering") or Numbering.SHARED)
    return BoardRequest(options.get("board") or Path(), numbering=numbering, **given)


def status_of(found: Result) -> int:
    """The exit status for a compiled board."""
    errors = {item.id for item in found.diagnostics if item.severity is Severity.ERROR}
    if not errors:
        return 0
    return MOVED if errors <= {"id-moved", "lock-outdated"} else ERRORS


def worst(statuses: Collection[object]) -> int:
    """The exit status of several boards: numbers that moved are less than errors."""
    return ERRORS if ERRORS in statuses else MOVED if MOVED in statuses else 0
