"""What several descriptions of one server say of it besides agents and their grants: the first that
says a thing counts, and one that says it otherwise is told.
"""

from collections.abc import Mapping
from typing import Any

from msgspec import structs

from scmigen.audit.findings import SERVERS_DIFFER
from scmigen.diagnostics import Diagnostic, Position
from scmigen.runtime import (
    Device,
    DeviceResource,
    Served,
    ServedAgent,
    ServedResource,
    ServedService,
)
from scmigen.runtime.facts import renumbered
from scmigen.runtime.served_facts import MAX_SERVICES, ServedVendor
from scmigen.runtime.words import Voting
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind

#: Numbers of resources of one description → those of all together.
Numbers = Mapping[tuple[Kind, int], int]
_VENDOR = ("vendor", "sub_vendor", "version", "source")
_OF_AGENT = ("role", "profile", "transport", "permissions", "system_power")


class Rest:
    """What was said so far. ``told``: what two descriptions say differently."""

    def __init__(self) -> None:
        self.told: list[Diagnostic] = []
        self._said: dict[tuple[str, str], tuple[Any, str]] = {}
        self._services: list[tuple[str, ServedService]] = []
        self._all_devices = True
        self._devices: dict[str, tuple[Device, tuple[str, ...], tuple[str, ...], str]] = {}
        # By the node of a device and a resource of it: agents by name, and what each does not get.
        self._withheld: dict[tuple[str, Kind, int], dict[str, tuple[Operation, ...]]] = {}

    def add(self, served: Served, numbers: Numbers, file: str) -> None:
        """Take in what one description says besides agents and resources."""
        names = {agent.id: agent.name for agent in served.agents}
        if served.vendor is not None:
            for name in _VENDOR:
                self._take("vendor", name, getattr(served.vendor, name), file)
        for name, value in served.facts.items():
            self._take("facts", name, value, file)
        for kind, voting in served.votes.items():
            self._take("votes", kind, voting, file)
        for name, options in served.outputs.items():
            self._take("outputs", name, options, file)
        first = len(self._services)
        for one in served.services:
            by = None if one.by is None else one.by + first
            self._services.append((names[one.agent], structs.replace(one, by=by)))
        self._all_devices &= served.all_devices
        for device in served.devices:
            self._device(device, names, numbers, file)

    def _take(self, section: str, name: str, value: Any, file: str) -> None:
        if value is None:
            return
        known, before = self._said.setdefault((section, name), (value, file))
        if known != value and name != "source":
            self._differs(f"{section} {name} is {value}; in {before}, {known}", file)

    def agent(self, first: ServedAgent, other: ServedAgent, file: str, before: str) -> None:
        """Tell what two descriptions of one agent say differently, besides what it may do."""
        for name in _OF_AGENT:
            known, said = getattr(first, name), getattr(other, name)
            if None not in (known, said) and known != said:
                word = name.replace("_", " ")
                self._differs(f"{word} of {first.name} is {said}; in {before}, {known}", file)

    def _differs(self, message: str, file: str) -> None:
        hint = "the first of them counts"
        self.told.append(SERVERS_DIFFER.warning(message, Position(file), hint=hint))

    def _device(
        self, device: Device, names: Mapping[int, str], numbers: Numbers, file: str
    ) -> None:
        """A device, with its agents by name; one that is known gets the agents that only this
        description has."""
        resources = tuple(
            DeviceResource(one.kind, numbers.get((one.kind, one.id), one.id), one.operations)
            for one in device.resources
        )
        moved = structs.replace(device, resources=resources)
        agents, assignable = (
            tuple(names.get(number, "") for number in each)
            for each in (device.agents, device.assignable)
        )
        if device.node not in self._devices:
            ids = {one.id: node for node, (one, *_) in self._devices.items()}
            if device.id in ids:
                self._differs(
                    f"device {device.id} is {device.node} here and {ids[device.id]}", file
                )
                return
            self._devices[device.node] = moved, agents, assignable, file
            self._withhold(device, names, numbers)
            return
        first, has, may, before = self._devices[device.node]
        if (first.id, first.resources) != (moved.id, moved.resources):
            self._differs(f"device {device.node} is another one in {before}", file)
        self._withhold(device, names, numbers)
        every = tuple(dict.fromkeys((*has, *agents)))
        some = tuple(dict.fromkeys((*may, *assignable)))
        self._devices[device.node] = first, every, some, before

    def _withhold(self, device: Device, names: Mapping[int, str], numbers: Numbers) -> None:
        for one in device.resources:
            number = numbers.get((one.kind, one.id), one.id)
            known = self._withheld.setdefault((device.node, one.kind, number), {})
            for agent, operations in one.withheld.items():
                known.setdefault(names.get(agent, ""), operations)

    def _resources(self, device: Device, ids: Mapping[str, int]) -> tuple[DeviceResource, ...]:
        """The resources of a device, with what each does not open to agents of all descriptions."""
        said = ((one, self._withheld[device.node, one.kind, one.id]) for one in device.resources)
        return tuple(
            structs.replace(
                one,
                withheld={ids[name]: kept for name, kept in withheld.items() if name in ids},
            )
            for one, withheld in said
        )

    def filled(self, served: Served) -> Served:
        """The server of all descriptions, which has its agents and resources, with all this."""
        ids = {agent.name: agent.id for agent in served.agents}
        vendor = self._section("vendor")
        return structs.replace(
            served,
            vendor=ServedVendor(**vendor) if vendor else None,
            facts=self._section("facts"),
            votes={Kind(kind): Voting(value) for kind, value in self._section("votes").items()},
            outputs=self._section("outputs"),
            all_devices=self._all_devices,
            services=tuple(
                structs.replace(one, agent=ids[name]) for name, one in self._services if name in ids
            )[:MAX_SERVICES],
            devices=tuple(
                structs.replace(
                    device,
                    agents=_ids(agents, ids),
                    assignable=_ids(assignable, ids),
                    resources=self._resources(device, ids),
                )
                for device, agents, assignable, _ in sorted(
                    self._devices.values(), key=lambda each: each[0].id
                )
            ),
        )

    def _section(self, name: str) -> dict[str, Any]:
        return {key: value for (section, key), (value, _) in self._said.items() if section == name}

    def resource(
        self, kind: Kind, first: ServedResource, other: ServedResource, file: str
    ) -> ServedResource:
        """A resource that two descriptions have: what the first does not say, the other may."""
        facts = {**other.facts, **first.facts}
        for name, value in other.facts.items():
            if facts[name] != value:
                what = f"{name} of {kind} {first.id} ({first.name})"
                self._differs(f"{what} is {value} here, and {facts[name]} before", file)
        return structs.replace(
            first,
            name=first.name or other.name,
            node=first.node or other.node,
            cells=first.cells if first.node else other.cells,
            parent=other.parent if first.parent is None else first.parent,
            on=other.on if first.on is None else first.on,
            levels=first.levels or other.levels,
            facts=facts,
            source=first.source or other.source,
        )


def _ids(names: tuple[str, ...], ids: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(sorted(ids[name] for name in names if name in ids))


def moved(kind: Kind, one: ServedResource, numbers: Numbers) -> ServedResource:
    """A resource with its number, and those of what it names, among all descriptions."""
    parent = None if one.parent is None else numbers.get((kind, one.parent), one.parent)
    return structs.replace(
        one,
        id=numbers.get((kind, one.id), one.id),
        parent=parent,
        facts=renumbered(kind, one.facts, numbers),
    )
