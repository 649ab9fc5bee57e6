"""How inventory, model, checks and outputs grow with the number of uses and of agents.

    python benchmarks/scaling.py [--uses N]... [--agents N]... [--shape SHAPE] [--runs N]
        [--model] [--json FILE]
    python benchmarks/scaling.py --boards FOLDER
    python benchmarks/scaling.py --uses N --agents N --certificate FOLDER --json FILE

Prints milliseconds of processor time of each stage for made-up boards (1, 10 and 100 thousand uses
with 2, 16 and 128 agents, unless said), and microseconds a use: where that rises it is not linear.
The last columns are the most memory that the process needed, in MiB, for the checked model and with
all outputs; every line is a process of its own. ``wide`` boards have as many resources as devices;
``narrow`` ones have 200, which SCP-firmware can number. With ``--model``, outputs are left out;
with ``--boards``, the slowest of the DTBs in a folder instead. ``--certificate`` writes that of a
wide board, and counts its facts. Nothing is asserted.
"""

import argparse
import gc
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from time import process_time
from typing import Any

from scmigen.assignment.assignment import Agent, Assignment, Claim, Owner, PlatformOptions
from scmigen.assignment.default import default_source
from scmigen.assignment.settle import Sayings, settle
from scmigen.bindings.inventory import take_inventory
from scmigen.checks.registry import run_checks
from scmigen.data import replace
from scmigen.devicetree.drafts import DraftNode
from scmigen.devicetree.load import load
from scmigen.devicetree.nodes import Property
from scmigen.devicetree.tree import DeviceTree
from scmigen.model.build import build
from scmigen.runtime import Role
from scmigen.targets.make import make

USES = (1_000, 10_000, 100_000)
AGENTS = (2, 16, 128)
#: No more runs of a board than have so many uses.
RUN_USES = 300_000
#: Uses of one device: three clocks, a power domain, a reset.
PER_DEVICE = 5
#: Resources of a kind of a narrow board.
NARROW = 100
#: The outputs that are made of a board of each shape.
OUTPUTS = {"wide": ("runtime", "permissions"), "narrow": ("runtime", "permissions", "scp")}


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


def wide(uses: int) -> DeviceTree:
    """Devices on buses of a hundred, each with clocks, a power domain and a reset of its own.

    Every tenth sets a rate and has a clock from a multiplexer of its own.
    """
    root = DraftNode("")
    provider(root, "clock-controller@1", "#clock-cells", 1)
    provider(root, "power-controller@2", "#power-domain-cells", 2)
    provider(root, "reset-controller@3", "#reset-cells", 3)
    provider(root, "gate@4", "#clock-cells", 4)
    root.children["gate@4"].properties["clocks"] = Property("clocks", cells(1, 7))
    for number, node in devices(root, uses):
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


def narrow(uses: int) -> DeviceTree:
    """Devices on buses of a hundred that share a hundred clocks and a hundred power domains."""
    root = DraftNode("")
    provider(root, "clock-controller@1", "#clock-cells", 1)
    provider(root, "power-controller@2", "#power-domain-cells", 2)
    for number, node in devices(root, uses):
        clocks = cells(*(cell for at in range(3) for cell in (1, (number + 7 * at) % NARROW)))
        power = cells(2, number % NARROW, 2, (number + 31) % NARROW)
        node.properties["clocks"] = Property("clocks", clocks)
        node.properties["power-domains"] = Property("power-domains", power)
    return DeviceTree(root, "board.dts")


