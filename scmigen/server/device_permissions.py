"""Run-time permissions: which devices each agent holds (DEN0056, sections 4.2.2.10 to 4.2.2.12),
and which pins are closed to it (PINCTRL_SET_PERMISSIONS).

A device is a set of resources with the operations it needs on each. Agents hold devices per
protocol. On a resource, an agent is allowed what the devices it holds need there, but never more
than the configuration grants. Explicit grants, and resources that belong to none of the agent's
devices, are not affected. `scmigen.scmi.may` defines the answers.
"""

from collections.abc import Iterable, Mapping

from scmigen import runtime
from scmigen.hints import Final
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

Opened = frozenset[Operation]

_ALL: Final[Opened] = frozenset(Operation)


class Permissions:
    """The devices and pins that each agent holds now."""

    def __init__(self, configuration: runtime.Runtime) -> None:
        self._devices: Mapping[int, runtime.Device] = {
            device.id: device for device in configuration.devices
        }
        self._kinds = {
            device.id: frozenset(resource.kind for resource in device.resources)
            for device in configuration.devices
        }
        # (agent, kind, number) → the devices that may ever give the agent access to the resource,
        # and the operations that each allows
        self._ways: dict[tuple[int, Kind, int], list[tuple[runtime.Device, Opened]]] = {}
        for device in configuration.devices:
            for agent in {*device.agents, *device.assignable}:
                for resource in device.resources:
                    opened = frozenset(resource.operations) or _ALL
                    way = self._ways.setdefault((agent, resource.kind, resource.id), [])
                    way.append((device, opened.difference(resource.withheld.get(agent, ()))))
        self._held: dict[tuple[int, int], frozenset[Kind]] = {}
        # pins closed to an agent by PINCTRL_SET_PERMISSIONS, whatever its devices allow
        self._closed: dict[int, set[int]] = {}
        for agent_configuration in configuration.agents:
            self.restore(agent_configuration.id)

    def known(self, device: int) -> bool:
        """Whether ``device`` is the id of a device."""
        return device in self._devices

    def device_name(self, device: int) -> str | None:
        """The name of ``device``; ``None`` if there is no such device."""
        found = self._devices.get(device)
        return None if found is None else found.name

    def kinds(self, device: int) -> frozenset[Kind]:
        """The kinds of the resources of ``device``."""
        return self._kinds[device]

    def grantable(self, agent: int, device: int) -> bool:
        """Whether the configuration allows ``agent`` to hold ``device``."""
        found = self._devices[device]
        return agent in found.agents or agent in found.assignable

    def taken(self, agent: int, device: int) -> frozenset[Kind]:
        """The kinds of the resources of ``device`` that ``agent`` cannot have now, since another
        agent has them: an assignable device has one holder at a time, beside those that share it
        at boot."""
        found = self._devices[device]
        if not found.assignable:
            return frozenset()
        beside = found.agents if agent in found.agents else ()
        return frozenset(
            kind
            for (holder, held), kinds in self._held.items()
            if held == device and holder != agent and holder not in beside
            for kind in kinds
        )

    def allow(self, agent: int, device: int, kinds: frozenset[Kind]) -> None:
        """Give ``agent`` access to the resources of ``device`` of these kinds."""
        key = (agent, device)
        self._held[key] = self._held.get(key, frozenset()) | (kinds & self._kinds[device])

    def deny(self, agent: int, device: int, kinds: frozenset[Kind]) -> None:
        """Revoke that access."""
        key = (agent, device)
        self._held[key] = self._held.get(key, frozenset()) - kinds

    def open_pins(self, agent: int, pins: Iterable[int], allow: bool) -> None:
        """Open these pins to ``agent``, or close them."""
        closed = self._closed.setdefault(agent, set())
        closed.difference_update(pins) if allow else closed.update(pins)

    def restore(self, agent: int) -> None:
        """Give ``agent`` exactly the devices it had at boot, but for those that another agent has
        by now, and all its pins."""
        self._closed.pop(agent, None)
        for device in self._devices.values():
            held = self._kinds[device.id] if agent in device.agents else frozenset()
            self._held[agent, device.id] = held - self.taken(agent, device.id)

    def copy(self, agent: int, other: "Permissions") -> None:
        """Give ``agent`` the devices and pins it holds in ``other``, in which it may hold the same
        devices."""
        for (holder, device), kinds in other._held.items():
            if holder == agent and (holder, device) in self._held:
                self._held[holder, device] = kinds & self._kinds[device]
        self._closed[agent] = set(other._closed.get(agent, ()))

    def operations(self, agent: int, kind: Kind, grant: runtime.Grant) -> frozenset[Operation]:
        """The operations that ``agent`` may now do on the resource of ``grant``."""
        if kind is Kind.PIN and grant.resource in self._closed.get(agent, ()):
            return frozenset()
        granted = frozenset(grant.operations)
        ways = self._ways.get((agent, kind, grant.resource))
        if ways is None:
            return granted
        opened = frozenset(grant.by_hand)
        for device, operations in ways:
            if kind in self._held[agent, device.id]:
                opened |= operations
        return opened & granted

    def describable(self, agent: int, kind: Kind, number: int) -> bool:
        """Whether ``agent`` may be given a resource later, and so may read about it already."""
        ways = self._ways.get((agent, kind, number), ())
        return any(agent in device.assignable for device, _ in ways)
