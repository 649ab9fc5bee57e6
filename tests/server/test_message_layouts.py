"""The rows of the specification: sizes in bytes by hand, and what the tables must agree on."""

import struct

import pytest
from scmi_wire import CLOCK, SENSOR, SUCCESS, words

from scmigen.scmi.events import delayed_responses, notifications
from scmigen.scmi.layouts import Bits, Entries, Header, header, layout, name_field, name_text
from scmigen.scmi.messages import commands
from scmigen.scmi.needs import needed
from scmigen.scmi.protocols import KIND_OF, VERSIONS, Profile, Protocol
from scmigen.scmi.specification import specification
from scmigen.scmi.text import describe

#: Payload bytes of requests at version 1 or 2, as in scp-firmware's payload size tables.
REQUESTS_2_0 = {
    Protocol.BASE: [0, 0, 4, 0, 0, 0, 4, 4, 4, 12, 16, 8],
    Protocol.POWER: [0, 0, 4, 4, 12, 4, 8, 8],
    Protocol.SYSTEM: [0, 0, 4, 8, 0, 4],
    Protocol.PERFORMANCE: [0, 0, 4, 4, 8, 12, 4, 8, 4, 8, 8, 8],
    Protocol.CLOCK: [0, 0, 4, 4, 8, 16, 4, 8],
    Protocol.SENSOR: [0, 0, 4, 4, 8, 16, 8],
    Protocol.RESET: [0, 0, 4, 4, 12, 8],
}


@pytest.mark.parametrize("protocol", REQUESTS_2_0)
def test_request_sizes_of_release_2_0(protocol):
    rows = commands(protocol, VERSIONS[Profile.V2_0][protocol])
    sizes = REQUESTS_2_0[protocol]
    assert {number: row.request.size for number, row in rows.items()} == dict(enumerate(sizes))


@pytest.mark.parametrize("profile", Profile)
def test_every_message_on_a_resource_needs_a_known_operation(profile):
    for protocol in KIND_OF:
        if protocol not in VERSIONS[profile]:
            continue
        for number, row in commands(protocol, VERSIONS[profile][protocol]).items():
            if row.request.subject is not None:
                assert number in needed(protocol), row.name
        found = specification(protocol)
        assert found.describing | found.registering <= found.needed.keys()


def test_later_rows_take_the_place_of_earlier_ones():
    assert commands(Protocol.CLOCK, 0x10000)[7].request.size == 8
    assert commands(Protocol.CLOCK, 0x20000)[7].request.size == 8
    assert commands(Protocol.CLOCK, 0x30000)[7].request.size == 12
    assert 0xB not in commands(Protocol.CLOCK, 0x20000)
    assert 0x10 not in commands(Protocol.CLOCK, 0x20000)


def test_events_follow_the_version_of_the_protocol():
    assert notifications(Protocol.SYSTEM, 0x10000)[0].reply.size == 12
    assert notifications(Protocol.SYSTEM, 0x20001)[0].reply.size == 16
    assert delayed_responses(Protocol.CLOCK, 0x10000)[5].reply.size == 12
    assert delayed_responses(Protocol.BASE, 0x20000) == {}


def test_a_header_packs_and_unpacks_its_fields():
    assert header(0x14, 6, 5) == 0x0014_5006
    assert Header.of(0xF014_5206) == Header(0x14, 6, 5, 2)


def test_names_end_in_nul():
    assert name_field("display-pixel-clock", 16) == b"display-pixel-c\0"
    assert name_field("µ", 4) == b"?\0\0\0"
    assert name_text(b"ab\0cd") == "ab"


def test_a_part_has_as_many_entries_as_fit():
    entries = Entries(layout("u64 rate"), "index", Bits(0, 12), Bits(16, 16))
    assert entries.part(18, 0, 124) == (15, 15 | 3 << 16)
    assert entries.part(18, 15, 124) == (3, 3)
    assert entries.part(5000, 0, 1 << 20) == (4095, 4095 | 905 << 16)


def test_entries_of_different_length():
    """A scalar sensor with bit 8 has 52 bytes, one with axes 32, one without the bit 28."""
    message = commands(Protocol.SENSOR, 0x30001)[3]
    data = struct.pack("<III16sIIqq", 0, 1 << 8, 2, b"scalar", 12, 5, -1, 9)
    data += struct.pack("<III16sI", 1, 1 << 8, 1 << 8, b"axes", 7)
    data += struct.pack("<III16s", 2, 0, 2, b"plain")
    found = list(message.entries.taken(data))
    assert [end for _, end in found] == [52, 52 + 32, 52 + 32 + 28]
    assert [fields["sensor"] for fields, _ in found] == [0, 1, 2]
    assert (found[0][0]["power"], found[0][0]["minimum"], found[0][0]["maximum"]) == (12, -1, 9)
    assert found[1][0]["power"] == 7
    assert "power" not in found[2][0]
    assert len(list(message.entries.taken(data[:-1]))) == 2
    # at version 1 all have 28 bytes
    assert [end for _, end in commands(Protocol.SENSOR, 0x10000)[3].entries.taken(data[:56])] == [
        28,
        56,
    ]


def test_a_frame_is_described_in_one_line():
    frame = words(3 | SENSOR << 10, SUCCESS, 2)
    frame += struct.pack("<III16sIIqq", 0, 1 << 8, 2, b"scalar", 12, 5, -1, 9)
    frame += struct.pack("<III16s", 1, 0, 2, b"plain\x1b")
    assert describe(frame, lambda _: 0x30001, response=True) == (
        "SENSOR_DESCRIPTION_GET SUCCESS flags=2 "
        "(sensor=0 attributes_low=256 attributes_high=2 name='scalar' power=12 resolution=5 "
        "minimum=-1 maximum=9) "
        "(sensor=1 attributes_low=0 attributes_high=2 name='plain\\x1b')"
    )
    assert describe(words(0 | 0x80 << 10), lambda _: 0) == "protocol 0x80 message 0x0"
    short = words(7 | CLOCK << 10, 3, 1)  # a word is left out
    assert describe(short, lambda _: 0x30000) == (
        "CLOCK_CONFIG_SET clock=3 attributes=1 extended_value=0"
    )
