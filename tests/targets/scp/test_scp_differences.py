"""The list of explained differences: well-formed, narrow, and in step with the server."""

import json
import re
import struct
from functools import cache
from pathlib import Path

import pytest
from targets.scp.scp_boards import all_kinds

from scmigen.compare.facts import Facts
from scmigen.compare.rules import Rules
from scmigen.compare.rules_file import read_rules
from scmigen.compare.tables import Tables
from scmigen.runtime import Runtime
from scmigen.scmi.protocols import Profile
from scmigen.server import Server
from scmigen.targets.runtime.configuration import to_runtime

PATH = Path(__file__).with_name("differences.json")
ENTRIES = json.loads(PATH.read_text())["differences"]
KEYS = {"name", "protocol", "message", "when", "theirs", "kind", "source", "why", "needed"}
OPTIONAL = {"lasting", "first", "unwritten", "example"}
STATUSES = range(-12, 1)
#: The versions of SCP-firmware 2.14.
VERSIONS = {
    0x10: 0x20000,
    0x11: 0x20000,
    0x12: 0x10000,
    0x13: 0x20000,
    0x14: 0x10000,
    0x15: 0x10000,
    0x16: 0x10000,
    0x17: 0x10000,
}


@cache
def rules() -> Rules:
    return read_rules(PATH.read_text(), str(PATH), platform=True)


@cache
def configuration() -> Runtime:
    return to_runtime(all_kinds())


def explained(ours: bytes, theirs: bytes, example: dict[str, object]) -> list[str]:
    """The names of the rules that make ``theirs`` of ``ours``, for the message of an example."""
    protocol, message = int(str(example["protocol"]), 16), int(str(example["message"]), 16)
    payload = bytes.fromhex(str(example["payload"]))
    names = Facts(VERSIONS, Tables(configuration())).names(
        int(str(example["agent"])), protocol, message, payload, ours, theirs
    )
    found = [rule.name for rule in rules().explaining(ours, theirs, names)]
    assert not rules().failures
    return found


def asked(example: dict[str, object]) -> tuple[bytes, bytes]:
    """Our reply to an example, and SCP-firmware's."""
    protocol, message = int(str(example["protocol"]), 16), int(str(example["message"]), 16)
    profile = Profile.V3_2 if protocol == 0x17 else Profile.V2_0
    server = Server(configuration(), profile, max_reply=96, state_readers=range(256))
    word = struct.pack("<I", message | protocol << 10)
    (reply,) = server.agents[int(str(example["agent"]))].handle(
        word + bytes.fromhex(str(example["payload"]))
    )
    return reply[4:], bytes.fromhex(str(example["theirs"]))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_an_entry_says_what_when_where_and_why(entry: dict[str, object]) -> None:
    assert KEYS <= entry.keys() <= KEYS | OPTIONAL
    assert entry["kind"] in {"bug", "suite", "order", "choice"}
    assert re.fullmatch(r"module/[a-z_]+/src/[a-z_]+\.c: \w+", str(entry["source"]))
    assert str(entry["why"]).endswith(".")
    assert int(str(entry["needed"])) > 0


def test_no_two_entries_have_one_name() -> None:
    assert len({entry["name"] for entry in ENTRIES}) == len(ENTRIES)


EXAMPLES = [entry for entry in ENTRIES if "example" in entry]


@pytest.mark.parametrize("entry", EXAMPLES, ids=lambda entry: entry["name"])
def test_the_server_still_answers_as_the_list_says(entry: dict[str, dict[str, object]]) -> None:
    """What SCP-firmware answered is recorded; what the server answers is asked again."""
    ours, theirs = asked(entry["example"])
    assert ours.hex() == entry["example"]["ours"]
    assert ours != theirs
    assert str(entry["name"]) in explained(ours, theirs, entry["example"])


@pytest.mark.parametrize("entry", EXAMPLES, ids=lambda entry: entry["name"])
def test_the_list_explains_one_answer_only(entry: dict[str, dict[str, object]]) -> None:
    """Of all statuses that SCP-firmware might answer instead, the list takes at most its own."""
    ours, theirs = asked(entry["example"])
    for status in STATUSES:
        other = struct.pack("<i", status)
        if other not in (ours, theirs):
            assert not explained(ours, other, entry["example"]), status
    assert not explained(ours, theirs + bytes(4), entry["example"])
