"""The stages in order: the one place to read the whole way from a board to its files.

text → tree → inventory → platform → checks → files
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from scmigen.assignment.assignment import Assignment
from scmigen.assignment.default import default_assignment
from scmigen.assignment.domains import domain_nodes, read_domains
from scmigen.bindings.facts import Inventory
from scmigen.bindings.inventory import take_inventory
from scmigen.checks.registry import run_checks
from scmigen.devicetree.load import load
from scmigen.diagnostics import (
    Diagnostic,
    InputError,
    Position,
    Related,
    error,
    has_errors,
    warning,
)
from scmigen.emit.files import File
from scmigen.model.build import build
from scmigen.model.identifiers import Lock, format_lock, parse_lock
from scmigen.model.platform import Model, Platform
from scmigen.runtime import Numbering

#: The outputs of ``scmigen build`` without ``--emit``.
DEFAULT_OUTPUTS = ("scp", "runtime", "permissions", "headers")


@dataclass(frozen=True, slots=True)
class Request:
    """What the user asks for: the board's file, the agents files, how to read and number them."""

    board: Path
    agents: tuple[Path, ...] = ()
    include_dirs: tuple[Path, ...] = ()
    defines: tuple[str, ...] = ()
    numbering: Numbering = Numbering.SHARED
    ids: Path | None = None


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
    tree = load(request.board, request.include_dirs, request.defines)
    inventory = take_inventory(tree)
    assignment = _assignment(request, inventory)
    lock = _read_lock(request.ids)
    model = build(inventory, assignment, lock, request.numbering)
    read = dict.fromkeys((*tree.files, *map(str, request.agents)))
    return Compiled(model, run_checks(model), tuple(read))


def _assignment(request: Request, inventory: Inventory) -> Assignment:
    """From agents files, else from ``/domains`` of the tree, else one operating system."""
    tree = inventory.tree
    if request.agents:
        # YAML is read only where there is some.
        from scmigen.assignment.agents_file import read_agents

        found = read_agents([(str(path), _read_text(path)) for path in request.agents], tree)
        if domain_nodes(tree):
            told = warning(
                "domains-ignored",
                "the tree has /domains, but the agents file decides",
                Position(str(request.agents[0])),
            )
            found = replace(found, diagnostics=(*found.diagnostics, told))
        return found
    return read_domains(tree) if domain_nodes(tree) else default_assignment(inventory)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as problem:
        reason = getattr(problem, "strerror", None) or "not UTF-8 text"
        raise InputError([error("file-unreadable", reason, Position(str(path)))]) from None


def _read_lock(path: Path | None) -> Lock | None:
    """The lock file; none where it does not exist yet."""
    if path is None or not path.exists():
        return None
    return parse_lock(_read_text(path), str(path))


def lock_text(compiled: Compiled) -> str:
    """The lock file after this compilation."""
    return format_lock(compiled.model.lock)


_Output = tuple[tuple[File, ...], tuple[Diagnostic, ...]]


def _scp(platform: Platform) -> _Output:
    from scmigen.emit.scp import emit

    return emit(platform)


def _runtime(platform: Platform) -> _Output:
    from scmigen.emit.runtime import emit

    return emit(platform), ()


def _permissions(platform: Platform) -> _Output:
    from scmigen.emit.permissions import emit

    return emit(platform), ()


def _headers(platform: Platform) -> _Output:
    from scmigen.emit.headers import emit

    return emit(platform), ()


#: Output → what makes its files; each imports what it needs when it is asked.
OUTPUTS: Mapping[str, Callable[[Platform], _Output]] = {
    "scp": _scp,
    "runtime": _runtime,
    "permissions": _permissions,
    "headers": _headers,
}


def emit_outputs(
    model: Model, wanted: Sequence[str], explicit: bool
) -> tuple[tuple[File, ...], tuple[Diagnostic, ...]]:
    """The files of the outputs ``wanted``, each in its folder, and what could not be made.

    Where the tree has several SCMI instances each has a folder of its own. ``explicit``: the user
    named the outputs, so one that cannot hold the board is an error; else it is left out.
    """
    files: list[File] = []
    diagnostics: list[Diagnostic] = []
    for platform in model.platforms:
        folder = f"{platform.name}/" if len(model.platforms) > 1 else ""
        for name in wanted:
            made, found = OUTPUTS[name](platform)
            if has_errors(found) and not explicit:
                found = (_left_out(name, platform, found),)
            diagnostics.extend(found)
            files.extend(file.below(f"{folder}{name}") for file in made)
    return tuple(files), tuple(diagnostics)


def _left_out(name: str, platform: Platform, found: Iterable[Diagnostic]) -> Diagnostic:
    return warning(
        "output-left-out",
        f"no {name} output for {platform.name}: {name} cannot hold this board",
        None,
        [Related(item.message, item.position) for item in found if has_errors([item])],
        f"--emit {name} makes this an error",
    )
