"""Boards and agents files that fuzzing starts from: small, with something of everything."""

#: Every kind of provider, consumer and description, each once or twice.
SOC = """/dts-v1/;
/memreserve/ 0x1000 0x1000;
/ {
	#address-cells = <1>; #size-cells = <1>; compatible = "acme,board"; interrupt-parent = <&gic>;
	aliases { serial0 = &uart; };
	chosen { stdout-path = "serial0:115200n8"; };
	memory@0 { device_type = "memory"; reg = <0 0x80000000>; };
	reserved-memory { #address-cells = <1>; #size-cells = <1>; ranges;
		shm0: shm@1000 { compatible = "arm,scmi-shmem"; reg = <0x1000 0x1000>; no-map; };
		shm1: shm@2000 { compatible = "arm,scmi-shmem"; reg = <0x2000 0x1000>; no-map; };
	};
	cpus { #address-cells = <1>; #size-cells = <0>;
		cpu@0 { device_type = "cpu"; reg = <0>; clocks = <&cc 1>; operating-points-v2 = <&opps>;
			cpu-supply = <&vdd>; #cooling-cells = <2>; };
		cpu@1 { device_type = "cpu"; reg = <1>; operating-points-v2 = <&opps>;
			power-domains = <&pc 1>, <&dvfs 0>; power-domain-names = "psci", "perf"; };
	};
	opps: opp-table { compatible = "operating-points-v2"; opp-shared;
		opp-1 { opp-hz = /bits/ 64 <100000000>; opp-microvolt = <800000>; opp-level = <1>; };
		opp-2 { opp-hz = /bits/ 64 <200000000>; opp-microvolt = <900000 850000 950000>;
			required-opps = <&level>; turbo-mode; };
	};
	genpd: opp-table-genpd { compatible = "operating-points-v2";
		level: opp-1 { opp-level = <7>; }; };
	firmware {
		scmi: scmi { compatible = "arm,scmi-smc"; #address-cells = <1>; #size-cells = <0>;
			#access-controller-cells = <1>;
			arm,smc-id = <0x82000010>; shmem = <&shm0>; arm,max-rx-timeout-ms = <30>;
			pd: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; };
			dvfs: protocol@13 { reg = <0x13>; #power-domain-cells = <1>; };
			clk: protocol@14 { reg = <0x14>; #clock-cells = <1>;
				assigned-clocks = <&clk 3>; assigned-clock-rates = <1000000>; };
			sens: protocol@15 { reg = <0x15>; #thermal-sensor-cells = <1>; };
			rst: protocol@16 { reg = <0x16>; #reset-cells = <1>; };
			protocol@17 { reg = <0x17>; regulators { #address-cells = <1>; #size-cells = <0>;
				reg_a: regulator@0 { reg = <0>; regulator-name = "a"; regulator-always-on;
					regulator-min-microvolt = <900000>; regulator-max-microvolt = <1100000>; };
			}; };
			protocol@18 { reg = <0x18>; };
			protocol@19 { reg = <0x19>; uart_pins: pins { pinmux = <1>; }; };
		};
		optee { compatible = "linaro,optee-tz"; method = "smc"; };
	};
	server { compatible = "optee,scmi-server"; #address-cells = <1>; #size-cells = <0>;
		status = "disabled";
		agent@1 { reg = <1>; #address-cells = <1>; #size-cells = <0>; scmi-channel-id = <0>;
			compatible = "arm,scmi-smc"; arm,smc-id = <0x82000011>; shmem = <&shm1>;
			protocol@14 { reg = <0x14>; clocks { #address-cells = <1>; #size-cells = <0>;
				ck@0 { reg = <0>; clocks = <&cc 7>; }; }; };
			protocol@16 { reg = <0x16>; resets { rs@0 { reg = <0>; resets = <&rc 2>; }; }; };
		};
	};
	domains { compatible = "openamp,domain-v1"; #address-cells = <1>; #size-cells = <1>;
		vm { compatible = "openamp,domain-v1"; id = <2>; scmigen,role = "vm";
			access = <&gpu 0x1>, <&eth 0x0>; };
	};
	gic: interrupt-controller@3000 { compatible = "arm,gic-v3"; reg = <0x3000 0x100>;
		interrupt-controller; #interrupt-cells = <3>; };
	mbox: mailbox@3800 { compatible = "arm,mhu"; reg = <0x3800 0x100>; #mbox-cells = <1>;
		clocks = <&cc 2>; };
	osc: osc { compatible = "fixed-clock"; #clock-cells = <0>; clock-frequency = <24000000>; };
	half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&osc>;
		clock-div = <2>; clock-mult = <1>; };
	soc { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>;
		ranges = <0 0x10000000 0x10000000>;
		cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000 0x100>;
			#clock-cells = <1>; clocks = <&osc>; assigned-clocks = <&cc 9>;
			assigned-clock-parents = <&cc 8>;
			assigned-clock-rates = <50000000>; clock-critical = <1>; protected-clocks = <3>; };
		rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000 0x100>;
			#reset-cells = <1>; };
		pc: power-controller@3000 { compatible = "acme,pc"; reg = <0x3000 0x100>;
			#power-domain-cells = <1>; domain-idle-states = <1>; };
		tsens: sensor@4000 { compatible = "acme,tsens"; reg = <0x4000 0x100>;
			#thermal-sensor-cells = <1>; clocks = <&cc 3>; };
		adc: adc@4800 { compatible = "acme,adc"; reg = <0x4800 0x100>; #io-channel-cells = <1>;
			vref-supply = <&vdd>; };
		gpio: gpio@5000 { compatible = "acme,gpio"; reg = <0x5000 0x100>; gpio-controller;
			#gpio-cells = <2>; clocks = <&cc 4>; };
		dma: dma-controller@5800 { compatible = "acme,dma"; reg = <0x5800 0x100>;
			#dma-cells = <1>; };
		smmu: iommu@5c00 { compatible = "arm,smmu-v3"; reg = <0x5c00 0x100>; #iommu-cells = <1>; };
		uart: serial@6000 { compatible = "acme,uart"; reg = <0x6000 0x100>;
			interrupts = <0 7 4>; clocks = <&cc 5>, <&clk 1>; clock-names = "bus", "baud";
			resets = <&rc 5>, <&rst 1>; reset-names = "a", "b"; dmas = <&dma 1>;
			pinctrl-0 = <&uart_pins>; pinctrl-names = "default"; };
		gpu: gpu@7000 { compatible = "acme,gpu"; reg = <0x7000 0x100>; clocks = <&cc 6>;
			power-domains = <&pc 2>; gpu-supply = <&vdd>; operating-points-v2 = <&opps>;
			iommus = <&smmu 1>; interconnects = <&cc 1 &cc 2>; nvmem-cells = <&cell>; };
		eth: ethernet@8000 { compatible = "acme,eth"; reg = <0x8000 0x100>;
			clocks = <&clk 2>, <&half>;
			power-domains = <&pd 1>; resets = <&rst 2>; phy-supply = <&ldo>; status = "okay";
			access-controllers = <&scmi 4>; assigned-clocks = <&clk 2>;
			assigned-clock-rates = <25000000>; };
		mmc: mmc@8800 { compatible = "acme,mmc"; reg = <0x8800 0x100>; clocks = <&cc 8>;
			vmmc-supply = <&reg_a>; vqmmc-supply = <&ldo>; secure-status = "okay";
			status = "disabled"; };
		efuse@8c00 { compatible = "acme,efuse"; reg = <0x8c00 0x100>; #address-cells = <1>;
			#size-cells = <1>; cell: cell@0 { reg = <0 4>; }; };
		i2c@9000 { compatible = "acme,i2c"; reg = <0x9000 0x100>; #address-cells = <1>;
			#size-cells = <0>; clocks = <&cc 7>;
			pmic: pmic@25 { compatible = "acme,pmic"; reg = <0x25>; #clock-cells = <0>;
				regulators { ldo: ldo { regulator-min-microvolt = <1800000>;
					regulator-max-microvolt = <3300000>; vin-supply = <&vdd>; }; }; };
			ina: power@40 { compatible = "ti,ina226"; reg = <0x40>; #io-channel-cells = <1>; };
		};
		bus@a000 { compatible = "simple-pm-bus"; #address-cells = <1>; #size-cells = <1>;
			ranges = <0 0xa000 0x1000>; power-domains = <&pc 3>;
			timer@0 { compatible = "acme,timer"; reg = <0 0x100>; clocks = <&cc 10>;
				resets = <&rc 10>; status = "reserved"; };
		};
	};
	rails { compatible = "acme,rails";
		vdd: vdd { regulator-min-microvolt = <700000>; regulator-max-microvolt = <900000>;
			regulator-boot-on; };
	};
	fixed: fixed { compatible = "regulator-fixed"; regulator-min-microvolt = <5000000>;
		regulator-max-microvolt = <5000000>; gpio = <&gpio 1 0>; };
	hwmon { compatible = "iio-hwmon"; io-channels = <&adc 1>, <&ina 0>; };
	thermal-zones { zone { polling-delay = <100>; thermal-sensors = <&tsens 1>;
		trips { hot: hot { temperature = <85000>; hysteresis = <2000>; type = "passive"; }; };
		cooling-maps { map0 { trip = <&hot>; cooling-device = <&gpu 0 1>; }; }; }; };
	psci { compatible = "arm,psci-1.0"; method = "smc"; };
};
"""

