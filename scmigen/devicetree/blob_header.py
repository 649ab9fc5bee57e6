"""The header of a blob (Devicetree Specification v0.4, 5.2), read by the package ``fdt``.

The package raises bare exceptions and checks neither sizes nor offsets, so all that it could object
to is refused before, and all that it returns is checked here.
"""

import warnings

from scmigen.data import Data

with warnings.catch_warnings():
    # Where no bytecode was installed, Python warns of escapes that the package has in its strings.
    warnings.simplefilter("ignore")
    from fdt import Header

_VERSIONS = (16, 17)
#: The version that a blob must be compatible with (``last_comp_version``); 17 only added a size.
_COMPATIBLE = 16


class MalformedError(Exception):
    """What is wrong with a blob, in words, and a hint."""

    def __init__(self, message: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint or "the file is damaged or cut off, or is not a devicetree blob"


class BlobHeader(Data):
    """Offsets and sizes in bytes; the structure and strings blocks are inside of the blob."""

    total_size: int
    off_dt_struct: int
    size_dt_struct: int
    off_dt_strings: int
    size_dt_strings: int
    off_mem_rsvmap: int
    boot_cpuid_phys: int


def read_header(data: bytes) -> BlobHeader:
    """The header of a blob. Raises `MalformedError`."""
    if len(data) < Header.MAX_SIZE or data[:4] != Header.MAGIC_NUMBER.to_bytes(4, "big"):
        raise MalformedError("the blob has no devicetree header")
    version, compatible = (int.from_bytes(data[at : at + 4], "big") for at in (20, 24))
    if version not in _VERSIONS:
        raise MalformedError(f"the blob has version {version}, not 16 or 17")
    if compatible > _COMPATIBLE:
        raise MalformedError(f"the blob is compatible with version {compatible}, not with 16")
    read = Header.parse(data)
    size = read.total_size - read.off_dt_struct if version == _COMPATIBLE else read.size_dt_struct
    header = BlobHeader(
        read.total_size,
        read.off_dt_struct,
        size,
        read.off_dt_strings,
        read.size_dt_strings,
        read.off_mem_rsvmap,
        read.boot_cpuid_phys,
    )
    _check(header, len(data))
    return header


def _check(header: BlobHeader, length: int) -> None:
    total = header.total_size
    if total > length:
        raise MalformedError(f"the header says {total} bytes, but the file has {length}")
    if header.off_dt_struct % 4 or header.off_mem_rsvmap % 8:
        raise MalformedError("the blocks are not aligned")
    if header.off_dt_struct + header.size_dt_struct > total or header.size_dt_struct < 0:
        raise MalformedError("the structure block exceeds the blob")
    if header.off_dt_strings + header.size_dt_strings > total:
        raise MalformedError("the strings block exceeds the blob")
