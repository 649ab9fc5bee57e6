"""What drivers add to what the tree says: who is granted it, and what the checks say."""

from pathlib import Path

import pytest
from driver_rows import B_HAS_E, ROWS, driven
from support import diagnostics, grants, model_of, numbers, soc, told

from scmigen import Model

MMC = 'compatible = "acme,mmc"; clocks = <&cc 1>; clock-names = "ciu";'
GENERIC = 'compatible = "acme,generic"; clocks = <&cc 1>;'
PLAIN = 'compatible = "acme,plain"; clocks = <&cc 1>;'
D = "d: d { %s }; e: e { %s };"
WITHHELD = [("note", "operation-withdrawn")]
FULL, USED = "state rate read", "state read"


def granted(model: Model, clock: str = "clock cc 1") -> tuple[str | None, str | None]:
    """What both agents are granted on a clock."""
    return grants(model, "a").get(clock), grants(model, "b").get(clock)


def test_what_a_driver_does_is_needed(tmp_path: Path) -> None:
    body = """
    d { compatible = "acme,display"; clocks = <&cc 1>, <&cc 2>, <&cc 3>;
        clock-names = "pix", "bus", "dsi_bit"; };
    m { compatible = "acme,mmc"; vmmc-supply = <&vdd>; x-supply = <&vio>; };
    q { compatible = "acme,quiet"; clocks = <&cc 4>; };
    u { compatible = "acme,unknown"; clocks = <&cc 5>; };
    t { compatible = "acme,tuner"; clocks = <&cc 6>; clock-names = "mux"; };
    """
    model = driven(tmp_path, body)
    assert grants(model, "a") == {
        "clock cc 1": "state rate read",
        "clock cc 2": "state read",
        "clock cc 3": "state parent read",
        "clock cc 4": "state read",
        "clock cc 5": "state read",
        "clock cc 6": "state rate parent read",
        "voltage vdd": "state level read",
        "voltage vio": "state read",
    }
    # The tree does not say what the parents of clocks 3 and 6 can be.
    assert told(model) == [("note", "parents-unknown")]


def test_where_nothing_is_said_of_drivers_the_tree_alone_counts(tmp_path: Path) -> None:
    body = D % (MMC, "")
    assert granted(driven(tmp_path, body, a_needs="none")) == (USED, None)
    # The rest of the same agent's drivers, where one says otherwise.
    own = '[%s, {"acme,mmc": {ciu: [state]}}]' % (tmp_path / "drivers.txt")
    assert granted(driven(tmp_path, body, a_needs=own)) == (USED, None)


def test_a_supply_has_to_have_a_choice(tmp_path: Path) -> None:
    body = 'm { compatible = "acme,mmc"; vmmc-supply = <&vio>; };'
    assert grants(driven(tmp_path, body), "a") == {"voltage vio": "state read"}


SHARED = [
    # Both agents depend on a clock whose rate one sets for certain: an owner is to be named.
    (MMC, PLAIN, (FULL, USED), [("error", "rate-shared")]),
    (MMC, MMC, (FULL, FULL), [("error", "rate-shared")]),
    # What a driver only may do is not granted, and no error.
    (GENERIC, PLAIN, (USED, USED), WITHHELD),
    (PLAIN, GENERIC, (USED, USED), WITHHELD),
    (GENERIC, GENERIC, (USED, USED), WITHHELD),
    # Who sets it for certain is told as before; the other is not made a rival.
    (MMC, GENERIC, (FULL, USED), [("error", "rate-shared"), *WITHHELD]),
    # Each to itself.
    (GENERIC, PLAIN.replace("cc 1", "cc 2"), (FULL, None), []),
    (GENERIC, "", (FULL, None), []),
]


@pytest.mark.parametrize(("first", "second", "expected", "findings"), SHARED)
def test_two_agents(
    tmp_path: Path,
    first: str,
    second: str,
    expected: tuple[str, str],
    findings: list[tuple[str, str]],
) -> None:
    model = driven(tmp_path, D % (first, second), b=B_HAS_E)
    assert granted(model) == expected
    assert sorted(told(model)) == findings
    # One agent may do to itself what it likes.
    assert told(driven(tmp_path, D % (first, second))) == []


