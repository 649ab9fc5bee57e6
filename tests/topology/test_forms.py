"""What running systems tell of their clocks, in each of the forms that are read."""

import time

import pytest

from scmigen.diagnostics import InputError
from scmigen.topology.listing import Limits, Listing, Origin
from scmigen.topology.read import read_listing

#: The header of a clk_summary, by the release of Linux that printed it first, and a row of each
#: layout: what is behind the rate is not read.
LAYOUTS = {
    "4.0": (
        "   clock                         enable_cnt  prepare_cnt        rate   accuracy   phase",
        "%-30s           1            1    24000000          0 0  ",
    ),
    "4.18": (
        "                                 enable  prepare  protect                               \n"
        "   clock                          count    count    count        rate   accuracy   phase",
        "%-30s       1        1        0    24000000          0   0",
    ),
    "5.4": (
        "                                 enable  prepare  protect                                "
        "duty\n"
        "   clock                          count    count    count        rate   accuracy phase  "
        "cycle",
        "%-30s       1        1        0    24000000          0     0  50000",
    ),
    "5.15": (
        "                                 enable  prepare  protect                                "
        "duty  hardware\n"
        "   clock                          count    count    count        rate   accuracy phase  "
        "cycle    enable",
        "%-30s       1        1        0    24000000          0     0  50000         Y",
    ),
    "6.9": (
        "                                 enable  prepare  protect                                "
        "duty  hardware                            connection\n"
        "   clock                          count    count    count        rate   accuracy phase  "
        "cycle    enable   consumer                         id",
        "%-35s 1       1        0        24000000    0          0     50000      Y   deviceless"
        "                      no_connection_id         ",
    ),
}
RULE = "-" * 120


def indented(level: int, name: str) -> str:
    """A name as clk_summary indents it."""
    return " " * (3 * level + 1) + name


def summary(layout: str, *names: tuple[int, str]) -> bytes:
    header, row = LAYOUTS[layout]
    rows = [row % indented(level, name) for level, name in names]
    return "\n".join((header, RULE, *rows, "")).encode()


def parents(listing: Listing) -> dict[str, str | None]:
    """Clock → what feeds it."""
    clocks = listing.clocks
    return {c.name: None if c.parent is None else clocks[c.parent].name for c in clocks}


TREE = (0, "osc"), (1, "pll"), (2, "pll_div2"), (2, "uart"), (1, "rtc"), (0, "orphan")


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_indentation_of_a_clk_summary_says_what_feeds_what(layout: str) -> None:
    found = read_listing(summary(layout, *TREE), "c")
    assert parents(found) == {
        "osc": None, "pll": "osc", "pll_div2": "pll", "uart": "pll", "rtc": "osc", "orphan": None,
    }  # fmt: skip
    assert found.origin is Origin.LINUX
    assert {clock.enabled for clock in found.clocks} == {True}


def test_a_further_user_of_a_clock_is_no_clock() -> None:
    text = summary("6.9", (0, "osc"), (1, "uart")).decode()
    further = " " * (2 + 105) + "serial@1000                     baudclk                  \n"
    deeper = " " * (3 + 2 + 105) + "1 1 1 1                     2 3 4 5 6                 \n"
    lines = text.splitlines(keepends=True)
    found = read_listing("".join((*lines[:4], further, *lines[4:], deeper)).encode(), "c")
    assert parents(found) == {"osc": None, "uart": "osc"}
    assert found.clocks[0].users == (("serial@1000", "baudclk"),)


def test_users_of_a_clock_are_told_by_device_and_by_its_name() -> None:
    text = summary("6.9", (0, "osc"), (1, "uart")).decode()
    own = text.replace("deviceless                      no_connection_id", "%-30s  %-25s")
    found = read_listing(
        (own % ("1000.serial", "no_connection_id", "2000.i2c", "bus")).encode(), "c"
    )
    assert [clock.users for clock in found.clocks] == [
        (("1000.serial", ""),),
        (("2000.i2c", "bus"),),
    ]
    assert [clock.users for clock in read_listing(text.encode(), "c").clocks] == [(), ()]


