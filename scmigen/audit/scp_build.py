"""How a product of SCP-firmware is built: modules in their order, options, sources, headers.

``Firmware.cmake`` and ``CMakeLists.txt`` of the product say it, and SCP-firmware's own CMake files,
whose facts are here. Options have the values that the product gives them.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scmigen.audit.cmake import Settings, run
from scmigen.audit.compiler_flags import flags_beside, flags_of
from scmigen.data import Data
from scmigen.diagnostics import Position
from scmigen.inputs import is_directory, read_part
from scmigen.patterns import pattern

#: The file that makes a directory a product's firmware.
FIRMWARE = "Firmware.cmake"
#: How far above a firmware the tree of SCP-firmware begins.
_MAX_UP = 6
#: A file by which the tree of SCP-firmware is known.
_FRAMEWORK = Path("framework/include/fwk_id.h")
_MAX_FOLDERS = 400

#: Option → what the framework defines with it.
_DEFINITIONS: Mapping[str, tuple[str, ...]] = {
    "SUB_SYSTEM_MODE": ("BUILD_HAS_SUB_SYSTEM_MODE",),
    "NOTIFICATIONS": ("BUILD_HAS_NOTIFICATION",),
    "SCMI_NOTIFICATIONS": ("BUILD_HAS_SCMI_NOTIFICATIONS",),
    "SCMI_PERF_FAST_CHANNELS": ("BUILD_HAS_FAST_CHANNELS", "BUILD_HAS_SCMI_PERF_FAST_CHANNELS"),
    "FAST_CHANNELS": ("BUILD_HAS_FAST_CHANNELS",),
    "PLUGIN_HANDLER": ("BUILD_HAS_SCMI_PERF_PLUGIN_HANDLER",),
    "CLOCK_TREE_MGMT": ("BUILD_HAS_CLOCK_TREE_MGMT",),
    "SCMI_SENSOR_V2": (
        "BUILD_HAS_SCMI_SENSOR_V2",
        "BUILD_HAS_SENSOR_TIMESTAMP",
        "BUILD_HAS_SENSOR_MULTI_AXIS",
        "BUILD_HAS_SENSOR_EXT_ATTRIBS",
        "BUILD_HAS_SENSOR_SIGNED_VALUE",
    ),
    "SENSOR_TIMESTAMP": ("BUILD_HAS_SENSOR_TIMESTAMP",),
    "SENSOR_MULTI_AXIS": ("BUILD_HAS_SENSOR_MULTI_AXIS",),
    "SENSOR_EXT_ATTRIBS": ("BUILD_HAS_SENSOR_EXT_ATTRIBS",),
    "SENSOR_SIGNED_VALUE": ("BUILD_HAS_SENSOR_SIGNED_VALUE",),
    "INBAND_MSG_SUPPORT": ("BUILD_HAS_INBAND_MSG_SUPPORT",),
    "OUTBAND_MSG_SUPPORT": ("BUILD_HAS_OUTBAND_MSG_SUPPORT",),
    "ATU_MANAGE": ("BUILD_HAS_ATU_MANAGE",),
    "ATU_DELEGATE": ("BUILD_HAS_ATU_DELEGATE",),
    "SCMI_POWER_CAPPING_FAST_CHANNELS_COMMANDS": (
        "BUILD_HAS_FAST_CHANNELS",
        "BUILD_HAS_SCMI_POWER_CAPPING_FAST_CHANNELS_COMMANDS",
    ),
    "AGENT_LOGICAL_DOMAIN": ("BUILD_HAS_AGENT_LOGICAL_DOMAIN",),
}


class Build(Data):
    """A firmware as it is built: ``modules`` in order, ``definitions`` of the compiler, folders of
    headers in order, the sources that it lists, the options that are on."""

    folder: Path
    root: Path | None
    modules: tuple[str, ...]
    definitions: Mapping[str, str]
    folders: tuple[Path, ...]
    sources: tuple[Path, ...]
    settings: Settings
    below: tuple[Path, ...]

    def has(self, module: str) -> bool:
        """Whether a module is part of the firmware."""
        return module in self.modules

    def listed_at(self, module: str) -> Position | None:
        """Where a module is added."""
        return self.settings.places.get(f"SCP_MODULES:{module}")


_CACHE = "CMakeCache.txt"
_CACHED = pattern(r"^(SCP_\w{1,100}|CMAKE_C_FLAGS):\w+=(.{0,4000})$", re.MULTILINE)


def _cache(folder: Path) -> dict[str, str]:
    """The options of a build directory."""
    try:
        text = read_part(folder / _CACHE, 1 << 20).decode("utf-8", "replace")
    except (OSError, ValueError):
        return {}
    return dict(_CACHED.findall(text))


def firmware_of(path: Path) -> Path | None:
    """The directory of the firmware that is there or is built there."""
    if is_directory(path):
        if (path / FIRMWARE).is_file() or (path / "config_scmi.c").is_file():
            return path
        named = _cache(path).get("SCP_FIRMWARE_SOURCE_DIR")
        if named and (path / named / FIRMWARE).is_file():
            return path / named
    return None


def firmwares_in(path: Path) -> tuple[str, ...]:
    """The names of the firmwares in the directory of a product."""
    try:
        names = sorted(entry.name for entry in path.iterdir())
    except (OSError, ValueError):
        return ()
    return tuple(name for name in names[:_MAX_FOLDERS] if (path / name / FIRMWARE).is_file())


def build_of(folder: Path, built_in: Path | None = None) -> Build:
    """How the firmware in a directory is built; in the directory ``built_in``, by its options."""
    folder = folder.absolute()
    root = _root(folder)
    settings = Settings()
    variables = settings.variables
    variables["CMAKE_CURRENT_SOURCE_DIR"] = str(folder)
    variables["CMAKE_SOURCE_DIR"] = variables["SCP_ROOT"] = str(root or folder)
    known = run(folder / FIRMWARE, settings)
    cache = _cache(built_in) if built_in is not None else {}
    variables |= {name: value for name, value in cache.items() if name.startswith("SCP_")}
    variables["CMAKE_C_FLAGS"] = cache.get("CMAKE_C_FLAGS", "")
    beside = flags_beside(folder)
    for name in [*variables]:
        option = re.fullmatch(r"(SCP_\w+)_INIT", name)
        if option is not None:
            variables.setdefault(option[1], variables[name])
    if variables.get("SCP_ARCHITECTURE") == "optee":
        variables["SCP_ENABLE_SUB_SYSTEM_MODE"] = "TRUE"
    run(folder / "Buildoptions.cmake", settings)
    variables["CMAKE_CURRENT_SOURCE_DIR"] = str(folder)
    run(folder / "CMakeLists.txt", settings)
    flags = flags_of(re.split(r"[\s;]+", variables["CMAKE_C_FLAGS"]), folder)
    definitions = beside.definitions | flags.definitions
    headers = (*beside.folders, *flags.folders)
    modules = tuple(dict.fromkeys(settings.list_of("SCP_MODULES")))
    if not known and not modules:
        modules = tuple(_modules_of_files(folder))
    return Build(
        folder=folder,
        root=root,
        modules=modules,
        definitions=_definitions(settings, modules) | definitions,
        folders=(*_folders(folder, root, settings), *headers),
        sources=tuple(Path(source) for source in settings.sources if source.endswith(".c")),
        settings=settings,
        below=(root or _around(folder, settings), *headers),
    )


def _root(folder: Path) -> Path | None:
    for up in [folder, *folder.parents][:_MAX_UP]:
        if (up / _FRAMEWORK).is_file():
            return up
    return None


def _around(folder: Path, settings: Settings) -> Path:
    """What a product outside of SCP-firmware's tree is below: the folder around the firmware, as
    far as its own files name it."""
    named = [Path(name) for name in settings.folders]
    return folder.parent if any(folder.parent in name.parents for name in named) else folder


def _modules_of_files(folder: Path) -> Iterator[str]:
    """The modules that have tables, where nothing says which are built."""
    try:
        names = sorted(entry.name for entry in folder.iterdir())
    except OSError:
        return
    for name in names[:_MAX_FOLDERS]:
        found = re.fullmatch(r"config_(\w{1,64})\.c", name)
        if found is not None:
            yield found[1].replace("_", "-")


def identifier(module: str) -> str:
    """A module's name in enumerators."""
    return re.sub(r"\W", "_", module).upper()


