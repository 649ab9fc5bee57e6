"""What a server lets its agents do, without what its resources are worth.

Every description of a server that is held against a board becomes this form: a configuration that
somebody wrote by hand, a dump of a live server, a trace. None of them need say a rate or a voltage.
`served_of` takes it from a runtime configuration. Keys ``source`` say where a thing is written
(``file:line`` or ``file:line:column``).
"""

from msgspec import field

from scmigen.runtime.schema import (
    Device,
    Name,
    Number,
    Numbering,
    Role,
    Runtime,
    Strict,
    Transport,
)
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.version import format_of

#: The value of ``format``.
GRANTS_FORMAT = format_of("grants")


class ServedResource(Strict, frozen=True, kw_only=True):
    """A resource. ``id`` is the server's own number, ``name`` what it reports, empty if that is
    not known. ``node`` and ``cells`` are those of the device tree, where the description has
    them."""

    id: Number
    name: str = ""
    node: str = ""
    cells: tuple[int, ...] = ()
    source: str | None = None


class ServedGrant(Strict, frozen=True, kw_only=True):
    """What an agent may do with the ``resource`` that it knows by ``id``.

    ``unchecked``: operations that the server has and lets every agent use, whatever is configured.
    ``unknown``: operations of which the description does not tell whether they are allowed.
    """

    id: Number
    resource: Number
    operations: tuple[Operation, ...] = ()
    unchecked: tuple[Operation, ...] = ()
    unknown: tuple[Operation, ...] = ()
    source: str | None = None


class ServedAgent(Strict, frozen=True, kw_only=True):
    """An agent: ``id`` from 1 on, ``role`` and ``transport`` where they are known."""

    id: int
    name: Name
    role: Role | None = None
    transport: Transport | None = None
    permissions: bool | None = None
    grants: dict[Kind, tuple[ServedGrant, ...]] = field(default_factory=dict)
    source: str | None = None


class Served(Strict, frozen=True, kw_only=True):
    """What one server serves.

    ``kinds`` are those that the description is about: of other kinds it says nothing. Where it is
    not ``complete``, as a trace, an id that it does not have may still be served.
    """

    format: str = GRANTS_FORMAT
    name: str
    numbering: Numbering = Numbering.SHARED
    kinds: tuple[Kind, ...] = tuple(Kind)
    complete: bool = True
    agents: tuple[ServedAgent, ...]
    resources: dict[Kind, tuple[ServedResource, ...]] = field(default_factory=dict)
    devices: tuple[Device, ...] = ()


def served_of(runtime: Runtime) -> Served:
    """What a runtime configuration lets its agents do."""
    return Served(
        name=runtime.name,
        numbering=runtime.numbering,
        agents=tuple(
            ServedAgent(
                id=agent.id,
                name=agent.name,
                role=agent.role,
                transport=agent.transport,
                permissions=agent.permissions,
                grants={
                    kind: tuple(
                        ServedGrant(id=one.id, resource=one.resource, operations=one.operations)
                        for one in grants
                    )
                    for kind, grants in agent.grants.items()
                },
            )
            for agent in runtime.agents
        ),
        resources=_resources(runtime),
        devices=runtime.devices,
    )


def _resources(runtime: Runtime) -> dict[Kind, tuple[ServedResource, ...]]:
    return {
        kind: tuple(
            ServedResource(id=one.id, name=one.name, node=one.node, cells=one.cells)
            for one in found
        )
        for kind in Kind
        if (found := runtime.resources(kind))
    }
