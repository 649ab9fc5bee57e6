"""The form of an ``optee,scmi-server`` node, as OP-TEE's ``core/lib/scmi-server`` takes it.

Below a protocol is one group of entries, whose name is fixed; an entry is a resource, and one
reference identifies that. Names of nodes are free but for the group's.
"""

from collections.abc import Mapping
from enum import IntFlag

from scmigen.scmi.protocols import Kind
from scmigen.tuples import NamedTuple


class ClockFlag(IntFlag):
    """``flags`` of a clock; the names are those of ``dt-bindings/scmi/scmi-clock.h``."""

    SCMI_CLOCK_DEFAULT_ENABLED = 1
    SCMI_CLOCK_ALLOW_SET_RATE = 2


class EntryForm(NamedTuple):
    """Entries of a kind: the name of their group and of their nodes, and the property that refers
    to the resource."""

    group: str
    node: str
    reference: str


FORMS: Mapping[Kind, EntryForm] = {
    Kind.CLOCK: EntryForm("clocks", "clock", "clocks"),
    Kind.RESET: EntryForm("resets", "reset", "resets"),
    # ST's fork alone.
    Kind.VOLTAGE: EntryForm("regulators", "voltd", "voltd-supply"),
}
