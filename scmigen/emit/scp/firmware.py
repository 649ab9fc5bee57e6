"""All that the templates say of one firmware, worked out once from the platform."""

from collections.abc import Mapping
from dataclasses import dataclass

from scmigen.bindings.facts import ResourceKey, Use
from scmigen.emit.ctext import Enumerators
from scmigen.emit.scp.spaces import (
    EMITTED,
    NamedAgent,
    Space,
    build_space,
    name_agents,
)
from scmigen.model.platform import Platform
from scmigen.runtime import Numbering
from scmigen.scmi.protocols import Kind

#: Kind → modules from the driver up to the protocol, as SCP_MODULES names them.
MODULES: Mapping[Kind, tuple[str, ...]] = {
    Kind.POWER: ("mock-ppu", "power-domain", "scmi-power-domain"),
    Kind.CLOCK: ("mock-clock", "clock", "scmi-clock"),
    Kind.RESET: ("mock-reset", "reset-domain", "scmi-reset-domain"),
}


@dataclass(frozen=True, slots=True)
class NamedDevice:
    """A device with its enumerator; ``number`` is the one other outputs give it."""

    enum: str
    number: int
    path: str


@dataclass(frozen=True, slots=True)
class Firmware:
    """One SCP-firmware: agents, id spaces by kind, and where everything comes from."""

    name: str
    vendor: str
    sub_vendor: str
    shared: bool
    agents: tuple[NamedAgent, ...]
    spaces: Mapping[Kind, Space]
    devices: tuple[NamedDevice, ...]

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules of the build in the order in which the framework starts them."""
        drivers = tuple(module for kind in self.spaces for module in MODULES[kind])
        return ("mock-doorbell", "transport", "scmi", "resource-perms", *drivers)

    @property
    def has_resets(self) -> bool:
        """Whether there are reset domains, whose driver SCP-firmware does not have."""
        return Kind.RESET in self.spaces

    @property
    def own_modules(self) -> tuple[str, ...]:
        """Directories of the drivers that whoever builds the firmware brings."""
        return ("mock_doorbell", *(("mock_reset",) if self.has_resets else ()))


def _first_uses(platform: Platform) -> Mapping[ResourceKey, Use]:
    found: dict[ResourceKey, Use] = {}
    for use in platform.inventory.uses:
        found.setdefault(use.key, use)
    return found


def _devices(platform: Platform) -> tuple[NamedDevice, ...]:
    enums = Enumerators("SCMI_DEVICE_IDX")
    numbered = [(device.number, device.node) for device in platform.devices]
    return tuple(
        NamedDevice(enums.name(number, node.name, node.base_name), number, node.path)
        for number, node in numbered
        if number is not None
    )


def build(platform: Platform) -> Firmware:
    """The firmware of a platform whose limits have been checked."""
    agents = name_agents(platform)
    uses = _first_uses(platform)
    spaces = {kind: build_space(platform, kind, agents, uses) for kind in EMITTED}
    return Firmware(
        name=platform.name,
        vendor=platform.options.vendor,
        sub_vendor=platform.options.sub_vendor,
        shared=platform.numbering is Numbering.SHARED,
        agents=agents,
        spaces={kind: space for kind, space in spaces.items() if space is not None},
        devices=_devices(platform),
    )