#: The same board without SCMI of its own, so that the platform serves all; and with its server.
WITHOUT_SCMI = SOC.replace('compatible = "arm,scmi-smc"; #address', "#address")
WITH_SERVER = SOC.replace('status = "disabled";\n\t\tagent@1', "agent@1")

#: And without anything that assigns devices, for agents files to say all.
PLAIN = (
    WITHOUT_SCMI[: WITHOUT_SCMI.index("\tserver {")] + WITHOUT_SCMI[WITHOUT_SCMI.index("\tgic:") :]
)

#: Agents files for any board: by globs, by names that most boards have, and one with all options.
FILES: tuple[str | None, ...] = (
    None,
    None,
    "domains: {linux: {id: 1, default: true}, vm: {id: 2, access: [{dev: '*serial*'}]}}",
    """
domains:
  linux: {id: 1, default: true, scmi: {role: ospm}}
  vm:
    id: 2
    scmi: {role: vm}
    access: [{dev: "*gpu*"}, {dev: "*eth*", flags: {shared: true}}, {dev: "*mmc*"}]
  optee: {id: 3, scmi: {role: secure}, access: [{dev: "*timer*"}]}
platform:
  devices: ["*i2c*"]
  assume: {clock-rate: 1000000}
""",
    """
domains:
  linux: {id: 1, default: true, scmi: {transport: {type: smc, smc-id: 0x82000012}}}
  hyp: {id: 2, scmi: {role: hypervisor}, access: [{dev: "*@*", flags: {assignable: [linux, hyp]}}]}
platform:
  fixed: ["*sensor*"]
  local: ["*reset*"]
outputs:
  scp-product: {}
""",
)

