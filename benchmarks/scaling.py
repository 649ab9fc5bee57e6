"""How inventory, model and checks grow with the number of uses and of agents.

    python benchmarks/scaling.py [--boards FOLDER]

Prints milliseconds of processor time, best of three, for made-up boards of 1, 10 and 100
thousand uses with 2, 16 and 128 agents, and microseconds a use: where that rises it is not linear.
The last column is the memory that the process has needed so far, in MB.
With ``--boards``, the slowest of the DTBs in a folder instead. Nothing is asserted.
"""

import gc
import sys
from itertools import pairwise
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import process_time

from scmigen.assignment.assignment import Agent, Assignment, Claim, PlatformOptions
from scmigen.assignment.default import default_source
from scmigen.assignment.settle import Sayings, settle
from scmigen.bindings.inventory import take_inventory
from scmigen.checks.registry import run_checks
from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.load import load
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.tree import DeviceTree
from scmigen.model.build import build
from scmigen.runtime import Role

USES = (1_000, 10_000, 100_000)
AGENTS = (2, 16, 128)
RUNS = 3
#: Uses of one device: three clocks, a power domain, a reset.
PER_DEVICE = 5


def cells(*values: int) -> bytes:
    return b"".join(value.to_bytes(4, "big") for value in values)


def child(parent: DraftNode, name: str, **properties: bytes) -> DraftNode:
    node = DraftNode(name, parent)
    for key, value in properties.items():
        node.properties[key] = Property(key, value)
    parent.children[name] = node
    return node


def provider(parent: DraftNode, name: str, cells_name: str, phandle: int) -> None:
    node = child(parent, name, phandle=cells(phandle), compatible=b"acme,cc\0", reg=cells(phandle))
    node.properties[cells_name] = Property(cells_name, cells(1))


def board(uses: int) -> DeviceTree:
    """Devices on buses of a hundred, each with clocks, a power domain and a reset of its own.

    Every tenth sets a rate and has a clock from a multiplexer of its own.
    """
    root = DraftNode("")
    provider(root, "clock-controller@1", "#clock-cells", 1)
    provider(root, "power-controller@2", "#power-domain-cells", 2)
    provider(root, "reset-controller@3", "#reset-cells", 3)
    provider(root, "gate@4", "#clock-cells", 4)
    root.children["gate@4"].properties["clocks"] = Property("clocks", cells(1, 7))
    bus = root
    for number in range(uses // PER_DEVICE):
        if number % 100 == 0:
            bus = child(root, f"bus@{number:x}", compatible=b"simple-bus\0")
        node = child(bus, f"device@{number:x}", compatible=b"acme,device\0")
        # Half of the clocks are the device's own, the rest is shared by ten.
        clocks = cells(1, 8 + number, 1, 8 + number // 10, 4, number // 10)
        node.properties["clocks"] = Property("clocks", clocks)
        node.properties["power-domains"] = Property("power-domains", cells(2, number // 10))
        node.properties["resets"] = Property("resets", cells(3, number))
        if number % 10 == 0:
            node.properties["assigned-clocks"] = Property("assigned-clocks", cells(1, 8 + number))
            rate = Property("assigned-clock-rates", cells(1_000_000))
            node.properties["assigned-clock-rates"] = rate
            mux = 100 + number
            provider(root, f"mux@{mux:x}", "#clock-cells", mux)
            inputs = cells(1, 8 + number, 1, 9 + number)
            root.children[f"mux@{mux:x}"].properties["clocks"] = Property("clocks", inputs)
            clocks += cells(mux, 1)
            node.properties["clocks"] = Property("clocks", clocks)
    return DeviceTree(root, "board.dts")


def assignment(tree: DeviceTree, count: int) -> Assignment:
    """Every bus is an agent's, in turn; the first agent is the default."""
    agents = tuple(
        Agent(number, f"agent{number}", Role.VM, default=number == 1)
        for number in range(1, count + 1)
    )
    buses = [node for node in tree.root.children.values() if node.name.startswith("bus")]
    claims = tuple(
        Claim(agents[at % count].name, node, exact=True) for at, node in enumerate(buses)
    )
    return Assignment(agents, claims, (), PlatformOptions({}, {}, {}))


def laps(tree: DeviceTree, count: int | None) -> list[float]:
    """Milliseconds of inventory, model and checks, and the number of findings."""
    times = [process_time()]
    inventory = take_inventory(tree)
    times.append(process_time())
    alone = settle(Sayings([default_source(inventory)])) if count is None else None
    given = alone or assignment(tree, count or 0)
    model = build(inventory, given)
    times.append(process_time())
    run_checks(model)
    times.append(process_time())
    return [1000 * (after - before) for before, after in pairwise(times)]


def best(tree: DeviceTree, count: int | None, runs: int = RUNS) -> list[float]:
    found = []
    for _ in range(runs):
        gc.collect()
        found.append(laps(tree, count))
    return min(found, key=sum)


def peak() -> float:
    """The most memory so far, in MB (Linux: ``ru_maxrss`` is in KiB)."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


def generated() -> None:
    heads = ("inventory", "model", "checks", "µs a use")
    print(f"{'uses':>8} {'agents':>7} ", *(f"{head:>9}" for head in heads), f"{'MB':>6}")
    for count in AGENTS:
        for uses in USES:
            found = best(board(uses), count, RUNS if uses < USES[-1] else 1)
            row = " ".join(f"{value:9.1f}" for value in found)
            print(
                f"{uses:8} {count:7}  {row} {1000 * sum(found) / uses:9.1f} {peak():6.0f}",
                flush=True,
            )


def corpus(folder: Path) -> None:
    """The slowest boards of a folder: all of them once, then the ten slowest again."""
    once = [(sum(laps(load(path), None)), path) for path in sorted(folder.glob("*.dtb"))]
    slowest = [(sum(best(load(path), None)), path) for _, path in sorted(once)[-10:]]
    middle = sorted(time for time, _ in once)[len(once) // 2]
    print(f"{len(once)} boards, median {middle:.1f} ms; the slowest:")
    for time, path in sorted(slowest, reverse=True)[:5]:
        print(f"{time:8.1f} ms  {path.name}")


def main() -> None:
    # As the commands do: one board is read and gone.
    gc.disable()
    if sys.argv[1:2] == ["--boards"]:
        corpus(Path(sys.argv[2]))
    else:
        generated()


if __name__ == "__main__":
    main()
