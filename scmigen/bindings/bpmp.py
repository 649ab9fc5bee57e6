"""NVIDIA's BPMP, and the proxy by which a host's Linux passes the messages of guests on to it.

Linux ``Bindings/firmware/nvidia,tegra186-bpmp.yaml``, ``include/soc/tegra/bpmp-abi.h``; the proxy
is that of Ghaf (``bpmp-host-proxy.c``), which reads an allow-list for each guest.
"""

from collections.abc import Iterator, Mapping, Sequence

from scmigen.devicetree.edits import AddNode, Edit, Entry, SetProperty, Strings
from scmigen.devicetree.nodes import Node
from scmigen.devicetree.tree import DeviceTree
from scmigen.scmi.protocols import Kind

_BPMP = "nvidia,tegra186-bpmp"
_PROXY = "nvidia,bpmp-host-proxy"
_ALLOWED: Mapping[Kind, str] = {
    Kind.CLOCK: "allowed-clocks",
    Kind.RESET: "allowed-resets",
    Kind.POWER: "allowed-power-domains",
}


def is_bpmp(node: Node | None) -> bool:
    """Whether a node is a BPMP, whose specifiers are the ids of its messages."""
    return node is not None and _BPMP in node.strings("compatible")


def proxy_edits(
    tree: DeviceTree, guest: str, allowed: Mapping[Kind, Sequence[Entry]]
) -> Iterator[Edit]:
    """The node of a guest; ``/dev/bpmp-host-GUEST`` is its device."""
    path = f"/bpmp-host-proxy-{guest}"
    if tree.node(path) is None:
        yield AddNode(path)
    yield SetProperty(path, "compatible", Strings((_PROXY,)))
    yield SetProperty(path, "device-name", Strings((f"bpmp-host-{guest}",)))
    for kind, name in _ALLOWED.items():
        if allowed.get(kind):
            yield SetProperty(path, name, tuple(allowed[kind]))
