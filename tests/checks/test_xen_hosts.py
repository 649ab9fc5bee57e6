"""Host trees for Xen as people wrote them: numbers that contradict each other are found.

In the first one dom0's channel is Xen's own, as in the documentation that was reviewed in January
2026 (xen-devel, version 7 of the driver for several agents).
"""

from pathlib import Path

import pytest
from support import scmigen, source, written

HOST = """
    #address-cells = <2>; #size-cells = <2>;
    cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0 0x1000 0 0x100>;
                                #clock-cells = <1>; };
    i2c1: i2c@e6508000 { compatible = "acme,i2c"; reg = <0 0xe6508000 0 0x1000>;
                         clocks = <&cc 1>; %(i2c)s };
    uart: serial@e6600000 { compatible = "acme,uart"; reg = <0 0xe6600000 0 0x1000>;
                            clocks = <&cc 3>; %(uart)s };
    chosen {
        ranges;
        xen { ranges;
            xen_scmi_config {
                compatible = "xen,sci"; #address-cells = <2>; #size-cells = <2>; ranges;
                scmi-secondary-agents = %(agents)s;
                %(cells)s
                xen,dom0-sci-agent-id = <%(dom0)s>;
                shm0: sram@47ff0000 { compatible = "arm,scmi-shmem";
                                      reg = <0x0 0x47ff0000 0x0 0x1000>; };
                shm1: sram@47ff1000 { compatible = "arm,scmi-shmem";
                                      reg = <0x0 0x47ff1000 0x0 0x1000>; };
                shm2: sram@47ff2000 { compatible = "arm,scmi-shmem";
                                      reg = <0x0 %(shm2)s 0x0 0x1000>; };
                scmi_xen: scmi { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000003>;
                                 #access-controller-cells = <1>; shmem = <&shm1>; };
            };
        };
        domU1 { compatible = "xen,domain"; xen,sci_type = "%(type)s"; %(domain)s };
    };
"""
RIGHT = {
    "agents": "<0x82000002 &shm0 1>, <0x82000004 &shm2 2>",
    "cells": "#scmi-secondary-agents-cells = <3>;",
    "dom0": "1",
    "shm2": "0x47ff2000",
    "type": "scmi_smc_multiagent",
    "domain": "xen,sci-agent-id = <2>;",
    "i2c": "xen,passthrough; access-controllers = <&scmi_xen 0>;",
    "uart": "access-controllers = <&scmi_xen 1>;",
}


def found(tmp_path: Path, **changes: str) -> list[str]:
    """The errors and warnings of a host tree, each as id and message."""

    written(tmp_path / "host.dts", source(HOST % {**RIGHT, **changes}))
    text = scmigen("check", "host.dts", cwd=tmp_path).stdout
    lines = [line for line in text.splitlines() if ": error[" in line or ": warning[" in line]
    return [line.partition(": ")[2].replace("error[", "").replace("warning[", "") for line in lines]


