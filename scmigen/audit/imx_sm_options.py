"""What a configuration of imx-sm has that grants do not hold: options of the output ``imx-sm``."""

from scmigen.audit.imx_sm_config import Config, Row, Section
from scmigen.audit.imx_sm_findings import short
from scmigen.hints import Any
from scmigen.imx_sm.levels import KIND_OF, LEVELS, Level, allowed, least
from scmigen.imx_sm.resources import Resources
from scmigen.scmi.protocols import Kind


def options_of(config: Config, resources: Resources) -> dict[str, dict[str, Any]]:
    """The options with which the output writes every level again, beside the grants."""
    rows = [row for agent in config.agents for row in config.rows(agent).values()]
    full = any(row.level is Level.ALL and _is_full(row) for row in rows)
    agents = {agent.name: _agent(config, agent, resources, full) for agent in config.agents}
    found: dict[str, Any] = {"tree": str(resources.folder), "soc": config.soc}
    if config.board is not None:
        found["board"] = config.board
    if full:
        found["full"] = "all"
    return {"imx-sm": found | {"agents": agents}}


def _agent(config: Config, agent: Section, resources: Resources, full: bool) -> dict[str, Any]:
    rows = {
        "SYS" if row.protocol == "sys" else "FUSA" if row.protocol == "fusa" else short(name): (
            row.word
        )
        for name, row in config.rows(agent).items()
        if row.word in LEVELS and resources.known(name) and row.level is not _written(row, full)
    }
    found: dict[str, Any] = {"number": agent.number}
    if agent.secure:
        found["secure"] = True
    if agent.mailbox:
        found["mailbox"] = agent.mailbox
    if agent.channels:
        found["channels"] = agent.channels
    return found | ({"rows": rows} if rows else {})


def _is_full(row: Row) -> bool:
    """Whether the level opens all that there is to open of a kind that grants can hold."""
    kind = KIND_OF.get(row.protocol)
    return kind is not None and allowed(kind, row.level) == allowed(kind, Level.ALL)


def _written(row: Row, full: bool) -> Level | None:
    """The level that the output has for the grants that come of a row; None without a grant."""
    kind = KIND_OF.get(row.protocol)
    if kind is None or kind is Kind.PIN:
        return None
    operations = allowed(kind, row.level)
    if not operations:
        return None
    return Level.ALL if full and _is_full(row) else least(kind, operations)