def test_a_name_may_be_longer_than_its_column_or_have_spaces() -> None:
    long = "a" * 60
    found = read_listing(summary("6.9", (0, long), (1, "two 7 words"), (2, "uart")), "c")
    assert parents(found) == {long: None, "two 7 words": long, "uart": "two 7 words"}


def test_a_clock_that_nothing_keeps_on_is_not_enabled() -> None:
    text = summary("5.4", (0, "osc")).replace(b" 1        1 ", b" 0        1 ")
    assert read_listing(text, "c").clocks[0].enabled is False


def test_bytes_of_a_name_that_are_no_text_are_kept_apart() -> None:
    text = (
        summary("5.4", (0, "x@1"), (0, "x@2")).replace(b"x@1", b"x\xff1").replace(b"x@2", b"x\xfe2")
    )
    assert [clock.name for clock in read_listing(text, "c").clocks] == ["x\\xff1", "x\\xfe2"]


GREP = """\
/sys/kernel/debug/bpmp/debug/clk/osc/state:1
/sys/kernel/debug/bpmp/debug/clk/pll_a/parent:osc
/sys/kernel/debug/bpmp/debug/clk/pll_a/rate:24000000
/sys/kernel/debug/bpmp/debug/clk/uart:a/parent:pll_a
/sys/kernel/debug/bpmp/debug/clk/uart:a/possible_parents:osc pll_a gone
/sys/kernel/debug/bpmp/debug/clk/uart:a/id:0x15
/sys/kernel/debug/bpmp/debug/clk/uart:a/state:0
grep: /sys/kernel/debug/bpmp/debug/clk/x/parent: Input/output error
"""


def test_what_grep_prints_of_the_debugfs_of_the_bpmp() -> None:
    found = read_listing(GREP.encode(), "c")
    assert found.origin is Origin.BPMP
    assert parents(found) == {"osc": None, "pll_a": "osc", "uart:a": "pll_a"}
    uart = found.clocks[2]
    assert (uart.number, uart.enabled, uart.possible) == (0x15, False, (0, 1))
    assert found.clocks[0].enabled is True


def test_what_grep_prints_of_the_debugfs_of_linux() -> None:
    text = (
        "/sys/kernel/debug/clk/uart/clk_parent:pll\n/sys/kernel/debug/clk/pll/clk_enable_count:0\n"
    )
    found = read_listing(text.encode(), "c")
    assert parents(found) == {"uart": "pll", "pll": None}
    assert found.clocks[1].enabled is False


def test_a_directory_may_have_a_number_and_its_clock_a_name() -> None:
    text = "scmi/clock/4/id:4\nscmi/clock/4/name:uart\nscmi/clock/4/parent:9\nscmi/clock/9/name:p\n"
    found = read_listing(text.encode(), "c")
    assert found.origin is Origin.SCMI
    assert parents(found) == {"uart": "p", "p": None}
    assert found.clocks[0].number == 4


def test_a_value_may_look_like_a_path() -> None:
    """A server gives names as it likes: no name says anything of another clock."""
    text = "scmi/clock/4/name:x/clock/5/parent:9\nscmi/clock/5/parent:4\nscmi/clock/9/id:9\n"
    found = read_listing(text.encode(), "c")
    assert parents(found) == {"x/clock/5/parent:9": None, "5": "x/clock/5/parent:9", "9": None}


def test_names_with_colons_and_other_files_are_passed() -> None:
    text = (
        "/sys/kernel/debug/clk/clk:12:3/clk_parent:osc:1\n"
        "/sys/kernel/debug/clk/clk:12:3/clk_rate:24000000\n"
        "/sys/kernel/debug/clk/osc:1/clk_flags:CLK_IS_CRITICAL\n"
        "/sys/kernel/debug/clk/osc:1/clk_enable_count:1\n"
    )
    assert parents(read_listing(text.encode(), "c")) == {"clk:12:3": "osc:1", "osc:1": None}


def test_the_only_possible_parent_is_the_parent() -> None:
    text = "clk/a/possible_parents:b\nclk/b/possible_parents:\nclk/c/possible_parents:a b\n"
    assert parents(read_listing(text.encode(), "c")) == {"a": "b", "b": None, "c": None}


