"""Compiles emitted files against the declarations in ``include`` and reads them with the walker."""

import re
import shlex
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from c_objects import objects_of, run
from targets.scp.scp_boards import emit
from targets.scp.scp_expected import Expected
from targets.scp.scp_values import values

from scmigen import runtime
from scmigen.diagnostics import has_errors
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import Kind
from scmigen.targets.make import options_of
from scmigen.targets.runtime.configuration import RuntimeOptions, to_runtime
from scmigen.targets.scp import SCP

HERE = Path(__file__).resolve().parent
WALKER = HERE / "walker.c"
FLAGS = ("-std=c11", "-Wall", "-Wextra", "-Werror", "-fshort-enums", "-O0")
SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all")
OPTIONS = (
    "BUILD_HAS_NOTIFICATION",
    "BUILD_HAS_SCMI_NOTIFICATIONS",
    "BUILD_HAS_OUTBAND_MSG_SUPPORT",
)
#: Options that only some firmware has: what its Firmware.cmake sets, what that defines.
MORE_OPTIONS = {
    "SCP_ENABLE_SCMI_SENSOR_EVENTS_INIT": ("BUILD_HAS_SCMI_SENSOR_EVENTS",),
    "SCP_ENABLE_SCMI_PERF_FAST_CHANNELS": (
        "BUILD_HAS_FAST_CHANNELS",
        "BUILD_HAS_SCMI_PERF_FAST_CHANNELS",
    ),
    "SCP_ENABLE_AGENT_LOGICAL_DOMAIN": ("BUILD_HAS_AGENT_LOGICAL_DOMAIN",),
    "BUILD_HAS_MOD_TRANSPORT_FC": ("BUILD_HAS_MOD_TRANSPORT_FC",),
}


def modules(firmware: str) -> list[str]:
    """The modules that a Firmware.cmake lists, in order."""
    return re.findall(r'^list\(APPEND SCP_MODULES "([a-z0-9-]+)"\)$', firmware, re.M)


def write(folder: Path, files: Mapping[str, str]) -> Path:
    """The files in a folder, with the module index header that SCP-firmware's build would make."""
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    names = [name.upper().replace("-", "_") for name in modules(files["Firmware.cmake"])]
    entries = "".join(f"    FWK_MODULE_IDX_{name},\n" for name in names)
    (folder / "fwk_module_idx.h").write_text(
        f"#ifndef FWK_MODULE_IDX_H\n#define FWK_MODULE_IDX_H\n\n"
        f"enum fwk_module_idx {{\n{entries}}};\n\n#endif\n"
    )
    return folder


def options(firmware: str) -> list[str]:
    """What the build defines for the options that a Firmware.cmake sets."""
    said = re.findall(r"^set\((\w+) TRUE\)$", firmware, re.M)
    return [*OPTIONS, *(name for option in said for name in MORE_OPTIONS.get(option, ()))]


def definitions(names: Iterable[str], chosen: Iterable[str] = OPTIONS) -> list[str]:
    upper = (name.upper().replace("-", "_") for name in names)
    return [*(f"-DBUILD_HAS_MOD_{name}=1" for name in upper), *(f"-D{name}" for name in chosen)]


def compile_command(compiler: str, folder: Path, *sources: Path) -> list[str]:
    """How to compile sources of an emitted folder; a compiler may have options of its own."""
    firmware = (folder / "Firmware.cmake").read_text()
    own = sorted(folder.glob("module/*/include"))
    include = [f"-I{path}" for path in (folder, HERE / "include", *own)]
    defined = definitions(modules(firmware), options(firmware))
    return [*shlex.split(compiler), *FLAGS, *defined, *include, *map(str, sources)]


def sources(folder: Path) -> list[Path]:
    """The sources that the emitted CMakeLists.txt lists: what it forgets is not linked."""
    listed = (folder / "CMakeLists.txt").read_text()
    return [folder / name for name in re.findall(r"SOURCE_DIR}/([a-z_]+\.c)", listed)]


def build(compiler: str, folder: Path, *extra: str) -> subprocess.CompletedProcess[str]:
    """The emitted files and the walker, compiled and linked."""
    command = [*compile_command(compiler, folder), *extra]
    made = objects_of(command, folder, (*sources(folder), WALKER))
    said = "".join(errors for _, errors in made)
    if said:
        return subprocess.CompletedProcess(command, 1, "", said)
    return run([*command, *(str(path) for path, _ in made), "-o", str(folder / "walker")])


def walk(folder: Path) -> list[str]:
    """What the tables say, line by line; ends with why where the firmware would stop."""
    done = run([str(folder / "walker")])
    lines = done.stdout.splitlines()
    if done.returncode and not (lines and lines[-1].startswith("trap")):
        lines.append(f"trap {done.stderr}")
    return lines


def told(compiler: str, folder: Path, platform: Platform, *extra: str) -> bool:
    """Whether damage is told: by the compiler, by another line of the walker, or, which costs more,
    by a sanitizer, where tables are read past their ends."""
    listed = modules((folder / "Firmware.cmake").read_text())
    wanted = sorted(Expected(platform, listed).lines())
    return any(
        build(compiler, folder, *extra, *sanitizers).returncode or sorted(walk(folder)) != wanted
        for sanitizers in ((), SANITIZE)
    )


def agree(platform: Platform, compiler: str, folder: Path) -> None:
    """The compiled tables of a platform say what the platform says."""
    made, diagnostics = emit(platform)
    assert not has_errors(diagnostics)
    files = {file.path: file.content.decode() for file in made}
    done = build(compiler, write(folder, files))
    assert not done.stderr
    wanted = Expected(platform, modules(files["Firmware.cmake"])).lines()
    said = walk(folder)
    assert sorted(said) == sorted(wanted)
    assert values(said, configuration_of(platform)) == []


def configuration_of(platform: Platform) -> runtime.Runtime:
    """The runtime configuration of a platform, with trip points where the tables have some."""
    every = {kind: platform.resources.get(kind, ()) for kind in Kind}
    options = RuntimeOptions(trip_points=options_of(platform, SCP).trip_points)
    return to_runtime(replace(platform, resources=every), options)
