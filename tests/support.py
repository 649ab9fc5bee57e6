"""Helpers of the tests: boards written as short literals, and what the compiler makes of them."""

import gc
import subprocess
import sys
from collections.abc import Iterable
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner

from scmigen import (
    DeviceTree,
    Diagnostic,
    Kind,
    Model,
    Numbering,
    Operation,
    Position,
    Text,
    loads,
)
from scmigen import compile as compile_board
from scmigen.bindings.facts import ResourceKey
from scmigen.bindings.inventory import Inventory, take_inventory
from scmigen.checks.registry import run_checks
from scmigen.cli.main import cli
from scmigen.scmi.operations import ordered

BOARD = "board.dts"
AGENTS = "agents.yaml"
TOPOLOGY = "clocks.txt"

#: Tables of drivers as those that come with scmigen, which do not change with the kernel.
TABLES = Path(__file__).parent / "data" / "drivers"

#: Controllers of a small SoC, all managed by R9: clocks, resets, power domains, voltages.
SOC = """
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000>; #reset-cells = <1>; };
pc: power-controller@3000 { compatible = "acme,pc"; reg = <0x3000>; #power-domain-cells = <1>; };
rails {
    compatible = "acme,rails";
    vdd: vdd { regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>; };
    vio: vio { regulator-min-microvolt = <1800000>; regulator-max-microvolt = <1800000>; };
};
"""

#: Two agents; ``a`` is the default. Entries of ``b`` are appended.
TWO_AGENTS = """
domains:
  a: {id: 1, scmi: {role: ospm}, default: true}
  b:
    id: 2
    scmi: {role: vm}
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left: its exit status and both streams."""

    returncode: int
    stdout: str
    stderr: str


def scmigen(*arguments: str | Path, cwd: Path | None = None) -> Done:
    """What the command does, in this process; `process` starts one of its own."""
    try:
        with chdir(cwd or Path.cwd()):
            result = CliRunner().invoke(cli, [str(word) for word in arguments])
    finally:
        # A command ends with its process, so it does not collect garbage.
        gc.enable()
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Done(result.exit_code, result.stdout, result.stderr)


def process(*arguments: str | Path, cwd: Path | None = None) -> Done:
    """What the command does as people type it, in a process of its own."""
    command = [sys.executable, "-m", "scmigen", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=cwd)
    return Done(done.returncode, done.stdout, done.stderr)


def written(path: Path, text: str) -> Path:
    """``path``, with ``text`` in it."""
    path.write_text(text)
    return path


def marked(text: str, file: str) -> tuple[str, Position]:
    """``text`` without its one ``^``, and the position of the character behind that."""
    before, mark, after = text.partition("^")
    assert mark, "the text has no ^"
    line = before.count("\n") + 1
    return before + after, Position(file, line, len(before) - before.rfind("\n"))


def source(body: str) -> str:
    """A whole source with ``body`` in its root node, which begins on line 1."""
    return f"/dts-v1/; / {{ {body}\n}};\n"


def tree_of(body: str) -> DeviceTree:
    """The tree with ``body`` in its root node."""
    return loads(source(body), BOARD)


def soc(body: str) -> DeviceTree:
    """The tree with ``body`` beside the controllers of `SOC`; ``body`` begins on line 1."""
    return tree_of(body + SOC)


def inventory_of(body: str) -> Inventory:
    """The inventory of a tree with ``body`` in its root node."""
    return take_inventory(tree_of(body))


def model_of(
    tree: DeviceTree,
    agents: str | None = None,
    lock: str | None = None,
    numbering: Numbering = Numbering.SHARED,
    repack: bool = False,
    topology: str | None = None,
) -> Model:
    """The model of a tree, with the text of an agents file, of a lock file, and of what a running
    system says of what feeds what."""
    owners = [] if agents is None else [Text(AGENTS, agents)]
    locked = None if lock is None else Text("ids.lock", lock)
    feeds = [] if topology is None else [Text(TOPOLOGY, topology)]
    result = compile_board(
        tree, agents=owners, lock=locked, numbering=numbering, repack=repack, topology=feeds
    )
    return result.model


def soc_model(body: str, agents: str | None = None) -> Model:
    """The model of `soc`; ``agents`` continues `TWO_AGENTS`."""
    return model_of(soc(body), None if agents is None else TWO_AGENTS + agents)


def operations(kind: Kind, found: Iterable[Operation]) -> str:
    """``state rate read``."""
    return " ".join(ordered(kind, found))


def word(tree: DeviceTree, key: ResourceKey) -> str:
    """``clock cc 1``: the provider by its label or path, its cells in decimal."""
    name = tree.label_of.get(key.provider, key.provider)
    return " ".join((key.kind, name, *map(str, key.cells)))


def needs(inventory: Inventory) -> list[tuple[str, str, int, str, str]]:
    """The uses as (consumer, property, index, resource, operations), in order."""
    return [
        (
            use.consumer.name,
            use.prop,
            use.index,
            word(inventory.tree, use.key),
            operations(use.key.kind, use.needs),
        )
        for use in inventory.uses
    ]


def grants(model: Model, agent: str) -> dict[str, str]:
    """What an agent is granted: resource → operations."""
    return {
        word(model.inventory.tree, g.resource.key): operations(g.resource.kind, g.operations)
        for platform in model.platforms
        for g in platform.all_grants
        if g.agent.name == agent
    }


def numbers(model: Model) -> dict[str, int]:
    """The number of each resource."""
    return {
        word(model.inventory.tree, r.key): r.number
        for platform in model.platforms
        for resources in platform.resources.values()
        for r in resources
    }


def classes(model: Model) -> dict[str, str]:
    """The final class of each provider, by label or path."""
    tree = model.inventory.tree
    return {tree.label_of.get(path, path): p.category for path, p in model.providers.items()}


def told(model: Model) -> list[tuple[str, str]]:
    """What the checks say: (severity, id) in order; not that a small board has nothing for one of
    its agents, nor that its drivers are in no table."""
    found = ((item.severity.word, item.id) for item in run_checks(model))
    return [pair for pair in found if pair[1] not in ("agent-idle", "driver-unknown")]


def wrong(model: Model) -> list[str]:
    """The ids of the errors that the checks find."""
    return [identifier for severity, identifier in told(model) if severity == "error"]


def diagnostics(model: Model, identifier: str) -> list[Diagnostic]:
    """The diagnostics of one check."""
    return [item for item in run_checks(model) if item.id == identifier]


def without_places(value: Any) -> Any:
    """JSON without the keys that say where things came from; a blob has none of them."""
    if isinstance(value, dict):
        left = ("source", "labels", "macro")
        return {key: without_places(part) for key, part in value.items() if key not in left}
    return [without_places(part) for part in value] if isinstance(value, list) else value
