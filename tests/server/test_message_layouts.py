"""The rows of the specification: sizes in bytes by hand, and what the tables must agree on."""

import pytest

from scmigen.scmi.layouts import Bits, Entries, Header, header, layout, name_field, name_text
from scmigen.scmi.messages import commands, delayed_responses, notifications
from scmigen.scmi.operations import DESCRIBING, NEEDED
from scmigen.scmi.protocols import KIND_OF, VERSIONS, Profile, Protocol

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
                assert number in NEEDED[protocol], row.name
        assert DESCRIBING.get(protocol, frozenset()) <= NEEDED[protocol].keys()


def test_later_rows_take_the_place_of_earlier_ones():
    assert commands(Protocol.CLOCK, 0x10000)[7].request.size == 8
    assert commands(Protocol.CLOCK, 0x20000)[7].request.size == 8
    assert commands(Protocol.CLOCK, 0x30000)[7].request.size == 12
    assert 0xB not in commands(Protocol.CLOCK, 0x20000)
    assert 0x10 not in commands(Protocol.CLOCK, 0x20000)


def test_events():
    assert notifications(Protocol.SYSTEM, 0x10000)[0].reply.size == 12
    assert notifications(Protocol.SYSTEM, 0x20001)[0].reply.size == 16
    assert delayed_responses(Protocol.CLOCK, 0x10000)[5].reply.size == 12
    assert delayed_responses(Protocol.BASE, 0x20000) == {}


def test_header():
    assert header(0x14, 6, 5) == 0x0014_5006
    assert Header.of(0xF014_5206) == Header(0x14, 6, 5, 2)


def test_names_end_in_nul():
    assert name_field("display-pixel-clock", 16) == b"display-pixel-c\0"
    assert name_field("µ", 4) == b"?\0\0\0"
    assert name_text(b"ab\0cd") == "ab"


def test_parts():
    entries = Entries(layout("u64 rate"), "index", Bits(0, 12), Bits(16, 16))
    assert entries.part(18, 0, 124) == (15, 15 | 3 << 16)
    assert entries.part(18, 15, 124) == (3, 3)
    assert entries.part(5000, 0, 1 << 20) == (4095, 4095 | 905 << 16)
