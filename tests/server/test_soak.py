"""A server process with every transport at once: honest agents are answered all the time, whatever
hostile peers, killed clients and reloads there are, and what it holds does not grow.

    SCMIGEN_SOAK=1800 python -m pytest -m slow tests/server/test_soak.py -s

is half an hour; it prints what it has counted. The default is `SECONDS`.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from statistics import median

import pytest
from soak.honest import PATIENCE, Honest
from soak.platform import (
    AGENTS,
    FAST_ADDRESS,
    FAST_SIZE,
    HOSTILE,
    URLS,
    broken,
    configuration,
    urls,
)
from soak.process import Process, Sample

from scmigen.server.log import BURST, LONGEST, REFUSALS

SECONDS = float(os.environ.get("SCMIGEN_SOAK", "20"))
#: Reloads after which memory is on its plateau, and how many there are in all at least.
WARM_UP, RELOADS = 20, 60
#: Each this many reloads of the warm-up the server stands still for so many seconds, as a busy
#: machine has it now and then: what peers sent meanwhile is the most that it ever holds.
HALTS, HALT = 4, 1.5
TESTS = Path(__file__).parent.parent
#: How much more than on its plateau the server may hold in the end.
GROWTH = 0.01


@contextmanager
def serving(folder: Path) -> Iterator[Process]:
    """The server, as people start it."""
    runtime = folder / "runtime.json"
    runtime.write_bytes(configuration())
    listen = [word for name, url in urls(folder).items() for word in ("--listen", f"{name}={url}")]
    command = [sys.executable, "-m", "scmigen", "serve", str(runtime), *listen]
    for agent in ("fast", f"{HOSTILE}fast"):
        memory = f"{folder}/{agent}.channels:{FAST_ADDRESS:#x}:{FAST_SIZE:#x}"
        command += ["--fastchannel", f"{agent}={memory}"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            server = Process(process, folder / "log")
            server.until_logged("ready")
            yield server
        finally:
            process.kill()
            process.wait()


class Hostile(threading.Thread):
    """Hostile processes at one transport, one after the other, each killed at its work."""

    def __init__(self, transport: str, folder: Path, stop: threading.Event) -> None:
        super().__init__(name=f"{HOSTILE}{transport}")
        self.arguments, self.stop = (transport, str(folder)), stop
        self.counts = folder / f"{self.name}.sent"
        self.killed = 0

    def run(self) -> None:
        random = Random(self.name)
        while not self.stop.is_set():
            command = [sys.executable, "-m", "soak.hostile", *self.arguments, str(self.killed)]
            with subprocess.Popen(command, cwd=TESTS) as process:
                self.stop.wait(1 + 4 * random.random())
                process.kill()
            self.killed += 1
            assert process.returncode == -signal.SIGKILL


def reload(server: Process, folder: Path, random: Random, number: int) -> None:
    """The same configuration, another one, or none; and wait for what the log says of it."""
    data = (configuration(), configuration(number), broken(random))[number % 3]
    (folder / "runtime.json").write_bytes(data)
    before = server.reloads()
    server.process.send_signal(signal.SIGHUP)
    server.until(lambda: server.reloads() > before, "a reload was not answered")


def soak(server: Process, folder: Path) -> list[Sample]:
    """Reload until the time is over; a sample behind each."""
    random, samples = Random(7), []
    pause = min(5.0, SECONDS / (RELOADS + 20))
    end = time.monotonic() + SECONDS
    while time.monotonic() < end or len(samples) < RELOADS:
        reload(server, folder, random, len(samples))
        time.sleep(pause)
        samples.append(server.sample())
        assert server.process.poll() is None, server.end_of_log()
        if len(samples) < WARM_UP and len(samples) % HALTS == 0:
            server.process.send_signal(signal.SIGSTOP)
            time.sleep(HALT)
            server.process.send_signal(signal.SIGCONT)
    return samples


@pytest.mark.slow
def test_soak(tmp_path: Path) -> None:
    stop = threading.Event()
    with serving(tmp_path) as server:
        idle = server.sample()
        honest = [Honest(name, tmp_path, stop) for name in URLS]
        hostile = [Hostile(name, tmp_path, stop) for name in URLS]
        for peer in (*honest, *hostile):
            peer.start()
        try:
            samples = soak(server, tmp_path)
        finally:
            stop.set()
            for peer in (*honest, *hostile):
                peer.join(2 * PATIENCE)
        assert not [peer.name for peer in (*honest, *hostile) if peer.is_alive()]
        report(honest, hostile, samples)
        check_answers(honest)
        check_followers(tmp_path)
        check_held(server, samples, idle)
        check_log(server, len(samples))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0
        assert not [path.name for path in tmp_path.iterdir() if path.is_socket()]


def report(honest: list[Honest], hostile: list[Hostile], samples: list[Sample]) -> None:
    for peer in honest:
        print(f"{peer.name:10} {peer.answers:9} answers, longest {1000 * peer.longest:.0f} ms")
    for foe in hostile:
        sent = [int(line) for line in foe.counts.read_text().split()]
        print(f"{foe.name:10} {sum(sent):9} messages in {len(sent)} sessions, {foe.killed} killed")
    print(f"{len(samples)} reloads; resident, data, files, threads:")
    for at in (0, WARM_UP, len(samples) // 2, -1):
        print(f"  {samples[at]}")
    most = 0
    for number, sample in enumerate(samples):
        if sample.resident > most + 32768:
            most = sample.resident
            print(f"  {most} bytes at reload {number}")
    later = [sample.resident for sample in samples[WARM_UP:]]
    size = max(1, len(later) // 4)
    parts = [int(median(later[at : at + size])) for at in range(0, 4 * size, size)]
    print(f"median resident of each quarter after {WARM_UP} reloads: {parts}")


def check_answers(honest: list[Honest]) -> None:
    """Every honest agent got the right answers until the end."""
    for peer in honest:
        if peer.failure is not None:
            raise peer.failure
        assert peer.answers > 10


def check_followers(folder: Path) -> None:
    """Whatever hostile peers have done, the next client of their agents is served."""
    for transport in URLS:
        follower = Honest(transport, folder, threading.Event(), f"{HOSTILE}{transport}")
        follower.once()


def check_held(server: Process, samples: list[Sample], idle: Sample) -> None:
    """Memory has been flat since the first reloads, and so have been files and threads.

    A sample may be taken while queues are full, so medians are compared.
    """
    later = samples[WARM_UP:]
    part = len(later) // 4
    plateau, end = later[:part], later[-part:]
    for what in ("resident", "data"):
        before = median(getattr(sample, what) for sample in plateau)
        after = median(getattr(sample, what) for sample in end)
        assert after <= before * (1 + GROWTH), f"{what}: {before} to {after} bytes"
    # At most one thread for the doorbells of each agent.
    assert max(sample.threads for sample in samples) <= 1 + len(AGENTS)
    # All clients are gone, and have left nothing.
    server.until(lambda: server.sample().files <= idle.files, f"more files than {idle}")


def check_log(server: Process, reloads: int) -> None:
    """No fault of the server's own, and no more lines than it is meant to write."""
    text = server.log.read_text(errors="replace")
    for word in ("ERROR", "internal error", "Traceback"):
        assert word not in text, text[text.index(word) - 500 :][:2000]
    # What test_log.py computes for a day, and the counts of suppressed lines at each reload.
    allowed = (REFUSALS + 1) * (BURST + LONGEST) + (REFUSALS / 5 + 50) * SECONDS
    allowed += reloads * (REFUSALS + 1) * 100
    assert len(text) < len(AGENTS) * allowed
