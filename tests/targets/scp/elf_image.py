"""A linked program: its memory, and the types and variables that its DWARF names.

What stands at an address is read by its type: a structure is a mapping from members to values, an
array a list, an enumeration or a number an int, and a pointer an address.
"""

from collections.abc import Iterator, Mapping
from functools import cached_property
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from elftools.common.exceptions import ELFError
from elftools.dwarf.die import DIE
from elftools.elf.elffile import ELFFile

#: Types that only qualify another.
_QUALIFIERS = ("DW_TAG_const_type", "DW_TAG_volatile_type", "DW_TAG_typedef")
_OP_ADDR = 0x03
_SIGNED = (0x05, 0x06)
#: A longer string or table is a pointer into the void.
LONGEST = 65536


class ElfError(Exception):
    """The program has no such thing, or not at that address."""


def _name(die: DIE) -> str:
    found = die.attributes.get("DW_AT_name")
    return found.value.decode() if found is not None else ""


def _size(die: DIE) -> int:
    return int(die.attributes["DW_AT_byte_size"].value)


class Image:
    """A linked ELF file.

    Raises `ElfError` if it is none, or has no debug information.
    """

    def __init__(self, path: Path) -> None:
        self._bytes = bytearray(path.read_bytes())
        try:
            self._elf = ELFFile(BytesIO(self._bytes))
        except ELFError as problem:
            raise ElfError(f"{path} is not a linked program: {problem}") from None
        if not self._elf.has_dwarf_info(strict=True):
            raise ElfError(f"{path} has no debug information: build it with -g")
        self.order: Literal["little", "big"] = "little" if self._elf.little_endian else "big"
        self.pointer = self._elf.elfclass // 8
        self._segments = [
            (s["p_vaddr"], s["p_filesz"], s["p_memsz"], s["p_offset"])
            for s in self._elf.iter_segments("PT_LOAD")
        ]

    def offset(self, address: int) -> int:
        """Where in the file the byte at an address is."""
        for start, filled, _, offset in self._segments:
            if start <= address < start + filled:
                return int(address - start + offset)
        raise ElfError(f"nothing in the file is loaded at {address:#x}")

    def patch(self, address: int, content: bytes) -> None:
        """Other bytes at an address, in this copy."""
        at = self.offset(address)
        self._bytes[at : at + len(content)] = content

    def bytes_at(self, address: int, size: int) -> bytes:
        """Bytes as they are when the program is loaded."""
        for start, filled, size_there, offset in self._segments:
            if start <= address and address + size <= start + size_there:
                at, end = address - start + offset, min(address + size, start + filled)
                kept = bytes(self._bytes[at : max(at, end - start + offset)])
                return kept.ljust(size, b"\0")
        raise ElfError(f"nothing is loaded at {address:#x}")

    def string(self, address: int) -> str:
        """The text at an address, up to its NUL."""
        found = bytearray()
        while (byte := self.bytes_at(address + len(found), 1)) != b"\0":
            found += byte
            if len(found) > LONGEST:
                raise ElfError(f"the text at {address:#x} has no end")
        return found.decode(errors="replace")

    @cached_property
    def symbols(self) -> Mapping[int, str]:
        """The name of what is at an address: functions and tables."""
        table = self._elf.get_section_by_name(".symtab")
        kinds = ("STT_FUNC", "STT_OBJECT")
        return {
            # The lowest bit of the address of a function tells Thumb from Arm.
            s["st_value"] & ~1 if s["st_info"]["type"] == "STT_FUNC" else s["st_value"]: s.name
            for s in (table.iter_symbols() if table else ())
            if s["st_info"]["type"] in kinds
        }

    @cached_property
    def units(self) -> list["Unit"]:
        """The compilation units, in the order of the program."""
        dwarf = self._elf.get_dwarf_info()
        return [Unit(self, cu.get_top_DIE()) for cu in dwarf.iter_CUs()]

    def unit(self, variable: str) -> "Unit":
        """The unit that defines a variable."""
        source = f"{variable}.c"
        likely = sorted(self.units, key=lambda unit: not unit.source.endswith(source))
        for unit in likely:
            if variable in unit.variables:
                return unit
        if variable in self.symbols.values():
            raise ElfError(
                f"the program has {variable}, but no debug information about it: build all of it "
                'with -g (-DCMAKE_C_FLAGS_RELEASE="-O2 -g -DNDEBUG")'
            )
        raise ElfError(f"the program has no {variable}")


