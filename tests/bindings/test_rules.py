"""The rules that class a provider, each with a tree where it decides, and the nearest one where
it does not. The provider is the node labelled ``p``."""

import pytest
from support import inventory_of

CLOCK = "#clock-cells = <0>;"
SCMI = 'scmi { compatible = "arm,scmi"; #address-cells = <1>; #size-cells = <0>; %s };'
BUSES = (
    *("i2c", "i3c", "spi", "spmi", "rsb", "pwrap", "mdio"),
    *("slim", "soundwire", "usb", "pcie", "w1", "onewire"),
)
RAIL = "regulator-min-microvolt = <1800000>; regulator-max-microvolt = <1800000>;"

RULES = [
    # R1: below an SCMI node, whatever else it may be.
    ("R1", "managed", SCMI % f"p: protocol@14 {{ reg = <0x14>; {CLOCK} }};"),
    ("R9", "managed", f"scmi {{ p: protocol@14 {{ reg = <0x14>; {CLOCK} }}; }};"),
    ("R1", "managed", SCMI.replace("arm,scmi", "arm,scmi-smc") % f"p: p {{ {CLOCK} }};"),
    ("R1", "managed", SCMI.replace("arm,scmi", "arm,scmi-smc-param") % f"p: p {{ {CLOCK} }};"),
    ("R1", "managed", SCMI.replace("arm,scmi", "arm,scmi-virtio") % f"p: p {{ {CLOCK} }};"),
    ("R1", "managed", SCMI.replace("arm,scmi", "linaro,scmi-optee") % f"p: p {{ {CLOCK} }};"),
    ("R1", "managed", SCMI.replace("arm,scmi", "qcom,scmi-smc") % f"p: p {{ {CLOCK} }};"),
    ("R1", "managed", SCMI % f'p: p {{ compatible = "regulator-fixed"; gpio = <1>; {CLOCK} }};'),
    # R2: disabled, itself or above; even an oscillator.
    ("R2", "local", f'p: p {{ {CLOCK} status = "disabled"; }};'),
    ("R2", "local", f'p: p {{ {CLOCK} status = "reserved"; }};'),
    ("R2", "local", f'top {{ status = "disabled"; p: p {{ {CLOCK} status = "okay"; }}; }};'),
    ("R2", "local", f'p: p {{ compatible = "fixed-clock"; {CLOCK} status = "disabled"; }};'),
    ("R9", "managed", f'p: p {{ {CLOCK} status = "ok"; }};'),
    ("R9", "managed", f'p: p {{ {CLOCK} status = "disabled"; secure-status = "okay"; }};'),
    # ALWAYS_ON: before R3, so even behind a GPIO or a bus.
    ("ALWAYS_ON", "fixed", f"p: p {{ {RAIL} regulator-always-on; }};"),
    ("ALWAYS_ON", "fixed", "p: p { regulator-always-on; };"),
    ("ALWAYS_ON", "fixed", f"i2c {{ p: p {{ {RAIL} regulator-always-on; }}; }};"),
    ("ALWAYS_ON", "fixed", 'p: p { compatible = "regulator-gpio"; regulator-always-on; };'),
    ("R9", "managed", f"p: p {{ {RAIL} regulator-boot-on; }};"),
    ("R9", "managed", "p: p { regulator-always-on; regulator-max-microvolt = <1>; };"),
    (
        "R9",
        "managed",
        "p: p { regulator-always-on; regulator-min-microvolt = <1>;"
        " regulator-max-microvolt = <2>; };",
    ),
    # R3: a board part that a GPIO or PWM switches.
    ("R3", "local", 'p: p { compatible = "regulator-gpio"; };'),
    ("R3", "local", 'p: p { compatible = "regulator-fixed-clock"; };'),
    ("R3", "local", 'p: p { compatible = "regulator-fixed-domain"; };'),
    ("R3", "local", 'p: p { compatible = "pwm-regulator"; };'),
    ("R3", "local", 'p: p { compatible = "vctrl-regulator"; };'),
    ("R3", "local", f'p: p {{ compatible = "gpio-gate-clock"; {CLOCK} }};'),
    ("R3", "local", f'p: p {{ compatible = "gpio-mux-clock"; {CLOCK} }};'),
    ("R3", "local", f'p: p {{ compatible = "gated-fixed-clock"; {CLOCK} }};'),
    ("R3", "local", f'p: p {{ compatible = "pwm-clock"; {CLOCK} }};'),
    ("R3", "local", 'p: p { compatible = "regulator-fixed"; gpio = <1 2>; };'),
    ("R3", "local", 'p: p { compatible = "regulator-fixed"; gpios = <1 2>; };'),
    ("R3", "local", 'p: p { compatible = "regulator-fixed"; enable-gpios = <1 2>; };'),
    ("R4", "fixed", 'p: p { compatible = "regulator-fixed"; gpio-open-drain; };'),
    # … a chip without a bus address whose rails hang on its GPIOs (WLAN/BT PMU) …
    ("R3", "local", "chip { enable-gpios = <1 2>; regulators { p: p { }; }; };"),
    # … but not above the first node with a bus address.
    ("R9", "managed", "chip { enable-gpios = <1 2>; regulators@1 { reg = <1>; p: p { }; }; };"),
    ("R9", "managed", f"p: p {{ reg = <1>; enable-gpios = <1 2>; {CLOCK} }};"),
    # R4: nothing to control.
    ("R4", "fixed", f'p: p {{ compatible = "fixed-clock"; {CLOCK} }};'),
    ("R4", "fixed", f'p: p {{ compatible = "fixed-factor-clock"; {CLOCK} }};'),
    ("R4", "fixed", 'p: p { compatible = "regulator-fixed"; };'),
    ("R4", "fixed", 'psci { compatible = "arm,psci-1.0"; p: p { #power-domain-cells = <0>; }; };'),
    ("R9", "managed", 'firmware { compatible = "acme,fw"; p: p { #power-domain-cells = <0>; }; };'),
    # R5: the tree has an enabled SCMI node; what is fixed stays fixed.
    ("R5", "local", SCMI % "" + f"p: p {{ {CLOCK} }};"),
    ("R4", "fixed", SCMI % "" + f'p: p {{ compatible = "fixed-clock"; {CLOCK} }};'),
    ("R9", "managed", SCMI % 'status = "disabled";' + f"p: p {{ {CLOCK} }};"),
    # R6: behind a bus, by the name of the bus; or inside a device that consumes.
    *(("R6", "local", f"{bus}@1 {{ chip {{ p: p {{ {CLOCK} }}; }}; }};") for bus in BUSES),
    ("R9", "managed", f"i2cmux@1 {{ chip {{ p: p {{ {CLOCK} }}; }}; }};"),
    # … on GPIOs, numbered, behind a multiplexer or an arbitrator; not all that begins so is a bus.
    *(
        ("R6", "local", f"{bus} {{ chip {{ p: p {{ {CLOCK} }}; }}; }};")
        for bus in (
            *("i2c-8", "i2c-gpio-0", "i2c-controller@3", "i2c-arb", "i2c-mux@1"),
            *("spi-gpio", "spi-4", "mdio-mux", "mdio-mux-0", "w1-1", "onewire-0"),
        )
    ),
    *(
        ("R9", "managed", f"{name} {{ chip {{ p: p {{ {CLOCK} }}; }}; }};")
        for name in ("spi-nor@0", "usb-phy@1", "pcie-phy@1", "i2c8")
    ),
    # A chip of the board that has no address, and no GPIO of its own, is fed from rails there.
    ("R6", "local", "pmu { vdd-supply = <&p>; regulators { p: p { }; }; };"),
    ("R9", "managed", "pmu { regulators { p: p { }; }; };"),
    ("R9", "managed", "rsc@1 { reg = <1>; pmu { a-supply = <&p>; regulators { p: p { }; }; }; };"),
    ("R9", "managed", "pmu@1 { reg = <1>; vdd-supply = <&p>; regulators { p: p { }; }; };"),
    ("R6", "local", f"dev {{ clocks = <0>; p: p {{ {CLOCK} }}; }};"),
    ("R6", "local", f"dev {{ resets = <0>; p: p {{ {CLOCK} }}; }};"),
    ("R6", "local", f"dev {{ power-domains = <&d>; p: p {{ {CLOCK} }}; }}; d: d {{ }};"),
    ("R9", "managed", f"dev {{ interrupts = <1>; p: p {{ {CLOCK} }}; }};"),
    (
        "R9",
        "managed",
        f"dev {{ power-domains = <&d>; p: p {{ {CLOCK} }}; }};"
        'psci { compatible = "arm,psci"; d: d { }; };',
    ),
    *(
        ("R9", "managed", f"{name}@1 {{ clocks = <0>; p: p {{ {CLOCK} }}; }};")
        for name in (
            *("bus", "soc", "target-module", "clock-controller"),
            *("power-controller", "reset-controller", "system-controller"),
        )
    ),
    *(
        (
            "R9",
            "managed",
            f'dev {{ compatible = "{name}"; clocks = <0>; p: p {{ {CLOCK} }}; }};',
        )
        for name in ("simple-bus", "simple-pm-bus", "syscon")
    ),
    # What talks to firmware through a mailbox is no device, though its memory has a clock.
    ("R6", "local", "rpm@1 { clocks = <0>; regulators-0 { p: p { }; }; };"),
    ("R9", "managed", "rpm@1 { clocks = <0>; qcom,ipc = <1>; regulators-0 { p: p { }; }; };"),
    ("R9", "managed", f"scp@1 {{ clocks = <0>; mboxes = <1>; p: p {{ {CLOCK} }}; }};"),
    # A PLL's dividers are not inside a device; a PMIC with a clock output is one.
    ("R9", "managed", f"pll {{ #clock-cells = <0>; clocks = <0>; p: p {{ {CLOCK} }}; }};"),
    (
        "R6",
        "local",
        f"phy {{ #clock-cells = <0>; #phy-cells = <0>; clocks = <0>; p: p {{ {CLOCK} }}; }};",
    ),
    # The regulator in a USB block (renesas usbphy-ctrl, uniphier usb3-regulator) is its socket's.
    ("R6", "local", "usbphy-ctrl@1 { #reset-cells = <1>; resets = <1>; p: p { }; };"),
    ("R6", "local", "usb-controller@1 { p: p { }; };"),
    ("R9", "managed", f"usb-controller@1 {{ p: p {{ {CLOCK} }}; }};"),
    # A power-domain provider is never inside a device, only behind a bus.
    ("R9", "managed", "dev { clocks = <0>; p: p { #power-domain-cells = <0>; }; };"),
    ("R6", "local", "i2c { p: p { #power-domain-cells = <0>; }; };"),
    # What it consumes itself does not decide.
    ("R9", "managed", f"p: p {{ clocks = <0>; {CLOCK} }};"),
    # R7: the node has another job.
    ("R7", "local", f"p: p {{ {CLOCK} #phy-cells = <0>; }};"),
    ("R7", "local", f"p: p {{ {CLOCK} #sound-dai-cells = <0>; }};"),
    ("R7", "local", f"p: p {{ {CLOCK} phys = <1>; }};"),
    ("R7", "local", f"p: p {{ {CLOCK} #io-channel-cells = <1>; }};"),
    ("R7", "local", f"p: p {{ {CLOCK} io-channels = <0>; }};"),
    ("R7", "local", f"p: p {{ {CLOCK} port {{ }}; }};"),
    ("R7", "local", f"p: p {{ {CLOCK} ports {{ }}; }};"),
    ("R9", "managed", f'p: p {{ compatible = "syscon"; {CLOCK} port {{ }}; }};'),
    ("R7", "local", f"p: usbphy@1 {{ {CLOCK} lane {{ #phy-cells = <0>; }}; }};"),
    ("R7", "local", f"p: serdes@1 {{ {CLOCK} lane {{ #phy-cells = <0>; }}; }};"),
    ("R7", "local", f"p: wiz@1 {{ {CLOCK} lane {{ #phy-cells = <0>; }}; }};"),
    ("R9", "managed", f"p: pmu@1 {{ {CLOCK} lane {{ #phy-cells = <0>; }}; }};"),
    # … also where a board leaves its lanes out; a camera bridge that gives its sensors a clock.
    ("R7", "local", f"p: wiz@1 {{ {CLOCK} serdes {{ }}; }};"),
    ("R7", "local", f"p: serdes@1 {{ {CLOCK} }};"),
    ("R9", "managed", f"p: phy@1 {{ {CLOCK} }};"),
    ("R7", "local", f"p: camera@1 {{ {CLOCK} clocks = <0>; }};"),
    # The controller of a whole SoC has the registers of a PHY among others.
    (
        "R9",
        "managed",
        f"p: system-controller@1 {{ {CLOCK} #reset-cells = <2>; #phy-cells = <1>; }};",
    ),
    ("R9", "managed", f"p: p {{ {CLOCK} interrupts = <1>; }};"),
    # R8: a sensor on the die has a bus address; one that firmware offers has none.
    ("R8", "local", "p: p { reg = <1>; #thermal-sensor-cells = <0>; };"),
    ("R8", "local", "top { reg = <1>; p: p { #thermal-sensor-cells = <0>; }; };"),
    ("R9", "managed", "p: p { #thermal-sensor-cells = <0>; };"),
    ("R9", "managed", f"p: p {{ reg = <1>; #thermal-sensor-cells = <0>; {CLOCK} }};"),
    # R9: all else, whatever the number of cells.
    ("R9", "managed", f"p: p {{ reg = <1>; {CLOCK} }};"),
    ("R9", "managed", "p: p { reg = <1>; #clock-cells = <2>; #reset-cells = <1>; };"),
    ("R9", "managed", f"p: p {{ {RAIL} }};"),
]


