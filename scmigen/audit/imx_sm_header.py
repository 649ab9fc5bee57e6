"""The ``config_scmi.h`` that imx-sm's tool makes of a ``.cfg``: the initialisers of its agents."""

import re
from pathlib import Path

from scmigen.audit.imx_sm_config import IMX_SM_SYNTAX, Config, Row, Section
from scmigen.diagnostics import InputError, Position
from scmigen.imx_sm.levels import PROTOCOLS
from scmigen.inputs import is_missing, read_text
from scmigen.patterns import pattern

_AGENT = pattern(r"^#define\s+SM_SCMI_AGNT(\d{1,3})_CONFIG\b", re.ASCII)
_FIELD = pattern(r'\s*\.(\w+)(?:\[(\w+)\])?\s*=\s*("[^"]*"|\w+)\s*,?\s*\\?$', re.ASCII)
_LEVEL = "SM_SCMI_PERM_"
_PERMISSIONS = {f"{protocol}Perms": protocol for protocol in PROTOCOLS}
_MADE = (
    ("soc", pattern(r"^include \./devices/(\w+)/sm/Makefile", re.M)),
    ("board", pattern(r"^BOARD \?= (\w+)", re.M)),
)


def read_header(path: Path) -> Config:
    """A generated header. Device and board are in the ``config.mak`` beside it. Raises
    `InputError`."""
    sections: list[Section] = []
    within = False
    for number, line in enumerate(read_text(path).split("\n"), 1):
        at = Position(str(path), number, 1)
        begins = _AGENT.match(line)
        if begins:
            sections.append(Section(int(begins[1]), -1, at))
        within = bool(begins) or (within and line.rstrip().endswith("\\"))
        found = _FIELD.match(line) if within else None
        if found and sections:
            _entry(sections[-1], found[1], found[2], found[3], at)
    if not sections:
        raise _problem("no SM_SCMI_AGNTn_CONFIG is defined", Position(str(path)))
    for index, section in enumerate(sections):
        section.name = section.name or f"agent {section.number}"
        if section.number != index:
            raise _problem(f"agent {section.number} comes as number {index}", section.position)
    made = path.with_name("config.mak")
    text = "" if is_missing(made) else read_text(made)
    known = {key: found[1] for key, pattern in _MADE if (found := pattern.search(text))}
    files = (str(path), *([] if is_missing(made) else [str(made)]))
    return Config(
        str(path), files, known.get("soc"), known.get("board"), {}, tuple(sections)
    )  # fmt: skip


def _problem(message: str, at: Position) -> InputError:
    return InputError([IMX_SM_SYNTAX.error(message, at)])


def _entry(section: Section, key: str, index: str | None, value: str, at: Position) -> None:
    protocol = _PERMISSIONS.get(key)
    if key == "name":
        section.name = value.strip('"')
    elif key == "secure":
        section.secure = value.rstrip("U") == "1"
    elif key == "scmiInst" and value.rstrip("U").isdecimal():
        section.machine = int(value.rstrip("U")[:3])
    elif protocol is not None:
        resource = index or "0"
        if index is None or index.isdecimal():
            resource = f"DEV_SM_{protocol.upper()}_{resource}"
        word = value.removeprefix(_LEVEL).lower()
        section.rows.append(Row(protocol, resource, word, at, resource))