WRONG = {
    "a tree": (b"/dts-v1/;\n/ { };\n", 1, "neither clk_summary"),
    "nothing": (b"", 1, "neither clk_summary"),
    "a header alone": (LAYOUTS["5.4"][0].encode(), 2, "no clocks follow"),
    "a row that is none": (summary("5.4", (0, "osc")) + b"  what is this\n", 5, "not a clock"),
    "a clock too deep": (
        summary("6.9", (0, "osc"), (1, "pll")) + summary("6.9", (0, "    mac")).split(b"\n")[-2],
        6,
        "mac is indented by 5 spaces",
    ),
    "a level left out": (summary("6.9", (0, "osc"), (2, "pll")), 5, "indented by 7 spaces"),
    "a level left out of an older layout": (
        summary("5.4", (0, "osc"), (2, "pll")),
        5,
        "by 7 spaces",
    ),
    "tabs": (summary("6.9", (0, "osc"), (0, "pll")).replace(b" pll", b"\tpll"), 5, "by 0 spaces"),
    "a bad rate of a clock too deep": (
        summary("6.9", (0, "osc"), (0, " pll"))
        .replace(b"24000000", b"fast")
        .replace(b"fast", b"1", 1),
        5,
        "not a clock",
    ),
    "another line": (b"clk/a/parent:b\nhello\n", 2, "not a path and a value"),
    "two parents": (b"clk/a/parent:b\nclk/a/parent:c\n", 2, "line 1 says another parent"),
    "two debugfs": (b"bpmp/clk/a/parent:b\nclk/c/parent:d\n", 2, "of Linux, and those above"),
    "no number": (b"clk/a/id:one\n", 1, "an id is a number"),
    "a great number": (b"clk/a/id:4294967296\n", 1, "an id is a number"),
    "an octal number": (b"clk/a/id:010\n", 1, "an id is a number"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_is_an_error_with_its_line(case: str) -> None:
    data, line, message = WRONG[case]
    with pytest.raises(InputError) as caught:
        read_listing(data, "c")
    (found,) = caught.value.diagnostics
    assert found.id == "topology-file"
    assert message in found.message
    assert found.position is not None
    assert found.position.line == line


BOUNDED = {
    "lines": (b"#\n" * 5, Limits(lines=4)),
    "characters": (b"clk/a/parent:" + b"b" * 50, Limits(characters=40)),
    "clocks": (b"clk/a/parent:b\nclk/b/state:1\nclk/c/state:1", Limits(clocks=2)),
    "clocks of a summary": (summary("5.4", (0, "a"), (0, "b")), Limits(clocks=1)),
    "parents": (b"clk/a/possible_parents:a b c", Limits(parents=2)),
    "depth": (b"clk/a/parent:b\nclk/b/parent:c\nclk/c/state:1", Limits(depth=2)),
}


@pytest.mark.parametrize("case", BOUNDED)
def test_what_is_read_is_bounded(case: str) -> None:
    data, limits = BOUNDED[case]
    with pytest.raises(InputError, match="more than"):
        read_listing(data, "c", limits)


HOSTILE = {
    "a million lines": b"clk/a/parent:b\n" * 999_999,
    "a deep chain": "".join(f"clk/{n}/parent:{n + 1}\n" for n in range(49_000)).encode(),
    "one circle": "".join(f"clk/{n}/parent:{(n + 1) % 49_000}\n" for n in range(49_000)).encode(),
    "words": LAYOUTS["5.4"][0].encode() + b"\n" + b" a 1 1 1 1 1\n" + b"1 " * 2000 + b"x\n",
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_files_take_linear_time(case: str) -> None:
    started = time.process_time()
    try:
        read_listing(HOSTILE[case], "c")
    except InputError:
        assert case != "a million lines"
    assert time.process_time() - started < 20


def test_every_circle_is_cut_once() -> None:
    text = "clk/a/parent:b\nclk/b/parent:a\nclk/c/parent:c\nclk/d/parent:a\n"
    found = read_listing(text.encode(), "c")
    assert found.circles == ((0, 1), (2,))
    assert parents(found) == {"a": "b", "b": None, "c": None, "d": "a"}