@pytest.mark.parametrize(("rule", "category", "body"), RULES)
def test_rule(rule: str, category: str, body: str) -> None:
    inventory = inventory_of(body)
    path = inventory.tree.labels["p"].path
    if path not in inventory.providers:
        # A regulator has no #…-cells: it is a provider because a supply names it.
        inventory = inventory_of(body + "c { x-supply = <&p>; };")
    provider = inventory.providers[path]
    assert (provider.rule, str(provider.category)) == (rule, category)
    assert provider.reason


def test_one_class_a_node_whatever_kinds_it_offers() -> None:
    """A block that gates clocks and switches power domains (imx8mp blk-ctrl)."""
    inventory = inventory_of("p { #clock-cells = <1>; #power-domain-cells = <1>; };")
    assert inventory.providers["/p"].kinds == {"clock", "power"}


def test_consumers_are_enabled_nodes_counted_once() -> None:
    inventory = inventory_of(
        "p: p { #clock-cells = <1>; assigned-clocks = <&p 1>; assigned-clock-rates = <1>; };"
        "a { clocks = <&p 1>, <&p 2>; };"
        'b { clocks = <&p 1>; status = "disabled"; };'
    )
    assert inventory.providers["/p"].consumers == 1


@pytest.mark.parametrize(
    ("body", "beside"),
    [
        (f"p: p {{ {CLOCK} }};", True),
        (f"i2c {{ p: p {{ {CLOCK} }}; }};", False),
        (f"p: p {{ {CLOCK} #phy-cells = <0>; }};", False),
        ("p: p { reg = <1>; #thermal-sensor-cells = <0>; };", False),
    ],
)
def test_what_only_r5_made_local(body: str, beside: bool) -> None:
    inventory = inventory_of(SCMI % "" + body)
    provider = inventory.providers[inventory.tree.labels["p"].path]
    assert (provider.rule, provider.beside_scmi) == ("R5", beside)
