"""The list of explained differences: well-formed, narrow, and in step with the server."""

import ast
import json
import re
import struct
from functools import cache

import pytest
from targets.scp.scp_boards import all_kinds
from targets.scp.scp_differences import HELPERS, PATH, Follower, Rule, explained, names, rules
from targets.scp.scp_expected import Expected

from scmigen.scmi.protocols import Profile
from scmigen.server import Server
from scmigen.targets.runtime.configuration import to_runtime

DOCUMENT = json.loads(PATH.read_text())
ENTRIES = DOCUMENT["differences"]
KEYS = {"name", "protocol", "message", "when", "theirs", "kind", "source", "why", "needed"}
OPTIONAL = {"lasting", "unwritten", "example"}
STATUSES = range(-12, 1)


@cache
def expected() -> Expected:
    return Expected(all_kinds(), [])


def by_name(name: str) -> Rule:
    (found,) = (rule for rule in rules() if rule.name == name)
    return found


def expressions(entry: dict[str, object]) -> list[str]:
    theirs = entry["theirs"]
    values = theirs.values() if isinstance(theirs, dict) else [theirs]
    listed = [entry["when"], entry.get("unwritten", "0"), *values]
    return [item for item in listed if isinstance(item, str)]


def asked(example: dict[str, object]) -> tuple[bytes, bytes, dict[str, object]]:
    """Our reply to an example, SCP-firmware's, and what the rules may know."""
    agent, protocol = int(str(example["agent"])), int(str(example["protocol"]), 16)
    message, payload = int(str(example["message"]), 16), bytes.fromhex(str(example["payload"]))
    profile = Profile.V3_2 if protocol == 0x17 else Profile.V2_0
    server = Server(
        to_runtime(expected().platform), profile, max_reply=96, state_readers=range(256)
    )
    (reply,) = server.agents[agent].handle(struct.pack("<I", message | protocol << 10) + payload)
    theirs = bytes.fromhex(str(example["theirs"]))
    known = names(Follower(expected()), agent, protocol, message, payload, reply[4:])
    return reply[4:], theirs, known


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])
def test_an_entry_says_what_when_where_and_why(entry: dict[str, object]) -> None:
    assert KEYS <= entry.keys() <= KEYS | OPTIONAL
    assert entry["kind"] in {"bug", "suite", "order", "choice"}
    assert re.fullmatch(r"module/[a-z_]+/src/[a-z_]+\.c: \w+", str(entry["source"]))
    assert str(entry["why"]).endswith(".")
    assert int(str(entry["needed"])) > 0
    for expression in expressions(entry):
        used = {node.id for node in ast.walk(ast.parse(expression)) if isinstance(node, ast.Name)}
        local = {"i", "w1", "w2", "w3", "True"}
        assert used <= DOCUMENT["names"].keys() | HELPERS.keys() | local


def test_no_two_entries_have_one_name() -> None:
    assert len({entry["name"] for entry in ENTRIES}) == len(ENTRIES)


EXAMPLES = [entry for entry in ENTRIES if "example" in entry]


@pytest.mark.parametrize("entry", EXAMPLES, ids=lambda entry: entry["name"])
def test_the_server_still_answers_as_the_list_says(entry: dict[str, dict[str, object]]) -> None:
    """What SCP-firmware answered is recorded; what the server answers is asked again."""
    ours, theirs, known = asked(entry["example"])
    assert ours.hex() == entry["example"]["ours"]
    assert ours != theirs
    assert by_name(str(entry["name"])) in explained(rules(), ours, theirs, known)


@pytest.mark.parametrize("entry", EXAMPLES, ids=lambda entry: entry["name"])
def test_the_list_explains_one_answer_only(entry: dict[str, dict[str, object]]) -> None:
    """Of all statuses that SCP-firmware might answer instead, the list takes at most its own."""
    ours, theirs, known = asked(entry["example"])
    for status in STATUSES:
        other = struct.pack("<i", status)
        if other not in (ours, theirs):
            assert not explained(rules(), ours, other, known), status
    assert not explained(rules(), ours, theirs + bytes(4), known)
