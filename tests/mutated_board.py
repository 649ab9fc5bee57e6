"""A small board that has something of everything, and its document with each field written out."""

from collections.abc import Mapping
from typing import Any

import msgspec
from support import model_of

from scmigen import Model, loads
from scmigen.checks.against_built import Build
from scmigen.runtime import Numbering
from scmigen.targets.runtime.configuration import to_runtime

BOARD = """
/dts-v1/;
/ {
	compatible = "acme,pebble";
	#address-cells = <1>;
	#size-cells = <1>;
	cc: clock-controller@1000 { compatible = "acme,cc"; reg = <0x1000 4>; #clock-cells = <1>; };
	rc: reset-controller@2000 { compatible = "acme,rc"; reg = <0x2000 4>; #reset-cells = <1>; };
	pc: power-controller@3000 {
		compatible = "acme,pc";
		reg = <0x3000 4>;
		#power-domain-cells = <1>;
		#address-cells = <1>;
		#size-cells = <0>;
		power-domain@0 {
			reg = <0>;
			#power-domain-cells = <0>;
			#address-cells = <1>;
			#size-cells = <0>;
			power-domain@1 { reg = <1>; #power-domain-cells = <0>; };
		};
	};
	ts: sensor@4000 { compatible = "acme,ts"; reg = <0x4000 4>; #thermal-sensor-cells = <1>; };
	rails {
		compatible = "acme,rails";
		vgpu: vgpu {
			regulator-min-microvolt = <700000>;
			regulator-max-microvolt = <900000>;
		};
		vmmc: vmmc {
			regulator-min-microvolt = <1800000>;
			regulator-max-microvolt = <3300000>;
		};
	};
	gpu: gpu@5000 {
		compatible = "acme,gpu";
		reg = <0x5000 4>;
		clocks = <&cc 1>;
		power-domains = <&pc 1>;
		gpu-supply = <&vgpu>;
		operating-points-v2 = <&points>;
		resets = <&rc 1>;
	};
	points: opp-table {
		compatible = "operating-points-v2";
		opp-1 {
			opp-hz = /bits/ 64 <500000000>;
			opp-microvolt = <750000>;
			clock-latency-ns = <50000>;
			opp-microwatt = <100000>;
		};
		opp-2 {
			opp-hz = /bits/ 64 <800000000>;
			opp-microvolt = <850000>;
			clock-latency-ns = <60000>;
			opp-microwatt = <200000>;
		};
	};
	uart: serial@6000 {
		compatible = "acme,uart";
		reg = <0x6000 4>;
		clocks = <&cc 2>, <&cc 3>;
		clock-names = "core", "bus";
		assigned-clocks = <&cc 2>;
		assigned-clock-parents = <&cc 3>;
		assigned-clock-rates = <48000000>;
	};
	mmc: mmc@7000 {
		compatible = "acme,mmc";
		reg = <0x7000 4>;
		clocks = <&cc 3>, <&cc 4>;
		vqmmc-supply = <&vmmc>;
		power-domains = <&pc 0>;
		resets = <&rc 2>;
	};
	fan: fan { compatible = "acme,fan"; thermal-sensors = <&ts 0>; };
};
"""
AGENTS_OF_TREE = """
domains:
  linux:
    id: 1
    default: true
    scmi: {role: ospm, transport: {type: smc, smc-id: 7, shmem: /gpu@5000}}
    grant:
      - {clock: "&cc 9", operations: [state]}
  vm:
    id: 2
    scmi: {role: vm}
    access:
      - {dev: "&gpu", flags: {assignable: [linux, vm]}}
  hypervisor: {id: 3, scmi: {role: hypervisor, system-power: told}}
platform:
  managed: ["&ts"]
"""
#: What only ``platform.extra`` has.
AGENTS = (
    AGENTS_OF_TREE
    + """
  extra:
    clocks:
      serial-6000-bus: {rates: [1000000, 9000000], rate: 1000000, step: 1000}
    voltage_domains:
      vmmc: {step: 100000}
    sensors:
      fan:
        resolution: {value: 5, exponent: -1}
        intervals: [{value: 5}, {value: 7}]
        axes: [{name: x, resolution: {value: 1}}, {name: y}]
        readings: [[1, 2]]
    powercaps:
      gpu:
        {id: 0, node: /gpu@5000, minimum_cap: 100, maximum_cap: 900, cap: 500, pai: 1, cai: 1,
          readings: [5]}
      all: {id: 1, node: /mmc@7000, minimum_cap: 100, maximum_cap: 900, parent: 0}
    pins:
      p0: {id: 0, node: /p, settings: [{type: 1, value: 5}, {type: 2, value: 6}]}
      p1: {id: 1, node: /p, cells: [1]}
    pin_groups: {both: {pins: [0, 1]}, one: {pins: [1]}}
    pin_functions: {gpio: {groups: [0, 1], gpio: true}}
    telemetry:
      t0: {id: 0, node: /t, element: 4, readings: [3], group: 1}
    agents:
      vm:
        grants:
          powercap: [{id: 0, resource: 0, operations: [read]}]
          telemetry: [{id: 0, resource: 0, operations: [read]}]
"""
)


def model(agents: str = AGENTS, numbering: Numbering = Numbering.SHARED) -> Model:
    return model_of(loads(BOARD, "board.dts"), agents, numbering=numbering)


def build(made: Model) -> Build:
    """What makes the one configuration of a model, once."""
    (platform,) = made.platforms
    runtime = to_runtime(platform)
    return lambda _: runtime


def written_out(value: Any) -> Any:
    """A structure as JSON has it, with the fields that have their default."""
    if isinstance(value, msgspec.Struct):
        return {name: written_out(getattr(value, name)) for name in value.__struct_fields__}
    if isinstance(value, Mapping):
        return {str(key): written_out(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [written_out(each) for each in value]
    return msgspec.to_builtins(value)
