"""A domain's partial tree for Xen, as edits of an empty tree.

Xen copies what is below ``/passthrough``: the domain's SCMI node with its shared memory, and the
devices (`partial_devices`).
"""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.bindings.partial_devices import (
    FORCED,
    TOP,
    DomainDevices,
    Left,
    device_edits,
    registers,
)
from scmigen.bindings.references import References
from scmigen.bindings.scmi_emission import LABELS
from scmigen.bindings.scmi_nodes import PROVIDES, REGULATORS
from scmigen.bindings.transports import BY_WORD, SHARED_MEMORY
from scmigen.bindings.xen_emission import XenChannel
from scmigen.data import Data
from scmigen.devicetree.edits import AddNode, Edit, Entry, SetProperty, Strings, cells
from scmigen.scmi.protocols import Protocol

_SCMI = f"{TOP}/firmware/scmi"
_MEMORY = "scmi_shm"
_BUS = "simple-bus"
_SMC = BY_WORD["smc"].compatible


def protocol_path(protocol: int) -> str:
    """Where a protocol is in a partial tree."""
    return f"{_SCMI}/protocol@{protocol:x}"


def regulator_path(number: int) -> str:
    """Where the regulator of a voltage domain is in a partial tree."""
    return f"{protocol_path(Protocol.VOLTAGE)}/{REGULATORS}/regulator@{number:x}"


class Wanted(Data):
    """What a domain has: its channel, where it sees the shared memory, its protocols, the names of
    its voltage domains by id, and its devices."""

    channel: XenChannel
    memory: int
    protocols: Sequence[int]
    regulators: Mapping[int, str]
    devices: DomainDevices


def partial_edits(references: References, wanted: Wanted, left: Left) -> Iterator[Edit]:
    """The partial tree; ``left`` gets what it lacks."""
    yield from _bus("/", None)
    yield AddNode(TOP)
    yield from _bus(TOP, _BUS)
    yield from _channel(wanted)
    served = {
        *map(protocol_path, wanted.protocols),
        *map(regulator_path, wanted.regulators),
    }
    names = {"firmware", f"sram@{wanted.memory:x}"}
    yield from device_edits(references, wanted.devices, served, names, left)


def _bus(path: str, compatible: str | None) -> Iterator[Edit]:
    if compatible is not None:
        yield SetProperty(path, "compatible", Strings((compatible,)))
        yield SetProperty(path, "ranges", ())
    yield SetProperty(path, "#address-cells", cells(2))
    yield SetProperty(path, "#size-cells", cells(2))


def _channel(wanted: Wanted) -> Iterator[Edit]:
    channel = wanted.channel
    memory = f"{TOP}/sram@{wanted.memory:x}"
    yield AddNode(memory, _MEMORY)
    yield SetProperty(memory, "compatible", Strings((SHARED_MEMORY,)))
    yield from registers(memory, [(channel.memory, wanted.memory)])
    yield SetProperty(memory, FORCED, ())
    yield AddNode(f"{TOP}/firmware")
    yield SetProperty(f"{TOP}/firmware", "compatible", Strings((_BUS,)))
    yield AddNode(_SCMI, "scmi", f"agent {channel.agent}")
    yield SetProperty(_SCMI, "compatible", Strings((_SMC,)))
    yield SetProperty(_SCMI, "arm,smc-id", cells(channel.smc_id))
    yield SetProperty(_SCMI, "#address-cells", cells(1))
    yield SetProperty(_SCMI, "#size-cells", cells(0))
    yield SetProperty(_SCMI, "shmem", (Entry(memory),))
    for number in wanted.protocols:
        yield from _protocol(number, wanted.regulators)


def _protocol(number: int, regulators: Mapping[int, str]) -> Iterator[Edit]:
    path = protocol_path(number)
    yield AddNode(path, LABELS.get(number, f"scmi_{number:x}"))
    yield SetProperty(path, "reg", cells(number))
    names = PROVIDES.get(number, ())
    if number == Protocol.PERFORMANCE:
        names = ("#power-domain-cells",)
    for name in names:
        yield SetProperty(path, name, cells(1))
    if number == Protocol.VOLTAGE and regulators:
        holder = f"{path}/{REGULATORS}"
        yield AddNode(holder)
        yield SetProperty(holder, "#address-cells", cells(1))
        yield SetProperty(holder, "#size-cells", cells(0))
        for identifier, name in regulators.items():
            each = regulator_path(identifier)
            yield AddNode(each, f"scmi_reg_{identifier}")
            yield SetProperty(each, "reg", cells(identifier))
            yield SetProperty(each, "regulator-name", Strings((name,)))
