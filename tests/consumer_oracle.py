"""Is the tree that an agent boots with right? The compiler and dtc judge it.

The emitted tree is compiled again as the board of one agent. What its devices ask for must be what
the platform of the whole board gives that agent, by the same ids; the runtime configuration of the
board is the measure. dtc must make the blob of the source, and of the board's source with the
include behind it, without a warning that the board does not have.
"""

import json
import re
import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from consumer_trees import differences

import scmigen
from scmigen import Platform, Severity, Text
from scmigen.devicetree.blob import read_blob
from scmigen.targets.make import make

#: Kind → its list in a runtime configuration.
LISTS = {
    "clock": "clocks",
    "power": "power_domains",
    "reset": "reset_domains",
    "voltage": "voltage_domains",
    "performance": "performance_domains",
    "sensor": "sensors",
}


class Held(NamedTuple):
    """What an agent has of one resource; ``by_hand`` is what no device asks for."""

    name: str
    operations: frozenset[str]
    by_hand: frozenset[str]


#: (kind, id) → what an agent has.
Grants = Mapping[tuple[str, int], Held]


@dataclass
class Judged:
    """One agent of one board: how much was compared, and what is wrong."""

    board: str
    agent: str
    ids: int = 0
    operations: int = 0
    names: int = 0
    renamed: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


def granted(configuration: Mapping[str, Any], agent: str) -> Grants:
    """The grants of an agent in a runtime configuration."""
    (found,) = (each for each in configuration["agents"] if each["name"] == agent)
    names = {
        (kind, item["id"]): item["name"]
        for kind, where in LISTS.items()
        for item in configuration.get(where, ())
    }
    return {
        (kind, grant["id"]): Held(
            names[kind, grant["resource"]],
            frozenset(grant["operations"]),
            frozenset(grant.get("by_hand", ())),
        )
        for kind, grants in found.get("grants", {}).items()
        for grant in grants
    }


def runtime_of(platform: Platform) -> bytes:
    """The runtime configuration of a platform."""
    return next(file.content for file in make(platform, "runtime").files)


def alone(agent: str, role: str) -> Text:
    """The agents file of a board that is one agent's."""
    said = {"id": 1, "default": True, "scmi": {"role": role}}
    return Text(f"{agent}.json", json.dumps({"domains": {agent: said}}))


def emitted(platform: Platform) -> tuple[dict[str, bytes], list[str]]:
    """The files of the target, and its errors."""
    made = make(platform, "consumer")
    wrong = [item for item in made.diagnostics if item.severity is Severity.ERROR]
    return {file.path: file.content for file in made.files}, [str(item) for item in wrong]


def judge(
    platform: Platform,
    agent: str,
    files: Mapping[str, bytes],
    folder: Path,
    endings: Sequence[str] = ("dtb", "dts"),
) -> Judged:
    """Compile the blob and the source of an agent again, and compare what they ask for.

    ``files`` are those of the target; they are written to ``folder``.
    """
    found = Judged(platform.name, agent)
    whole = runtime_of(platform)
    configuration = json.loads(whole)
    role = next(each["role"] for each in configuration["agents"] if each["name"] == agent)
    wanted = granted(configuration, agent)
    found.ids = len(wanted)
    found.operations = sum(len(held.operations) for held in wanted.values())
    for ending in endings:
        path = folder / f"{agent}.{ending}"
        path.write_bytes(files[path.name])
        try:
            again = scmigen.compile(
                path,
                agents=alone(agent, role),
                against=scmigen.runtime.decode(whole),
                agent=agent,
            )
        except scmigen.InputError as problem:
            found.faults += [f"{ending}: {item.id}: {item.message}" for item in problem.diagnostics]
            continue
        found.faults += [
            f"{ending}: {item.severity.word}[{item.id}]: {item.message}" for item in wrong(again)
        ]
        mine = [each for each in again.platforms if each.name == platform.name]
        each = mine[0] if mine else again.platforms[0]
        compared(wanted, granted(json.loads(runtime_of(each)), agent), found, ending)
    found.renamed = list(dict.fromkeys(found.renamed))
    return found


#: What ``--against`` finds. What the server gives beyond need is compared grant by grant here: an
#: explicit grant of the agents file is none that a tree asks for.
AGAINST = {
    "protocol-unserved",
    "id-unserved",
    "grant-missing",
    "name-differs",
    "device-differs",
}


def wrong(again: scmigen.Result) -> Iterator[scmigen.Diagnostic]:
    """Errors, and whatever is said of the server."""
    for item in again.diagnostics:
        if item.severity is Severity.ERROR or item.id in AGAINST:
            yield item


def compared(wanted: Grants, got: Grants, found: Judged, ending: str) -> None:
    """Add what differs."""
    for key in sorted({*wanted, *got}):
        title = f"{ending}: {key[0]} {key[1]}"
        if key not in wanted:
            found.faults.append(f"{title}: asked for and not granted")
        elif key not in got:
            if wanted[key].operations - wanted[key].by_hand:
                found.faults.append(f"{title} ({wanted[key].name}): granted and not asked for")
        else:
            old, new = wanted[key], got[key]
            if not old.operations - old.by_hand <= new.operations <= old.operations:
                found.faults.append(
                    f"{title} ({old.name}): {' '.join(sorted(old.operations))} became "
                    f"{' '.join(sorted(new.operations))}"
                )
            if old.name != new.name:
                found.renamed.append(f"{key[0]} {key[1]}: {old.name} became {new.name}")


class Compiled(NamedTuple):
    """What dtc makes of a source: the blob, and how often it warns of what."""

    blob: bytes
    warnings: Counter[str]


def dtc(program: str, source: bytes, boot_cpu: int) -> Compiled:
    """Compile a source as it is; places are taken out of warnings."""
    command = [program, "-I", "dts", "-O", "dtb", "-b", str(boot_cpu), "-"]
    done = subprocess.run(command, input=source, capture_output=True, check=False)
    said = done.stderr.decode()
    assert done.returncode == 0, said
    lines = (re.sub(r"^[^ ]*: (?=Warning)", "", line) for line in said.splitlines())
    return Compiled(done.stdout, Counter(line for line in lines if line.startswith("Warning")))


def judged_by_dtc(program: str, board: bytes, agent: str, files: Mapping[str, bytes]) -> list[str]:
    """What dtc says of the source of an agent, and of its include behind that of the board.

    Nodes that dtc omits from the board since nothing refers to them leave holes in its phandles;
    with such a board the numbers of phandles are not compared.
    """
    faults = []
    mine = files[f"{agent}.dtb"]
    boot_cpu = int.from_bytes(mine[28:32])
    before = dtc(program, board, boot_cpu).warnings
    both = board + b"\n" + files[f"{agent}.dtsi"]
    for title, source in (("dts", files[f"{agent}.dts"]), ("dtsi", both)):
        try:
            after = dtc(program, source, boot_cpu)
        except AssertionError as problem:
            faults.append(f"{title}: {str(problem)[:500]}")
            continue
        if after.blob != mine and b"/omit-if-no-ref/" in board:
            trees = (read_blob(blob, title) for blob in (after.blob, mine))
            faults += [f"{title}: dtc makes another {each}" for each in differences(*trees)]
        elif after.blob != mine:
            faults.append(f"{title}: dtc makes another blob of it")
        faults += [f"{title}: {line}" for line in sorted((after.warnings - before).elements())]
    return faults
