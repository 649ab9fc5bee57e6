"""The one result of every reader of this room: agents, claims on devices, and what they add.

Nodes are resolved already, so that nobody after this room sees a selector.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from scmigen.bindings.facts import ResourceKey
from scmigen.devicetree.tree import Node
from scmigen.diagnostics import Diagnostic, Position
from scmigen.runtime import Role, Transport
from scmigen.scmi.operations import Operation

#: What makes a domain a domain (System Device Tree specification, chapter 3).
COMPATIBLE = "openamp,domain-v1"


@dataclass(frozen=True, slots=True)
class Agent:
    """A client of the SCMI server. Ids are dense from 1; 0 is the platform."""

    id: int
    name: str
    role: Role
    transport: Transport | None = None
    permissions: bool = False
    default: bool = False
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """An entry that gives ``node`` and all below it to ``agent``; none: to the platform.

    ``exact``: the entry named this very node. A glob is not exact and loses to one that is.
    """

    agent: str | None
    node: Node
    exact: bool
    position: Position | None = None
    shared: bool = False
    assignable: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HandGrant:
    """A grant that the user wrote, whatever the device tree says."""

    agent: str
    key: ResourceKey
    operations: frozenset[Operation]
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class Owner:
    """``agent`` alone may use the operations on ``key`` that do not aggregate."""

    agent: str
    key: ResourceKey
    position: Position | None = None


@dataclass(frozen=True, slots=True)
class PlatformOptions:
    """What only the platform knows. ``managed``, ``fixed``, ``local``: path → where it is said.

    ``clock_rate``: the rate in Hz to assume where the tree has none.
    """

    managed: Mapping[str, Position | None]
    fixed: Mapping[str, Position | None]
    local: Mapping[str, Position | None]
    owners: tuple[Owner, ...] = ()
    drivers: Mapping[str, Mapping[str, object]] | None = None
    clock_rate: int = 100_000_000
    vendor: str = "scmigen"
    sub_vendor: str = ""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Who owns what. At most one agent is the default: it gets what nobody claims."""

    agents: tuple[Agent, ...]
    claims: tuple[Claim, ...]
    grants: tuple[HandGrant, ...]
    options: PlatformOptions
    diagnostics: tuple[Diagnostic, ...] = ()
