"""Damage for fuzzing: to sources, to blobs, and to trees, whose result is a valid blob again.

All of it is made of a `Random` alone, so a case is its number.
"""

from collections.abc import Sequence
from random import Random
from struct import pack

from scmigen.devicetree.drafts import DraftNode, draft_of
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.tree import DeviceTree

TOKENS = """/dts-v1/; /plugin/; / { }; ; { } < > [ ] ( ) , = & &l &{/a} l: a@0 0 09 1 'c' ' " \\
/* */ // /bits/ 8 /delete-node/ /delete-property/ /omit-if-no-ref/ /memreserve/ /include/
/incbin/ # ? : << 1ULL 0xffffffffffffffffff (1/0) \0 é \u2028 \x1c"""
WORDS = TOKENS.split()

#: Numbers at which something changes: none, one, widths, signs, sizes.
NUMBERS = (0, 1, 2, 3, 4, 5, 9, 16, 31, 32, 255, 256, 4096, 1 << 31, (1 << 32) - 2, (1 << 32) - 1)


def damaged_text(random: Random, text: str, other: str) -> str:
    """The text after a few changes: words, characters, splices, cuts."""
    for _ in range(random.choice((0, 1, 1, 1, 2, 5))):
        at = random.randint(0, len(text))
        end = min(len(text), at + random.choice((0, 1, 1, 3, 20, 200)))
        start = random.randint(0, len(other))
        new = random.choice(
            (
                "",
                random.choice(WORDS),
                f" {random.choice(WORDS)} ",
                chr(random.choice((0, 9, 10, 32, 47, 123, 125, 0xE9, 0x10FFFF))),
                other[start : start + random.randint(1, 200)],
                text[at:end] * random.randint(2, 20),
            )
        )
        text = text[:at] + new + text[end:]
    return text if random.random() < 0.95 else text[: random.randint(0, len(text))]


