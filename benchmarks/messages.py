"""A million random and mutated messages: every answer has the right length, and memory stays flat.

    python benchmarks/messages.py [N] [--seed S] [--json FILE]

N messages (1,000,000 unless said), after 100,000 to warm up, to all agents of the board in tests/
that has something of everything, in both profiles, while time passes, agents come and go and take
their events. About nine in ten are messages that there are, with words that mean something; one in
ten has bits turned and is cut. Ends with an error at the first answer that is not as it must be, or
if the memory of the process has grown by more than 1 %. Takes about a minute.
"""

import argparse
import json
import os
import random
import struct
import sys
from collections import Counter
from pathlib import Path

from scmigen import runtime
from scmigen.scmi.protocols import VERSIONS, Profile
from scmigen.server import Agent, Server

TESTS = Path(__file__).parent.parent / "tests"
sys.path.insert(0, str(TESTS))

from scmi_shapes import COMMON, PROTOCOLS, REQUEST_WORDS, check, check_event  # noqa: E402

WARM_UP = 100_000
WORDS = [5, 7, 10, 20, 1000, 3000, 800_000, 850_000, 100_000_000, 200_000_000, 800_000_000]
WORDS += [1 << 2, 1 << 18, 0x4000_0000, 0x8000_0000, 0xFFFF_FFFF]
MESSAGES = [
    (protocol, message, size)
    for protocol in PROTOCOLS
    for message, size in (COMMON | REQUEST_WORDS[protocol]).items()
]


def resident() -> int:
    """Bytes of memory this process has."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def word(random_: random.Random) -> int:
    """The next word: mostly an id, a flag or a state."""
    kind = random_.random()
    if kind < 0.6:
        return random_.randrange(4)
    return random_.choice(WORDS) if kind < 0.95 else random_.getrandbits(32)


def message(random_: random.Random) -> bytes:
    """The next message."""
    protocol, number, size = random_.choice(MESSAGES)
    if random_.random() < 0.05:
        protocol, number = random_.randrange(0x0F, 0x1B), random_.randrange(0x12)
        size = random_.randrange(6)
    words = [word(random_) for _ in range(size)]
    head = number | protocol << 10 | random_.getrandbits(10) << 18
    sent = struct.pack(f"<{1 + size}I", head, *words)
    if random_.random() < 0.1:
        mutated = bytearray(sent)
        mutated[random_.randrange(len(mutated))] ^= 1 << random_.randrange(8)
        sent = bytes(mutated[: random_.randrange(len(mutated) + 1)])
    return sent


def answered(agent: Agent, sent: bytes) -> int | None:
    """The status of the answer, which must be as it may."""
    frames = agent.handle(sent)
    if agent.session.versions is not VERSIONS[Profile.V3_2]:
        assert len(frames) == (len(sent) >= 4)
        assert all(f[:4] == sent[:4] and 8 <= len(f) <= 136 and len(f) % 2 == 0 for f in frames)
        return int.from_bytes(frames[0][4:8], "little", signed=True) if frames else None
    status: int | None = check(sent, frames)
    return status


def main() -> None:
    """Run it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("count", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", type=Path, help="where the memory in MiB goes")
    arguments = parser.parse_args()
    now = [0]
    board = runtime.decode((TESTS / "server" / "full.json").read_bytes())
    servers = [Server(board, profile, now=lambda: now[0]) for profile in Profile]
    agents = [agent for server in servers for agent in server.agents.values()]
    random_ = random.Random(arguments.seed)
    statuses: Counter[int | None] = Counter()
    base = 0
    for number in range(arguments.count + WARM_UP):
        if number == WARM_UP:
            base = resident()
        agent = random_.choice(agents)
        statuses[answered(agent, message(random_))] += 1
        now[0] += random_.choice([0, 1000, 100_000])
        if number % 7 == 0:
            for server in servers:
                server.tick()
        if number % 50 == 0:
            for other in agents:
                for event in other.take_events():
                    if other.session.versions is VERSIONS[Profile.V3_2]:
                        check_event(event)
        if number % 5000 == 0:
            agent.disconnect()
    for status, times in sorted(statuses.items(), key=lambda item: -item[1]):
        print(f"{'no answer' if status is None else status:>9} {times:9}")
    memory = flat(base)
    if arguments.json:
        arguments.json.write_text(json.dumps([memory / (1 << 20)]))


def flat(base: int) -> int:
    """Bytes of memory now; ends with an error if that is more than 1 % above ``base``."""
    now = resident()
    grown = 100 * (now - base) / base
    print(f"memory {base / 1e6:.1f} MB, {grown:+.2f} %")
    if grown > 1:
        raise SystemExit("the memory has grown")
    return now


if __name__ == "__main__":
    main()
