"""Random boards with random owners: the tree of each agent asks for what the platform gives it.

Every case is made of its number alone. ``SCMIGEN_FUZZ=10000 pytest tests/targets/consumer/
test_random_trees.py`` runs that many.
"""

import os
from pathlib import Path
from random import Random

import pytest
from consumer_oracle import emitted, judge
from support import tree_of

import scmigen

CASES = int(os.environ.get("SCMIGEN_FUZZ", "60"))

#: Providers: what the platform drives, what nobody drives, and what an agent drives itself.
PROVIDERS = """
cc: cc@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
ck: ck@1100 { compatible = "acme,ck"; reg = <0x1100>; #clock-cells = <0>; };
rc: rc@2000 { compatible = "acme,rc"; reg = <0x2000>; #reset-cells = <2>; };
pc: pc@3000 { compatible = "acme,pc"; reg = <0x3000>; #power-domain-cells = <1>; };
pn: pn@3100 { compatible = "acme,pn"; reg = <0x3100>; pgc {
    pd: power-domain@7 { reg = <7>; #power-domain-cells = <0>; clocks = <&cc 90>; }; }; };
rails { compatible = "acme,rails";
    vdd: vdd { regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>; };
    vio: vio { regulator-min-microvolt = <1800000>; regulator-max-microvolt = <1800000>; };
    vcc: vcc { }; };
adc: adc@4000 { compatible = "acme,adc"; reg = <0x4000>; #thermal-sensor-cells = <1>; };
rpmhpd: rpmhpd { compatible = "acme,rpmhpd"; #power-domain-cells = <1>;
    operating-points-v2 = <&rpmhpd_opps>;
    rpmhpd_opps: opp-table { compatible = "operating-points-v2";
        low: opp1 { opp-level = <16>; }; high: opp2 { opp-level = <64>; }; }; };
hw: hw@5000 { compatible = "acme,hw"; reg = <0x5000>; #performance-domain-cells = <1>; };
osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&cc 80>;
    clock-div = <2>; clock-mult = <1>; };
rail: rail { compatible = "regulator-fixed"; regulator-name = "rail"; vin-supply = <&vcc>; };
phy: phy@6000 { compatible = "acme,phy"; reg = <0x6000>; #clock-cells = <0>; #phy-cells = <0>;
    clocks = <&cc 81>; };
"""
CLOCKS = ("<&cc %d>", "<&cc %d>", "<&cc %d>", "<&ck>", "<&osc>", "<&phy>", "<0>")
DOMAINS = ("<&pc %d>", "<&pc %d>", "<&pd>", "<&rpmhpd %d>")
SUPPLIES = ("vdd", "vio", "vcc")
RESETS = ("<&rc %d 1>", "<&rc 3 %d>")


def entries(random: Random, forms: tuple[str, ...], most: int) -> list[str]:
    """Some entries of a list, each with a number of a few."""
    chosen = random.choices(forms, k=random.randint(0, most))
    return [form.replace("%d", str(random.randint(0, 9))) for form in chosen]


def listed(random: Random, prop: str, names: str, found: list[str]) -> str:
    """The list with names, or without."""
    if not found:
        return ""
    text = f"{prop} = {', '.join(found)};"
    if random.random() < 0.5:
        words = ", ".join(f'"n{number}"' for number in range(len(found)))
        text += f" {names} = {words};"
    return text


def assigned(random: Random) -> str:
    """assigned-clocks with rates, parents, or both, and gaps."""
    clocks = entries(random, ("<&cc %d>", "<&ck>", "<0>"), 3)
    if not clocks:
        return ""
    text = f"assigned-clocks = {', '.join(clocks)};"
    if random.random() < 0.6:
        rates = (random.choice((0, 100000000)) for _ in clocks)
        text += f"assigned-clock-rates = {', '.join(f'<{rate}>' for rate in rates)};"
    if random.random() < 0.6:
        parents = entries(random, ("<&cc %d>", "<&osc>", "<&phy>", "<0>"), len(clocks))
        text += f"assigned-clock-parents = {', '.join(parents)};" if parents else ""
    return text