#: A domains file as Lopper takes it, for the devices of `SOC`.
LOPPER = """
definitions: {shared: &shared [{dev: timer@0, flags: 0}]}
reserved-memory: {ranges: true, "rproc@1000": {start: 0x1000, size: 0x100}}
domains:
  APU_Linux:
    compatible: ["openamp,domain-v1"]
    id: 0xffff0000
    "os,type": linux
    cpus: [{cluster: cpus_a53, cpumask: 0x1, mode: {secure: false, el: 0x2}}]
    memory: [{start: 0x0, size: 2G}]
    access-implicit-default: {secure: true, allow-secure: true, requested: true, qos: 99}
    reserved-memory: {<<+: [*shared]}
    access:
      - {dev: serial@6000, label: uart, status: okay}
      - <<+: *shared
    domain-to-domain: {compatible: "openamp,domain-to-domain-v1"}
    firewallconf: [{domain: RPU, block: never}]
    domains:
      inner: {id: 0x10, access: [{dev: "serial@*"}]}
  RPU:
    compatible: openamp,domain-v1
    xlnx,ddr-boot: true
    parent: /domains
    access:
      - dev: [gpu@7000, ethernet@8000]
        flags: [{timeshare: true, requested: true, read-only: true}, 0]
        spec_name: gpu0
    chosen: {bootargs: quiet}
"""