def devices(root: DraftNode, uses: int) -> Iterator[tuple[int, DraftNode]]:
    """The devices of so many uses, still without any."""
    bus = root
    for number in range(uses // PER_DEVICE):
        if number % 100 == 0:
            bus = child(root, f"bus@{number:x}", compatible=b"simple-bus\0")
        yield number, child(bus, f"device@{number:x}", compatible=b"acme,device\0")


SHAPES: dict[str, Callable[[int], DeviceTree]] = {"wide": wide, "narrow": narrow}


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


#: Stage → milliseconds, and what else is counted.
Laps = dict[str, float]


def laps(tree: DeviceTree, count: int | None, outputs: Sequence[str] = ()) -> Laps:
    """Milliseconds of inventory, model, checks and outputs, and MiB of memory so far."""
    times = [process_time()]
    inventory = take_inventory(tree)
    times.append(process_time())
    alone = settle(Sayings([default_source(inventory)])) if count is None else None
    model = build(inventory, alone or assignment(tree, count or 0))
    times.append(process_time())
    run_checks(model)
    times.append(process_time())
    memory = peak()
    for name in outputs:
        make(model.platforms[0], name)
        times.append(process_time())
    names = ("inventory", "model", "checks", *outputs)
    took = (1000 * (after - before) for before, after in pairwise(times))
    return dict(zip(names, took, strict=True)) | {"model MiB": memory, "all MiB": peak()}


def peak() -> float:
    """The most memory so far, in MiB (Linux: ``ru_maxrss`` is in KiB)."""
    return getrusage(RUSAGE_SELF).ru_maxrss / 1024


def one(shape: str, uses: int, agents: int, runs: int, outputs: Sequence[str]) -> list[Laps]:
    """The laps of a made-up board, in this process."""
    laps(SHAPES[shape](PER_DEVICE), agents, outputs)  # imports
    tree = SHAPES[shape](uses)
    found = []
    for _ in range(runs):
        gc.collect()
        found.append(laps(tree, agents, outputs))
    return found


def generated(options: argparse.Namespace) -> dict[str, Any]:
    """The laps of each board, which are printed; each in a process of its own."""
    found: dict[str, Any] = {}
    for agents in options.agents or AGENTS:
        for uses in options.uses or USES:
            runs = max(1, min(options.runs, RUN_USES // uses))
            sizes = (options.shape, str(uses), str(agents), str(runs))
            command = [sys.executable, __file__, "--one", *sizes, *["--model"] * options.model]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            measured: list[Laps] = json.loads(done.stdout)
            stages = [name for name in measured[0] if not name.endswith("MiB")]
            if not found:
                heads = (*stages, "µs a use", "with outputs", "MiB", "MiB all")
                print(f"{'uses':>8} {'agents':>6} ", *(f"{head:>12}" for head in heads))
            found[f"{uses}/{agents}"] = measured
            least = {name: min(each[name] for each in measured) for name in measured[0]}
            model, whole = (sum(least[name] for name in part) for part in (stages[:3], stages))
            figures = [
                *(least[name] for name in stages),
                *(1000 * t / uses for t in (model, whole)),
            ]
            row = "".join(f"{value:13.1f}" for value in figures)
            memory = f"{least['model MiB']:13.0f}{least['all MiB']:13.0f}"
            print(f"{uses:8} {agents:6} {row}{memory}", flush=True)
    return found


def corpus(folder: Path) -> None:
    """The slowest boards of a folder: all of them once, then the ten slowest again."""

    def time(path: Path) -> float:
        return sum(list(laps(load(path), None).values())[:3])

    once = [(time(path), path) for path in sorted(folder.glob("*.dtb"))]
    slowest = [(min(time(path) for _ in range(3)), path) for _, path in sorted(once)[-10:]]
    middle = sorted(time for time, _ in once)[len(once) // 2]
    print(f"{len(once)} boards, median {middle:.1f} ms; the slowest:")
    for taken, path in sorted(slowest, reverse=True)[:5]:
        print(f"{taken:8.1f} ms  {path.name}")


def certificate(folder: Path, uses: int, agents: int) -> int:
    """Write the certificate of a wide board, and the rules. Returns how many facts it has.

    Where agents compete, the first is named as the owner, lest the certificate be refused.
    """
    tree = wide(uses)
    inventory, given = take_inventory(tree), assignment(tree, agents)
    conflicts = build(inventory, given).findings.granted.conflicts
    owners = tuple(Owner(each.holders[0].name, each.key) for each in conflicts)
    given = replace(given, options=replace(given.options, owners=owners))
    (platform,) = build(inventory, given).platforms
    for file in make(platform, "certificate").files:
        (folder / file.path).write_bytes(file.content)
    last = (folder / "certificate.lp").read_text().rpartition("whole(")[2]
    return int(last.partition(",")[0])


def main() -> None:
    assert __doc__ is not None
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--uses", type=int, action="append")
    parser.add_argument("--agents", type=int, action="append")
    parser.add_argument("--shape", choices=SHAPES, default="wide")
    parser.add_argument("--runs", type=int, default=3, help="fewer of large boards")
    parser.add_argument("--model", action="store_true", help="leave outputs out")
    parser.add_argument("--boards", type=Path)
    parser.add_argument("--certificate", type=Path)
    parser.add_argument("--json", type=Path, help="where the laps go")
    parser.add_argument("--one", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    # As the commands do: one board is read and gone.
    gc.disable()
    if options.one:
        shape, *sizes = options.one
        outputs = () if options.model else OUTPUTS[shape]
        uses, agents, runs = map(int, sizes)
        print(json.dumps(one(shape, uses, agents, runs, outputs)))
    elif options.boards:
        corpus(options.boards)
    elif options.certificate:
        facts = certificate(options.certificate, *options.uses, *options.agents)
        options.json.write_text(json.dumps([facts]))
    else:
        found = generated(options)
        if options.json:
            options.json.write_text(json.dumps(found))


if __name__ == "__main__":
    main()
