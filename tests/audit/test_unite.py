"""Several descriptions of one server as one: what each says besides grants is not lost."""

import json
from pathlib import Path
from typing import Any

import scmigen
from scmigen.audit.registry import named, read
from scmigen.runtime import Served
from scmigen.scmi.protocols import Kind


def part(number: int, name: str, **more: Any) -> dict[str, Any]:
    row = {"id": 1, "resource": 1, "operations": ["state", "read"]}
    grants = {"clock": [row], "power": [row]}
    return {
        "format": "scmigen-grants-1",
        "name": "acme",
        "agents": [{"id": number, "name": name, "grants": grants}],
        **more,
    }


LINUX = part(
    1,
    "linux",
    vendor={"vendor": "acme"},
    votes={"clock": "counted"},
    facts={"system_power_grace": 5},
    outputs={"scp": {"mocks": "true"}},
    services=[{"agent": 1, "name": "a", "by": 1}, {"agent": 1, "name": "b", "notifies": True}],
    devices=[{"id": 0, "name": "uart", "node": "/uart", "agents": [1], "assignable": [1]}],
    resources={"clock": [{"id": 1, "name": "uart"}, {"id": 3, "name": "pll"}]},
)
VM = part(
    1,
    "vm",
    vendor={"sub_vendor": "soc", "version": 7},
    votes={"power": "last"},
    outputs={"xen": {"guests": "x"}},
    services=[{"agent": 1, "name": "c", "by": 1}, {"agent": 1, "name": "d", "notifies": True}],
    devices=[
        {"id": 0, "name": "uart", "node": "/uart", "agents": [], "assignable": [1]},
        {"id": 1, "name": "gpu", "node": "/gpu", "agents": [1]},
    ],
    resources={
        "clock": [{"id": 1, "name": "uart", "on": True, "facts": {"parents": [3], "rates": [5]}}],
        "power": [{"id": 1, "parent": 2}, {"id": 2, "name": "top"}],
    },
)


def united(folder: Path, *parts: dict[str, Any]) -> tuple[Served, list[str]]:
    files = []
    for index, one in enumerate(parts):
        path = folder / f"{index}.json"
        path.write_text(json.dumps(one))
        files.append(str(path))
    audit = read([named(file) for file in files])
    assert scmigen.read_server(*files) == audit.served
    return audit.served, [item.message for item in audit.diagnostics]


def test_all_that_each_says_is_said_by_both(tmp_path: Path) -> None:
    served, told = united(tmp_path, LINUX, VM)
    assert told == []
    assert {agent.name: agent.id for agent in served.agents} == {"linux": 1, "vm": 2}
    vendor = served.vendor
    assert vendor is not None
    assert (vendor.vendor, vendor.sub_vendor, vendor.version) == ("acme", "soc", 7)
    assert {str(kind): str(word) for kind, word in served.votes.items()} == {
        "clock": "counted",
        "power": "last",
    }
    assert served.facts == {"system_power_grace": 5}
    assert served.outputs.keys() == {"scp", "xen"}
    assert [(one.agent, one.name, one.by) for one in served.services] == [
        (1, "a", 1),
        (1, "b", None),
        (2, "c", 3),
        (2, "d", None),
    ]
    assert [(one.node, one.agents, one.assignable) for one in served.devices] == [
        ("/uart", (1,), (1, 2)),
        ("/gpu", (2,), ()),
    ]
    clocks = {one.id: one for one in served.resources[Kind.CLOCK]}
    assert (clocks[1].on, clocks[1].facts) == (True, {"parents": [3], "rates": [5]})
    assert {one.id: one.parent for one in served.resources[Kind.POWER]} == {1: 2, 2: None}


def test_what_they_say_differently_is_told_and_the_first_counts(tmp_path: Path) -> None:
    other = VM | {
        "vendor": {"vendor": "umbrella"},
        "votes": {"clock": "last"},
        "facts": {"system_power_grace": 6},
        "resources": {"clock": [{"id": 1, "name": "uart", "facts": {"rates": [6]}}]},
    }
    first = LINUX | {"resources": {"clock": [{"id": 1, "name": "uart", "facts": {"rates": [5]}}]}}
    served, told = united(tmp_path, first, other)
    assert served.vendor is not None
    assert served.vendor.vendor == "acme"
    assert served.resources[Kind.CLOCK][0].facts == {"rates": [5]}
    file = tmp_path / "0.json"
    assert sorted(told) == [
        f"facts system_power_grace is 6; in {file}, 5",
        "rates of clock 1 (uart) is [6] here, and [5] before",
        f"vendor vendor is umbrella; in {file}, acme",
        f"votes clock is last; in {file}, counted",
    ]


