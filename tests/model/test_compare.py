"""What a comparison says of each agent, and when a number has moved."""

from support import TWO_AGENTS, model_of, soc

from scmigen.model.compare import Side, compare, of_ids, of_runtime
from scmigen.model.lockfile import parse_lock
from scmigen.runtime import Numbering
from scmigen.targets.runtime.configuration import to_runtime

LOCK = "# scmigen identifiers 1\nplatform\tscmi\n"


def side(body: str, agents: str = "", lock: str | None = None, own: bool = False) -> Side:
    numbering = Numbering.PER_AGENT if own else Numbering.SHARED
    model = model_of(soc(body), TWO_AGENTS + agents, lock, numbering)
    return of_runtime(to_runtime(model.platforms[0]))


def of_lock(lines: str) -> Side:
    return of_ids(parse_lock(LOCK + lines, "ids").platforms["scmi"])


def said(old: Side, new: Side) -> list[str]:
    """``agent what kind number (was) operations``, and ! where a number moved."""
    return [
        " ".join(
            filter(
                None,
                (
                    change.agent or "*",
                    change.what,
                    change.thing.kind,
                    str(change.number),
                    f"({change.was})" if change.was is not None else "",
                    *change.operations,
                    "!" if change.moved else "",
                ),
            )
        )
        for change in compare(old, new)
    ]


D = 'd { compatible = "acme,d"; clocks = <&cc 1>; };'
DE = D + 'e: e { compatible = "acme,e"; clocks = <&cc 5>; };'


def test_nothing_changed() -> None:
    assert said(side(DE), side(DE)) == []
    # Another order in the tree, other labels.
    assert said(side(DE), side(DE.replace("e: e", "f: e"))) == []


def test_added_and_removed() -> None:
    assert said(side(D), side(DE)) == ["a added clock 1 state read", "a added device 1 boot"]
    assert said(side(DE), side(D)) == ["a removed clock 1 state read", "a removed device 1 boot"]


def test_a_device_that_another_agent_gets() -> None:
    """Each agent has its own part of it; the numbers stay, so nothing moved."""
    assert said(side(DE), side(DE, '    access: [{dev: "&e"}]')) == [
        "a removed clock 1 state read",
        "a removed device 1 boot",
        "b added clock 1 state read",
        "b added device 1 boot",
    ]


def test_a_device_that_may_be_given_away() -> None:
    given = '    access: [{dev: "&e", flags: {assignable: [a]}}]'
    assert said(side(DE, '    access: [{dev: "&e"}]'), side(DE, given)) == [
        "a added clock 1 state read",
        "a added device 1 assignable",
    ]


def test_newly_allowed_and_newly_denied() -> None:
    rated = DE.replace(
        "<&cc 5>;", "<&cc 5>; assigned-clocks = <&cc 5>; assigned-clock-rates = <9>;"
    )
    assert said(side(DE), side(rated)) == ["a allowed clock 1 rate"]
    assert said(side(rated), side(DE)) == ["a denied clock 1 rate"]


def test_renumbered() -> None:
    """Without a lock a clock that sorts first pushes the others on."""
    new = DE + 'f { compatible = "acme,f"; clocks = <&cc 0>; };'
    assert said(side(DE), side(new)) == [
        "a added clock 0 state read",
        "a reused clock 0 (d) !",
        "a renumbered clock 1 (0) !",
        "a renumbered clock 2 (1) !",
        "a added device 2 boot",
    ]


def test_a_number_that_means_something_else() -> None:
    """What was built for clock 0 reaches another clock, though no number of a clock changed."""
    other = D.replace("<&cc 1>", "<&cc 2>")
    assert said(side(D), side(other)) == [
        "a removed clock 0 state read",
        "a added clock 0 state read",
        "a reused clock 0 (d) !",
    ]


def test_renamed() -> None:
    named = 'aliases { serial0 = "/d"; };' + D
    assert said(side(D), side(named)) == [
        "a renamed clock 0 (d)",
        "a renamed device 0 (d)",
    ]


def test_agents() -> None:
    old, new = side(D), side(D, '    grant: [{clock: "&cc 1", operations: [read]}]')
    assert said(old, new) == ["b added clock 0 read"]
    swapped = TWO_AGENTS.replace("id: 1", "id: 9").replace("id: 2", "id: 1").replace("9", "2")
    model = model_of(soc(D), swapped)
    assert said(old, of_runtime(to_runtime(model.platforms[0]))) == [
        "a renumbered agent 2 (1) !",
        "b renumbered agent 1 (2) !",
    ]
    more = model_of(soc(D), TWO_AGENTS + "  c: {id: 3, scmi: {role: hypervisor}}")
    assert said(old, of_runtime(to_runtime(more.platforms[0]))) == [
        "c added agent 3 permissions system-power system-power-told"
    ]


def test_the_release_that_an_agent_speaks() -> None:
    """An agent of which no source says it speaks the newest."""
    old = of_runtime(to_runtime(model_of(soc(D), TWO_AGENTS).platforms[0]))
    text = TWO_AGENTS.replace("role: vm", "role: vm, profile: linux-6.6")
    assert text != TWO_AGENTS
    new = of_runtime(to_runtime(model_of(soc(D), text).platforms[0]))
    assert said(old, new) == ["b profile agent 2 (3.2) 3.1"]


def test_each_agents_own_numbers() -> None:
    """The platform's numbers move, but no agent's does."""
    new = DE + 'f { compatible = "acme,f"; clocks = <&cc 3>; };'
    text = '    access: [{dev: "&e"}]'
    assert said(side(DE, text, own=True), side(new, text, own=True)) == [
        "a added clock 1 state read",
        "a added device 2 boot",
    ]


def test_lock_files() -> None:
    old = of_lock("clock\t0\tx\t/c\t1\nclock\t1\ty\t/c\t2\ndevice\t0\td\t/d\n")
    new = of_lock("clock\t2\tx\t/c\t1\nclock\t1\tz\t/c\t2\nclock\t0\tw\t/c\t9\n")
    assert said(old, new) == [
        "* added clock 0",
        "* reused clock 0 (x) !",
        "* renamed clock 1 (y)",
        "* renumbered clock 2 (0) !",
        "* removed device 0",
    ]


def test_lock_files_with_the_numbers_of_agents() -> None:
    old = of_lock("clock\t0\tx\t/c\t1\nagent\ta\tclock\t4\t/c\t1\nagent\tb\tclock\t0\t/c\t1\n")
    new = of_lock("clock\t0\tx\t/c\t1\nagent\ta\tclock\t5\t/c\t1\n")
    assert said(old, new) == ["a renumbered clock 5 (4) !", "b removed clock 0"]


def test_a_lock_file_against_a_board() -> None:
    """The lock has no agents here, so what counts is the numbers of all."""
    lock = of_lock("clock\t3\td\t/clock-controller@1000\t1\ndevice\t0\td\t/d\n")
    assert said(lock, side(D)) == ["* renumbered clock 0 (3) !"]
    text = LOCK + "clock\t3\td\t/clock-controller@1000\t1\n"
    assert said(lock, side(D, lock=text)) == []


def test_a_platform_that_is_new_or_gone() -> None:
    assert [change.what for change in compare(None, side(D))] == ["added"] * 4
    assert [change.what for change in compare(side(D), None)] == ["removed"] * 4
    lock = of_lock("clock\t3\td\t/c\t1\n")
    assert [change.what for change in compare(None, lock)] == ["added"]
