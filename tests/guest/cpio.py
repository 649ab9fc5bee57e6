"""Archives that Linux unpacks as its first root file system, written without root.

The form is "newc" (Linux, Documentation/driver-api/early-userspace/buffer-format.rst). Archives may
follow one another, compressed or not: a later file replaces an earlier one.
"""

import gzip
from collections.abc import Iterator, Mapping

_FILE, _FOLDER = 0o100_000, 0o040_000
_END = "TRAILER!!!"


def archive(files: Mapping[str, bytes]) -> bytes:
    """The archive of ``files`` by path, each runnable; the folders above them are in it too."""
    folders = sorted({above for path in files for above in _above(path)})
    entries = [(path, _FOLDER | 0o755, b"") for path in folders]
    entries += [(path, _FILE | 0o755, data) for path, data in files.items()]
    written = b"".join(
        _entry(number, name.lstrip("/"), mode, data)
        for number, (name, mode, data) in enumerate(entries, 1)
    )
    whole = written + _entry(0, _END, 0, b"")
    return whole + bytes(-len(whole) % 512)


def appended(base: bytes, files: Mapping[str, bytes]) -> bytes:
    """An initramfs (compressed or not) with ``files`` added; those there already are replaced.

    The kernel takes a new archive at a multiple of four bytes.
    """
    return base + bytes(-len(base) % 4) + gzip.compress(archive(files), 1)


def _above(path: str) -> Iterator[str]:
    """The folders above a path, without the root."""
    parts = path.strip("/").split("/")[:-1]
    for end in range(len(parts)):
        yield "/".join(parts[: end + 1])


def _entry(number: int, name: str, mode: int, data: bytes) -> bytes:
    named = name.encode() + b"\0"
    links = 2 if mode & _FOLDER else 1
    fields = (number, mode, 0, 0, links, 0, len(data), 0, 0, 0, 0, len(named), 0)
    head = b"070701" + b"".join(b"%08X" % field for field in fields) + named
    return head + bytes(-len(head) % 4) + data + bytes(-len(data) % 4)
