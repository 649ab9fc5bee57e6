"""The fragment of a product, as CMake reads it: which modules are in the build, and how often."""

from collections.abc import Callable
from pathlib import Path

from targets.scp.scp_build import run, write
from targets.scp.test_scp_targets import kept, powered, texts

from scmigen.model.platform import Platform

#: What SCP-firmware's CMakeLists.txt does with a firmware, as far as SCP_MODULES is concerned.
SCRIPT = """
cmake_minimum_required(VERSION 3.18.3)
set(SCP_MODULES "gtimer;timer;mhu2")
include("{folder}/scmi.cmake")
foreach(name IN ITEMS {appended})
    list(APPEND SCP_MODULES "${{name}}")
endforeach()
foreach(path IN LISTS SCP_MODULE_PATHS)
    include("${{path}}/Module.cmake")
endforeach()
message("modules ${{SCP_MODULES}}")
message("without ${{SCP_MODULE_EXCLUDE_PATHS}}")
message("permissions ${{SCP_ENABLE_RESOURCE_PERMISSIONS_INIT}}")
"""


def modules(
    platform: Platform, cmake: str, folder: Path, *appended: str
) -> tuple[list[str], str, str]:
    """The modules after CMakeLists.txt has ``appended`` some, the paths left out, the option."""
    write(folder, texts(platform) | {"Firmware.cmake": ""})
    script = folder / "script.cmake"
    script.write_text(SCRIPT.format(folder=folder, appended=" ".join(appended)))
    said = run([cmake, "-P", str(script)]).stderr.splitlines()
    found = [line.partition(" ")[2] for line in said]
    return found[0].split(";"), found[1], found[2]


def test_a_module_that_an_option_of_the_product_adds_is_there_once(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    """Juno, TC2 and R-Car append these in CMakeLists.txt, after the fragment."""
    again = ("fch-polled", "resource-perms", "reset-domain", "scmi-reset-domain", "sensor")
    found, _, permissions = modules(powered(), tool("cmake"), tmp_path, *again, "acme-debug")
    assert sorted(set(found)) == sorted(found)
    assert found[:3] == ["gtimer", "timer", "mhu2"]
    assert found[-2:] == ["sensor", "acme-debug"]
    assert found.index("reset-domain") < found.index("scmi-reset-domain")
    assert permissions == "FALSE"


def test_a_product_that_adds_system_power_later_has_the_guard(
    tool: Callable[[str], str], tmp_path: Path
) -> None:
    found, without, _ = modules(kept(), tool("cmake"), tmp_path, "scmi-system-power")
    assert found[-1] == "scmi-system-power"
    assert without.endswith("/module/scmi_system_power")