def test_a_tree_that_fits_has_no_findings(tmp_path: Path) -> None:
    assert found(tmp_path) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"agents": "<0x82000003 &shm0 1>, <0x82000004 &shm2 2>"},
            "smc-id-duplicate]: dom0 and xen have the same SMC id 0x82000003",
        ),
        (
            {"agents": "<0x82000002 &shm0 1>, <0x82000004 &shm2 2>, <0x82000005 &shm2 3>"},
            "shmem-overlap]: agent-3 and domU1 share memory",
        ),
        (
            {"agents": "<0x82000002 &shm0 1>, <0x82000004 &shm1 2>"},
            "shmem-overlap]: ",
        ),
        (
            {"agents": f"{RIGHT['agents']}, <0x82000006 &i2c1 0>"},
            "xen-agents]: agent 0 in scmi-secondary-agents: 0 is the platform itself",
        ),
        (
            {
                "agents": "<0x82000002 &shm0>, <0x82000002 &shm2>",
                "cells": "#scmi-secondary-agents-cells = <2>;",
            },
            "xen-agents]: SMC id 0x82000002 and SMC id 0x82000002 have the SMC id 0x82000002",
        ),
        ({"shm2": "0x47ff2800"}, "xen-agents]: the shared memory of agent 2"),
        (
            {"agents": "<0x82000002 &shm0 0>, <0x82000004 &shm2 2>", "dom0": "0"},
            "xen-agent-id]: /chosen/xen/xen_scmi_config: xen,dom0-sci-agent-id is <0>; agents",
        ),
        ({"dom0": "0"}, "xen-agent-id]: /chosen/xen/xen_scmi_config: xen,dom0-sci-agent-id is <0>"),
        ({"dom0": "2"}, "agent-duplicate]: agent id 2 is given twice, to dom0 and domU1"),
        ({"domain": "xen,sci-agent-id = <3>;"}, "xen-agents]: agent 3 of /chosen/domU1 is not in"),
        ({"domain": "xen,sci-agent-id = <0>;"}, "xen-agent-id]: /chosen/domU1"),
        (
            {"domain": ""},
            "xen-agents]: /chosen/domU1 has xen,sci_type 'scmi_smc_multiagent', and no",
        ),
        (
            {"type": "scmi"},
            "xen-agents]: /chosen/domU1: xen,sci_type is 'scmi'; Xen makes no domain with it",
        ),
        ({"domain": "xen,sci-agent-id;"}, "xen-agent-id]: /chosen/domU1: xen,sci-agent-id must be"),
        (
            {"agents": "<0x82000002 &shm0 1>, <0x82000004 &shm2 1>"},
            "xen-agents]: agent 1 is twice in scmi-secondary-agents",
        ),
        (
            {"agents": "<0x82000002 &shm0 1>, <0x82000004 &shm2>"},
            "xen-agents]: scmi-secondary-agents has 20 bytes, no whole number of 3 cells",
        ),
        (
            {"cells": "#scmi-secondary-agents-cells = <4>;"},
            "xen-agents]: #scmi-secondary-agents-cells is <4>; entries have 2 or 3 cells",
        ),
        ({"i2c": "xen,passthrough;"}, "xen-device]: /i2c@e6508000 is passed through and needs 1"),
        (
            {"i2c": "xen,passthrough; access-controllers = <&scmi_xen 1>;"},
            "device-id]: ",
        ),
        (
            {"domain": 'xen,sci-agent-id = <2>; net { xen,path = "/i2c@1"; };'},
            "xen-path]: /chosen/domU1/net: the board has no node /i2c@1, which xen,path names",
        ),
    ],
    ids=[
        *("dom0 has Xen's SMC id", "two domains with one memory", "a domain with Xen's memory"),
        *(
            "an agent 0",
            "two cells",
            "not a page",
            "agent 0",
            "dom0 is agent 0",
            "dom0 and a domain are one",
        ),
        *("not in the list", "a domain is agent 0", "no agent", "no such type"),
        *("no number", "an agent twice"),
        *("cut short", "four cells", "no device id", "one device id twice", "a path to nothing"),
    ],
)
def test_what_contradicts_itself_is_found(
    changes: dict[str, str], message: str, tmp_path: Path
) -> None:
    lines = found(tmp_path, **changes)
    assert any(line.startswith(message) for line in lines), lines


def test_what_is_passed_through_is_that_of_the_only_domain(tmp_path: Path) -> None:

    assert found(tmp_path) == []
    shown = scmigen("show", "devices", "host.dts", "-q", cwd=tmp_path).stdout
    assert [line.split()[:3] for line in shown.splitlines()[1:]] == [
        ["0", "/i2c@e6508000", "domU1"],
        ["1", "/serial@e6600000", "dom0"],
    ]


def test_a_node_of_a_domain_names_its_devices(tmp_path: Path) -> None:

    domain = 'xen,sci-agent-id = <2>; dev { xen,path = "/serial@e6600000"; };'
    assert found(tmp_path, domain=domain, i2c="access-controllers = <&scmi_xen 0>;") == []
    shown = scmigen("show", "devices", "host.dts", "-q", cwd=tmp_path).stdout
    assert [line.split()[2] for line in shown.splitlines()[1:]] == ["dom0", "domU1"]


def test_of_two_domains_somebody_has_to_say_which(tmp_path: Path) -> None:
    domain = 'xen,sci-agent-id = <2>; }; domU2 { compatible = "xen,domain"; xen,sci-agent-id = <3>;'
    agents = RIGHT["agents"] + ", <0x82000005 &shm3 3>"
    shm3 = 'shm3: sram@47ff3000 { compatible = "arm,scmi-shmem"; reg = <0 0x47ff3000 0 0x1000>; };'
    lines = found(tmp_path, domain=f"{domain} {shm3}", agents=agents)
    assert any(line.startswith("xen-passthrough]: 1 device with") for line in lines), lines