def damaged_bytes(random: Random, data: bytes, other: bytes) -> bytes:
    """The bytes after a few changes: bits, words, splices, cuts."""
    blob = bytearray(data)
    for _ in range(random.choice((0, 1, 1, 1, 2, 5))):
        at = random.randrange(max(1, len(blob)))
        kind = random.randrange(5)
        if kind == 0:
            blob[at : at + 1] = bytes((random.randrange(256),))
        elif kind == 1:
            number = random.choice((0, 1, 2, 3, 4, 9, 0xFF, 1 << 31, (1 << 32) - 1, len(blob)))
            blob[at // 4 * 4 : at // 4 * 4 + 4] = number.to_bytes(4, "big")
        elif kind == 2:
            # The header decides where everything else is looked for.
            head = random.randrange(10) * 4
            blob[head : head + 4] = random.randrange(2 * len(data)).to_bytes(4, "big")
        elif kind == 3:
            start = random.randrange(len(other)) // 4 * 4
            blob[at // 4 * 4 : at // 4 * 4] = other[start : start + 4 * random.randint(1, 30)]
        else:
            del blob[at // 4 * 4 : at // 4 * 4 + 4 * random.randint(1, 8)]
    return bytes(blob if random.random() < 0.95 else blob[: random.randint(0, len(blob))])


def excerpt(random: Random, tree: DeviceTree, count: int) -> DraftNode:
    """Some ``count`` nodes of a tree, with all above them and what their cells may refer to."""
    wanted = set()
    stack = random.sample(tree.nodes, min(count, len(tree.nodes)))
    while stack and len(wanted) < 5 * count:
        node = stack.pop()
        if node.path in wanted:
            continue
        wanted.add(node.path)
        stack.extend(node.ancestors())
        for item in node.properties.values():
            cells = item.cells() if len(item.value) % 4 == 0 else ()
            stack.extend(found for cell in cells if (found := tree.by_phandle(cell)) is not None)
    root = draft_of(tree.root)
    for draft in list(root.walk()):
        for name in [name for name, child in draft.children.items() if child.path not in wanted]:
            del draft.children[name]
    return root


class Damage:
    """Changes a tree of drafts; what it puts in comes from ``pool``, nodes of other trees."""

    def __init__(self, random: Random, root: DraftNode, pool: Sequence[Property]) -> None:
        self.random = random
        self.root = root
        self.pool = pool
        self.nodes = list(root.walk())

    def apply(self, times: int) -> None:
        """That many changes."""
        changes = (
            (self.change_cells, 6),
            (self.change_widths, 3),
            (self.borrow_property, 4),
            (self.drop_property, 3),
            (self.resize_value, 2),
            (self.swap_values, 2),
            (self.move_phandle, 2),
            (self.rename_node, 2),
            (self.drop_node, 1),
            (self.copy_node, 2),
        )
        functions, weights = zip(*changes, strict=True)
        for change in self.random.choices(functions, weights, k=times):
            change()

    def _item(self) -> tuple[DraftNode, str] | None:
        node = self.random.choice(self.nodes)
        names = list(node.properties)
        return (node, self.random.choice(names)) if names else None

    def _put(self, node: DraftNode, name: str, value: bytes) -> None:
        node.properties[name] = node.properties.get(name, Property(name)).with_value(value)

    def change_cells(self) -> None:
        """One cell, or all, become a number at which something may change."""
        found = self._item()
        value = found[0].properties[found[1]].value if found else b""
        if found is None or not value or len(value) % 4:
            return
        number = pack(">I", self.random.choice(NUMBERS))
        at = self.random.randrange(0, len(value), 4)
        alone = self.random.random() < 0.7
        new = value[:at] + number + value[at + 4 :] if alone else number * (len(value) // 4)
        self._put(*found, new)

    def change_widths(self) -> None:
        """All ``#…-cells`` of a node, and those it ought to have."""
        node = self.root if self.random.random() < 0.5 else self.random.choice(self.nodes)
        number = pack(">I", self.random.choice((0, *NUMBERS[:6])))
        names = [name for name in node.properties if name.endswith("-cells")]
        for name in names or ("#address-cells", "#size-cells"):
            self._put(node, name, number)

    def borrow_property(self) -> None:
        """A property of another tree."""
        item = self.random.choice(self.pool)
        self._put(self.random.choice(self.nodes), item.name, item.value)

    def drop_property(self) -> None:
        """One property less."""
        found = self._item()
        if found is not None:
            del found[0].properties[found[1]]

    def resize_value(self) -> None:
        """A value that is cut, repeated, or not a multiple of four bytes."""
        found = self._item()
        if found is not None:
            value = found[0].properties[found[1]].value
            ways = (b"", value[:-1], value[:4], value[:-4], value + b"\0", value * 2, value * 9)
            self._put(*found, self.random.choice(ways))

    def swap_values(self) -> None:
        """The value of another property."""
        first, second = self._item(), self._item()
        if first is not None and second is not None:
            self._put(*first, second[0].properties[second[1]].value)

    def move_phandle(self) -> None:
        """The phandle of another node: missing, twice, or its own."""
        first, second = self.random.choice(self.nodes), self.random.choice(self.nodes)
        item = second.properties.get("phandle")
        if item is not None:
            first.properties["phandle"] = item

    def rename_node(self) -> None:
        """Another name, or another unit address."""
        node, other = self.random.choice(self.nodes), self.random.choice(self.nodes)
        base, at, unit = node.name.partition("@")
        way = self.random.randrange(3)
        name = (other.name, f"{base}{at}{unit}0" if at else f"{base}@0", base)[way]
        siblings = {} if node.parent is None else node.parent.children
        if siblings.get(node.name) is node and name and name not in siblings:
            del siblings[node.name]
            siblings[name] = node
            node.name = name

    def drop_node(self) -> None:
        """A node less, with all below it."""
        node = self.random.choice(self.nodes)
        if node.parent is not None:
            node.parent.children.pop(node.name, None)

    def copy_node(self) -> None:
        """A node also stands below another one, with its phandle."""
        node, parent = self.random.choice(self.nodes), self.random.choice(self.nodes)
        if node.name and node.name not in parent.children and len(self.nodes) < 1000:
            copy = parent.children[node.name] = draft_of(node)
            copy.parent = parent


def damaged_tree(random: Random, root: DraftNode, pool: Sequence[Property], most: int = 6) -> bytes:
    """The blob of a tree of drafts after some changes."""
    Damage(random, root, pool).apply(random.randint(0, most))
    return flatten(DeviceTree(root, "damaged.dtb"))
