"""Trip points of thermal zones (Linux ``Bindings/thermal/thermal-zones.yaml``)."""

from collections.abc import Iterator

from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.inventory import Inventory
from scmigen.devicetree.nodes import Node
from scmigen.tuples import NamedTuple


class TripPoint(NamedTuple):
    """A temperature of a thermal zone at which something happens, in thousandths of a degree."""

    name: str
    temperature: int
    hysteresis: int
    type: str
    zone: str


def trip_points(inventory: Inventory, key: ResourceKey) -> tuple[TripPoint, ...]:
    """The trip points of the thermal zones that read a sensor, by temperature."""
    zones = {
        use.consumer.path: use.consumer
        for use in inventory.uses
        if use.key == key and use.prop == "thermal-sensors"
    }
    found = (trip for zone in zones.values() for trip in _of(zone))
    return tuple(sorted(found, key=lambda trip: trip.temperature))


def _of(zone: Node) -> Iterator[TripPoint]:
    if "trips" not in zone.children:
        return
    for trip in zone.children["trips"].children.values():
        yield TripPoint(
            trip.name,
            _signed(trip, "temperature"),
            _signed(trip, "hysteresis"),
            trip.string("type") or "",
            zone.path,
        )


def _signed(node: Node, name: str) -> int:
    cell = node.cell(name) or 0
    return cell - (1 << 32) if cell >> 31 else cell
