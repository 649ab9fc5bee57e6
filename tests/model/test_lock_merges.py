"""What becomes of a lock file where two branches add to it: git merges, and we read the result."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from support import diagnostics, model_of, numbers, soc, wrong

from scmigen.diagnostics import InputError
from scmigen.model.lockfile import format_lock, parse_lock

BASE = 'a { compatible = "acme,a"; clocks = <&cc 5>; resets = <&rc 5>; };'
CLOCK_6 = 'b { compatible = "acme,b"; clocks = <&cc 6>; };'
CLOCK_7 = 'c { compatible = "acme,c"; clocks = <&cc 7>; };'


def lock(body: str, before: str | None = None) -> str:
    return format_lock(model_of(soc(body), lock=before).lock)


@pytest.fixture
def merge(tmp_path: Path, tool: Callable[[str], str]) -> Callable[..., tuple[bool, str]]:
    """Merges two versions of a file with git: whether that worked, and the text."""
    git = tool("git")

    def merged(base: str, ours: str, theirs: str, *options: str) -> tuple[bool, str]:
        for name, text in (("ours", ours), ("base", base), ("theirs", theirs)):
            (tmp_path / name).write_text(text)
        command = [git, "merge-file", "-p", *options, "ours", "base", "theirs"]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60)
        return done.returncode == 0, done.stdout

    return merged


def test_a_clock_here_and_the_same_clock_there(merge: Callable[..., tuple[bool, str]]) -> None:
    base = lock(BASE)
    new = lock(BASE + CLOCK_6, base)
    assert merge(base, new, new) == (True, new)


def test_one_number_for_two_clocks_is_a_conflict(merge: Callable[..., tuple[bool, str]]) -> None:
    base = lock(BASE)
    done, text = merge(base, lock(BASE + CLOCK_6, base), lock(BASE + CLOCK_7, base))
    assert not done
    with pytest.raises(InputError) as raised:
        parse_lock(text, "ids.lock")
    assert {found.message for found in raised.value.diagnostics} == {"a merge has left a conflict"}
    assert all(found.position and found.position.line for found in raised.value.diagnostics)


def test_the_lines_of_one_side_are_enough(merge: Callable[..., tuple[bool, str]]) -> None:
    """As the hint says: the next build gives the other side's clock the next number."""
    base = lock(BASE)
    ours = lock(BASE + CLOCK_6, base)
    done, text = merge(base, ours, lock(BASE + CLOCK_7, base), "--ours")
    assert (done, text) == (True, ours)
    both = model_of(soc(BASE + CLOCK_6 + CLOCK_7), lock=text)
    assert numbers(both) == {"clock cc 5": 0, "clock cc 6": 1, "clock cc 7": 2, "reset rc 5": 0}


def test_a_merge_that_keeps_both_sides_is_told(merge: Callable[..., tuple[bool, str]]) -> None:
    """``merge=union`` in .gitattributes keeps all lines: the numbers are given twice."""
    base = lock(BASE)
    sides = lock(BASE + CLOCK_6, base), lock(BASE + CLOCK_7, base)
    done, text = merge(base, *sides, "--union")
    assert done
    with pytest.raises(InputError) as raised:
        parse_lock(text, "ids.lock")
    told = {found.message: found.hint for found in raised.value.diagnostics}
    assert told["clock 1 is given twice"] == "the first is in line 5"
    assert "device 1 is given twice" in told


def test_numbers_in_different_places_merge_by_themselves(
    merge: Callable[..., tuple[bool, str]],
) -> None:
    """A clock here and a device's second reset there: nothing is given twice, nothing is lost."""
    base = lock(BASE)
    more = BASE.replace("<&rc 5>", "<&rc 5>, <&rc 6>")
    clock = BASE.replace("<&cc 5>", "<&cc 5>, <&cc 6>")
    done, text = merge(base, lock(clock, base), lock(more, base))
    assert done
    both = more.replace("<&cc 5>", "<&cc 5>, <&cc 6>")
    assert numbers(model_of(soc(both), lock=text)) == {
        "clock cc 5": 0, "clock cc 6": 1, "reset rc 5": 0, "reset rc 6": 1,
    }  # fmt: skip
    assert lock(both, text) == text


def controlled(number: int) -> str:
    """A device whose SCMI device id the tree fixes."""
    return (
        'scmi: scmi { compatible = "arm,scmi-virtio"; #access-controller-cells = <1>;'
        " clk: protocol@14 { reg = <0x14>; #clock-cells = <1>; }; };"
        f'd {{ compatible = "d"; clocks = <&clk 1>; access-controllers = <&scmi {number}>; }};'
    )


def test_a_device_id_that_the_tree_fixes_otherwise() -> None:
    first = model_of(soc(controlled(3)))
    assert [device.number for device in first.platforms[0].devices] == [3]
    second = model_of(soc(controlled(4)), lock=format_lock(first.lock))
    (found,) = diagnostics(second, "id-moved")
    assert found.message == "device /d was 3 and is 4 now"
    assert found.position is not None
    assert found.position.line == 1
    assert [device.number for device in second.platforms[0].devices] == [4]


def test_a_device_id_that_another_device_had() -> None:
    old = format_lock(model_of(soc(controlled(3))).lock).replace("/d", "/old")
    (found,) = diagnostics(model_of(soc(controlled(3)), lock=old), "id-moved")
    assert found.message == "3 was device /old and is device /d now"


def test_a_new_device_never_gets_the_old_id_of_one_that_moved() -> None:
    lock = format_lock(model_of(soc(controlled(7))).lock)
    more = controlled(2) + 'e { compatible = "e"; clocks = <&clk 2>; };'
    made = model_of(soc(more), lock=lock)
    assert {device.node.path: device.number for device in made.platforms[0].devices} == {
        "/d": 2,
        "/e": 8,
    }


def test_a_lock_of_another_board() -> None:
    """Nothing of it is here: an error. A platform more: a warning. One node of many: nothing."""
    other = lock('x { compatible = "acme,x"; clocks = <&cc 1>; };').replace("/clock-", "/other-")
    foreign = other.replace("\t/x", "\t/y")
    assert wrong(model_of(soc(BASE), lock=foreign)) == ["lock-foreign"]
    assert wrong(model_of(soc(BASE), lock=lock(BASE) + "clock\t9\tnine\t/gone\t1\n")) == []
    more = lock(BASE) + "platform\tscmi-1\nclock\t9\tnine\t/gone\t1\n"
    (found,) = diagnostics(model_of(soc(BASE), lock=more), "lock-foreign")
    assert found.severity.word == "warning"
    assert "scmi-1" in found.message


def test_a_lock_with_nothing_in_it_is_every_boards() -> None:
    assert wrong(model_of(soc(BASE), lock="# scmigen identifiers 1\nplatform\tscmi\n")) == []


@pytest.mark.parametrize("text", ["x\n" * 200_000, "platform\t" + "a" * (17 << 20)])
def test_hostile_files_are_told_briefly(text: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_lock("# scmigen identifiers 1\n" + text, "ids.lock")
    assert len(raised.value.diagnostics) <= 100
