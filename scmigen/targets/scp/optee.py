"""What OP-TEE's build of SCP-firmware asks for beside the tables.

OP-TEE compiles SCP-firmware with makefiles of its own; CMake only writes the list of modules. A
product brings two fragments: ``sub-PRODUCT.mk`` with its sources, and ``conf-optee-PRODUCT.mk``
with a switch for each module.
"""

from collections.abc import Iterator

from scmigen.data import Data
from scmigen.targets.scp.firmware import Firmware

#: The modules that ``product/optee/sub.mk`` of SCP-firmware 2.14 embeds where their switch is on.
KNOWN = frozenset(
    {
        "clock",
        "dvfs",
        "mock-clock",
        "mock-ppu",
        "mock-psu",
        "msg-smt",
        "power-domain",
        "psu",
        "reg-sensor",
        "reset-domain",
        "sensor",
        "scmi",
        "scmi-apcore",
        "scmi-clock",
        "scmi-perf",
        "scmi-power-domain",
        "scmi-reset-domain",
        "scmi-sensor",
        "scmi-voltage-domain",
        "system-pll",
        "voltage-domain",
        "optee-clock",
        "optee-console",
        "optee-mbx",
        "optee-reset",
        "optee-smt",
    }
)


class Embedded(Data):
    """Arguments of ``scpfw-embed-mod``: the module, its directory, where that is, its switch."""

    name: str
    folder: str
    parent: str
    macro: str


def added(firmware: Firmware) -> Iterator[Embedded]:
    """The modules that SCP-firmware's fragment for OP-TEE does not embed."""
    for module in firmware.modules:
        name = module.replace("-", "_")
        if module in KNOWN:
            continue
        if name in firmware.own_modules:
            parent = "$(scmi-fw)/module"
        elif module.startswith("optee-"):
            yield Embedded(
                name, name.removeprefix("optee_"), "product/optee/common/module", name.upper()
            )
            continue
        else:
            parent = (
                f"$(if $(wildcard $(scpfw-path)/module/{name}),module,"
                "product/$(scpfw-product)/module)"
            )
        yield Embedded(name, name, parent, name.upper())
