"""Modules of SCP-firmware that let through what they must not: each is compiled behind a check."""

from scmigen.data import Data


class Guard(Data):
    """A module that is compiled as SCP-firmware has it, behind a check of ours.

    ``folder`` is its directory and the middle of its sources' names, ``name`` as in SCP_MODULES,
    ``why`` what is wrong with it, a sentence for comments. ``own_rules``: the sources and libraries
    of its own CMakeLists.txt are taken. ``binds``: which of them binds to SCMI;
    ``renamed``: the module itself is behind the check, too.
    """

    folder: str
    why: str
    about: str
    own_rules: bool = True
    binds: str | None = None
    renamed: bool = False

    @property
    def name(self) -> str:
        """The module in SCP_MODULES."""
        return self.folder.replace("_", "-")

    @property
    def definitions(self) -> dict[str, str]:
        """What SCP-firmware's sources are compiled with, by their names."""
        own = f"mod_{self.folder}.c"
        found = {self.binds or own: f"fwk_module_bind={self.folder}_guard_bind"}
        return found | (
            {own: f"module_{self.folder}={self.folder}_unguarded"} if self.renamed else {}
        )

    @property
    def files(self) -> dict[str, str]:
        """The files of its directory, and the template of each."""
        build = "module/guard" if self.own_rules else f"module/{self.folder}"
        source = f"src/mod_{self.folder}_guard.c"
        return {
            "Module.cmake": "module/guard/Module.cmake",
            "CMakeLists.txt": f"{build}/CMakeLists.txt",
            source: f"module/{self.folder}/{source}",
        }


SYSTEM_POWER = Guard(
    "scmi_system_power",
    "SCP-firmware's scmi-system-power asks for no permission of its protocol.",
    "Permission check in front of the SCMI system power protocol.",
    own_rules=False,
)
POWER_VIEWS = Guard(
    "scmi_power_domain",
    "SCP-firmware's scmi-power-domain reads past the table of an agent.",
    "Check of numbers in front of the SCMI power domain protocol.",
)
POWER_CAPS = Guard(
    "scmi_power_capping",
    "SCP-firmware's scmi-power-capping asks for no permission of a domain.",
    "Permission check in front of the SCMI power capping protocol.",
    binds="scmi_power_capping_protocol.c",
    renamed=True,
)