def test_an_error_names_the_driver(tmp_path: Path) -> None:
    (found,) = diagnostics(driven(tmp_path, D % (MMC, PLAIN), b=B_HAS_E), "rate-shared")
    table = tmp_path / "drivers.txt"
    assert [item.message for item in found.related] == [
        f"a: /d clocks[0]; rate by drivers/mmc/acme.c:set_ios ({table}, sure)",
        "b: /e clocks[0]",
    ]
    assert found.hint == (
        'name an owner (platform.owners: [{clock: "&cc 1", agent: a}]), or give the devices '
        'that use it to one agent; or needs: {"acme,mmc": {ciu: []}} in a if its driver does not '
        "set it"
    )
    own = f'[{table}, {{"acme,mmc": {{ciu: []}}}}]'
    assert told(driven(tmp_path, D % (MMC, PLAIN), b=B_HAS_E, a_needs=own)) == []
    # Nor where the tree asks for it too.
    asked = MMC + "assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;"
    (found,) = diagnostics(driven(tmp_path, D % (asked, PLAIN), b=B_HAS_E), "rate-shared")
    assert "needs" not in (found.hint or "")


def test_a_note_names_the_driver(tmp_path: Path) -> None:
    model = driven(tmp_path, D % (GENERIC, PLAIN), b=B_HAS_E)
    (found,) = diagnostics(model, "operation-withdrawn")
    assert found.message == (
        "a does not get rate on clock <&cc 1>, which /d clocks[0] may need (rate by "
        f"drivers/misc/generic.c:probe ({tmp_path / 'drivers.txt'}, may)): b depends on it"
    )


def test_what_many_drivers_may_do_with_one_clock_is_one_note(tmp_path: Path) -> None:
    """Boards have a clock that stands for none in every entry that they leave open."""
    three = 'compatible = "acme,tuner"; clocks = <&cc 1>, <&cc 1>, <&cc 2>; clock-names = "mux", '
    body = D % (f'{three}"mux", "own";', GENERIC)
    (found,) = diagnostics(driven(tmp_path, body, b=B_HAS_E), "operation-withdrawn")
    table = tmp_path / "drivers.txt"
    assert found.message == (
        "a and b do not get rate and parent on clock <&cc 1>, which 3 entries may need: "
        "a and b depend on it"
    )
    tuner = f"rate parent by drivers/media/tuner.c:tune ({table}, may)"
    assert [place.message for place in found.related] == [
        f"a: /d clocks[0]; {tuner}",
        f"a: /d clocks[1]; {tuner}",
        f"b: /e clocks[0]; rate by drivers/misc/generic.c:probe ({table}, may)",
    ]
    assert all(place.position is not None for place in found.related)
    assert found.subject.nodes == ("/d", "/e")
    assert found.subject.agents == ("a", "b")


@pytest.mark.parametrize("first", [MMC, GENERIC])
def test_an_owner_is_granted_it(tmp_path: Path, first: str) -> None:
    owner = "platform: {owners: [{clock: '&cc 1', agent: %s}]}"
    body = D % (first, PLAIN)
    model = driven(tmp_path, body, owner % "a", b=B_HAS_E)
    assert (granted(model), told(model)) == ((FULL, USED), [])
    model = driven(tmp_path, body, owner % "b", b=B_HAS_E)
    assert (granted(model), told(model)) == ((USED, USED), WITHHELD)


def test_others_may_be_the_platform_or_an_explicit_grant(tmp_path: Path) -> None:
    body = D % (GENERIC, PLAIN)
    model = driven(tmp_path, body, "platform: {devices: ['&e']}")
    assert (granted(model), told(model)) == ((USED, None), WITHHELD)
    hand = "grant: [{clock: '&cc 1', operations: [read]}]"
    model = driven(tmp_path, D % (GENERIC, ""), b=hand)
    assert granted(model) == (USED, "read")
    assert WITHHELD[0] in told(model)


