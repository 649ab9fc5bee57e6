"""What operating systems read of an SCMI node, and of the references to it.

Sources: U-Boot 2026.10-rc2 ``drivers/firmware/scmi``, ``drivers/clk/clk-uclass.c``,
``drivers/power/domain/power-domain-uclass.c``, ``drivers/power/regulator``; Zephyr after 4.3
``dts/bindings/firmware``, ``dts/bindings/power-domain`` and the drivers of these.
"""

from collections.abc import Mapping
from enum import StrEnum

from scmigen.bindings.transports import BY_COMPATIBLE, BY_WORD
from scmigen.data import Data, field
from scmigen.scmi.protocols import Kind, Protocol

#: The node of OP-TEE itself (Linux ``Bindings/arm/firmware/linaro,optee-tz.yaml``).
OPTEE_NODE = "linaro,optee-tz"


class Os(StrEnum):
    """An operating system, or what else starts with a device tree."""

    LINUX = "linux"
    U_BOOT = "u-boot"
    ZEPHYR = "zephyr"


class Dialect(Data):
    """How one of them differs from Linux.

    ``transports``: the compatibles that it has drivers for. ``protocols``: those that it has, each
    with the compatible that its node must have, or none. ``kinds``: what devices can refer to.
    ``domain``: the compatible of a node of its own for each power domain, to which devices refer in
    place of the protocol. ``properties``: what an SCMI node may have besides those of `COMMON`,
    where others are an error; nodes of protocols may have none. ``references``: compatible of a
    transport → the property by which the SCMI node names another, and the compatible of that.
    ``gapless``: the lists in which an entry ``<0>`` stops the device. ``assigns``: whether it reads
    ``assigned-clocks``. ``unread``: the constraints of regulators that it must not have.
    ``mailbox_names``: what it calls the mailboxes of the one channel that it knows.
    """

    transports: frozenset[str] = frozenset(BY_COMPATIBLE)
    protocols: Mapping[int, str | None] = field(default_factory=lambda: dict.fromkeys(Protocol))
    kinds: frozenset[Kind] = frozenset(Kind)
    domain: str | None = None
    properties: frozenset[str] | None = None
    references: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    gapless: frozenset[str] = frozenset()
    assigns: bool = True
    unread: frozenset[str] = frozenset()
    mailbox_names: tuple[str, ...] = ()

    def allows(self, name: str, *, protocol: bool = False) -> bool:
        """Whether an SCMI node, or that of a protocol, may have a property."""
        if self.properties is None or name.startswith("#") or name in COMMON:
            return True
        return not protocol and name in self.properties


#: The properties that every node may have (Zephyr ``dts/bindings/base/base.yaml``).
COMMON = frozenset({"compatible", "status", "reg", "phandle", "linux,phandle"})

_NO_VIRTIO = frozenset(BY_WORD[word].compatible for word in ("mailbox", "smc", "optee"))

LINUX = Dialect()

#: A protocol without a driver is passed over, but a device with a power domain that has none
#: (``protocol@13``) does not get the domains behind it, and one with an entry <0> does not probe. A
#: regulator that is always on is set when it is bound, to its voltage too, which needs ``level``.
U_BOOT = Dialect(
    transports=_NO_VIRTIO,
    protocols=dict.fromkeys(
        (Protocol.POWER, Protocol.CLOCK, Protocol.RESET, Protocol.VOLTAGE, Protocol.PINCTRL)
    ),
    kinds=frozenset({Kind.POWER, Kind.CLOCK, Kind.RESET, Kind.VOLTAGE}),
    gapless=frozenset({"power-domains"}),
    unread=frozenset({"regulator-always-on", "regulator-boot-on"}),
)

#: A node is nothing without a compatible, and a property that its binding does not declare is an
#: error. There are no regulators, sensors and power caps over SCMI.
ZEPHYR = Dialect(
    transports=_NO_VIRTIO,
    protocols={
        Protocol.POWER: "arm,scmi-power",
        Protocol.SYSTEM: "arm,scmi-system",
        Protocol.PERFORMANCE: "arm,scmi-perf",
        Protocol.CLOCK: "arm,scmi-clock",
        Protocol.RESET: "arm,scmi-reset",
        Protocol.PINCTRL: "arm,scmi-pinctrl",
    },
    kinds=frozenset({Kind.POWER, Kind.CLOCK, Kind.RESET}),
    domain="arm,scmi-power-domain",
    properties=frozenset(
        {"arm,smc-id", "shmem", "mboxes", "mbox-names", "linaro,optee", "linaro,optee-channel-id"}
    ),
    references={BY_WORD["optee"].compatible: ("linaro,optee", OPTEE_NODE)},
    gapless=frozenset({"power-domains"}),
    assigns=False,
    mailbox_names=("tx", "tx_reply"),
)

DIALECTS: Mapping[Os, Dialect] = {Os.LINUX: LINUX, Os.U_BOOT: U_BOOT, Os.ZEPHYR: ZEPHYR}