def table(random: Random, name: str) -> str:
    """An OPP table of one of the kinds that there are."""
    kind = random.choice(("", "", "opp-microvolt = <800000>;", "opp-level = <16>;", "required"))
    said = "required-opps = <&low>;" if kind == "required" else kind
    shared = random.choice(("", "opp-shared;"))
    return (
        f'{name}: opp-table-{name} {{ compatible = "operating-points-v2"; {shared}'
        f"o1 {{ opp-hz = /bits/ 64 <100000000>; {said} }};"
        f"o2 {{ opp-hz = /bits/ 64 <200000000>; {said} }}; }};"
    )


def body(random: Random, tables: list[str], behind: tuple[str, ...] = ("<&half>",)) -> str:
    """What stands in a device; ``behind`` are clocks that pass on to those of the platform."""
    text = listed(random, "clocks", "clock-names", entries(random, CLOCKS + behind, 3))
    text += listed(random, "power-domains", "power-domain-names", entries(random, DOMAINS, 2))
    text += listed(random, "resets", "reset-names", entries(random, RESETS, 2))
    for supply in random.sample(("a", "vqmmc", "vmmc"), random.randint(0, 2)):
        text += f"{supply}-supply = <&{random.choice(SUPPLIES + (('rail',) if behind else ()))}>;"
    if random.random() < 0.4:
        text += assigned(random)
    if random.random() < 0.25:
        text += f"operating-points-v2 = <&{random.choice(tables)}>;"
    if random.random() < 0.1:
        text += f"performance-domains = <&hw {random.randint(0, 3)}>;"
    return text


def board(random: Random) -> tuple[str, str]:
    """A board, and its agents file."""
    tables = [f"t{number}" for number in range(random.randint(1, 3))]
    text = PROVIDERS + "".join(table(random, name) for name in tables)
    cpus = "".join(
        f'cpu@{n} {{ device_type = "cpu"; compatible = "c"; reg = <{n}>;'
        f"{body(random, tables, ())} }};"
        for n in range(random.randint(0, 3))
    )
    text += f"cpus {{ #address-cells = <1>; #size-cells = <0>; {cpus} }};"
    names = []
    for number in range(random.randint(2, 8)):
        names.append(f"d{number}")
        inner = ""
        if random.random() < 0.3:
            names.append(f"e{number}")
            inner = f'e{number}: port {{ compatible = "acme,e"; {body(random, tables)} }};'
        where = f"{0x10000 + 0x1000 * number:x}"
        text += (
            f'd{number}: d@{where} {{ compatible = "acme,d"; reg = <0x{where}>;'
            f"{body(random, tables)} {inner} }};"
        )
    zone = "zones { zone { thermal-sensors = <&adc 1>; }; };"
    return text + (zone if random.random() < 0.3 else ""), agents(random, names)


def agents(random: Random, names: list[str]) -> str:
    """Up to three agents, the first of which has what nobody claims."""
    said = ["domains: {linux: {id: 1, default: true, scmi: {role: ospm}}}"]
    for number in range(2, random.randint(2, 4)):
        devs = random.sample(names, random.randint(1, min(3, len(names))))
        names = [name for name in names if name not in devs]
        access = ", ".join(f"{{dev: '&{name}'}}" for name in devs)
        said.append(f"  vm{number}: {{id: {number}, scmi: {{role: vm}}, access: [{access}]}}")
        if not names:
            break
    said[0] = "domains:\n  linux: {id: 1, default: true, scmi: {role: ospm}}"
    return "\n".join(said)


@pytest.mark.parametrize("first", range(0, CASES, 20))
def test_a_tree_asks_for_what_the_platform_gives_its_agent(first: int, tmp_path: Path) -> None:
    for number in range(first, min(first + 20, CASES)):
        text, said = board(Random(number))
        result = scmigen.compile(tree_of(text), agents=scmigen.Text("agents.yaml", said))
        # What agents conflict over is not emitted.
        for platform in result.platforms if result.ok else ():
            files, errors = emitted(platform)
            assert errors == [], number
            for agent in platform.agents:
                found = judge(platform, agent.name, files, tmp_path, ["dtb"])
                assert found.faults == [], (number, agent.name)