def test_what_a_clock_feeds_counts(tmp_path: Path) -> None:
    # A controller with one input: what comes out of it changes with that.
    below = """
    sub: sub@4000 { compatible = "acme,sub"; reg = <0x4000>; #clock-cells = <1>;
        clocks = <&cc 1>; };
    """
    body = D % (GENERIC, PLAIN.replace("&cc", "&sub")) + below
    model = driven(tmp_path, body, b=B_HAS_E)
    assert (granted(model), told(model)) == ((USED, None), WITHHELD)
    assert granted(driven(tmp_path, body)) == (FULL, None)


def test_a_shared_device_has_no_rate_without_an_owner(tmp_path: Path) -> None:
    both = 'access: [{dev: "&e", flags: {shared: true}}]'
    for device in (MMC, GENERIC):
        model = driven(tmp_path, D % ("", device), b=both)
        assert granted(model) == (USED, USED)
        assert {identifier for _, identifier in told(model)} == {"operation-withdrawn"}
    owner = "platform: {owners: [{clock: '&cc 1', agent: b}]}"
    assert granted(driven(tmp_path, D % ("", MMC), owner, b=both)) == (USED, FULL)
    # Only b has a driver that sets it.
    model = driven(tmp_path, D % ("", MMC), owner, b=both, a_needs="none")
    assert (granted(model), told(model)) == ((USED, FULL), [])


def test_of_a_shared_device_each_agent_has_its_own_drivers(tmp_path: Path) -> None:
    both = 'access: [{dev: "&e", flags: {shared: true}}]'
    model = driven(tmp_path, D % ("", MMC), b=both, b_needs="none")
    (found,) = diagnostics(model, "operation-withdrawn")
    assert found.message.startswith("a does not get rate on ")
    drivers = {
        grant.agent.name: [need.source for why in grant.because for need in why.drivers]
        for grant in model.platforms[0].all_grants
    }
    assert drivers == {"a": ["drivers/mmc/acme.c:set_ios"], "b": []}


def test_one_agent_after_the_other_has_it_to_itself(tmp_path: Path) -> None:
    moved = 'access: [{dev: "&e", flags: {assignable: [a]}}]'
    model = driven(tmp_path, D % ("", GENERIC), b=moved)
    assert granted(model) == (FULL, FULL)
    assert told(model) == []


def test_the_platforms_own_devices_have_no_drivers(tmp_path: Path) -> None:
    body = D % (PLAIN, MMC)
    model = driven(tmp_path, body, "platform: {devices: ['&e']}")
    assert (granted(model), told(model)) == ((USED, None), [])


def test_through_a_fixed_provider_only_state_and_read_pass(tmp_path: Path) -> None:
    body = """
    half: half { compatible = "fixed-factor-clock"; #clock-cells = <0>; clocks = <&cc 1>;
        clock-div = <2>; clock-mult = <1>; };
    d { compatible = "acme,mmc"; clocks = <&half>; clock-names = "ciu"; };
    """
    assert granted(driven(tmp_path, body)) == (USED, None)


def test_what_a_performance_domain_sets_no_driver_sets(tmp_path: Path) -> None:
    body = """
    d { compatible = "acme,mmc"; clocks = <&cc 1>; clock-names = "ciu";
        operating-points-v2 = <&opps>; };
    opps: opps { compatible = "operating-points-v2"; opp-1 { opp-hz = /bits/ 64 <1000000>; }; };
    """
    model = driven(tmp_path, body)
    assert grants(model, "a") == {
        "clock cc 1": "state read",
        "performance /d": "level limits read",
    }


def test_a_device_that_has_a_domain_sets_that_in_place_of_its_first_clock(tmp_path: Path) -> None:
    body = """
    firmware { scmi { compatible = "arm,scmi"; #address-cells = <1>; #size-cells = <0>;
        perf: protocol@13 { reg = <0x13>; #power-domain-cells = <1>; }; }; };
    d { compatible = "acme,scaled"; clocks = <&cc 1>, <&cc 2>; mali-supply = <&vdd>;
        power-domains = <&perf 3>; power-domain-names = "perf"; };
    """
    rows = "acme,scaled clock * rate sure drivers/gpu/a.c:f\n"
    rows += "acme,scaled voltage mali level sure drivers/gpu/a.c:f\n"
    (tmp_path / "t.txt").write_text(f"# scmigen-driver-needs: 2\n{rows}")
    managed = "platform: {managed: ['&cc', '/rails']}"
    model = driven(tmp_path, body, managed, a_needs=str(tmp_path / "t.txt"))
    assert {key: word for key, word in grants(model, "a").items() if "perf" not in key} == {
        "clock cc 1": "state read",
        "clock cc 2": "state rate read",
        "voltage vdd": "state read",
    }


