"""How many CPUs and clusters a tree has (Linux ``Bindings/cpu/cpu-topology.txt``)."""

from scmigen.bindings.node_kinds import is_cpu
from scmigen.devicetree.tree import DeviceTree
from scmigen.patterns import pattern

_CLUSTER, _CORE = pattern(r"cluster\d+"), pattern(r"core\d+")


def cores_and_clusters(tree: DeviceTree) -> tuple[int, int]:
    """The CPUs of a tree, and the innermost clusters of its ``cpu-map``."""
    cores = sum(1 for node in tree.nodes if is_cpu(node))
    top = tree.node("/cpus/cpu-map")
    nodes = [] if top is None else list(top.walk())
    clusters = [
        node
        for node in nodes
        if _CLUSTER.fullmatch(node.name) and any(map(_CORE.fullmatch, node.children))
    ]
    return cores, len(clusters)
