"""The kernel's source: its files, what is defined where, and what was parsed (kept on disk)."""

import hashlib
import pickle
import re
from collections import defaultdict
from pathlib import Path

from .expressions import simple
from .ir import UNKNOWN, Expr, File, Function, Variable
from .macros import substituted, written
from .parse import parse

#: Grows with every change of what a file is parsed into.
FORMAT = 10
_INDEX = "index 2"
#: Files that are kept in memory.
_MANY = 2500

#: Drivers of cards that are found on a bus and have no node; large tables of registers.
_LEFT_OUT = (
    "drivers/gpu/drm/amd/",
    "drivers/gpu/drm/i915/",
    "drivers/gpu/drm/xe/",
    "drivers/gpu/drm/nouveau/",
    "drivers/gpu/drm/radeon/",
    "drivers/infiniband/",
    "drivers/scsi/",
    "drivers/net/wireless/",
    "drivers/net/ethernet/intel/",
    "drivers/net/ethernet/mellanox/",
    "drivers/staging/rtl",
    "drivers/accel/habanalabs/",
    "drivers/message/",
    "drivers/comedi/",
    "drivers/md/",
)
_DEFINED = re.compile(
    r"^(?!static\b|typedef\b|#|extern\b|struct \w+ \{)"
    r"(?:[A-Za-z_][\w \t\*]*?\b)?(\w+)\((?=[^;]*?\)\s*\{)",
    re.M,
)
_INLINE = re.compile(r"^static (?:__always_)?inline[\w \t\*\n]*?\b(\w+)\(", re.M)
_TAG = re.compile(r"^(?:typedef\s+)?(?:struct|union)\s+(\w+)\s*\{", re.M)
_GLOBAL = re.compile(
    r"^(?!static\b|typedef\b|extern\b)(?:const )?struct \w+ \**(?:const )?(\w+)(?:\[[^\]]*\])*\s*=",
    re.M,
)


