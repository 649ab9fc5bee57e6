"""Several agents on one resource: what aggregates, who owns it, and what the tree proves."""

import pytest
from support import TWO_AGENTS, diagnostics, grants, model_of, soc, soc_model, told

ERROR = "error"
D = "d: d { %s }; e: e { %s };"
B_HAS_E = '    access: [{dev: "&e"}]'
RATE = "assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;"
PARENT = "assigned-clocks = <&cc 1>; assigned-clock-parents = <&cc 2>;"

# a has d, b has e. What they consume → what the checks say.
PAIRS = [
    # What the platform counts votes for, everybody may use.
    ("clocks = <&cc 1>;", "clocks = <&cc 1>;", []),
    ("power-domains = <&pc 1>;", "power-domains = <&pc 1>;", []),
    ("x-supply = <&vdd>;", "x-supply = <&vdd>;", []),
    ("resets = <&rc 1>;", "resets = <&rc 2>;", []),
    # What one agent decides for all, only an owner may.
    (RATE, "clocks = <&cc 1>;", [(ERROR, "rate-shared")]),
    (RATE, RATE, [(ERROR, "rate-shared")]),
    (RATE, "clocks = <&cc 2>;", []),
    (PARENT, "clocks = <&cc 1>;", [(ERROR, "parent-shared")]),
    (PARENT, "clocks = <&cc 2>;", []),
    ("resets = <&rc 1>;", "resets = <&rc 1>;", [(ERROR, "reset-shared")]),
    ("vqmmc-supply = <&vdd>;", "x-supply = <&vdd>;", [(ERROR, "level-shared")]),
    (RATE + "assigned-clock-parents = <&cc 2>;", "clocks = <&cc 1>;",
     [(ERROR, "rate-shared"), (ERROR, "parent-shared")]),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second", "expected"), PAIRS)
def test_two_agents(first: str, second: str, expected: list[tuple[str, str]]) -> None:
    assert told(soc_model(D % (first, second), B_HAS_E)) == expected
    # One agent may do to itself what it likes.
    assert told(soc_model(D % (first, second), "")) == []


OWNED = [
    # The owner keeps the operation, the others lose it, with a note.
    ("clock: '&cc 1', agent: a", "state rate read", "state read"),
    ("clock: '&cc 1', agent: b", "state read", "state rate read"),
]


@pytest.mark.parametrize(("owner", "of_a", "of_b"), OWNED)
def test_an_owner(owner: str, of_a: str, of_b: str) -> None:
    body = D % (RATE + "clocks = <&cc 1>;", RATE + "clocks = <&cc 1>;")
    model = soc_model(body, f"{B_HAS_E}\nplatform: {{owners: [{{{owner}}}]}}")
    assert (grants(model, "a"), grants(model, "b")) == ({"clock cc 1": of_a}, {"clock cc 1": of_b})
    assert told(model) == [("note", "operation-withdrawn")]


def test_an_owner_against_a_hand_grant() -> None:
    body = D % ("clocks = <&cc 1>;", "")
    owner = "\nplatform: {owners: [{clock: '&cc 1', agent: a}]}"
    written = "    grant: [{clock: '&cc 1', operations: [%s]}]"
    model = soc_model(body, written % "rate" + owner)
    assert told(model) == [(ERROR, "grant-against-owner")]
    # Reading is nobody's to own.
    model = soc_model(body, written % "read" + owner)
    assert told(model) == [("note", "grant-unused")]
    assert grants(model, "b") == {"clock cc 1": "read"}


def test_hand_grants_count() -> None:
    written = "    grant: [{clock: '&cc 1', operations: [%s]}]"
    body = D % ("clocks = <&cc 1>;", "")
    expected = [(ERROR, "rate-shared"), ("note", "grant-unused")]
    assert told(soc_model(body, written % "rate")) == expected
    body = D % (RATE, "")
    assert told(soc_model(body, written % "read")) == expected


def test_the_platforms_own_devices_are_users() -> None:
    body = D % (RATE, "clocks = <&cc 1>;")
    assert told(soc_model(body, "platform: {devices: ['&e']}")) == [(ERROR, "rate-shared")]
    # With the platform's rate nobody has an operation that is not counted.
    assert told(soc_model(body, "platform: {devices: ['&d']}")) == []


def test_what_managed_providers_consume_does_not_count() -> None:
    body = "mux: mux { #clock-cells = <0>; clocks = <&cc 1>, <&cc 3>; }; f { clocks = <&mux>; };"
    assert told(soc_model(body + D % (RATE, ""), "")) == []


# Providers between cc 1 and what e uses: {} → whether the tree proves that e depends on cc 1.
BELOW = [
    ("gate: gate { #clock-cells = <0>; clocks = <&cc 1>; };", "clocks = <&gate>;", "rate-shared"),
    ("gate: gate { #clock-cells = <1>; clocks = <&cc 1>; };", "clocks = <&gate 7>;", "rate-shared"),
    (
        "g1: g1 { #clock-cells = <0>; clocks = <&cc 1>; };"
        "gate: gate { #clock-cells = <0>; clocks = <&g1>; };",
        "clocks = <&gate>;",
        "rate-shared",
    ),
    # Many inputs and outputs: perhaps. One warning a provider.
    (
        "gate: gate { #clock-cells = <1>; clocks = <&cc 1>, <&cc 9>; };",
        "clocks = <&gate 7>, <&gate 8>;",
        "feeds-others",
    ),
    ("gate: gate { #clock-cells = <0>; clocks = <&cc 9>; };", "clocks = <&gate>;", None),
]


@pytest.mark.parametrize(("providers", "second", "expected"), BELOW)
def test_a_clock_under_a_clock(providers: str, second: str, expected: str | None) -> None:
    severity = "warning" if expected == "feeds-others" else ERROR
    model = soc_model(providers + D % (RATE, second), B_HAS_E)
    assert told(model) == ([(severity, expected)] if expected else [])
    # The other way round: who sets the rate below does not touch what is above.
    model = soc_model(providers + D % ("clocks = <&cc 1>;", second), B_HAS_E)
    assert told(model) == []


def test_a_rate_of_one_agent_under_the_use_of_another() -> None:
    body = "gate: gate { #clock-cells = <0>; clocks = <&cc 1>; };"
    below = "assigned-clocks = <&gate>; assigned-clock-rates = <5>;"
    assert told(soc_model(body + D % (below, "clocks = <&cc 1>;"), B_HAS_E)) == []


FLAGS = '    access: [{dev: "&e", flags: {%s}}]'
E = f'e: e {{ compatible = "acme,e"; clocks = <&cc 1>; resets = <&rc 1>; {RATE} }};'


def test_a_shared_device() -> None:
    """Both may switch its clock; without an owner nobody resets it or sets a rate, with a note."""
    model = soc_model(E, FLAGS % "shared: true")
    assert grants(model, "a") == grants(model, "b") == {"clock cc 1": "state read"}
    assert set(told(model)) == {("note", "operation-withdrawn")}


@pytest.mark.parametrize(("entry", "error"), [("resets = <&rc 1>;", "reset"), (RATE, "rate")])
def test_what_is_denied_to_all_that_share_a_device_is_used_all_the_same(
    entry: str, error: str
) -> None:
    """d is shared, and nobody decides there; but a would decide through e, which it has alone."""
    shared = '    access: [{dev: "&d", flags: {shared: true}}]'
    found = told(soc_model(D % (entry, entry), shared))
    assert [pair for pair in found if pair[0] == ERROR] == [(ERROR, f"{error}-shared")]
    assert (ERROR, f"{error}-shared") not in told(soc_model(D % (entry, ""), shared))


def test_a_level_is_that_of_all_that_runs_on_the_supply() -> None:
    """A power domain, and what is in it, has the voltage of the supply that the domain names."""
    controller = """
    q: power-controller@9 {
        compatible = "acme,q"; #power-domain-cells = <1>;
        power-domain@0 { reg = <0>; domain-supply = <&vdd>; #power-domain-cells = <0>; };
    };
    """
    body = controller + D % ("power-domains = <&q 0>;", "vqmmc-supply = <&vdd>;")
    assert told(soc_model(body, B_HAS_E)) == [(ERROR, "level-shared")]
    assert told(soc_model(body, "")) == []


def test_what_an_agent_lacks_of_one_resource_is_one_note() -> None:
    """Whichever of its devices need it."""
    owner = "\nplatform: {owners: [{clock: '&cc 1', agent: b}]}"
    two = f'd {{ {RATE} }}; f {{ {RATE} }}; e: e {{ compatible = "acme,e"; clocks = <&cc 1>; }};'
    (found,) = diagnostics(soc_model(two, B_HAS_E + owner), "operation-withdrawn")
    assert found.message == (
        "a does not get rate on clock <&cc 1>, which 2 entries need: b owns it"
    )
    assert [place.message for place in found.related] == [
        "/d assigned-clocks[0]: rate",
        "/f assigned-clocks[0]: rate",
    ]
    assert found.subject.nodes == ("/d", "/f")


def test_what_a_pattern_takes_from_one_bus_is_one_error() -> None:
    chips = "".join(f"chip@{n} {{ reg = <{n}>; }}; " for n in (1, 2, 3))
    bus = f'i2c: i2c {{ compatible = "acme,i2c"; {chips}}};'
    (found,) = diagnostics(soc_model(bus, '    access: [{dev: "chip@*"}]'), "bus-owner")
    assert found.message == ("3 devices are b's, but the controller of their bus, /i2c, is a's")
    assert [place.message for place in found.related] == [
        "/i2c/chip@1",
        "/i2c/chip@2",
        "/i2c/chip@3",
    ]
    assert found.hint == 'access: [{dev: "&i2c"}] in b; or narrow the pattern'
    each = '    access: [{dev: "/i2c/chip@1"}, {dev: "/i2c/chip@2"}]'
    assert len(diagnostics(soc_model(bus, each), "bus-owner")) == 2


def test_a_shared_device_and_an_owner() -> None:
    owners = "\nplatform: {owners: [{clock: '&cc 1', agent: b}, {reset: '&rc 1', agent: b}]}"
    model = soc_model(E, FLAGS % "shared: true" + owners)
    assert grants(model, "a") == {"clock cc 1": "state read"}
    assert grants(model, "b") == {"clock cc 1": "state rate read", "reset rc 1": "reset"}


def test_an_assignable_device() -> None:
    """One agent after another: all grants for each, and no conflict between them."""
    model = soc_model(E, FLAGS % "assignable: [a, b]")
    full = {"clock cc 1": "state rate read", "reset rc 1": "reset"}
    assert grants(model, "a") == grants(model, "b") == full
    assert told(model) == []
    (device,) = model.platforms[0].devices
    assert [agent.name for agent in device.agents] == ["b"]
    assert [agent.name for agent in device.assignable] == ["a", "b"]
    at_boot = {
        (g.agent.name, str(g.resource.kind)): bool(g.boot) for g in model.platforms[0].all_grants
    }
    assert at_boot == {
        ("a", "clock"): False, ("a", "reset"): False,
        ("b", "clock"): True, ("b", "reset"): True,
    }  # fmt: skip


def test_assignable_devices_of_one_entry_move_one_by_one() -> None:
    """At run time a may have d and b e, and each would reset the other's."""
    both = "bus: bus { compatible = 'simple-bus'; d@1 { %s }; e@2 { %s }; };".replace("'", '"')
    parts = [f'compatible = "acme,x"; resets = <&rc {number}>;' for number in (1, 2)]
    moves = '    access: [{dev: "&bus", flags: {assignable: [a, b]}}]'
    found = told(soc_model(both % (parts[0], parts[0]), moves))
    assert found == [(ERROR, "reset-shared")]
    assert told(soc_model(both % (parts[0], parts[1]), moves)) == []
    one = f"bus {{ dev: x@1 {{ {parts[0]} part {{ resets = <&rc 1>; }}; }}; }};"
    assert told(soc_model(one, moves.replace("&bus", "&dev"))) == []


def test_an_assignable_device_beside_another_user() -> None:
    model = soc_model(E + "f { resets = <&rc 1>; };", FLAGS % "assignable: [a, b]")
    assert told(model) == [(ERROR, "reset-shared")]


def test_the_hint_fits_who_shares() -> None:
    """A device that is given to several agents in turn is still beside the other users."""
    body = """d: d { clocks = <&cc 1>; assigned-clocks = <&cc 1>; assigned-clock-rates = <5>; };
    e: e { clocks = <&cc 1>; };"""
    d_to_b = '    access: [{dev: "&d"}]'
    owner = 'name an owner (platform.owners: [{clock: "&cc 1", agent: b}])'
    (found,) = diagnostics(soc_model(body, d_to_b), "rate-shared")
    assert found.hint == f"{owner}, or give the devices that use it to one agent"
    platform = "\nplatform: {devices: ['*']}"
    (found,) = diagnostics(soc_model(body, d_to_b + platform), "rate-shared")
    assert found.hint == f"{owner}, or give b the platform's devices that use it"
    assert told(soc_model(body, '    access: [{dev: "&d"}, {dev: "&e"}]' + platform)) == []
    by_hand = TWO_AGENTS.replace(
        "default: true", "default: true, grant: [{clock: '&cc 1', operations: [state]}]"
    )
    lone = body.replace("e: e { clocks = <&cc 1>; };", "")
    (found,) = diagnostics(model_of(soc(lone), by_hand + d_to_b), "rate-shared")
    assert found.hint == owner


THREE = """
domains:
  a: {id: 1, default: true}
  b: {id: 2, access: [{dev: "&e"%s}]}
  c: {id: 3, access: [{dev: "%s"%s}]}
"""
SHARE = ", flags: {shared: true}"

CLAIMS = [
    # b's flags, c's selector and flags → agents of e, and what the checks say.
    ("", "&d", "", ["b"], []),
    ("", "&e", "", ["b", "c"], [(ERROR, "device-conflict")]),
    (SHARE, "&d", "", ["a", "b"], []),
    # Where several name the device, all must say that it is shared.
    (SHARE, "&e", SHARE, ["b", "c"], []),
    (SHARE, "&e", "", ["b", "c"], [(ERROR, "device-conflict")]),
    # Exact beats a pattern.
    ("", "e*", "", ["b"], []),
    ("", "*", SHARE, ["b"], []),
]


@pytest.mark.parametrize(("flags", "selector", "other", "agents", "expected"), CLAIMS)
def test_claims(
    flags: str, selector: str, other: str, agents: list[str], expected: list[tuple[str, str]]
) -> None:
    tree = soc("e: e { x; }; d: d { };")
    model = model_of(tree, THREE % (flags, selector, other))
    node = tree.labels["e"]
    assert [agent.name for agent in model.owners.of(node).agents] == agents
    assert told(model) == expected


def test_two_patterns_on_one_device() -> None:
    text = THREE.replace('"&e"', '"e*"') % ("", "*e", "")
    assert told(model_of(soc("e: e { };"), text)) == [(ERROR, "device-conflict")]


def test_a_deeper_entry_wins() -> None:
    tree = soc("d: d { e: e { sub { }; }; f { }; };")
    model = model_of(tree, THREE % ("", "&d", ""))
    found = {path: [a.name for a in model.owners.of(tree.node(path)).agents] for path in
             ("/d", "/d/f", "/d/e", "/d/e/sub", "/rails")}  # fmt: skip
    assert found == {"/d": ["c"], "/d/f": ["c"], "/d/e": ["b"], "/d/e/sub": ["b"], "/rails": ["a"]}


BUS = 'bus: i2c { compatible = "acme,i2c"; clocks = <&cc 1>; e: e@1 { clocks = <&cc 2>; }; };'
BUS_OWNERS = [
    ('{dev: "&e"}', [(ERROR, "bus-owner")]),
    ('{dev: "&e", flags: {shared: true}}', []),
    ('{dev: "&bus"}', []),
    ('{dev: "&bus"}, {dev: "&e"}', []),
    ('{dev: "&bus", flags: {shared: true}}, {dev: "&e"}', []),
]


@pytest.mark.parametrize(("entries", "expected"), BUS_OWNERS)
def test_a_device_on_a_bus(entries: str, expected: list[tuple[str, str]]) -> None:
    assert told(soc_model(BUS, f"    access: [{entries}]")) == expected


def test_two_rates_asked_for_one_clock() -> None:
    other = RATE.replace("<5>", "<7>")
    assert told(soc_model(D % (RATE, other))) == [("warning", "rate-twice")]
    assert told(soc_model(D % (RATE, RATE))) == []
    (found,) = diagnostics(soc_model(D % (RATE, other)), "rate-twice")
    assert "5 Hz" in found.message
    assert "7 Hz" in found.message


def test_a_reset_of_several_devices_of_one_agent() -> None:
    assert told(soc_model(D % ("resets = <&rc 1>;", "resets = <&rc 1>;"))) == []


def test_a_reset_of_a_device_and_the_device_above() -> None:
    body = "d: d { resets = <&rc 1>; e: e { resets = <&rc 1>; }; };"
    (found,) = diagnostics(soc_model(body, B_HAS_E), "reset-shared")
    assert "/d/e is part of /d" in str(found.hint)
    (found,) = diagnostics(soc_model(D % (("resets = <&rc 1>;",) * 2), B_HAS_E), "reset-shared")
    assert "part of" not in str(found.hint)
