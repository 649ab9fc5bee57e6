"""Findings about the tables of a firmware, and the list of those in one."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from scmigen.csource.tokens import Token
from scmigen.csource.values import Unknown
from scmigen.data import Data, field, replace
from scmigen.diagnostics import Diagnostic, Finding, Position, Related, Severity
from scmigen.scmi.protocols import Kind

#: What resources of a kind are called, one of them.
NOUNS: Mapping[Kind, str] = {
    **{kind: str(kind) for kind in Kind},
    Kind.POWER: "power domain",
    Kind.PERFORMANCE: "performance domain",
}
SCP_UNREAD = Finding(
    "tables-unread",
    "A part of a firmware's tables cannot be told from its sources.",
    "Look at the place; what depends on it is not compared.",
    severity=Severity.WARNING,
)
SCP_TABLE = Finding(
    "tables-invalid",
    "A firmware's table names what is not there.",
    "Correct the table: the firmware reads past its end, or refuses the id.",
)
SCP_UNBUILT = Finding(
    "tables-unbuilt",
    "A firmware has tables that its build leaves out.",
    "Turn the option on, or name a build directory, whose CMakeCache.txt has the options.",
    severity=Severity.NOTE,
)
SCP_PERMISSIONS_OFF = Finding(
    "permissions-off",
    "A firmware's table of permissions has no effect: the module that reads it is not built.",
    'Add "resource-perms" to SCP_MODULES where the option is on.',
    severity=Severity.WARNING,
)
SCP_MASK = Finding(
    "permissions-mask",
    "A mask of permissions denies ids of its first word only, where ids need more words.",
    "Write all words of the row: what is not denied is allowed.",
    severity=Severity.WARNING,
)
SCP_UNEVEN = Finding(
    "permissions-uneven",
    "Bits of permissions deny some messages of an operation, and not the others.",
    "Deny all messages of an operation, or none of them.",
    severity=Severity.WARNING,
)
SCP_DEVICE = Finding(
    "device-resources",
    "A firmware's list of a device's resources names other ones than its agents are checked for.",
    "Name resources by the ids that the agents know.",
    severity=Severity.WARNING,
)
SCP_SHARED = Finding(
    "device-shared",
    "Devices of a firmware share resources: denying one device takes them from the other.",
    "List a shared resource with one device, or give the devices to one agent.",
    severity=Severity.WARNING,
)
SCP_NAME = Finding(
    "row-differs",
    "One row of a table names something else than its name says, unlike all other rows.",
    "Compare the row with those around it.",
    severity=Severity.WARNING,
)
FINDINGS = (
    SCP_UNREAD,
    SCP_TABLE,
    SCP_UNBUILT,
    SCP_PERMISSIONS_OFF,
    SCP_MASK,
    SCP_UNEVEN,
    SCP_DEVICE,
    SCP_SHARED,
    SCP_NAME,
)


class Found(Data, frozen=False):
    """What is wrong with the tables of a firmware in ``folder``, each once."""

    folder: Path
    diagnostics: list[Diagnostic] = field(default_factory=list)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def unread(self, what: str, why: Unknown, otherwise: Position | None = None) -> None:
        """Something that cannot be told."""
        at = _position(why.at) or otherwise or Position(str(self.folder))
        self.add(SCP_UNREAD, f"{what}: {why.why}", at)

    def directives(self, untold: Iterable[tuple[str, Token]]) -> None:
        """What cannot be told of directives: lines may be missing, or be there that are not."""
        for what, at in untold:
            self.unread("the lines after a directive", Unknown(f"{what} is not known", at))

    def add(
        self,
        finding: Finding,
        message: str,
        at: Position | None,
        related: tuple[Related, ...] = (),
        hint: str | None = None,
    ) -> None:
        """A finding at a place."""
        key = (finding.id, f"{at}: {message}")
        if key not in self._seen:
            self._seen.add(key)
            where = self.place(at) or Position(str(self.folder))
            near = tuple(replace(each, position=self.place(each.position)) for each in related)
            self.diagnostics.append(finding.at(finding.severity, message, where, near, hint))

    def place(self, at: Position | None) -> Position | None:
        """A place with a path from here where the directory is named by one."""
        if at is None or self.folder.is_absolute() or not Path(at.file).is_absolute():
            return at
        return replace(at, file=os.path.relpath(at.file))

    def source(self, at: Position | None) -> str | None:
        """A place as a description of a server has it."""
        here = self.place(at)
        return None if here is None else str(here)


def _position(at: Token | None) -> Position | None:
    return at.position if at is not None and at.line else None
