"""Which devices each agent has, and what that opens (DEN0056, sections 4.2.2.10 to 4.2.2.12).

A device is a set of resources. An agent holds a device, protocol by protocol; a resource stays open
to it while it holds any device with that resource. What opens is what the configuration grants, not
more. Operations granted by hand, and resources of none of the agent's devices, stand whatever
happens here.
"""

from collections.abc import Mapping

from scmigen import runtime
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind


class Permissions:
    """The devices every agent holds now."""

    def __init__(self, configuration: runtime.Runtime) -> None:
        self._devices: Mapping[int, runtime.Device] = {
            device.id: device for device in configuration.devices
        }
        self._kinds = {
            device.id: frozenset(resource.kind for resource in device.resources)
            for device in configuration.devices
        }
        # (agent, kind, number) → the devices through which the agent may ever reach the resource
        self._ways: dict[tuple[int, Kind, int], list[runtime.Device]] = {}
        for device in configuration.devices:
            for agent in {*device.agents, *device.assignable}:
                for resource in device.resources:
                    way = self._ways.setdefault((agent, resource.kind, resource.id), [])
                    way.append(device)
        self._held: dict[tuple[int, int], frozenset[Kind]] = {}
        for agent_configuration in configuration.agents:
            self.restore(agent_configuration.id)

    def known(self, device: int) -> bool:
        """Whether there is a device ``device``."""
        return device in self._devices

    def kinds(self, device: int) -> frozenset[Kind]:
        """The kinds of resource ``device`` has."""
        return self._kinds[device]

    def grantable(self, agent: int, device: int) -> bool:
        """Whether the configuration lets ``agent`` be given ``device``."""
        found = self._devices[device]
        return agent in found.agents or agent in found.assignable

    def allow(self, agent: int, device: int, kinds: frozenset[Kind]) -> None:
        """Give ``agent`` the resources of these kinds of ``device``."""
        key = (agent, device)
        self._held[key] = self._held.get(key, frozenset()) | (kinds & self._kinds[device])

    def deny(self, agent: int, device: int, kinds: frozenset[Kind]) -> None:
        """Take them away."""
        key = (agent, device)
        self._held[key] = self._held.get(key, frozenset()) - kinds

    def restore(self, agent: int) -> None:
        """The devices ``agent`` had at boot, no others."""
        for device in self._devices.values():
            held = self._kinds[device.id] if agent in device.agents else frozenset()
            self._held[agent, device.id] = held

    def operations(self, agent: int, kind: Kind, grant: runtime.Grant) -> frozenset[Operation]:
        """What ``agent`` may do now with the resource of ``grant``."""
        ways = self._ways.get((agent, kind, grant.resource))
        if ways is None or any(kind in self._held[agent, device.id] for device in ways):
            return frozenset(grant.operations)
        return frozenset(grant.by_hand)

    def describable(self, agent: int, kind: Kind, number: int) -> bool:
        """Whether ``agent`` may see a resource it has not got: it may be given it."""
        ways = self._ways.get((agent, kind, number), ())
        return any(agent in device.assignable for device in ways)
