"""The examples that `scmigen explain` shows are true: the check speaks on the first, not on the
second, and on that no other error is left."""

from textwrap import dedent

import msgspec
import pytest
from against_build import compare
from click.testing import CliRunner
from msgspec import structs
from support import AGENTS, BOARD, model_of, source

from scmigen import runtime
from scmigen.assignment.assignment import Switch
from scmigen.assignment.sources import Sources, assign
from scmigen.audit.registry import readers
from scmigen.checks.registry import CHECKS, run_checks
from scmigen.checks.switches import Asked, switched
from scmigen.cli.main import cli
from scmigen.devicetree.source import read_source
from scmigen.diagnostics import Diagnostic, InputError, Position, Severity, has_errors
from scmigen.explain import example, switchable
from scmigen.model.build import build
from scmigen.resources import directory
from scmigen.runtime import Numbering
from scmigen.scmi.operations import Operation
from scmigen.scmi.protocols import Kind
from scmigen.targets.registry import loadable

FOLDER = directory("templates") / "explain"
NAMES = sorted(path.stem for path in FOLDER.iterdir())
#: What the examples take for granted, where they have no SCMI node of their own.
SOC = """
clk: clock-controller@1000 { reg = <0x1000>; #clock-cells = <1>; };
rst: reset-controller@2000 { reg = <0x2000>; #reset-cells = <1>; };
pd: power-controller@3000 { reg = <0x3000>; #power-domain-cells = <1>; };
rails { rail: rail {
    regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>; }; };
"""


FILES = {
    "# agents.yaml",
    "# ids.lock",
    "# the server",
    "# --topology",
    "# --numbering per-agent",
    "# --tree vm1",
}


def parts(name: str, which: str) -> dict[str, str]:
    """The text of one of the two boards, and of the files beside it by their name."""
    text = (FOLDER / f"{name}.txt").read_text()
    wrong, _, right = text.removeprefix("wrong:\n").partition("right:\n")
    body = dedent(wrong if which == "wrong" else right)
    found: dict[str, list[str]] = {"": []}
    current = ""
    for line in body.splitlines():
        if line in FILES:
            current = line
        found.setdefault(current, []).append(line)
    return {key: "\n".join(lines) + "\n" for key, lines in found.items()}


def findings(name: str, which: str) -> list[Diagnostic]:
    found = parts(name, which)
    soc = "" if 'compatible = "arm,scmi' in found[""] else SOC
    tree = read_source(source(found[""] + soc), BOARD)
    if "# --tree vm1" in found:
        text = found["# --tree vm1"].partition("\n")[2]
        own = read_source(source(text), "vm1.dts")
        return list(run_checks(build(*assign(tree, Sources((), {"vm1": own})))))
    lock = found.get("# ids.lock", "").partition("\n")[2]
    per_agent = "# --numbering per-agent" in found
    model = model_of(
        tree,
        found.get("# agents.yaml"),
        lock or None,
        Numbering.PER_AGENT if per_agent else Numbering.SHARED,
        topology=found.get("# --topology"),
    )
    if "# the server" in found:
        lines = found["# the server"].splitlines()[1:]
        return [*run_checks(model), *compare(model, server(lines), "runtime.json")]
    return [*tree.warnings, *run_checks(model, requested={name})]


def server(lines: list[str]) -> runtime.Served:
    """The server that lines like ``ospm: clock 12 state read`` describe; ``all: clock 12 state``:
    every agent may, ``unknown: clock 12 state``: the description does not tell, ``about: reset``:
    it is of these kinds only, ``at: clock 12 /clk 5``: the provider and the cells of a resource,
    ``own: clock 12``: the server holds it for itself. Or a description as JSON."""
    if lines[0].startswith("{"):
        return runtime.decode_served("\n".join(lines).encode())
    words = ("all: ", "unknown: ", "about: ", "at: ", "own: ")
    aside = [line for line in lines if line.startswith(words)]
    found = runtime.served_of(configured([line for line in lines if line not in aside]))
    for line in aside:
        word, said = line.split(": ")
        if word == "about":
            found = structs.replace(found, kinds=tuple(map(Kind, said.split())))
            continue
        if word == "own":
            kind, number = said.split()
            (one,) = found.resources[Kind(kind)]
            assert one.id == int(number)
            own = structs.replace(one, own=True)
            found = structs.replace(found, resources={Kind(kind): (own,)})
            continue
        if word == "at":
            kind, number, node, *cells = said.split()
            (one,) = found.resources[Kind(kind)]
            assert one.id == int(number)
            one = structs.replace(one, node=node, cells=tuple(map(int, cells)))
            found = structs.replace(found, resources={Kind(kind): (one,)})
            continue
        kind, number, operation = said.split()
        field = {"all": "unchecked", "unknown": "unknown"}[word]
        (agent,) = found.agents
        (grant,) = agent.grants[Kind(kind)]
        assert grant.id == int(number)
        grant = structs.replace(grant, **{field: (Operation(operation),)})
        agent = structs.replace(agent, grants={Kind(kind): (grant,)})
        found = structs.replace(found, agents=(agent,))
    return found


