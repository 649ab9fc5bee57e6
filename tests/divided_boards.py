"""Real boards that a host divides among guests, and what each guest must have: from the runtime
configuration of the same board."""

import json
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import scmigen
from scmigen import Platform, Text
from scmigen.targets.make import make

ONE = "domains: {vm: {id: 1, default: true, scmi: {role: vm}}}\n"
#: A host without devices, a guest with all of them, and one that is granted some more by hand.
THREE = """domains:
  host: {id: 1, scmi: {role: hypervisor}}
  vm1: {id: 2, default: true, scmi: {role: vm}}
  vm2:
    id: 3
    scmi: {role: vm}
    grant:
"""
LISTS = {"clock": "clocks", "power": "power_domains", "reset": "reset_domains"}


class Held(NamedTuple):
    """A resource by where the tree has it, and what a guest may do with it at boot."""

    node: str
    cells: tuple[int, ...]
    operations: frozenset[str]


#: (agent, kind, id) → what that is.
Grants = dict[tuple[str, str, int], Held]


def compiled(tree: scmigen.DeviceTree, agents: str) -> list[Platform]:
    """The platforms of a board. What is wrong with a division made by rule is not asked."""
    return scmigen.compile(tree, agents=[Text("agents.yaml", agents)]).platforms


@cache
def divided(board: Path, guests: int, more: str = "") -> list[Platform]:
    """The platforms of a board with one guest that is alone, or with a host and two guests."""
    tree = scmigen.load(board)
    one = compiled(tree, ONE + more)
    if guests == 1:
        return one
    grants = [
        f'      - {{{kind}: "{each.key}", operations: [state, read]}}\n'
        for platform in one
        for kind in ("clock", "power")
        for each in platform.resources.get(kind, ())
        if each.number % 3 == 0
    ]
    text = THREE + "".join(grants) if grants else THREE.rpartition("    grant")[0]
    return compiled(tree, text + more)


def granted(platform: Platform) -> Grants:
    """What the runtime configuration of a platform gives to each agent."""
    made = make(platform, "runtime")
    (data,) = (file.content for file in made.files if file.path == "runtime.json")
    configuration = json.loads(data)
    found: Grants = {}
    for kind, name in LISTS.items():
        known = {each["id"]: each for each in configuration.get(name, ())}
        for agent in configuration["agents"]:
            for grant in agent.get("grants", {}).get(kind, ()):
                thing = known[grant["resource"]]
                cells = tuple(thing.get("cells", ()))
                held = Held(thing["node"], cells, frozenset(grant["operations"]))
                found[agent["name"], kind, grant["id"]] = held
    return found


def blob_of(board: Path, include: bytes, folder: Path, tool: Callable[[str], str]) -> bytes:
    """The blob that dtc makes of a board's source with an include behind it."""
    whole = folder / "whole.dts"
    whole.write_bytes(board.read_bytes() + b"\n" + include)
    command = [tool("dtc"), "-q", "-f", "-I", "dts", "-O", "dtb", str(whole)]
    done = subprocess.run(command, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout
