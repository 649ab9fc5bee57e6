"""The client against a platform that lies: every list that comes in parts, and every answer."""

import os
import random
from unittest.mock import patch

import pytest
from click.testing import CliRunner
from client_memory import Memory
from hypothesis import given, settings
from hypothesis import strategies as st
from scmi_wire import BASE, CLOCK, PINCTRL, POWER, RESET, SENSOR, words

from scmigen.cli.main import cli
from scmigen.client import Client, ClientError
from scmigen.client import dump as dumping
from scmigen.client.wire import SCHEMES
from scmigen.scmi.messages import commands
from scmigen.scmi.protocols import Protocol

VERSIONS = (0x10000, 0x20000, 0x30000, 0x40000)
#: Every message whose reply comes in parts, in each of its layouts.
LISTS = sorted(
    {
        (protocol, row.since, number)
        for protocol in Protocol
        for version in VERSIONS
        for number, row in commands(protocol, version).items()
        if row.entries is not None and row.entries.remaining is not None
    }
)


def the_row(protocol, version, number):
    return commands(protocol, version)[number]


@pytest.fixture(params=LISTS, ids=lambda it: f"{the_row(*it).name} {it[1] >> 16}.0")
def listed(request):
    return request.param


def part(row, returned, remaining, sent=None, flags=0):
    """The bytes of a reply: ``returned`` entries announced, as many or ``sent`` sent."""
    entries = row.entries
    word = flags | returned << entries.returned.low | remaining << entries.remaining.low
    fixed = bytes(row.reply.size - 4) + words(word)
    return words(0) + fixed + bytes(entries.entry.size) * (returned if sent is None else sent)


def platform(version, answers):
    """A platform of one protocol version; ``answers`` are those to all other messages, in order."""
    answers = iter(answers)

    def answer(message):
        if message[0] == 0:
            return [message[:4] + words(0, version)]
        return [message[:4] + next(answers)]

    return answer


def read(url, protocol, number, before):
    with Client(url) as client:
        return list(client.entries(Protocol(protocol), number, *[0] * before))


def words_before(row):
    """How many words of a request come before the one with the index."""
    return [field.name for field in row.request.fields].index(row.entries.index)


def test_all_lists_are_there():
    """By hand, from the specification."""
    assert {(int(protocol), number) for protocol, _, number in LISTS} == {
        (0x13, 4),
        (0x14, 4),
        (0x14, 0xC),
        (0x15, 3),
        (0x15, 7),
        (0x15, 8),
        (0x15, 0xD),
        (0x17, 4),
        (0x18, 0xD),
        (0x19, 4),
        (0x19, 5),
        (0x1B, 3),
        (0x1B, 4),
        (0x1B, 5),
        (0x1B, 7),
    }


@pytest.mark.parametrize(
    ("parts", "told"),
    [
        ([(3, 0, 2)], "0: 3 entries announced, 2 sent"),
        ([(3, 0, 0)], "0: 3 entries announced, 0 sent"),
        ([(0, 5)], "0: no entry, although 5 remain"),
        ([(2, 4), (0, 4)], ": no entry, although 4 remain"),
        ([(1, 5), (1, 5)], ": 7 entries in all, but 6 were announced before"),
        ([(1, 5), (1, 0)], ": 2 entries in all, but 6 were announced before"),
        ([(2, 4), (3, 0)], ": 5 entries in all, but 6 were announced before"),
        ([(2, 4), (2, 2), (2, 2)], ": 8 entries in all, but 6 were announced before"),
    ],
    ids=[
        "fewer sent than announced",
        "nothing sent",
        "nothing, though more remain",
        "nothing later",
        "more remain than before",
        "none remain any more",
        "fewer in the end",
        "more in the end",
    ],
)
def test_a_list_that_contradicts_itself_is_refused(remembered, listed, parts, told):
    protocol, version, number = listed
    row = the_row(*listed)
    url = remembered(platform(version, [part(row, *it) for it in parts]))
    with pytest.raises(ClientError, match=f"^memory:x: {row.name} .*{told}$"):
        read(url, protocol, number, words_before(row))


@pytest.mark.parametrize("ranged", [(0x14, 4), (0x17, 4), (0x15, 8)], ids=str)
@pytest.mark.parametrize(("returned", "remaining"), [(2, 0), (4, 0), (2, 1)])
def test_a_range_has_three_entries(remembered, ranged, returned, remaining):
    """Bit 12: lowest, highest and step, at once."""
    protocol, number = ranged
    row = the_row(protocol, 0x20000, number)
    told = f"{row.name}.*: a range of {returned + remaining} entries in place of 3"
    url = remembered(platform(0x20000, [part(row, returned, remaining, flags=1 << 12)]))
    with pytest.raises(ClientError, match=told):
        read(url, protocol, number, 1)


def test_an_endless_list_ends(remembered, listed):
    """All the parts that announce as much as they can, for ever."""
    protocol, version, number = listed
    row = the_row(*listed)
    returned, most = min(row.entries.returned.mask, 100), row.entries.remaining.mask
    requests = 0

    def endless():
        nonlocal requests
        while True:
            requests += 1
            yield part(row, returned, most)

    url = remembered(platform(version, endless()))
    with pytest.raises(ClientError, match=r"entries announced; (there can be at|none after)"):
        read(url, protocol, number, words_before(row))
    assert requests * returned < 0xFFFF + 0xFFF + 100


def test_an_honest_list_is_read(remembered, listed):
    protocol, version, number = listed
    row = the_row(*listed)
    answers = [part(row, 2, 3), part(row, 2, 1), part(row, 1, 0)]
    url = remembered(platform(version, answers))
    assert len(read(url, protocol, number, words_before(row))) == 5
    assert read(remembered(platform(version, [part(row, 0, 0)])), protocol, number, 0) == []


def test_more_may_remain_than_the_field_can_say(remembered):
    """600 parents; 8 bits say how many remain."""
    row = the_row(CLOCK, 0x30000, 0xC)
    answers = [part(row, 100, min(500 - at, 255)) for at in range(0, 600, 100)]
    url = remembered(platform(0x30000, answers))
    assert len(read(url, CLOCK, 0xC, 1)) == 600


def test_call_refuses_a_part_that_is_shorter_than_it_says(remembered):
    row = the_row(CLOCK, 0x30000, 4)
    told = "CLOCK_DESCRIBE_RATES clock=0 index=0: 3 entries announced"
    url = remembered(platform(0x30000, [part(row, 3, 0, 1)]))
    with Client(url) as client, pytest.raises(ClientError, match=told):
        client.ask("CLOCK_DESCRIBE_RATES")


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ([(0, b"\x14\x13\0\0")], "no entry, although 3 remain"),
        ([(2, b"")], "2 entries announced, 0 sent"),
        ([(4, b"\x11\x12\x13\x14")], "4 entries in all, but 3 were announced before"),
        ([(2, b"\x11\x12\0\0"), (2, b"\x13\x14\0\0")], "4 entries in all, but 3 were announced"),
        ([(2, b"\x11\x12\0\0"), (1, b"\x11\0\0\0")], "a protocol comes twice"),
    ],
    ids=["none", "none sent", "too many", "too many later", "twice"],
)
def test_a_list_of_protocols_that_cannot_be_is_refused(remembered, lists, told):
    replies = [words(0, 3), *(words(0, count) + data for count, data in lists)]
    told = f"BASE_DISCOVER_LIST_PROTOCOLS.*: {told}"
    url = remembered(platform(0x20000, replies))
    with Client(url) as client, pytest.raises(ClientError, match=told):
        client.protocols()


def whole(answers):
    """A platform that answers by protocol and message, and refuses everything else."""

    def answer(message):
        word = int.from_bytes(message[:4], "little")
        found = answers.get((word >> 10 & 0xFF, word & 0xFF), words(-1))
        return [message[:4] + (found(message) if callable(found) else found)]

    return answer


def board(protocol, version, answers):
    return whole(
        {
            (BASE, 0): words(0, 0x20000),
            (BASE, 1): words(0, 1),
            (BASE, 3): words(0, "acme"),
            (BASE, 5): words(0, 1),
            (BASE, 6): words(0, 1, protocol),
            (protocol, 0): words(0, version),
        }
        | {(protocol, number): reply for number, reply in answers.items()}
    )


@pytest.mark.parametrize("listed_sensors", [2, 4], ids=["fewer", "more"])
def test_sensors_are_as_many_as_announced(remembered, listed_sensors):
    row = the_row(SENSOR, 0x30000, 3)
    answers = {1: words(0, 3, 0, 0, 0), 3: part(row, listed_sensors, 0)}
    told = f"GET index=0: {listed_sensors} entries in all, but 3 were announced"
    url = remembered(board(SENSOR, 0x30000, answers))
    with Client(url) as client, pytest.raises(ClientError, match=told):
        dumping.dump(client)


def test_settings_begin_at_most_at_255(remembered):
    """[15:8] of the attributes say where a part begins."""
    row = the_row(PINCTRL, 0x10000, 5)
    asked = []

    def settings(message):
        asked.append(int.from_bytes(message[8:12], "little"))
        return part(row, 100, 255)

    answers = {1: words(0, 1, 0), 3: words(0, 0, "pin"), 5: settings}
    url = remembered(board(PINCTRL, 0x10000, answers))
    with Client(url) as client, pytest.raises(ClientError, match="none after 300 can be requested"):
        dumping.dump(client)
    assert asked == [1 << 18, 1 << 18 | 100 << 8, 1 << 18 | 200 << 8]


def test_dump_keeps_only_so_much(remembered, monkeypatch):
    """A platform may contradict itself nowhere, and still have far too much to say."""
    monkeypatch.setattr(dumping, "_MOST", 1 << 20)
    row = the_row(CLOCK, 0x30000, 4)
    asked = set()

    def rates(message):
        asked.add(message[4:8])
        index = int.from_bytes(message[8:12], "little")
        return part(row, 500, 20_000 - 500 - index)

    answers = {1: words(0, 0xFFFF), 3: words(0, 0, "clock", 0), 4: rates}
    url = remembered(board(CLOCK, 0x30000, answers))
    with Client(url) as client, pytest.raises(ClientError, match="more than 1 MiB of resources"):
        dumping.dump(client)
    assert len(asked) == 7  # 160 kB each


def test_the_answer_to_a_lie_is_one_line(remembered):
    """On the command line: exit status 1, and which message lied."""
    row = the_row(CLOCK, 0x30000, 4)
    answers = {1: words(0, 1), 3: words(0, 0, "clock", 0), 4: part(row, 100, 0xFFFF)}
    result = CliRunner().invoke(cli, ["client", remembered(board(CLOCK, 0x30000, answers)), "dump"])
    assert result.exit_code == 1
    assert result.stdout == ""
    assert result.stderr == (
        "Error: memory:x: CLOCK_DESCRIBE_RATES clock=0 index=4000: 69635 entries announced; there "
        "can be at most 69630\n"
    )


NAME = "a\n\x1b[2Jb"
NAMED = whole(
    {(protocol, 0): words(0, 0x20000) for protocol in range(0x10, 0x17)}
    | {(BASE, 1): words(0, 0x104), (BASE, 3): words(0, NAME), (BASE, 4): words(0, NAME)}
    | {(BASE, 5): words(0, 1), (BASE, 6): words(0, 4) + bytes([POWER, CLOCK, SENSOR, RESET])}
    | {(BASE, 7): words(0, 1, NAME)}
    | {(POWER, 1): words(0, 1, 0, 0, 0), (POWER, 3): words(0, 0, NAME)}
    | {(CLOCK, 1): words(0, 1), (CLOCK, 3): words(0, 0, NAME, 0)}
    | {(SENSOR, 1): words(0, 1, 0, 0, 0), (SENSOR, 3): words(0, 1, 0, 0, 0, NAME)}
    | {(RESET, 1): words(0, 1), (RESET, 3): words(0, 0, 0, NAME)}
)


@pytest.mark.parametrize(
    "arguments",
    [
        "info",
        "clock list",
        "power list",
        "reset list",
        "dump",
        "call CLOCK_ATTRIBUTES",
        "call SENSOR_DESCRIPTION_GET",
    ],
)
def test_a_name_stays_in_its_line(remembered, arguments):
    result = CliRunner().invoke(cli, ["client", remembered(NAMED), *arguments.split()])
    assert result.exit_code == 0, result.output
    assert r"a\n\x1b[2Jb" in result.output
    assert result.output.replace("\n", "").isprintable()


def liar(seed):
    """Answers of the right shape with random contents; now and then a refusal, or anything."""
    chance = random.Random(seed)
    seldom = chance.choice((0, 0.001, 0.01, 0.1))

    def answer(message):
        word = int.from_bytes(message[:4], "little")
        protocol, number = word >> 10 & 0xFF, word & 0xFF
        if chance.random() < seldom:
            return [message[:4] + chance.randbytes(chance.choice((0, 3, 4, 8, 60)))]
        if chance.random() < seldom:
            return [message[:4] + words(-chance.randrange(12))]
        row = commands(Protocol(protocol), 0x20000).get(number)
        if row is None:
            return [message[:4] + words(-1)]
        data = chance.randbytes(row.reply.size)
        if number == 0:
            data = words(0x20000)
        elif number == 1:  # few of everything
            data = words(*[0x00030002] * (row.reply.size // 4))
        elif (protocol, number) == (BASE, 6):
            data = words(2) + bytes(chance.sample(range(0x11, 0x1A), 2)) + bytes(2)
        elif row.entries is not None:
            few = chance.randrange(4), chance.choice((0, 0, 0, 1, 2))
            few = (2, 0) if (protocol, number) == (SENSOR, 3) else few
            data = part(row, *few)[4:]
        elif row.reply_tail is not None:
            data += chance.randbytes(row.reply_tail.size * chance.randrange(3))
        return [message[:4] + words(0) + data]

    return answer


@settings(max_examples=int(os.environ.get("SCMIGEN_FUZZ", "100")), deadline=None)
@given(st.integers(0, 1 << 32))
def test_whatever_a_platform_answers_a_dump_ends_in_text_or_in_a_sentence(seed):
    with patch.dict(SCHEMES, liar=lambda *_: Memory(liar(seed), 3000)):
        result = CliRunner().invoke(cli, ["client", "liar:x", "dump"])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert result.exit_code in (0, 1)
    assert result.stderr.count("\n") == result.exit_code
    assert result.output.replace("\n", "").isprintable()
