"""Configurations of NXP's System Manager (imx-sm): the ``.cfg``, or the header made of one."""

from pathlib import Path

from scmigen.audit.base import Audit, Reader
from scmigen.audit.imx_sm_cfg import read_cfg
from scmigen.audit.imx_sm_config import IMX_SM_SYNTAX, Config, Row, Section
from scmigen.audit.imx_sm_findings import FINDINGS, problems, short
from scmigen.audit.imx_sm_header import read_header
from scmigen.audit.imx_sm_options import options_of
from scmigen.diagnostics import InputError, Position
from scmigen.imx_sm.levels import KIND_OF, PROTOCOL_OF, UNCHECKED, Level, allowed
from scmigen.imx_sm.resources import IMX_SM_TREE, Resources, read_resources, root_of
from scmigen.inputs import read_part
from scmigen.runtime.served import Served, ServedAgent, ServedGrant, ServedResource
from scmigen.scmi.protocols import Kind

_HEADER = "config_scmi.h"
#: A configuration names its first agent well before that.
_HEAD = 1 << 16


def _recognises(path: Path) -> bool:
    try:
        if path.name == _HEADER:
            return b"SM_SCMI_AGNT" in read_part(path, _HEAD)
        if path.suffix != ".cfg":
            return False
        head = read_part(path, _HEAD)
    except (OSError, ValueError):
        return False
    return b"SCMI_AGENT" in head or b"LM0" in head


def read_config(path: Path) -> tuple[Config, Resources]:
    """A configuration, and the resources of its device and board. Raises `InputError`."""
    config = read_header(path) if path.suffix == ".h" else read_cfg(path)
    at = Position(str(path))
    if config.soc is None:
        said = "config.mak beside it" if path.suffix == ".h" else "MAKE soc=… in it"
        raise InputError([IMX_SM_TREE.error("the device is not known", at, hint=f"{said} says it")])
    root = root_of(path, config.soc)
    if root is None:
        raise InputError(
            [
                IMX_SM_TREE.error(
                    f"no folder above it has devices/{config.soc}/sm, whose headers number the "
                    "resources",
                    at,
                    hint="leave the file in the sources of imx-sm, where its tool reads it",
                )
            ]
        )
    return config, read_resources(root, config.soc, config.board, at)


def _read(path: Path) -> Audit:
    config, resources = read_config(path)
    return Audit(
        _served(path, config, resources),
        tuple(problems(config, resources)),
        (*config.files, *resources.files),
    )


def _served(path: Path, config: Config, resources: Resources) -> Served:
    return Served(
        name=path.stem if path.name != _HEADER else path.absolute().parent.name,
        kinds=tuple(kind for kind in Kind if kind in PROTOCOL_OF),
        agents=tuple(_agent(config, agent, resources) for agent in config.agents),
        resources={kind: _named(config, resources, kind) for kind in Kind if kind in PROTOCOL_OF},
        outputs=options_of(config, resources),
    )


def _named(config: Config, resources: Resources, kind: Kind) -> tuple[ServedResource, ...]:
    protocol = PROTOCOL_OF[kind]
    own = {resources.id_of(row.resource) for row in config.own if row.protocol == protocol}
    found: dict[int, ServedResource] = {}
    for name, number in resources.ids[protocol].items():
        source = str(resources.macros[name].position)
        one = ServedResource(id=number, name=short(name), own=number in own, source=source)
        found.setdefault(number, one)
    return tuple(found[number] for number in sorted(found))


def _agent(config: Config, agent: Section, resources: Resources) -> ServedAgent:
    """Agent n of a configuration is n + 1 in messages; 0 is the platform there."""
    rows: dict[tuple[Kind, int], Row] = {}
    base = False
    for name, row in config.rows(agent).items():
        number = resources.id_of(name)
        kind = KIND_OF.get(row.protocol)
        if kind is not None and number is not None:
            rows[kind, number] = row
        base = base or (row.protocol == "base" and row.level >= Level.PRIV)
    return ServedAgent(
        id=(agent.number or 0) + 1,
        name=agent.name,
        permissions=base,
        grants={kind: grants for kind in PROTOCOL_OF if (grants := _grants(kind, rows, resources))},
        source=str(agent.position),
    )


def _grants(
    kind: Kind, rows: dict[tuple[Kind, int], Row], resources: Resources
) -> tuple[ServedGrant, ...]:
    """One for each resource: all can be read, whatever the rows are."""
    found = []
    for number in sorted(set(resources.ids[PROTOCOL_OF[kind]].values())):
        row = rows.get((kind, number))
        operations = allowed(kind, row.level) if row else ()
        if operations or UNCHECKED[kind]:
            found.append(
                ServedGrant(
                    id=number,
                    resource=number,
                    operations=operations,
                    unchecked=UNCHECKED[kind],
                    source=str(row.position) if row else None,
                )
            )
    return tuple(found)


READER = Reader(
    name="imx-sm",
    about="a .cfg of NXP's System Manager (imx-sm), or the config_scmi.h made of one",
    recognises=_recognises,
    read=_read,
    findings=(IMX_SM_SYNTAX, IMX_SM_TREE, *FINDINGS),
)