class Source:
    """Files of one kernel, read when they are asked for."""

    def __init__(self, root: Path, cache: Path | None = None) -> None:
        self.root = root
        self.cache = cache
        self.names: set[str] = set()  #: of clocks and supplies in device trees; empty if not known
        self._files: dict[str, File | None] = {}
        self._constants: dict[tuple[str, str], Expr] = {}
        self._structs: dict[tuple[str, str], tuple[str, dict[str, str]] | None] = {}
        self._found: dict[tuple[str, str], tuple[Function, ...]] = {}
        self._nears: dict[str, list[str]] = {}
        self.paths = self._list()
        self.functions: dict[str, list[str]] = defaultdict(list)
        self.inlines: dict[str, list[str]] = defaultdict(list)
        self.tags: dict[str, list[str]] = defaultdict(list)
        self.globals: dict[str, list[str]] = defaultdict(list)
        self.matching: list[str] = []  #: C files with tables of compatibles
        self._index()

    def _list(self) -> list[str]:
        found = []
        for top in ("drivers", "sound", "include", "lib"):
            for path in (self.root / top).rglob("*.[ch]"):
                name = path.relative_to(self.root).as_posix()
                if not name.startswith(_LEFT_OUT):
                    found.append(name)
        return sorted(found)

    def text(self, path: str) -> str:
        """The text of a file below the root."""
        return (self.root / path).read_text("utf-8", "replace")

    def _index(self) -> None:
        kept = self._kept(_INDEX, "\n".join(self.paths))
        if isinstance(kept, tuple):
            self.functions, self.inlines, self.tags, self.globals, self.matching = kept
            return
        for path in self.paths:
            text = self.text(path)
            if path.endswith(".c"):
                for name in _DEFINED.findall(text):
                    self.functions[name].append(path)
                for name in _GLOBAL.findall(text):
                    self.globals[name].append(path)
                if "of_device_id" in text or "_DECLARE" in text or "IRQCHIP_MATCH" in text:
                    self.matching.append(path)
            else:
                for name in _INLINE.findall(text):
                    self.inlines[name].append(path)
                for name in _TAG.findall(text):
                    self.tags[name].append(path)
        everything = (self.functions, self.inlines, self.tags, self.globals, self.matching)
        self._keep(_INDEX, "\n".join(self.paths), everything)

    def _place(self, path: str, text: str) -> Path | None:
        if self.cache is None:
            return None
        digest = hashlib.sha256(f"{FORMAT} {path} {text}".encode()).hexdigest()
        return self.cache / digest[:2] / digest[2:]

    def _kept(self, path: str, text: str) -> object:
        place = self._place(path, text)
        if place is None or not place.exists():
            return None
        return pickle.loads(place.read_bytes())

    def _keep(self, path: str, text: str, value: object) -> None:
        place = self._place(path, text)
        if place is not None:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(pickle.dumps(value, protocol=5))

    def forget(self) -> None:
        """Lets go of what was read, if that is much; nothing of it may be in use."""
        if len(self._files) > _MANY:
            for one in (self._files, self._constants, self._structs, self._found, self._nears):
                one.clear()

    def file(self, path: str) -> File | None:
        """What a file says; None where there is no such file."""
        if path not in self._files:
            self._files[path] = self._read(path)
        return self._files[path]

    def _read(self, path: str) -> File | None:
        if not (self.root / path).is_file():
            return None
        text = self.text(path)
        kept = self._kept(path, text)
        if isinstance(kept, File):
            return kept
        made = parse(path, text)
        self._keep(path, text, made)
        return made

    # --- what a name means in a file -------------------------------------------------------------

    def included(self, path: str) -> list[str]:
        """The files that one includes, as far as they are there."""
        file = self.file(path)
        found = []
        for name in () if file is None else file.includes:
            for place in (
                f"{path.rpartition('/')[0]}/{name}",
                f"include/{name}",
                f"drivers/{name}",
            ):
                place = _plain(place)
                if (self.root / place).is_file():
                    found.append(place)
                    break
        return found

    def near(self, path: str) -> list[str]:
        """A file and the headers that it includes, also indirectly but for kernel-wide ones."""
        found, waiting = [path], [path]
        while waiting:
            for one in self.included(waiting.pop(0)):
                if one not in found and not one.startswith(("include/linux/", "include/uapi/")):
                    found.append(one)
                    waiting.append(one)
        return found

    def constant(self, path: str, name: str) -> Expr:
        """The value of an enumerator or macro as ``path`` sees it, UNKNOWN where it has none."""
        key = (path, name)
        if key not in self._constants:
            self._constants[key] = UNKNOWN
            for place in self._near(path):
                file = self.file(place)
                if file is not None and name in file.constants:
                    self._constants[key] = file.constants[name]
                    break
        return self._constants[key]

    def _near(self, path: str) -> list[str]:
        if path not in self._nears:
            self._nears[path] = self.near(path)
        return self._nears[path]

    def macro(self, path: str, name: str) -> tuple[tuple[str, ...], str] | None:
        """A macro as ``path`` sees it: parameters and text."""
        for place in self._near(path):
            file = self.file(place)
            if file is not None and name in file.macros:
                return file.macros[name]
        return None

    def expanded(self, path: str, call: Expr) -> Expr:
        """A call of a macro as the expression that it stands for, UNKNOWN where it is no macro."""
        if call[0] != "call" or call[1][0] != "id":
            return UNKNOWN
        found = self.macro(path, call[1][1])
        if found is None or not found[0]:
            return UNKNOWN
        parameters, text = found
        given = [written(argument) for argument in call[2]]
        if parameters[-1] == "...":
            parameters = (*parameters[:-1], "__VA_ARGS__")
            rest = len(parameters) - 1
            given = [*given[:rest], ", ".join(given[rest:])]
        return simple(substituted(text, dict(zip(parameters, given, strict=False))))

    def struct(self, path: str, tag: str) -> tuple[str, dict[str, str]] | None:
        """Where a structure as ``path`` sees it is defined, and its fields."""
        key = (path, tag)
        if key not in self._structs:
            self._structs[key] = self._struct(path, tag)
        return self._structs[key]

    def _struct(self, path: str, tag: str) -> tuple[str, dict[str, str]] | None:
        if not tag:
            return None
        own = self.file(path)
        if own is not None and tag in own.structs:
            return path, own.structs[tag]
        if own is not None and tag in own.typedefs and own.typedefs[tag] != tag:
            return self.struct(path, own.typedefs[tag])
        outer = tag.partition(".")[0]
        candidates = sorted(
            set(self.tags.get(outer, ())), key=lambda place: _closeness(path, place)
        )
        if len(candidates) > 1:
            near = [place for place in self._near(path) if place in candidates]
            candidates = near or candidates
        for place in candidates:
            file = self.file(place)
            if file is not None and tag in file.structs:
                return place, file.structs[tag]
        for place in self._near(path)[1:]:
            file = self.file(place)
            if file is not None and tag in file.typedefs and file.typedefs[tag] != tag:
                return self.struct(place, file.typedefs[tag])
        return None

    def defined(self, path: str, name: str) -> tuple[Function, ...]:
        """The functions that a name may mean in ``path``."""
        key = (path, name)
        if key not in self._found:
            self._found[key] = self._defined(path, name)
        return self._found[key]

    def _defined(self, path: str, name: str) -> tuple[Function, ...]:
        own = self.file(path)
        if own is not None and name in own.functions:
            return (own.functions[name],)
        places = self.functions.get(name) or self.inlines.get(name, [])
        if len(places) > 1:
            best = min(_closeness(path, place) for place in places)
            places = [place for place in places if _closeness(path, place) == best][:3]
        files = [self.file(place) for place in places]
        return tuple(
            file.functions[name] for file in files if file is not None and name in file.functions
        )

    def variable(self, path: str, name: str) -> Variable | None:
        """The variable that a name means in ``path``."""
        own = self.file(path)
        if own is not None and name in own.variables:
            return own.variables[name]
        places = self.globals.get(name, [])
        near = [place for place in places if place.rpartition("/")[0] == path.rpartition("/")[0]]
        for place in near or (places if len(places) == 1 else []):
            file = self.file(place)
            if file is not None and name in file.variables:
                return file.variables[name]
        for place in self._near(path)[1:]:
            file = self.file(place)
            if (
                file is not None
                and name in file.variables
                and file.variables[name].value != UNKNOWN
            ):
                return file.variables[name]
        return None


def _plain(path: str) -> str:
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)


def _closeness(path: str, place: str) -> int:
    """Smaller is nearer: how many folders two paths do not share, a header of the kernel last."""
    one, two = path.split("/")[:-1], place.split("/")[:-1]
    shared = 0
    while shared < min(len(one), len(two)) and one[shared] == two[shared]:
        shared += 1
    return len(one) + len(two) - 2 * shared
