"""What is sent: everything that reads, nothing that ends a server, and the same for a seed."""

import re
import struct
from itertools import islice

from scmigen.compare.messages import Choice, Known, Request, at_random, reads, sweep
from scmigen.scmi import messages
from scmigen.scmi.protocols import Protocol

CLOCKS = Choice((Protocol.CLOCK,))


def known(clocks=3, agents=1):
    return Known(agents, {(0, int(Protocol.CLOCK)): clocks, (0, int(Protocol.RESET)): 2})


def named(request: Request):
    return messages.commands(Protocol(request.protocol), 0xFFFFFFFF)[request.message]


READS = re.compile(
    r"(?!.*(NOTIFY|_SET(_|$))).*(_GET(_PERMISSIONS)?|_GET_\w+|ATTRIBUTES|VERSION|_DESCRIBE_\w+"
    r"|_DISCOVER_\w+|_LIST(_\w+)?|_DESCRIPTION)"
)


def test_a_message_reads_if_its_name_says_so():
    for protocol in Protocol:
        for row in messages.commands(protocol, 0xFFFFFFFF).values():
            expected = bool(READS.fullmatch(row.name)) and not row.name.startswith("NEGOTIATE")
            assert reads(protocol, row.id) == expected, row.name


def test_a_sweep_has_every_id_and_those_with_a_bit_above():
    ids = [
        struct.unpack("<I", it.payload)[0]
        for it in sweep(CLOCKS, known())
        if it.message == 0x6 and len(it.payload) == 4
    ]
    far = [4095, 4096, 65535, 65536, 1 << 31, 0xFFFFFFFF]
    aliases = [256, 257, 258, 65536, 65537, 65538]
    assert ids == list(dict.fromkeys([0, 1, 2, 3, 4, 5, *aliases, *far]))


def test_a_sweep_has_wrong_sizes():
    sizes = {len(it.payload) for it in sweep(CLOCKS, known()) if it.message == 0x6}
    assert sizes == {0, 3, 4, 5, 8}


def test_a_sweep_asks_for_lists_from_several_places():
    index = {
        struct.unpack("<II", it.payload)[1]
        for it in sweep(CLOCKS, known())
        if it.message == 0x4 and len(it.payload) == 8
    }
    assert index == {0, 1, 1000}


def test_nothing_is_changed_unless_it_is_wanted():
    for request in (*sweep(Choice(), known()), *at_random(Choice(), known(), 500, 1)):
        assert reads(Protocol(request.protocol), request.message)
    writing = {named(it).name for it in sweep(Choice(write=True), known())}
    assert {"CLOCK_RATE_SET", "RESET", "BASE_SET_DEVICE_PERMISSIONS"} <= writing


def test_no_valid_state_of_the_system_is_set():
    choice = Choice((Protocol.SYSTEM,), write=True)
    sent = [*sweep(choice, known()), *at_random(choice, known(), 1000, 5)]
    sets = [it.payload for it in sent if it.message == 0x3 and len(it.payload) == 8]
    assert len(sets) > 50
    assert all(struct.unpack("<I", it[:4])[0] & ~1 for it in sets)


def test_a_notification_is_not_disabled_before_it_was_enabled():
    choice = Choice((Protocol.CLOCK,), write=True)
    told = known()
    sent = [*sweep(choice, told), *at_random(choice, told, 2000, 5)]
    flags = [it.payload[4] for it in sent if it.message == 0x9 and len(it.payload) == 8]
    assert len(flags) > 50
    assert all(flag & 1 for flag in flags)
    told.enabled.add((int(Protocol.CLOCK), 0x9))
    later = [it for it in at_random(choice, told, 2000, 5) if it.message == 0x9]
    assert 0 in {it.payload[4] for it in later if len(it.payload) == 8}


def test_messages_have_the_sizes_of_the_servers_versions():
    """CLOCK_CONFIG_SET has 8 bytes in 1.0 and 12 in 3.0."""
    told = Known(1, {(0, int(Protocol.CLOCK)): 3}, {int(Protocol.CLOCK): [0x10000, 0x30000]})
    choice = Choice((Protocol.CLOCK,), write=True)
    sizes = [len(it.payload) for it in at_random(choice, told, 2000, 1) if it.message == 0x7]
    assert sizes.count(8) > len(sizes) / 4
    assert sizes.count(12) > len(sizes) / 4


def test_a_seed_repeats_itself():
    def sent(seed):
        return list(at_random(Choice(write=True), known(), 300, seed))

    assert sent(3) == sent(3)
    assert sent(3) != sent(4)


def test_what_was_answered_is_asked_again():
    told = known(clocks=200)
    told.learn(Request(0, int(Protocol.CLOCK), 0x6, bytes(4)), [24000000], 7)
    sent = [
        it
        for it in at_random(Choice((Protocol.CLOCK,), write=True), told, 1000, 2)
        if it.message == 0x5 and len(it.payload) == 16
    ]
    again = [it.payload for it in sent if struct.unpack("<I", it.payload[4:8]) == (7,)]
    assert len(again) > len(sent) / 3
    assert any(struct.unpack("<Q", it[8:])[0] == 24000000 for it in again)


def test_a_boast_does_not_make_a_sweep_endless():
    assert len(list(islice(sweep(CLOCKS, known(clocks=65535)), 50_000))) < 30_000