def test_numbers_that_move_move_in_facts_too(tmp_path: Path) -> None:
    """Both call another clock 1: the second one gets a number above, also where it is a parent."""
    row = {"id": 2, "resource": 2, "operations": ["state"]}
    vm = {
        "format": "scmigen-grants-1",
        "name": "acme",
        "agents": [{"id": 1, "name": "vm", "grants": {"clock": [row]}}],
        "resources": {
            "clock": [
                {"id": 1, "name": "other"},
                {"id": 2, "name": "child", "facts": {"parent": 1, "parents": [1]}},
            ]
        },
    }
    served, told = united(tmp_path, LINUX, vm)
    assert told == []
    clocks = {one.name: one for one in served.resources[Kind.CLOCK]}
    number = clocks["other"].id
    assert number > 3
    assert clocks["child"].facts == {"parent": number, "parents": [number]}


def test_names_that_are_cut_make_no_two_resources_one(tmp_path: Path) -> None:
    """Release 2.0 has names of 15 characters: three clocks of one agent may have the same, and
    another agent has one of that name by another number."""
    cut = "display-control"
    rows = [{"id": n, "resource": n, "operations": ["read"]} for n in range(3)]
    rates = {0: [400], 1: [594], 2: [24]}
    linux = {
        "format": "scmigen-grants-1",
        "name": "acme",
        "agents": [{"id": 1, "name": "linux", "grants": {"clock": rows}}],
        "resources": {
            "clock": [{"id": n, "name": cut, "facts": {"rates": rates[n]}} for n in range(3)]
        },
    }
    vm = {
        "format": "scmigen-grants-1",
        "name": "acme",
        "agents": [{"id": 1, "name": "vm", "grants": {"clock": rows[:2]}}],
        "resources": {
            "clock": [
                {"id": 0, "name": cut, "facts": {"rates": [594]}},
                {"id": 1, "name": cut, "facts": {"rates": [24]}},
            ]
        },
    }
    served, told = united(tmp_path, linux, vm)
    assert told == []
    facts = {one.id: one.facts["rates"] for one in served.resources[Kind.CLOCK]}
    seen = {
        agent.name: [facts[row.resource] for row in agent.grants[Kind.CLOCK]]
        for agent in served.agents
    }
    assert seen == {"linux": [[400], [594], [24]], "vm": [[594], [24]]}


def test_rights_of_an_agent_that_two_files_say_differently(tmp_path: Path) -> None:
    one, other = part(1, "linux", complete=False), part(1, "linux", complete=False)
    one["agents"][0] |= {"permissions": False, "system_power": "none"}
    other["agents"][0] |= {"permissions": True, "system_power": "set", "role": "hypervisor"}
    served, told = united(tmp_path, one, other)
    (agent,) = served.agents
    assert (agent.permissions, agent.system_power, agent.role) == (False, "none", "hypervisor")
    before = tmp_path / "0.json"
    assert told == [
        f"permissions of linux is True; in {before}, False",
        f"system power of linux is set; in {before}, none",
    ]


def test_what_a_device_does_not_open_is_kept_by_agent(tmp_path: Path) -> None:
    """Each says it of its agent 1; together they are agents 1 and 2."""

    def said(board: dict[str, Any], operation: str) -> dict[str, Any]:
        uart = {"kind": "clock", "id": 1, "withheld": {"1": [operation]}}
        device = {"id": 0, "name": "uart", "node": "/uart", "agents": [1], "resources": [uart]}
        return board | {"devices": [device], "resources": {"clock": [{"id": 1, "name": "uart"}]}}

    served, told = united(tmp_path, said(part(1, "linux"), "state"), said(part(1, "vm"), "read"))
    assert told == []
    ((resource,),) = (device.resources for device in served.devices)
    assert {agent: [str(word) for word in words] for agent, words in resource.withheld.items()} == {
        1: ["state"],
        2: ["read"],
    }
