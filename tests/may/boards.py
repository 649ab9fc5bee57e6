"""Random boards with random agents: small, with everything that permissions depend on."""

from collections.abc import Mapping
from random import Random

#: Clocks, resets, domains and rails of the board, all served by the platform.
_CONTROLLERS = """
cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>; };
rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000>; #reset-cells = <1>; };
pc: power-controller@3000 { compatible = "acme,pc"; reg = <0x3000>; #power-domain-cells = <1>; };
ts: sensor@4000 { compatible = "acme,ts"; reg = <0x4000>; #thermal-sensor-cells = <1>; };
rails {
    compatible = "acme,rails";
    vdd: vdd { regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>; };
    vio: vio { regulator-min-microvolt = <1800000>; regulator-max-microvolt = <3300000>; };
};
"""
CLOCKS, RESETS, DOMAINS, SENSORS = 6, 3, 3, 2

#: What may feed the first three of these, and be used by devices as well.
_ABOVE = """
pl: pll@5000 { compatible = "acme,pll"; reg = <0x5000>; #clock-cells = <1>; };
rt: reset-controller@6000 { compatible = "acme,rt"; reg = <0x6000>; #reset-cells = <1>; };
pt: power-controller@7000 { compatible = "acme,pt"; reg = <0x7000>; #power-domain-cells = <1>; };
"""
_INPUTS = {
    "#clock-cells = <1>;": (
        "",
        "clocks = <&pl 0>;",
        "clocks = <&pl 0>, <&pl 1>;",
        "vdd-supply = <&vdd>;",
        "power-domains = <&pc 0>;",
        "resets = <&rt 0>;",
        "clocks = <&pl 0>; resets = <&rt 0>;",
    ),
    "#reset-cells = <1>;": ("", "resets = <&rt 0>;", "power-domains = <&pt 0>;"),
    "#power-domain-cells = <1>;": (
        "",
        "power-domains = <&pt 0>;",
        "domain-supply = <&vdd>;",
        "resets = <&rt 0>;",
        "resets = <&rt 0>, <&rt 1>;",
    ),
}
#: What a device has in place of what it has without chains.
_RAISED = {"<&cc 0>": "<&pl 0>", "<&rc 0>": "<&rt 0>", "<&pc 1>": "<&pt 0>"}


def _device(random: Random, number: int) -> str:
    clocks = random.sample(range(CLOCKS), random.randint(0, 3))
    lines = []
    if clocks:
        lines.append(f"clocks = {', '.join(f'<&cc {each}>' for each in clocks)};")
    assigned = [(each, random.choice(("rate", "parent", "both"))) for each in clocks]
    assigned = [pair for pair in assigned if random.random() < 0.4]
    if assigned:
        of = ", ".join(f"<&cc {each}>" for each, _ in assigned)
        rates = " ".join("0" if what == "parent" else "1000000" for _, what in assigned)
        parents = ", ".join(
            "<0>" if what == "rate" else f"<&cc {random.randrange(CLOCKS)}>" for _, what in assigned
        )
        lines += [f"assigned-clocks = {of};", f"assigned-clock-rates = <{rates}>;"]
        lines.append(f"assigned-clock-parents = {parents};")
    if random.random() < 0.4:
        lines.append(f"resets = <&rc {random.randrange(RESETS)}>;")
    if random.random() < 0.5:
        lines.append(f"power-domains = <&pc {random.randrange(DOMAINS)}>;")
    if random.random() < 0.3:
        lines.append(random.choice(("vqmmc-supply = <&vio>;", "vdd-supply = <&vdd>;")))
    if random.random() < 0.1:
        lines.append(f"thermal-sensors = <&ts {random.randrange(SENSORS)}>;")
    part = random.random()
    if part < 0.15:
        lines.append(f"p{number}: part {{ clocks = <&cc {random.randrange(CLOCKS)}>; }};")
    elif part < 0.3:
        lines.append(f'p{number}: part {{ compatible = "acme,p"; resets = <&rc 0>; }};')
    return f'd{number}: dev@{number}0000 {{ compatible = "acme,d"; {" ".join(lines)} }};\n'


def _zone(random: Random) -> str:
    sensor = random.randrange(SENSORS)
    return (
        "thermal-zones { tz: soc-thermal { polling-delay = <0>; polling-delay-passive = <0>; "
        f"thermal-sensors = <&ts {sensor}>; }}; }};\n"
    )


