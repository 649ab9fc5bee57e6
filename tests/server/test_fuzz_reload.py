"""Damaged configurations for a server that runs: each is served, or refused with a sentence while
the one before it is served on; never an exception, and no agent goes unanswered.

    SCMIGEN_FUZZ=10000 python -m pytest tests/server/test_fuzz_reload.py

tries that many; SCMIGEN_FUZZ_FROM=N starts at another one. A case is its number, but also what was
served before it.
"""

import json
import os
import re
import socket
from random import Random

import pytest
from scmi_messages import a_change
from scmi_wire import BASE, request
from server_reloading import Reloading, serve
from text_damage import damaged_data, damaged_file

from scmigen import runtime
from scmigen.server.simulator import Simulator

CASES = int(os.environ.get("SCMIGEN_FUZZ", "60"))
FIRST = int(os.environ.get("SCMIGEN_FUZZ_FROM", "0"))
VERSION = request(BASE, 0)
NAMES = ("linux", "vm1")
#: What a Python exception looks like in the log.
EXCEPTION = re.compile(r"^ERROR|\b[A-Z]\w*(Error|Exception|Exit): ")


def damaged(random, data, text, words):
    """A configuration after a few changes, as data or as text."""
    if random.random() < 0.2:
        return text.encode()
    if random.random() < 0.8:
        return json.dumps(damaged_data(random, data, words)).encode("utf-8", "surrogatepass")
    return damaged_file(random, text, text, words)


def answered(reloading, name):
    """Whether the agent is answered, after it has connected again where it was disconnected."""
    loop = reloading.service.loop
    for _ in range(100):
        client = reloading.clients[name]
        client.setblocking(False)
        try:
            client.send(VERSION)
            loop.later(1000, lambda: None)
            loop.turn()
            frame = client.recv(200)
        except BlockingIOError:
            continue
        except OSError:
            frame = b""
        if frame[:4] == VERSION[:4]:
            return True
        if not frame:
            client.close()
            client = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            client.connect(str(reloading.path.with_name(name)))
            reloading.clients[name] = client
            loop.turn()
    return False


def one(reloading, content, random):
    """Reload, and see that all are served; whether the configuration was taken."""
    before = reloading.service.server.configuration
    reloading.log.clear()
    reloading.path.write_bytes(content)
    reloading.reload()
    taken = reloading.service.server.configuration is not before
    told = [line for line in reloading.log if line.startswith("reload")]
    assert len(told) == 1
    assert taken == (told[0] == "reloaded")
    assert taken or told[0].endswith("; still serving the old configuration")
    for name in NAMES:
        for _ in range(5):
            reloading.service.server.agent(name).handle(a_change(random))
        assert answered(reloading, name), f"{name} is not answered"
    assert not [line for line in reloading.log if EXCEPTION.search(line)]
    return taken


def words_of(value):
    """Keys and texts of a configuration."""
    if isinstance(value, dict):
        return {*value, *(word for inner in value.values() for word in words_of(inner))}
    if isinstance(value, list):
        return {word for inner in value for word in words_of(inner)}
    return {value} if isinstance(value, str) else set()


@pytest.mark.parametrize("profile", ["3.2", "vm1=2.0"])
def test_a_damaged_configuration_is_served_or_refused(monkeypatch, tmp_path, full_board, profile):
    monkeypatch.setattr(serve, "_tidy", lambda: None)  # it would go through what pytest has, too
    text = runtime.encode(full_board).decode()
    data = json.loads(text)
    words = sorted(words_of(data))
    reloading = Reloading(tmp_path, full_board, Simulator(), profile)
    taken = 0
    try:
        for number in range(FIRST, FIRST + CASES // 2):
            random = Random(number)
            try:
                taken += one(reloading, damaged(random, data, text, words), random)
            except BaseException as problem:
                problem.add_note(f"case {number}")
                raise
    finally:
        reloading.close()
    assert CASES // 2 * 0.05 < taken < CASES // 2 * 0.9
