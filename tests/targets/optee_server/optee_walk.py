"""OP-TEE's parser of an ``optee,scmi-server`` node, written from what its sources do.

It reads a blob of dtc's with its own few lines, and stops (`PanicError`) where OP-TEE does.
"""

import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path


class PanicError(Exception):
    """OP-TEE would not start."""


@dataclass
class Node:
    name: str
    properties: dict[str, bytes] = field(default_factory=dict)
    children: list["Node"] = field(default_factory=list)
    parent: "Node | None" = None

    def cell(self, name: str, at: int = 0) -> int:
        return int(struct.unpack_from(">I", self.properties[name], 4 * at)[0])

    @property
    def path(self) -> str:
        above = self.parent
        return "" if above is None else f"{above.path}/{self.name}"

    def walk(self) -> list["Node"]:
        return [self, *(node for child in self.children for node in child.walk())]


def blob(data: bytes) -> Node:
    """The root of a flattened tree (Devicetree specification, chapter 5)."""
    _, _, structure, strings = struct.unpack_from(">4I", data)
    at, stack, root = structure, list[Node](), None
    while True:
        (token,) = struct.unpack_from(">I", data, at)
        at += 4
        if token == 1:
            end = data.index(b"\0", at)
            node = Node(data[at:end].decode(), parent=stack[-1] if stack else None)
            if stack:
                stack[-1].children.append(node)
            root = root or node
            stack.append(node)
            at = (end + 4) & ~3
        elif token == 2:
            stack.pop()
        elif token == 3:
            length, name = struct.unpack_from(">2I", data, at)
            begin = strings + name
            key = data[begin : data.index(b"\0", begin)].decode()
            stack[-1].properties[key] = data[at + 8 : at + 8 + length]
            at = (at + 8 + length + 3) & ~3
        elif token == 9:
            assert root is not None
            return root


#: Provider's path and cells, name, enabled at boot, rate may be set.
Row = tuple[str, tuple[int, ...], str, bool, bool]
Rows = dict[tuple[int, str, int], Row]
_GROUPS = {0x14: ("clocks", "clocks", "#clock-cells"), 0x16: ("resets", "resets", "#reset-cells")}
_SERVER = b"optee,scmi-server\0"
_ST = {0x17: ("regulators", "voltd-supply", "")}


def rows(root: Node, st: bool = False) -> Rows:
    """Agent, kind and id → what OP-TEE has there; a hole has no row."""
    groups = _GROUPS | (_ST if st else {})
    server = next(
        n for n in root.walk() if n.properties.get("compatible") == b"optee,scmi-server\0"
    )
    phandles = {n.cell("phandle"): n for n in root.walk() if "phandle" in n.properties}
    found: Rows = {}
    agents = set()
    for agent in server.children:
        if "agent@" not in agent.name:
            continue
        number = _number(agent, "reg")
        if number == 0 or number in agents:
            raise PanicError(f"agent {number}")
        agents.add(number)
        if b"linaro,scmi-optee" not in agent.properties.get("compatible", b"").split(b"\0"):
            raise PanicError("compatible")
        if _number(agent, "scmi-channel-id") != 0:
            raise PanicError("channel")
        protocols = set()
        for protocol in agent.children:
            if "protocol@" not in protocol.name:
                continue
            kind = _number(protocol, "reg")
            if kind not in groups or kind in protocols:
                raise PanicError(f"protocol {kind:#x}")
            protocols.add(kind)
            _entries(protocol, number, groups[kind], phandles, found)
    return found


def _number(node: Node, name: str) -> int:
    if name not in node.properties:
        raise PanicError(f"{node.name} has no {name}")
    return node.cell(name)


def _entries(
    protocol: Node,
    agent: int,
    form: tuple[str, str, str],
    phandles: dict[int, Node],
    found: Rows,
) -> None:
    group, prop, cells = form
    above = next((n for n in protocol.children if n.name == group), None)
    for entry in above.children if above is not None else ():
        assert above is not None
        if (above.cell("#address-cells"), above.cell("#size-cells")) != (1, 0):
            raise PanicError("reg")
        number = _number(entry, "reg")
        if prop not in entry.properties or entry.cell(prop) not in phandles:
            continue  # "skipped"
        provider = phandles[entry.cell(prop)]
        count = provider.cell(cells) if cells else 0
        if len(entry.properties[prop]) < 4 * (1 + count):
            continue
        place = (agent, group, number)
        if place in found:
            raise PanicError(f"{group} {number} already used")
        flags = entry.cell("flags") if "flags" in entry.properties else 0
        name = entry.properties.get("domain-name", entry.name.encode()).split(b"\0")[0].decode()
        found[place] = (
            provider.path,
            tuple(entry.cell(prop, 1 + at) for at in range(count)),
            name,
            bool(flags & 1),
            bool(flags & 2),
        )


#: ``dt-bindings/scmi/scmi-clock.h`` of OP-TEE, as far as the node needs it.
_MACROS = {"SCMI_CLOCK_DEFAULT_ENABLED": "0x1", "SCMI_CLOCK_ALLOW_SET_RATE": "0x2"}


def compiled(dtc: str, tree: str, node: str, folder: Path) -> Node:
    """A tree with the node behind it, through dtc; macros are put in by hand."""
    node = node.replace("#include <dt-bindings/scmi/scmi-clock.h>\n", "")
    for macro, value in _MACROS.items():
        node = node.replace(macro, value)
    source = folder / "tree.dts"
    source.write_text(tree + node)
    out = folder / "tree.dtb"
    # Warnings are of the boards themselves; those of the node are in test_style.
    subprocess.run([dtc, "-q", "-o", str(out), str(source)], check=True, timeout=60)
    return blob(out.read_bytes())