def test_an_assigned_rate_and_a_driver_are_two_reasons(tmp_path: Path) -> None:
    assigned = "assigned-clocks = <&cc 1>; assigned-clock-rates = <5>;"
    model = driven(tmp_path, D % (MMC + assigned, ""))
    (grant,) = model.platforms[0].all_grants
    assert [(why.prop, [need.source for need in why.drivers]) for why in grant.because] == [
        ("clocks", ["drivers/mmc/acme.c:set_ios"]),
        ("assigned-clocks", []),
    ]
    assert [sorted(why.told_by_tree) for why in grant.because] == [
        ["read", "state"],
        ["rate", "read"],
    ]


def test_what_the_tree_says_needs_no_driver(tmp_path: Path) -> None:
    rows = "acme,mmc voltage vqmmc level sure drivers/mmc/core.c:switch\n"
    body = 'm { compatible = "acme,mmc"; vqmmc-supply = <&vdd>; };'
    (tmp_path / "t.txt").write_text(f"# scmigen-driver-needs: 2\n{rows}")
    model = driven(tmp_path, body, a_needs=str(tmp_path / "t.txt"))
    (grant,) = model.platforms[0].all_grants
    assert [why.drivers for why in grant.because] == [()]
    assert grants(model, "a") == {"voltage vdd": "state level read"}


def test_numbers_do_not_move(tmp_path: Path) -> None:
    body = D % (MMC.replace("<&cc 1>", "<&cc 1>, <&cc 9>"), GENERIC.replace("cc 1", "cc 4"))
    with_drivers = numbers(driven(tmp_path, body))
    assert with_drivers == numbers(driven(tmp_path, body, a_needs="none"))
    assert with_drivers == {"clock cc 1": 0, "clock cc 4": 1, "clock cc 9": 2}


def test_a_clock_lent_by_the_bus_has_its_name_there(tmp_path: Path) -> None:
    body = """
    bus { compatible = "simple-bus"; clock-ranges; clocks = <&cc 2>, <&cc 1>;
        clock-names = "x", "ciu"; d { compatible = "acme,mmc"; }; };
    """
    model = driven(tmp_path, body)
    assert granted(model) == (FULL, None)
    assert granted(model, "clock cc 2") == (USED, None)


ROLES = [("ospm", True), ("vm", True), ("secure", False), ("psci", False), ("other", False),
         ("hypervisor", True)]  # fmt: skip


@pytest.mark.parametrize(("role", "has_drivers"), ROLES)
def test_which_roles_have_the_drivers_of_linux(
    role: str, has_drivers: bool, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from scmigen.bindings import driver_files

    for name in ("linux-6.2", "linux-6.12", "other-9.1"):
        row = f"acme,{name}\n clock * rate sure drivers/a.c:f\n"
        (tmp_path / f"{name}.txt").write_text(f"# scmigen-driver-needs: 2\n{row}")
    monkeypatch.setattr(driver_files, "_FOLDER", tmp_path)
    driver_files.shipped_table.cache_clear()
    try:
        old = 'd { compatible = "acme,linux-6.2"; clocks = <&cc 2>; };'
        body = 'e { compatible = "acme,linux-6.12"; clocks = <&cc 1>; };' + old
        agents = f"domains: {{a: {{default: true, scmi: {{role: {role}}}}}}}"
        found = grants(model_of(soc(body), agents), "a")
    finally:
        driver_files.shipped_table.cache_clear()
    assert found == {"clock cc 1": FULL if has_drivers else USED, "clock cc 2": USED}


def test_the_rows_of_these_tests_are_sorted() -> None:
    rows = ROWS.splitlines()
    assert rows == sorted(rows)