#: An agents file with every section.
FULL_FILE = """
domains:
  linux: {id: 1, default: true, scmi: {role: ospm, transport: {type: smc, smc-id: 0x82000010,
          shmem: shm0}}}
  vm:
    id: 2
    scmi: {role: vm, permissions: false, transport: {type: mailbox, shmem: shm1, channel: 1}}
    access:
      - {dev: "&gpu", flags: {assignable: [linux, vm]}}
      - {dev: [/soc/ethernet@8000, "mmc@*"], flags: {shared: true}}
    grant:
      - {clock: "&cc 6", operations: [rate, state]}
      - {reset: "&rc 5", operations: [reset]}
      - {voltage: "&vdd", operations: [level]}
      - {protocol: power, id: "40, 41"}
    domains:
      inside: {id: 3, scmi: {role: other}, access: [{dev: "gpu@7000"}]}
platform:
  vendor: acme
  devices: ["&smmu", /soc/bus@a000/timer@0]
  managed: ["&tsens"]
  local: ["&gpio"]
  owners: [{reset: "&rc 5", agent: linux}]
  always-on: [{clock: "&cc 6"}]
  elements: {power: {40-41: , 40: {name: CPU, enumerator: PD_CPU}}}
  assume: {clock-rate: 1000000}
  drivers: {"&cc": {module: acme_clock}}
  extra: {clocks: {cc_6: {rates: [1000, 2000], rate: 1000}}}
outputs:
  scp-product: {}
checks:
  agent-idle: {severity: off, reason: "it only reads"}
  scp-assumed: {severity: note, reason: "measured"}
"""

#: The tree of a guest on `SOC`.
GUEST = """/dts-v1/;
/ {
	#address-cells = <1>; #size-cells = <1>; compatible = "acme,guest";
	gic: interrupt-controller@3000 { compatible = "arm,gic-v3"; reg = <0x3000 0x100>;
		interrupt-controller; #interrupt-cells = <3>; };
	shm: shm@9000 { compatible = "arm,scmi-shmem"; reg = <0x9000 0x100>; };
	firmware { scmi { compatible = "arm,scmi-smc"; arm,smc-id = <0x82000012>; shmem = <&shm>;
		#address-cells = <1>; #size-cells = <0>;
		clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; };
		pd: protocol@11 { reg = <0x11>; #power-domain-cells = <1>; }; }; };
	cc: clock-controller { compatible = "acme,cc"; #clock-cells = <1>;
		xen,path = "/soc/clock-controller@1000"; };
	passthrough { compatible = "simple-bus"; #address-cells = <1>; #size-cells = <1>; ranges;
		gpu@7000 { compatible = "acme,gpu"; reg = <0x7000 0x100>; clocks = <&cc 6>;
			xen,path = "/soc/gpu@7000"; };
		eth: ethernet@8000 { compatible = "acme,eth"; reg = <0x8000 0x100>; clocks = <&clk 2>;
			power-domains = <&pd 1>; xen,path = "/soc/ethernet@8000"; };
		serial@6000 { compatible = "acme,uart"; reg = <0x6000 0x100>; clocks = <&clk 1>;
			interrupt-parent = <&gic>; interrupts = <0 7 4>; };
	};
};
"""