def board(random: Random, *, chains: bool = False) -> str:
    """The source of a board with up to eight devices and, perhaps, a thermal zone. ``chains``:
    controllers have inputs, which devices use, too."""
    each = [_device(random, number) for number in range(1, random.randint(3, 8) + 1)]
    zone = _zone(random) if random.random() < 0.5 else ""
    controllers = _CONTROLLERS
    if chains:
        controllers = _fed(random) + _ABOVE
        each = [_raised(random, device) for device in each]
    return f"/dts-v1/; / {{ {controllers}{''.join(each)}{zone} }};\n"


def _fed(random: Random) -> str:
    text = _CONTROLLERS
    for cells, inputs in _INPUTS.items():
        text = text.replace(cells, f"{cells} {random.choice(inputs)}")
    return text


def _raised(random: Random, device: str) -> str:
    """A device that uses what feeds what it used."""
    for old, new in _RAISED.items():
        if random.random() < 0.5:
            device = device.replace(old, new)
    return device


def agents(random: Random, source: str) -> str:
    """The agents of a board: shares, devices that move, owners, explicit grants."""
    names = ["a", "b", "c", "d"][: random.randint(2, 4)]
    labels = [f"d{number}" for number in range(1, 9) if f"d{number}:" in source]
    labels += [f"p{number}" for number in range(1, 9) if f"p{number}:" in source]
    labels += ["tz"] if "tz:" in source else []
    access: dict[str, list[str]] = {name: [] for name in names}
    for label in labels:
        way = random.random()
        chosen = random.sample(names, min(len(names), random.choice((1, 1, 2, 2, 3))))
        if way < 0.3:
            continue
        if way < 0.6:
            access[chosen[0]].append(f'{{dev: "&{label}"}}')
        elif way < 0.75:
            for name in chosen:
                access[name].append(f'{{dev: "&{label}", flags: {{shared: true}}}}')
        else:
            flags = f"{{assignable: [{', '.join(chosen)}]}}"
            access[chosen[-1]].append(f'{{dev: "&{label}", flags: {flags}}}')
    owners = _owners(random, names, source)
    lines = ["domains:"]
    for number, name in enumerate(names, 1):
        lines.append(f"  {name}:\n    id: {number}")
        lines.append(f"    scmi: {{role: {'hypervisor' if number == 1 else 'vm'}}}")
        lines.append("    default: true" if number == len(names) else "    default: false")
        if access[name]:
            lines.append(f"    access: [{', '.join(access[name])}]")
        grants = _grants(random, name, owners)
        if grants:
            lines.append(f"    grant: [{', '.join(grants)}]")
    return "\n".join([*lines, *_platform(random, owners)]) + "\n"


def _grants(random: Random, name: str, owners: Mapping[str, str]) -> list[str]:
    """Explicit grants; what decides for all is left to owners."""
    found = []
    if random.random() < 0.3:
        of = f"&cc {random.randrange(CLOCKS)}"
        known = ("state", "rate", "parent", "read") if owners.get(of) == name else ("state", "read")
        wanted = random.sample(known, random.randint(1, len(known)))
        found.append(f'{{clock: "{of}", operations: [{", ".join(wanted)}]}}')
    reset = f"&rc {random.randrange(RESETS)}"
    if owners.get(reset) == name and random.random() < 0.3:
        found.append(f'{{reset: "{reset}", operations: [reset]}}')
    return found


#: Label of a controller → the kind of what it provides, and how many of them there are.
_OWNED = {
    "cc": ("clock", CLOCKS),
    "rc": ("reset", RESETS),
    "ts": ("sensor", SENSORS),
    "pl": ("clock", 1),
    "rt": ("reset", 1),
}


def _owners(random: Random, names: list[str], source: str) -> dict[str, str]:
    """Owners of most of what a device uses. What nobody uses has none."""
    every = [
        f"&{label} {number}" for label, (_, count) in _OWNED.items() for number in range(count)
    ]
    used = [each for each in (*every, "&vio") if f"<{each}>" in source]
    return {each: random.choice(names) for each in used if random.random() < 0.85}


def _platform(random: Random, owners: Mapping[str, str]) -> list[str]:
    rows = [
        f'{{{_OWNED.get(of[1:3], ("voltage",))[0]}: "{of}", agent: {agent}}}'
        for of, agent in owners.items()
    ]
    lines = ["platform:", '  managed: ["&ts"]', f"  owners: [{', '.join(rows)}]"]
    if random.random() < 0.2:
        lines.append('  devices: ["&d1"]')
    return lines
