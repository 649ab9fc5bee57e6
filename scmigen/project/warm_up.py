"""What every process for a board needs, made once, before there are any.

A module is imported, a class of data gets its methods, and an expression is compiled when it is
first needed: in each process anew, unless the one that they are forked from has done it. So that
one compiles a board that has something of everything.
"""

from importlib import import_module

from scmigen import api

#: One of each: providers of all kinds, consumers, operating points, a supply, a mux, a reserved
#: node, and something to be told of.
BOARD = """/dts-v1/;
/ {
    compatible = "vendor,board";
    #address-cells = <1>;
    #size-cells = <1>;
    interrupt-parent = <&gic>;
    aliases { serial0 = &uart; };
    chosen { stdout-path = "serial0:115200n8"; };
    cpus {
        #address-cells = <1>;
        #size-cells = <0>;
        cpu@0 {
            device_type = "cpu"; compatible = "arm,cortex-a53"; reg = <0>;
            clocks = <&cc 0>; cpu-supply = <&buck>; operating-points-v2 = <&opps>;
            #cooling-cells = <2>;
        };
    };
    opps: opp-table {
        compatible = "operating-points-v2"; opp-shared;
        opp-1000000000 {
            opp-hz = /bits/ 64 <1000000000>; opp-microvolt = <900000 900000 1000000>;
        };
    };
    memory@80000000 { device_type = "memory"; reg = <0x80000000 0x10000000>; };
    reserved-memory {
        #address-cells = <1>; #size-cells = <1>; ranges;
        pool: pool@80000000 { reg = <0x80000000 (1 << 12)>; no-map; };
    };
    osc: oscillator {
        compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>;
        clock-output-names = "osc";
    };
    half: divider {
        compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&osc>;
        clock-div = <2>; clock-mult = <1>;
    };
    vcc: regulator-vcc {
        compatible = "regulator-fixed"; regulator-name = "vcc";
        regulator-min-microvolt = <3300000>; regulator-max-microvolt = <3300000>;
        gpio = <&gpio 1 0>;
    };
    thermal-zones {
        cpu-thermal { polling-delay = <0>; thermal-sensors = <&tsens 0>; };
    };
    soc {
        compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>; ranges;
        gic: interrupt-controller@1000 {
            compatible = "arm,gic-400"; reg = <0x1000 0x1000>; interrupt-controller;
            #interrupt-cells = <3>;
        };
        cc: clock-controller@2000 {
            compatible = "vendor,clocks"; reg = <0x2000 0x1000>; #clock-cells = <1>;
            #reset-cells = <1>; clocks = <&osc>, <&half>;
            assigned-clocks = <&cc 1>; assigned-clock-parents = <&cc 2>;
            assigned-clock-rates = <0>;
        };
        pd: power-controller@3000 {
            compatible = "vendor,power"; reg = <0x3000 0x1000>; #power-domain-cells = <1>;
        };
        gpio: gpio@4000 {
            compatible = "vendor,gpio"; reg = <0x4000 0x1000>; gpio-controller; #gpio-cells = <2>;
            interrupts = <0 1 4>; interrupt-controller; #interrupt-cells = <2>;
        };
        tsens: sensor@5000 {
            compatible = "vendor,sensor"; reg = <0x5000 0x1000>; #thermal-sensor-cells = <1>;
            clocks = <&cc 3>;
        };
        uart: serial@6000 {
            compatible = "snps,dw-apb-uart"; reg = <0x6000 0x1000>; interrupts = <0 2 4>;
            clocks = <&cc 4>, <&cc 5>; clock-names = "baudclk", "apb_pclk"; resets = <&cc 1>;
            dmas = <&dma 1>; dma-names = "tx"; power-domains = <&pd 0>;
        };
        dma: dma-controller@7000 {
            compatible = "arm,pl330", "arm,primecell"; reg = <0x7000 0x1000>; #dma-cells = <1>;
            clocks = <&cc 6>; clock-names = "apb_pclk";
        };
        mmc@8000 {
            compatible = "arasan,sdhci-5.1"; reg = <0x8000 0x1000>;
            clocks = <&cc 7>, <&cc 8>; clock-names = "clk_xin", "clk_ahb";
            assigned-clocks = <&cc 7>; assigned-clock-rates = <200000000>;
            power-domains = <&pd 1>; vmmc-supply = <&vcc>; vqmmc-supply = <&buck>;
        };
        i2c@9000 {
            compatible = "snps,designware-i2c"; reg = <0x9000 0x1000>; clocks = <&cc 9>;
            #address-cells = <1>; #size-cells = <0>;
            pmic@1b {
                compatible = "vendor,pmic"; reg = <0x1b>;
                regulators {
                    buck: buck1 {
                        regulator-name = "vdd"; regulator-min-microvolt = <900000>;
                        regulator-max-microvolt = <1800000>; regulator-always-on;
                    };
                };
            };
        };
        npu@a000 {
            compatible = "vendor,npu"; reg = <0xa000 0x1000>; clocks = <&cc 10>;
            memory-region = <&pool>; status = "reserved";
        };
        spi@b000 {
            compatible = "vendor,spi"; reg = <0xb000 0x1000>; clocks = <&cc 11>;
            status = "disabled";
        };
    };
};
"""


#: Modules that a board needs if it goes through the preprocessor, if a position in a file is told,
#: or if its outputs are written.
_MODULES = (
    "subprocess",
    "tempfile",
    "scmigen.devicetree.entries",
    "scmigen.devicetree.names",
    "scmigen.devicetree.written",
    "scmigen.targets.common.write",
)


def warm_up(outputs: bool = False) -> None:
    """Import what every board needs, and compile one; with ``outputs``, make the default ones."""
    for name in _MODULES:
        import_module(name)
    found = api.compile(api.loads(BOARD))
    if outputs:
        api.emit(found)
