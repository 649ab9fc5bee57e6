"""The transports of SCMI: one row per compatible.

Sources: Linux ``Bindings/firmware/arm,scmi.yaml`` and ``drivers/firmware/arm_scmi/{shmem.c,
transports/*.c}``; OP-TEE ``core/lib/scmi-server/scmi_server_scpfw.c`` for server descriptions.
"""

from collections.abc import Mapping
from enum import Enum

from scmigen.data import Data
from scmigen.devicetree.nodes import Node


class Part(Enum):
    """A part of a channel by which the platform may tell agents apart."""

    SMC_ID = "SMC id"
    #: Where its first shared memory is.
    MEMORY = "shared memory"
    MAILBOX = "mailbox"
    #: The channel number of OP-TEE.
    NUMBER = "channel number"
    #: The virtio device; Linux finds no second one from the same tree.
    DEVICE = "virtio device"


#: The property with the channel number of an agent in a server description.
DESCRIBED_NUMBER = "scmi-channel-id"
#: Compatible of the nodes of shared memory.
SHARED_MEMORY = "arm,scmi-shmem"
#: Bytes of shared memory in front of the payload: Linux ``SCMI_SHMEM_LAYOUT_OVERHEAD``.
LAYOUT_SIZE = 24
#: Bytes of payload without ``arm,max-msg-size``: Linux ``SCMI_SHMEM_MAX_PAYLOAD_SIZE``.
PAYLOAD_SIZE = 104
#: Shared memory is read and written in words of this many bytes.
WORD_SIZE = 4


class ScmiTransport(Data):
    """One way to reach an SCMI platform.

    ``word`` is its name in agents files and in the runtime configuration. ``distinct``: the parts
    that together make a channel different from all others. ``needs``: properties that an SCMI node
    must have. ``own``: the properties that a protocol node needs for a channel of its own, the
    first of which asks for one; empty where protocols cannot have one. ``described``: properties
    without which OP-TEE takes no agent of a server description. ``timeout``: how long in ms a node
    should have Linux wait for an answer, where its own default is not fit for use.
    """

    compatible: str
    word: str
    distinct: tuple[Part, ...]
    needs: tuple[str, ...] = ()
    own: tuple[str, ...] = ()
    described: tuple[str, ...] = ()
    timeout: int | None = None

    @property
    def has_memory(self) -> bool:
        """Whether messages may be exchanged over shared memory that the tree describes."""
        return self.distinct != (Part.DEVICE,)


_SMC = ("arm,smc-id", "shmem")

TRANSPORTS: tuple[ScmiTransport, ...] = (
    ScmiTransport(
        "arm,scmi",
        "mailbox",
        (Part.MAILBOX,),
        needs=("mboxes", "shmem"),
        own=("mboxes", "shmem"),
    ),
    ScmiTransport(
        "arm,scmi-smc",
        "smc",
        (Part.SMC_ID,),
        needs=_SMC,
        own=("shmem",),
    ),
    # The page and the offset of the shared memory are parameters of the call.
    ScmiTransport(
        "arm,scmi-smc-param",
        "smc-param",
        (Part.SMC_ID, Part.MEMORY),
        needs=_SMC,
        own=("shmem",),
    ),
    # A capability id, which firmware writes into the last 8 bytes of the shared memory, is a
    # parameter of the call.
    ScmiTransport(
        "qcom,scmi-smc",
        "qcom-smc",
        (Part.SMC_ID, Part.MEMORY),
        needs=_SMC,
        own=("shmem",),
    ),
    # Linux waits for a minute: a server that is gone would stop each driver that long.
    ScmiTransport("arm,scmi-virtio", "virtio", (Part.DEVICE,), timeout=2000),
    # Without shmem the memory of each message is an argument of the call into OP-TEE.
    ScmiTransport(
        "linaro,scmi-optee",
        "optee",
        (Part.NUMBER,),
        needs=("linaro,optee-channel-id",),
        own=("linaro,optee-channel-id",),
        described=(DESCRIBED_NUMBER,),
    ),
)

#: The transport of channels to OP-TEE.
OPTEE = next(row for row in TRANSPORTS if Part.NUMBER in row.distinct)

#: The transport that needs nothing to be said of it.
DEFAULT = next(row for row in TRANSPORTS if not row.needs)

BY_COMPATIBLE: Mapping[str, ScmiTransport] = {row.compatible: row for row in TRANSPORTS}
BY_WORD: Mapping[str, ScmiTransport] = {row.word: row for row in TRANSPORTS}
#: The properties of channels, of all transports.
CHANNEL_PROPERTIES: tuple[str, ...] = tuple(
    dict.fromkeys(name for row in TRANSPORTS for name in (*row.needs, *row.own))
)
#: The properties that say more about channels.
CHANNEL_DETAILS = ("mbox-names", "interrupts", "interrupt-names", "arm,no-completion-irq")
#: How long in ms Linux waits for an answer.
TIMEOUT = "arm,max-rx-timeout-ms"
#: Property → the part of a channel that it says.
PART_OF: Mapping[str, Part] = {
    "arm,smc-id": Part.SMC_ID,
    "shmem": Part.MEMORY,
    "mboxes": Part.MAILBOX,
    "linaro,optee-channel-id": Part.NUMBER,
}


def transport_of(node: Node) -> ScmiTransport | None:
    """The transport that the ``compatible`` of a node names; None where it names none."""
    for text in node.strings("compatible"):
        if text in BY_COMPATIBLE:
            return BY_COMPATIBLE[text]
    return None


def payload_size(node: Node) -> int:
    """The largest payload in bytes that an SCMI node may exchange over shared memory."""
    size = node.cell("arm,max-msg-size")
    return PAYLOAD_SIZE if size is None else size
