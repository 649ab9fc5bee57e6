"""A blob as its bytes say it (Devicetree Specification v0.4, chapter 5), read without scmigen."""

from struct import unpack_from
from typing import NamedTuple

_BEGIN, _END, _PROPERTY, _NOP, _LAST = 1, 2, 3, 4, 9


class Blob(NamedTuple):
    """``nodes``: path → name → value. ``paths``: phandle → path."""

    nodes: dict[str, dict[str, bytes]]
    paths: dict[int, str]

    def cells(self, path: str, name: str) -> tuple[int, ...]:
        """A property as cells; none where it is not there."""
        value = self.nodes[path].get(name, b"")
        return tuple(unpack_from(f">{len(value) // 4}I", value))

    def strings(self, path: str, name: str) -> list[str]:
        """A property as strings."""
        return self.nodes[path].get(name, b"").decode().split("\0")[:-1]

    def entries(self, path: str, name: str, width: str) -> list[tuple[str, tuple[int, ...]]]:
        """A list of references: path of the target, and as many cells as its ``width`` says."""
        cells, found, at = self.cells(path, name), [], 0
        while at < len(cells):
            target = self.paths[cells[at]]
            (count,) = self.cells(target, width)
            found.append((target, cells[at + 1 : at + 1 + count]))
            at += 1 + count
        return found


def walk(data: bytes) -> Blob:
    """Every node of a blob."""
    magic, _, structure, strings = unpack_from(">4I", data)
    assert magic == 0xD00DFEED
    nodes: dict[str, dict[str, bytes]] = {}
    stack: list[str] = []
    at = structure
    while True:
        (token,) = unpack_from(">I", data, at)
        at += 4
        if token == _BEGIN:
            end = data.index(b"\0", at)
            stack.append(data[at:end].decode())
            nodes["/".join(stack) or "/"] = {}
            at = end + 4 & ~3
        elif token == _END:
            stack.pop()
        elif token == _PROPERTY:
            size, name = unpack_from(">2I", data, at)
            end = data.index(b"\0", strings + name)
            word = data[strings + name : end].decode()
            nodes["/".join(stack) or "/"][word] = data[at + 8 : at + 8 + size]
            at += 8 + size + 3 & ~3
        elif token == _LAST:
            break
        else:
            assert token == _NOP
    paths = {
        unpack_from(">I", found["phandle"])[0]: path
        for path, found in nodes.items()
        if "phandle" in found
    }
    return Blob(nodes, paths)
