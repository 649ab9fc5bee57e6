"""Each single change of what a server says is told, or is on a list that says why it is not.

That is shown in two steps, since every description becomes one form. A change of a description
changes that form, unless it is on the list of the description; and a change of that form is told by
``check --against``. The descriptions are of a small board with something of everything.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest
from audit.imx_sm_tree import CONFIG, write
from audit.test_hvisor_json import ROOT, ZONES
from audit.test_trace import CLOCK, exchange, le
from mutated_board import build, model, written_out
from mutations import TextMutation, line_mutations, mutations, spread
from server_running import Running
from turns import only

from scmigen.audit.registry import find
from scmigen.checks import against
from scmigen.client import Client
from scmigen.client.dump import dump
from scmigen.diagnostics import InputError
from scmigen.runtime import Numbering, decode, decode_served, encode_served, served_of
from scmigen.runtime.words import ConfigurationError
from scmigen.targets.runtime.configuration import to_runtime

_ORDER = "the order, and what is said twice"
_UNSAID = "what is not said is not known"
_NO_MESSAGE = "no message carries it"
_ORIGIN = "where it is from: nothing depends on it"
_NOW = "what holds now, not from the start"
_NUMBER = "a number of the server's own, of which nothing else is said"
#: What is not compared, by form: where, and why. docs/reference/audit.md says the same in words.
NOT_COMPARED: Mapping[str, Mapping[str, str]] = {
    "runtime": {
        r"(devices\[\]\.)?name .*": _NO_MESSAGE,
        r".*\.(source|labels(\[\])?|macro|assumed(\[\])?) .*": _ORIGIN,
        r".*\.(readings(\[\])*|period|noise) .*": "what the bundled server simulates",
        r"devices\[\](\.assignable|\.resources)\[\] swapped": _ORDER,
        r".*\.(operations|by_hand)\[\] (twice|swapped)": _ORDER,
        r".*\.cells\[\] twice": "cells behind those of a resource are flags",
        r".*(transport(\.\w+)?|voltage) gone": _UNSAID,
        r"agents\[\]\.system_power_told .*": "who sets the power of the system is told of it",
        r"devices\[\]\.resources\[\]\.operations(\[\])? gone": "all that is granted, said or not",
        r"powercaps\[\](\.id)? .*": _NUMBER,
    },
    "grants": {
        r".* gone": _UNSAID,
        r"(devices\[\]\.)?name .*": _NO_MESSAGE,
        r".* (twice|swapped)": _ORDER,
        r"devices\[\]\.(source|labels)(\[\])? .*": _ORIGIN,
        r".*\.frequency changed": "less than a kHz: messages carry kHz",
        r".*\.(resource|id) changed": _NUMBER,
        r"all_devices changed": "whether there are more devices than those that are said",
    },
    "dump": {
        r"implementation_version gone|sub_vendor gone|.*\.refused(\[\])? gone": _UNSAID,
        r".*\.(enabled|state|rate|level|maximum|minimum|reading)(\[\])? .*": _NOW,
        r"clock\[\]\.parent .*": _NOW,
        r"\w+\[\] swapped|.*\.(may|refused)\[\] (twice|swapped)": _ORDER,
        r".*\.refused\[\] changed": _UNSAID,
        r"protocols\..*": "the version of a protocol",
        r"performance\[\]\.levels\[\]\[\] .*": "a power, of which a dump has no unit; an index",
    },
    "hvisor": {
        r".*\.(addr|img|memory_region.*|type) .*": "what is no SCMI",
        r"zones\[\]\.devices\[\] (gone|twice|swapped)": "what is no SCMI",
    },
    "imx-sm": {
        r".* line": _ORDER + "; a definition that no line uses",
        r"LM\d (boot|did|name|rpc|word)": "logical machines",
        r"(MAKE|include) .*": "how it is built, and where resources are read",
        r"OWNER (api|perm|word)": "a definition that no line uses; who may use the hardware itself",
    },
    "trace": {
        r".* (ch|word)": "the channel",
        r".* (s|pyld|seq)": "the status of a command, and what a reply says besides its status",
        r".* (line|id|pt|msg_id|t)": "what is twice, and what there is not",
    },
}


def read_(form: str, path: Path, file: Path) -> Callable[[bytes], Any]:
    """The one form that a description at ``path`` becomes, with what is wrong with it, when
    ``file`` has certain content. Places are left out: they follow the lines."""

    def read(data: bytes) -> Any:
        file.write_bytes(data)
        try:
            audit = find(form).read(path)
        except InputError as problem:
            return [item.message for item in problem.diagnostics]
        told = sorted(re.sub(r"\d+", "N", item.message) for item in audit.diagnostics)
        return _unplaced(json.loads(encode_served(audit.served))), told

    return read


def _unplaced(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unplaced(each) for key, each in value.items() if key != "source"}
    return [_unplaced(each) for each in value] if isinstance(value, list) else value


def check(form: str, changes: Iterable[tuple[str, str, bool]], least: int) -> None:
    """``changes``: where each is, what it is, and whether it is told. All that is silent is on the
    list, and all that is on the list is silent."""
    silent: dict[str, list[str]] = defaultdict(list)
    count = 0
    for pattern, what, told in changes:
        count += 1
        if not told:
            silent[pattern].append(what)
    listed = NOT_COMPARED[form]
    unlisted = {
        pattern: whats
        for pattern, whats in silent.items()
        if not any(re.fullmatch(each, pattern) for each in listed)
    }
    assert unlisted == {}
    for each in listed:
        assert any(re.fullmatch(each, pattern) for pattern in silent), each
    assert count > least


FORMS = [("runtime", 4, 600), ("grants", 4, 600), ("runtime", 1, 2000), ("grants", 1, 2000)]


@pytest.mark.parametrize(("form", "share", "least"), only(FORMS[:2], FORMS))
def test_what_changes_in_the_one_form_is_told(form: str, share: int, least: int) -> None:
    """By default one in ``share`` of the changes of each field."""
    board = model()
    made = build(board)
    configuration = made(board.platforms[0])
    if form == "runtime":
        document = written_out(configuration)
    else:
        document = json.loads(encode_served(served_of(configuration)))

    def told(document: Any) -> set[tuple[str, str]] | None:
        data = msgspec.json.encode(document)
        try:
            server = decode_served(data) if form == "grants" else served_of(decode(data))
        except ConfigurationError:
            return None
        found = against.compare(board, server, "x", build=made)
        return {
            (item.id, f"{item.message} {[each.message for each in item.related]}") for item in found
        }

    assert told(document) == set()
    check(
        form,
        (
            (each.pattern, each.what, told(each.document) != set())
            for each in spread(mutations(document), share)
            if form == "grants" or not same(document, each.document)
        ),
        least,
    )


def test_numbers_of_the_agents_own_are_told() -> None:
    """What a server with shared numbers says of a number of others is another status."""
    board = model(numbering=Numbering.PER_AGENT)
    made = build(board)
    configuration = made(board.platforms[0])
    assert configuration.numbering is Numbering.PER_AGENT
    shared = msgspec.structs.replace(configuration, numbering=Numbering.SHARED)
    assert against.compare(board, configuration, "x", build=made) == ()
    (found,) = against.compare(board, shared, "x", build=made)
    assert found.message == "at the server, numbering is shared; in a build, per-agent"


def same(one: Any, other: Any) -> bool:
    """Whether a configuration means the same with a field that is left out."""
    try:
        return written_out(decode(msgspec.json.encode(other))) == one
    except ConfigurationError:
        return False


def of_json(read: Callable[[bytes], Any], document: Any) -> Iterator[tuple[str, str, bool]]:
    before = read(msgspec.json.encode(document))
    assert isinstance(before, tuple), before
    for each in mutations(document):
        yield each.pattern, each.what, read(msgspec.json.encode(each.document)) != before


def test_a_dump_of_a_live_server(tmp_path: Path) -> None:
    configuration = to_runtime(model().platforms[0])
    url = f"unix:{tmp_path / 'linux.sock'}"
    with Running(configuration, {"linux": url}).running(), Client(url, timeout=20) as client:
        document = json.loads(json.dumps(dump(client)))
    path = tmp_path / "linux.json"
    check("dump", of_json(read_("dump", path, path), document), 400)


def test_zones_of_hvisor(tmp_path: Path) -> None:
    (tmp_path / "zone0.dts").write_text(ROOT)
    path = tmp_path / "zones.json"
    check("hvisor", of_json(read_("hvisor", path, path), ZONES), 80)


def of_text(
    read: Callable[[bytes], Any], text: str, changes: Iterable[TextMutation]
) -> Iterator[tuple[str, str, bool]]:
    before = read(text.encode())
    assert isinstance(before, tuple), before
    for each in changes:
        if each.text != text:
            yield each.field, each.what, read(each.text.encode()) != before


def test_a_configuration_of_imx_sm(tmp_path: Path) -> None:
    path = write(tmp_path)
    changes = line_mutations(CONFIG)
    check("imx-sm", of_text(read_("imx-sm", path, path), CONFIG, changes), 250)


def test_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "linux.trace"
    text = exchange(CLOCK, 0x6, le(5), 0, le(48_000_000) + le(0), 1)
    text += exchange(CLOCK, 0x5, le(0) + le(5) + le(100) + le(0), -3, "", 2)
    text += exchange(0x11, 0x4, le(0) + le(3) + le(0x4000_0000), 0, "", 3)
    text += exchange(0x16, 0x4, le(2) + le(1) + le(0), 0, "", 4)
    changes = line_mutations(text, r"(?<==)-?[A-Za-z0-9]+|(?<= )[a-z_]+(?==)")
    check("trace", of_text(read_("trace", path, path), text, changes), 150)
