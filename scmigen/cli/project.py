"""The boards of a project file as requests; what the command line says comes first."""

from pathlib import Path

from scmigen.assignment.words import did_you_mean
from scmigen.cli.problems import BadValueError, UsageError
from scmigen.cli.request import BoardRequest
from scmigen.project.file import NAME, Settings, read_project
from scmigen.runtime import Numbering


def project_requests(
    file: Path | None, name: str | None, typed: BoardRequest, numbered: bool
) -> tuple[BoardRequest, ...]:
    """The request for each board of a project file, or for the board ``name`` alone.

    ``file`` is `NAME` in the working folder by default. What is ``typed`` replaces what the file
    has; the numbering does if it is ``numbered``, and overrides of checks are added. Raises
    `InputError`.
    """
    path = file or Path(NAME)
    if file is None and not path.exists():
        raise UsageError(f"name a BOARD, or write a {NAME} in this folder that has one")
    boards = read_project(path)
    if name is not None:
        if name not in boards:
            hint = did_you_mean(name, boards) or "its tables [board.NAME] have the names"
            raise BadValueError(f"no board {name!r} in {path}; {hint}", "--board")
        boards = {name: boards[name]}
    numbering = typed.numbering if numbered else None
    return tuple(_request(name, board, typed, numbering, path) for name, board in boards.items())


def _request(
    name: str, board: Settings, typed: BoardRequest, numbering: Numbering | None, project: Path
) -> BoardRequest:
    return BoardRequest(
        board.source,
        board.overlays,
        typed.agents or board.agents,
        typed.include or board.include,
        typed.define or board.define,
        numbering or Numbering(board.numbering or Numbering.SHARED),
        typed.ids or board.lock,
        typed.trees or tuple(board.trees.items()),
        board.switches + typed.switches,
        board.errors + typed.errors,
        typed.repack,
        topology=typed.topology or board.topology,
        baseline=typed.baseline or board.baseline,
        name=name,
        output=board.output,
        emit=board.emit,
        reference=board.reference,
        project=project,
        named=board.named,
    )
