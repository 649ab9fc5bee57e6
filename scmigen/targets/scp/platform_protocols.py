"""Protocols of a product's own, 0x80 to 0xFF: which agents have them.

SCP-firmware's permissions have no tables for these. The module asks functions of the product, and
without them denies every one of them to every agent.
"""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.assignment.given import shown
from scmigen.assignment.words import did_you_mean
from scmigen.data import Data
from scmigen.diagnostics import Diagnostic, Related
from scmigen.hints import TYPE_CHECKING
from scmigen.model.platform import Platform
from scmigen.runtime import Role
from scmigen.targets.options import OUTPUT_OPTION
from scmigen.targets.scp.denied import SCP_DENIED
from scmigen.targets.scp.options import ScpOptions, Setup
from scmigen.targets.scp.spaces import NamedAgent

if TYPE_CHECKING:
    from scmigen.targets.scp.product_sources import PlatformProtocol


class Allowed(Data):
    """A protocol that an agent has with all its messages."""

    enum: str
    protocol: str


def allowed(options: ScpOptions, agents: Sequence[NamedAgent]) -> tuple[Allowed, ...]:
    """The protocols of each agent in the order of the agents, then of the numbers."""
    said = options.platform_protocols or {}
    return tuple(
        Allowed(named.enum, f"0x{number:02X}")
        for named in agents
        for number in sorted(set(said.get(named.agent.name, ())))
    )


def check_names(platforms: Sequence[Platform], options: ScpOptions) -> Iterator[Diagnostic]:
    """Agents that do not exist."""
    agents = [agent.name for platform in platforms for agent in platform.agents]
    for name in options.platform_protocols or ():
        if name not in agents:
            yield OUTPUT_OPTION.error(
                f"no agent {shown(name)}",
                options.at("platform-protocols", name),
                hint=did_you_mean(name, agents),
            )


def check(setup: Setup) -> Iterator[Diagnostic]:
    """Protocols that the product's own tables allow, or its firmware has, and no agent here.

    A directory that cannot be read is reported where the services are looked for.
    """
    said = setup.options.platform_protocols
    if setup.product is None or said == {}:
        return
    for protocol in setup.product.protocols:
        if protocol.number is None or not _is_given(said or {}, protocol.number):
            yield _denied(setup, protocol)


def _is_given(said: Mapping[str, tuple[int, ...]], number: int) -> bool:
    return any(number in numbers for numbers in said.values())


def _denied(setup: Setup, protocol: "PlatformProtocol") -> Diagnostic:
    agents = setup.platform.agents
    usual = next((agent.name for agent in agents if agent.role is Role.PSCI), "AGENT")
    number = "NUMBER" if protocol.number is None else f"0x{protocol.number:02X}"
    why = (
        "the product's firmware has its module"
        if protocol.position is None
        else "the product's own config_resource_perms.c, which these tables replace, allows it"
    )
    return SCP_DENIED.warning(
        f"protocol {protocol.name} ({number}) is denied to every agent, though {why}"
        if protocol.number is not None
        else f"protocol {protocol.name} may be denied to every agent, though {why}",
        setup.options.at("product"),
        [] if protocol.position is None else [Related(protocol.name, protocol.position)],
        f"platform-protocols: {{{usual}: [{number}]}} beside product, or platform-protocols: {{}} "
        "if no agent is to have any",
    )
