"""All readers by name, and which of them reads what is at a path."""

import re
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path

from scmigen.assignment.words import did_you_mean
from scmigen.audit.base import Audit, Reader
from scmigen.audit.unite import SERVERS_DIFFER, told_apart, unite
from scmigen.data import Data, replace
from scmigen.diagnostics import Finding, InputError, Position, Related
from scmigen.inputs import is_directory, is_missing, read_bytes, read_part
from scmigen.patterns import pattern

SERVER_UNKNOWN = Finding(
    "server-unknown",
    "What a server is described by has no form that scmigen reads.",
    "Say which form it has, as in grants:FILE; docs/reference/audit.md has all forms.",
    switchable=False,
)

#: Name → module and variable. A path is of the first form that recognises it. A reader is imported
#: when it is first asked for.
BUILT_IN: Mapping[str, str] = {
    "runtime": "scmigen.audit.runtime_json:READER",
    "grants": "scmigen.audit.grants:READER",
    "dump": "scmigen.audit.dump:READER",
    "trace": "scmigen.audit.trace:READER",
    "imx-sm": "scmigen.audit.imx_sm:READER",
    "hvisor": "scmigen.audit.hvisor:READER",
    "scp": "scmigen.audit.scp:READER",
    "scmi-msg": "scmigen.audit.scmi_msg:READER",
}
#: The form of a board, which is not read here.
BOARD = "board"
_ABOUT_BOARD = "the device tree of a platform, or one with an optee,scmi-server node"
_SUFFIXES = (".dts", ".dtsi", ".dtso", ".dtb", ".dtbo", ".pp")
#: The beginning of a file that may have a licence, and then the mark of a source.
_HEAD = 1 << 16
_AGENT = pattern(r"([A-Za-z0-9_.+-]{1,63})=(.+)", re.DOTALL)
_FORM = pattern(r"([a-z][a-z0-9-]{1,31}):(.+)", re.DOTALL)


class Named(Data):
    """A description that a user names: ``[AGENT=][READER:]PATH``. ``form`` is its reader, or
    `BOARD`; ``agent`` whose description it is."""

    path: Path
    form: str
    agent: str | None = None


def find(name: str) -> Reader:
    """The reader of that name, one of `BUILT_IN`."""
    module, _, variable = BUILT_IN[name].partition(":")
    reader: Reader = getattr(import_module(module), variable)
    return reader


def readers() -> Iterator[Reader]:
    """All readers, in the order in which they are asked."""
    return map(find, BUILT_IN)


def recognised(path: Path) -> Reader | None:
    """The first reader that knows the form of what is at ``path``."""
    return next((reader for reader in readers() if reader.recognises(path)), None)


def named(text: str) -> Named:
    """What ``[AGENT=][READER:]PATH`` names; a path that exists is taken as it is. Raises
    `InputError` if it is of no form that is known, or not there."""
    path = Path(text)
    agent = _AGENT.fullmatch(text) if is_missing(path) else None
    if agent is not None:
        path = Path(agent[2])
    form = _FORM.fullmatch(str(path)) if is_missing(path) else None
    whose = None if agent is None else agent[1]
    if form is None:
        return Named(path, _form_of(path), whose)
    if form[1] not in (*BUILT_IN, BOARD):
        hint = did_you_mean(form[1], (*BUILT_IN, BOARD)) or f"forms: {', '.join(BUILT_IN)}, {BOARD}"
        raise InputError(
            [SERVER_UNKNOWN.error(f"there is no form {form[1]!r}", Position(text), hint=hint)]
        )
    return Named(Path(form[2]), form[1], whose)


def _form_of(path: Path) -> str:
    if is_missing(path):
        read_bytes(path)  # says what may have been meant
    reader = recognised(path)
    if reader is not None:
        return reader.name
    if not is_directory(path) and is_board(path):
        return BOARD
    if not is_directory(path):
        read_bytes(path)  # where it cannot be read, that is why
    if path.suffix == ".json":
        return "runtime"
    tried = [Related(f"not {each.name}: {each.about}") for each in readers()]
    unknown = SERVER_UNKNOWN.error(
        "this describes a server in no form that is known",
        Position(str(path)),
        [*tried, Related(f"not {BOARD}: {_ABOUT_BOARD}")],
        f"if it is one of these, say so: {next(iter(BUILT_IN))}:{path}",
    )
    raise InputError([replace(unknown, whole=True)])


def is_board(path: Path) -> bool:
    """Whether a file is the source or blob of a device tree, by its name or beginning."""
    try:
        head = read_part(path, _HEAD)
    except (OSError, ValueError):
        return False
    return path.suffix in _SUFFIXES or head[:4] == b"\xd0\x0d\xfe\xed" or b"/dts-v1/" in head


def _described(source: Named) -> Audit:
    """What a reader makes of a description. Raises `InputError`, also where that has no agent, or
    the reader only found what is wrong with it."""
    audit = find(source.form).read(source.path)
    served = audit.served
    something = any(agent.grants for agent in served.agents) or any(served.resources.values())
    if not served.agents or (audit.diagnostics and not something):
        where = Position(str(source.path))
        nothing = SERVER_UNKNOWN.error(f"as {source.form}, this describes no server", where)
        raise InputError([*audit.diagnostics, nothing])
    return told_apart(audit, str(source.path))


def read(sources: Sequence[Named]) -> Audit:
    """What readers make of one description, or of several of one server, none of them a board.

    Raises `InputError` with all that is wrong.
    """
    for source in sources:
        if source.form == BOARD:
            message = "a board describes its server alone"
            raise InputError([SERVERS_DIFFER.error(message, Position(str(source.path)))])
    found: list[tuple[Named, Audit]] = []
    wrong: list[InputError] = []
    for source in sources:
        try:
            found.append((source, _described(source)))
        except InputError as problem:
            wrong.append(problem)
    if wrong:
        raise InputError([item for problem in wrong for item in problem.diagnostics])
    return unite([(each.agent, str(each.path), audit) for each, audit in found])