def _definitions(settings: Settings, modules: tuple[str, ...]) -> dict[str, str]:
    found = {f"BUILD_HAS_MOD_{identifier(module)}": "1" for module in modules}
    for option, names in _DEFINITIONS.items():
        if settings.is_on(f"SCP_ENABLE_{option}"):
            found |= dict.fromkeys(names, "1")
    if settings.is_on("SCP_ENABLE_SCMI_NOTIFICATIONS") and settings.is_on(
        "SCP_ENABLE_SCMI_SENSOR_EVENTS"
    ):
        found["BUILD_HAS_SCMI_SENSOR_EVENTS"] = "1"
    return found | settings.definitions


def _folders(folder: Path, root: Path | None, settings: Settings) -> Iterator[Path]:
    """Where headers are looked for."""
    yield folder
    yield from (Path(name) for name in settings.folders[:_MAX_FOLDERS])
    yield from (Path(name) / "include" for name in settings.list_of("SCP_MODULE_PATHS"))
    if root is None:
        yield folder.parent / "include"
        return
    yield root / "framework/include"
    for base in ("module", "interface"):
        try:
            names = sorted(entry.name for entry in (root / base).iterdir())
        except OSError:
            continue
        for name in names[:_MAX_FOLDERS]:
            yield root / base / name / "include"
            yield root / base / name
    architecture = settings.variables.get("SCP_ARCHITECTURE", "")
    if re.fullmatch(r"[\w-]{1,32}", architecture):
        # In the tree, arch/arm/arm-m, arch/none, …
        yield root / "arch" / architecture / "include"
        yield root / "arch/arm" / architecture / "include"


def module_header(modules: tuple[str, ...]) -> str:
    """``fwk_module_idx.h``, which the build makes."""
    lines = ["enum fwk_module_idx {"]
    lines += [f"FWK_MODULE_IDX_{identifier(module)}," for module in modules]
    lines += ["FWK_MODULE_IDX_COUNT };"]
    for module in modules:
        name = identifier(module)
        lines.append(f"#define FWK_MODULE_ID_{name}_INIT FWK_ID_MODULE_INIT(FWK_MODULE_IDX_{name})")
        lines.append(f"#define FWK_MODULE_ID_{name} FWK_ID_MODULE(FWK_MODULE_IDX_{name})")
    return "\n".join(lines) + "\n"
