"""What can run for one compatible: the functions and tables that its driver's names lead to."""

from .ir import Function, Variable
from .matches import Match
from .source import Source

#: The core of the kernel: it is called by all, and calls all back.
_CORE = (
    "drivers/base/",
    "drivers/of/",
    "drivers/opp/",
    "drivers/regulator/core.c",
    "drivers/regulator/devres.c",
    "drivers/clk/clk.c",
    "drivers/clk/clkdev.c",
    "drivers/clk/clk-devres.c",
    "drivers/clk/clk-bulk.c",
    "drivers/clk/clk-conf.c",
    "drivers/gpio/gpiolib",
    "drivers/pinctrl/core.c",
    "drivers/reset/core.c",
    "drivers/pci/pci",
    "drivers/pci/probe.c",
    "drivers/pci/bus.c",
    "drivers/acpi/",
    "drivers/tty/tty",
    "drivers/tty/serial/serial_core.c",
    "drivers/usb/core/",
    "drivers/gpu/drm/drm_",
    "drivers/net/phy/phy",
    "drivers/pmdomain/core.c",
    "lib/",
    "include/linux/",
)


class Reach:
    """The functions and variables that one driver may use, with quick ways to find them."""

    def __init__(self, source: Source, match: Match) -> None:
        self.functions: dict[tuple[str, str], Function] = {}
        self.variables: dict[tuple[str, str], Variable] = {}
        waiting = [(match.path, name) for name in match.roots]
        own = source.file(match.path)
        if own is not None:  # what other drivers may call for the device
            waiting += [(own.path, one.name) for one in own.functions.values() if not one.static]
        waiting += [(match.path, name) for name in sorted(_names(match))]
        while waiting:
            path, name = waiting.pop()
            for one in source.defined(path, name):
                key = (one.path, one.name)
                if key not in self.functions and not one.path.startswith(_CORE):
                    self.functions[key] = one
                    waiting.extend((one.path, inner) for inner in sorted(one.names))
            found = source.variable(path, name)
            if (
                found is not None
                and found.type != "of_device_id"
                and (found.path, found.name) not in self.variables
            ):
                self.variables[found.path, found.name] = found
                waiting.extend((found.path, inner) for inner in sorted(found.names))


def _names(match: Match) -> set[str]:
    from .ir import identifiers

    return identifiers(match.data)