class Unit:
    """What one source file defines."""

    def __init__(self, image: Image, top: DIE) -> None:
        self.image = image
        self._top = top
        self.source = _name(top)

    @cached_property
    def _named(self) -> Mapping[str, Mapping[str, DIE]]:
        found: dict[str, dict[str, DIE]] = {}
        for die in self._top.iter_children():
            if (name := _name(die)) and "DW_AT_declaration" not in die.attributes:
                found.setdefault(die.tag, {}).setdefault(name, die)
        return found

    @cached_property
    def variables(self) -> Mapping[str, "Place"]:
        """The variables of the file that have an address."""
        return dict(self._variables())

    def _variables(self) -> Iterator[tuple[str, "Place"]]:
        for die in self._top.iter_children():
            place = die.attributes.get("DW_AT_location")
            if die.tag != "DW_TAG_variable" or place is None or not isinstance(place.value, list):
                continue
            if place.value[:1] != [_OP_ADDR]:
                continue
            # A definition after a declaration has its name and type there.
            says = die
            if "DW_AT_specification" in die.attributes:
                says = die.get_DIE_from_attribute("DW_AT_specification")
            address = int.from_bytes(bytes(place.value[1:]), self.image.order)
            kind = die if "DW_AT_type" in die.attributes else says
            yield _name(says), Place(self.image, kind.get_DIE_from_attribute("DW_AT_type"), address)

    def has_struct(self, name: str) -> bool:
        return name in self._named.get("DW_TAG_structure_type", {})

    def struct(self, name: str, address: int) -> "Place":
        """What is at an address, taken for a structure by its tag."""
        found = self._named.get("DW_TAG_structure_type", {}).get(name)
        if found is None:
            raise ElfError(f"{self.source} knows no struct {name}")
        return Place(self.image, found, address)

    def scalars(self, bits: int, address: int, count: int) -> list[int]:
        """Unsigned numbers in a row."""
        size = bits // 8
        content = self.image.bytes_at(address, size * count)
        return [
            int.from_bytes(content[at : at + size], self.image.order)
            for at in range(0, len(content), size)
        ]

    @cached_property
    def enums(self) -> Mapping[str, Mapping[str, int]]:
        """The enumerators of each enumeration, by its tag or its first enumerator."""
        found: dict[str, Mapping[str, int]] = {}
        for die in self._top.iter_children():
            if die.tag == "DW_TAG_enumeration_type":
                values = {
                    _name(item): int(item.attributes["DW_AT_const_value"].value)
                    for item in die.iter_children()
                    if item.tag == "DW_TAG_enumerator"
                }
                if values:
                    found.setdefault(_name(die) or next(iter(values)), values)
        return found


class Place:
    """A typed place in memory."""

    def __init__(self, image: Image, die: DIE, address: int) -> None:
        while die.tag in _QUALIFIERS:
            die = die.get_DIE_from_attribute("DW_AT_type")
        self.image, self.die, self.address = image, die, address

    @property
    def tag(self) -> str:
        """The tag of a structure or union, else what kind of type it is."""
        return _name(self.die) or str(self.die.tag)

    @property
    def size(self) -> int:
        if self.die.tag == "DW_TAG_array_type":
            return self.length * self._item(0).size
        if self.die.tag == "DW_TAG_pointer_type":
            return self.image.pointer
        return _size(self.die)

    @property
    def length(self) -> int:
        """Items of an array; of the first dimension, if there are more."""
        return self._lengths()[0]

    def _lengths(self) -> list[int]:
        ranges = [d for d in self.die.iter_children() if d.tag == "DW_TAG_subrange_type"]
        return [
            int(d.attributes["DW_AT_upper_bound"].value) + 1
            if "DW_AT_upper_bound" in d.attributes
            else 0
            for d in ranges
        ]

    def _item(self, index: int) -> "Place":
        item = Place(self.image, self.die.get_DIE_from_attribute("DW_AT_type"), self.address)
        if len(self._lengths()) > 1:
            raise ElfError("arrays of arrays are read as numbers")
        return Place(self.image, item.die, self.address + index * item.size)

    def __getitem__(self, member: str) -> "Place":
        """A member of a structure or union, also of one without a name within it."""
        found = self._member(self.die, member)
        if found is None:
            raise ElfError(f"{self.tag} has no member {member}")
        die, offset = found
        return Place(self.image, die, self.address + offset)

    def __contains__(self, member: str) -> bool:
        return self._member(self.die, member) is not None

    def _member(self, die: DIE, wanted: str) -> tuple[DIE, int] | None:
        for child in die.iter_children():
            if child.tag != "DW_TAG_member":
                continue
            at = child.attributes.get("DW_AT_data_member_location")
            offset = int(at.value) if at is not None else 0
            kind = child.get_DIE_from_attribute("DW_AT_type")
            if _name(child) == wanted:
                return kind, offset
            if not _name(child) and (inner := self._member(kind, wanted)):
                return inner[0], offset + inner[1]
        return None

    def items(self) -> list["Place"]:
        """The items of an array."""
        return [self._item(index) for index in range(self.length)]

    @property
    def value(self) -> Any:
        """A number, an enumerator's value, or the address that a pointer holds."""
        signed = False
        if self.die.tag == "DW_TAG_base_type":
            signed = self.die.attributes["DW_AT_encoding"].value in _SIGNED
        elif self.die.tag not in ("DW_TAG_pointer_type", "DW_TAG_enumeration_type"):
            raise ElfError(f"{self.tag} is no number")
        content = self.image.bytes_at(self.address, self.size)
        return int.from_bytes(content, self.image.order, signed=signed)

    @property
    def text(self) -> str | None:
        """The text that a ``char *`` points to; none where it is null."""
        address = self.value
        return self.image.string(address) if address else None

    def points_to(self, index: int = 0) -> "Place":
        """The item that a pointer to a table points to."""
        item = Place(self.image, self.die.get_DIE_from_attribute("DW_AT_type"), self.value)
        return Place(self.image, item.die, self.value + index * item.size)
