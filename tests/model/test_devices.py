"""Devices of BASE_SET_DEVICE_PERMISSIONS: which there are, their numbers, and what each opens."""

from support import model_of, soc, soc_model

from scmigen.model.lockfile import format_lock
from scmigen.model.platform import Model
from scmigen.scmi.protocols import Kind
from scmigen.targets.runtime.configuration import to_runtime


def devices(model: Model) -> dict[str, int | None]:
    return {device.node.name: device.number for device in model.platforms[0].devices}


def holders(model: Model) -> dict[str, tuple[list[str], list[str]]]:
    """Device → who has it at boot, who may be given it."""
    return {
        device.node.name: (
            [agent.name for agent in device.agents],
            [agent.name for agent in device.assignable],
        )
        for device in model.platforms[0].devices
    }


def resources(model: Model, name: str) -> dict[str, str]:
    """What a device opens, as the server is told: kind and number → operations."""
    configuration = to_runtime(model.platforms[0])
    (device,) = [item for item in configuration.devices if item.node.endswith(name)]
    return {f"{item.kind} {item.id}": " ".join(item.operations) for item in device.resources}


def test_a_device_has_its_resources_of_every_protocol() -> None:
    body = """
    dvfs: dvfs { compatible = "acme,dvfs"; #performance-domain-cells = <1>; };
    ts: ts { compatible = "acme,ts"; #thermal-sensor-cells = <1>; };
    d@1 { compatible = "acme,d"; clocks = <&cc 7>; resets = <&rc 7>; power-domains = <&pc 7>;
        vdd-supply = <&vdd>; performance-domains = <&dvfs 7>; thermal-sensors = <&ts 7>;
        assigned-clocks = <&cc 7>; assigned-clock-rates = <5>; };
    """
    assert resources(soc_model(body), "d@1") == {
        "clock 0": "state rate read",
        "reset 0": "reset",
        "power 0": "state read",
        "voltage 0": "state read",
        "performance 0": "limits read",
        "sensor 0": "config read",
    }


BODY = """
c@3 { compatible = "acme,c"; clocks = <&cc 1>; };
a@1 { compatible = "acme,a"; clocks = <&cc 1>; };
idle@2 { compatible = "acme,idle"; };
off@4 { compatible = "acme,off"; clocks = <&cc 1>; status = "disabled"; };
b@5 { compatible = "acme,b"; clocks = <&cc 2>; port { x { clocks = <&cc 3>; }; }; };
"""


def test_numbers_are_dense_by_path() -> None:
    """What has no resource and what is disabled is no device; a part belongs to its device."""
    model = soc_model(BODY)
    assert devices(model) == {"a@1": 0, "b@5": 1, "c@3": 2}
    assert resources(model, "b@5") == {"clock 1": "state read", "clock 2": "state read"}


def test_numbers_and_names_stay() -> None:
    lock = format_lock(soc_model(BODY).lock)
    more = BODY.replace("a@1", "aa@1") + 'aliases { serial7 = "/b@5"; };'
    model = model_of(soc(more), lock=lock)
    # a@1 has gone and keeps number 0; aa@1 is new; b@5 keeps its name though it has an alias now.
    assert devices(model) == {"b@5": 1, "c@3": 2, "aa@1": 3}
    names = {device.number: device.name for device in model.platforms[0].devices}
    assert names == {1: "b-5", 2: "c-3", 3: "aa-1"}
    assert sorted(devices(soc_model(more)).values()) == [0, 1, 2]


PARTS = """
whole: d@1 { compatible = "acme,d"; clocks = <&cc 1>;
    part: part { clocks = <&cc 2>; inner { clocks = <&cc 3>; }; }; };
loose: loose { clocks = <&cc 4>; };
"""


def test_a_part_that_another_agent_owns_is_a_device_of_its_own() -> None:
    model = soc_model(PARTS, '    access: [{dev: "&part"}]')
    assert holders(model) == {"d@1": (["a"], []), "part": (["b"], [])}
    assert resources(model, "/part") == {"clock 1": "state read", "clock 2": "state read"}
    assert resources(model, "/d@1") == {"clock 0": "state read"}


def test_a_part_that_its_devices_owner_owns_is_none() -> None:
    assert holders(soc_model(PARTS, '    access: [{dev: "&whole"}, {dev: "&part"}]')) == {
        "d@1": (["b"], [])
    }


def test_what_may_be_given_away_is_a_device_whatever_it_is() -> None:
    """Without a compatible too: else nobody could give it, and nothing would keep it closed."""
    model = soc_model(PARTS, '    access: [{dev: "&loose", flags: {assignable: [a]}}]')
    assert holders(model)["loose"] == (["b"], ["a"])
    configuration = to_runtime(model.platforms[0])
    for agent in configuration.agents:
        for grants in agent.grants.values():
            assert all(grant.by_hand == () for grant in grants)


def test_grants_without_a_device_stand_whatever_happens() -> None:
    (agent, _) = to_runtime(soc_model(PARTS, "").platforms[0]).agents
    by_hand = {grant.resource: grant.by_hand for grant in agent.grants[Kind.CLOCK]}
    assert by_hand == {0: (), 1: (), 2: (), 3: ("state", "read")}


def test_a_device_that_comes_back() -> None:
    lock = format_lock(soc_model(BODY).lock)
    gone = model_of(soc(BODY.replace('"acme,a"; clocks = <&cc 1>;', '"acme,a";')), lock=lock)
    assert devices(gone) == {"b@5": 1, "c@3": 2}
    again = model_of(soc(BODY), lock=format_lock(gone.lock))
    assert devices(again) == {"a@1": 0, "b@5": 1, "c@3": 2}