def configured(lines: list[str]) -> runtime.Runtime:
    """The configuration of lines that are about agents and devices."""
    agents, clocks, resets, pins, devices = [], [], [], [], []
    for line in lines:
        who, said = line.split(": ")
        kind, number, *operations = said.split()
        row = {"clock": clocks, "reset": resets, "pin": pins}[kind]
        if not any(item["id"] == int(number) for item in row):
            row.append({"id": int(number), "name": "x", "node": "/x"})
        if who.startswith("device "):
            resource = {"kind": kind, "id": int(number)}
            node = who.removeprefix("device ")
            devices.append(
                {"id": 0, "name": "d", "node": node, "agents": [1], "resources": [resource]}
            )
            continue
        grant = {"id": int(number), "resource": int(number), "operations": operations}
        agent = {"id": len(agents) + 1, "name": who, "role": "ospm", "grants": {kind: [grant]}}
        agents.append(agent)
    for clock in clocks:
        clock |= {"rates": [5], "rate": 5}
    clocks.sort(key=lambda clock: clock["id"])
    made = {
        "format": runtime.FORMAT, "name": "server", "agents": agents, "clocks": clocks,
        "reset_domains": resets, "pins": pins, "devices": devices,
    }  # fmt: skip
    return runtime.decode(msgspec.json.encode(made))


#: About numbers, channels, files or the whole board; waived by their message.
NO_SUBJECT = {
    *("agent-unserved", "agents-none", "cells-missing", "channel-duplicate", "channel-unknown"),
    *("device-differs", "device-id-hole", "domain-id", "domain-passed-over", "dts-truncated"),
    *("glob-unmatched", "id-duplicate", "id-hole", "id-moved", "id-range", "key-unknown"),
    *("kind-undescribed", "operation-unchecked", "operation-unknown"),
    *("lock-foreign", "numbering-fixed", "phandle-dangling", "protocol-empty"),
    *(
        "protocol-unserved",
        "provider-secure",
        "parents-differ",
        "services-differ",
        "scmi-provider",
        "scmi-transport",
    ),
    *("shmem-alignment", "shmem-overlap", "shmem-size", "shmem-unreserved", "shmem-unresolved"),
    *("smc-id-duplicate", "specifier-short", "topology-cycle", "topology-unmatched"),
    *("tree-ambiguous", "tree-id", "tree-unmatched"),
    *("vendor-differs",),
    "unit-address",
}


pytestmark = pytest.mark.usefixtures("drivers")


@pytest.mark.parametrize("name", sorted(set(NAMES) - NO_SUBJECT))
def test_a_waiver_can_name_what_it_is_about(name: str) -> None:
    found = [item.subject for item in findings(name, "wrong") if item.id == name]
    assert all(about.resources or about.nodes or about.agents for about in found)


@pytest.mark.parametrize("name", NAMES)
def test_the_wrong_one_is_found(name: str) -> None:
    try:
        found = findings(name, "wrong")
    except InputError as problem:
        found = list(problem.diagnostics)
    assert name in {item.id for item in found}


@pytest.mark.parametrize("name", NAMES)
def test_the_right_one_is_right(name: str) -> None:
    found = findings(name, "right")
    assert name not in {item.id for item in found}
    assert not has_errors(found)


@pytest.mark.parametrize("name", sorted(check.id for check in CHECKS))
def test_it_can_be_switched(name: str) -> None:
    """``-E`` makes it an error, ``-W no-`` drops what is none; the agents file may do both."""
    found = findings(name, "wrong")
    mine = [item for item in found if item.id == name]
    raised = switched(found, (), Asked(errors=frozenset({name})))
    assert {item.severity for item in raised if item.id == name} == {Severity.ERROR}
    left = [item for item in switched(found, (), Asked(off=frozenset({name}))) if item.id == name]
    assert len(left) == sum(item.severity is Severity.ERROR for item in mine)
    for severity in ("off", "note", "warning", "error"):
        switch = Switch(name, severity, "we know", Position(AGENTS))
        kept = [item for item in switched(found, [switch], Asked()) if item.id == name]
        assert [item.severity.word for item in kept] == [severity] * len(kept)
        assert len(kept) == (0 if severity == "off" else len(mine))


def test_every_check_has_an_example() -> None:
    of_outputs = {"runtime-range", "output-left-out", "option-moved", "option-unused"}
    of_files = {"lock-missing", "waiver-unused", "waiver-expired"}
    of_targets = {found.id for target in loadable() for found in target.all_findings}
    of_servers = {found.id for reader in readers() for found in reader.findings}
    of_boards = set(switchable()) - of_outputs - of_files - of_targets - of_servers
    assert of_boards == set(NAMES)


def test_explain_shows_it() -> None:
    result = CliRunner().invoke(cli, ["explain", "rate-shared"])
    assert result.exit_code == 0
    assert "wrong:\n    uart { assigned-clocks = <&clk 1>;" in result.output
    assert 'owners: [{clock: "&clk 1", agent: linux}]' in result.output.partition("right:")[2]


def test_what_has_no_example_is_explained_all_the_same() -> None:
    assert example("lock-syntax") is None
    assert CliRunner().invoke(cli, ["explain", "lock-syntax"]).exit_code == 0
    assert example("../scp/macros.j2") is None
