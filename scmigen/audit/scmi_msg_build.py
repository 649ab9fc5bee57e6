"""Where the sources and headers of a platform of OP-TEE or TF-A are."""

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from scmigen.audit.compiler_flags import flags_beside
from scmigen.data import Data, field
from scmigen.inputs import is_directory, read_part
from scmigen.patterns import pattern

_MAX_UP = 8
_MAX_ENTRIES = 5000
_MAX_DEPTH = 5
_HEAD = 1 << 20
#: What the sources of such a server have in them.
_MARK = pattern(rb'\bplat_scmi_\w|[<"](?:drivers/)?scmi(?:-msg|_clock)\.h[>"]|\brk_scmi_\w')
#: Files by which the trees are known, with their folders of headers.
_TREES: Mapping[str, tuple[str, ...]] = {
    "core/include/drivers/scmi-msg.h": (
        *("core/include", "core/arch/arm/include", "lib/libutils/ext/include"),
        "lib/libutee/include",
    ),
    "include/drivers/scmi-msg.h": ("include", "include/lib/libc", "include/drivers"),
    "drivers/scmi-msg/base.h": ("include", "drivers/scmi-msg"),
}
#: The build of OP-TEE writes its configuration here, below a folder of this name.
_CONFIGURATION = "include/generated/conf.h"
_BUILT = pattern(r"arm-plat-([\w.-]{1,64})")
_DEFINED = pattern(r"^#define (\w{1,100}) (.{0,200})$", re.MULTILINE)
#: What the tree has in its own headers: answers to messages, and sizes.
_KNOWN: Mapping[str, str] = {
    "ARRAY_SIZE(table)": "(sizeof(table) / sizeof((table)[0]))",
    "BIT(number)": "(1 << (number))",
    "BIT_32(number)": "(1 << (number))",
    "BIT_64(number)": "(1 << (number))",
    "U(number)": "number",
    "SCMI_VOLTAGE_DOMAIN_CONFIG_ARCH_ON": "7",
    "SCMI_VOLTAGE_DOMAIN_CONFIG_ARCH_OFF": "0",
    "SCMI_SUCCESS": "0",
    "SCMI_NOT_SUPPORTED": "(-1)",
    "SCMI_INVALID_PARAMETERS": "(-2)",
    "SCMI_DENIED": "(-3)",
    "SCMI_NOT_FOUND": "(-4)",
    "SCMI_OUT_OF_RANGE": "(-5)",
    "SCMI_BUSY": "(-6)",
    "SCMI_COMMS_ERROR": "(-7)",
    "SCMI_GENERIC_ERROR": "(-8)",
    "SCMI_HARDWARE_ERROR": "(-9)",
    "SCMI_PROTOCOL_ERROR": "(-10)",
}


class Tree(Data):
    """A platform: its folder, the sources and headers around it, what the build defines; the
    source that was named, if it was one. ``built``: what the build defines is known."""

    folder: Path
    below: tuple[Path, ...]
    folders: tuple[Path, ...]
    sources: tuple[Path, ...]
    definitions: Mapping[str, str] = field(default_factory=dict)
    chosen: Path | None = None
    built: bool = False

    def candidates(self) -> Iterator[Path]:
        """The sources, those first that are likely to have the functions."""
        yield from self.sources


def _has_mark(path: Path) -> bool:
    try:
        return _MARK.search(read_part(path, _HEAD)) is not None
    except (OSError, ValueError):
        return False


def is_platform(path: Path) -> bool:
    """Whether a file or directory has the functions of such a server."""
    if path.suffix == ".c":
        return _has_mark(path)
    if not is_directory(path):
        return False
    if (path / _CONFIGURATION).is_file():
        return True
    return any(
        "scmi" in str(each.relative_to(path)) and _has_mark(each) for each in _found(path, ".c")
    )


def _found(folder: Path, suffix: str) -> list[Path]:
    """The files below a folder, nearest first; links are not followed."""
    found: list[Path] = []
    waiting = [(folder, 0)]
    entries = 0
    while waiting:
        here, depth = waiting.pop(0)
        try:
            listed = sorted(os.scandir(here), key=lambda entry: entry.name)
        except OSError:
            continue
        for entry in listed:
            entries += 1
            if entries > _MAX_ENTRIES:
                return found
            if entry.is_dir(follow_symlinks=False) and depth < _MAX_DEPTH:
                waiting.append((here / entry.name, depth + 1))
            elif entry.name.endswith(suffix) and entry.is_file(follow_symlinks=False):
                found.append(here / entry.name)
    return found


def tree_of(path: Path) -> Tree:
    """The platform of a file, a directory, or a build of OP-TEE."""
    path = path.absolute()
    definitions = dict(_KNOWN)
    folder = path if is_directory(path) else path.parent
    root, headers = _root(folder)
    if (folder / _CONFIGURATION).is_file():
        definitions |= _configuration(folder / _CONFIGURATION)
        built = _BUILT.fullmatch(folder.name)
        if built is not None and root is not None:
            folder = root / "core/arch/arm" / f"plat-{built[1]}"
    around = list(_around(folder, root))
    chosen = [path] if path.suffix == ".c" else []
    sources: list[Path] = []
    for each in around:
        sources += [one for one in _found(each, ".c") if each == folder or "scmi" in str(one)]
    named = [one for one in sources if "scmi" in str(one)]
    places = dict.fromkeys(one.parent for each in around for one in _found(each, ".h"))
    folders = dict.fromkeys([folder, *places, *_above(places), *headers])
    flags = flags_beside(folder)
    return Tree(
        folder,
        (root or folder, *flags.folders),
        (*folders, *flags.folders),
        (*chosen, *named, *sources),
        definitions | flags.definitions,
        next(iter(chosen), None),
        bool(flags.definitions) or definitions.keys() > _KNOWN.keys(),
    )


def _above(places: Mapping[Path, None]) -> Iterator[Path]:
    """The folders ``include`` that headers are below."""
    for place in places:
        for up in place.parents[:3]:
            if up.name == "include":
                yield up


def _root(folder: Path) -> tuple[Path | None, list[Path]]:
    for up in [folder, *folder.parents][:_MAX_UP]:
        for mark, headers in _TREES.items():
            if (up / mark).is_file():
                return up, [up / name for name in headers]
    return None, []


def _around(folder: Path, root: Path | None) -> Iterator[Path]:
    """The folder, and ``common`` beside it and above, as far as the tree goes."""
    yield folder
    for up in folder.parents[:4]:
        if root is None or not up.is_relative_to(root) or up == root:
            return
        if (up / "common").is_dir() and not folder.is_relative_to(up / "common"):
            yield up / "common"


def _configuration(path: Path) -> dict[str, str]:
    try:
        text = read_part(path, _HEAD).decode("utf-8", "replace")
    except (OSError, ValueError):
        return {}
    return dict(_DEFINED.findall(text))
