"""The platform of the soak: at every transport an honest agent, and one of a hostile peer."""

import json
from pathlib import Path
from random import Random

#: Transport → the URL of an agent with that name at it, relative to the folder.
URLS = {
    "packet": "unix:{}",
    "stream": "unix-stream:{}",
    "datagram": "unix-dgram:{}",
    "memory": "smt:{}",
    "events": "smt:{},ring=eventfd",
    "memfd": "smt:memfd,doorbell={},ring=eventfd",
    "guest": "vhost-user:{}",
    "fast": "unix:{}",
}
#: The agents of hostile peers have the name of the transport with this in front.
HOSTILE = "x-"
AGENTS = (*URLS, *(HOSTILE + name for name in URLS))
FAST_ADDRESS, FAST_SIZE = 0x1000_0000, 0x10000
RATES = range(1000, 9001, 500)
LEVELS = (10, 20, 30)


def urls(folder: Path) -> dict[str, str]:
    """Agent → URL."""
    kinds = {name: URLS.get(name.removeprefix(HOSTILE), "unix:{}") for name in AGENTS}
    return {name: kind.format(folder / name) for name, kind in kinds.items()}


def configuration(changed: int = 0) -> bytes:
    """The runtime configuration: a clock, a power domain and a sensor for each agent, FastChannels
    for the two that use them. ``changed`` changes what hostile agents are granted."""
    agents, performance = [], []
    for number, name in enumerate(AGENTS):
        one = [{"id": 0, "resource": number, "operations": ["state", "rate", "read"]}]
        power = [{"id": 0, "resource": 0, "operations": ["state", "read"]}]
        sensor = [{"id": 0, "resource": 0, "operations": ["config", "read"]}]
        grants = {"clock": one, "power": power, "sensor": sensor}
        if name.startswith(HOSTILE) and (changed + number) % 3 == 0:
            del grants["sensor"]
        if name.removeprefix(HOSTILE) == "fast":
            operations = ["level", "limits", "read"]
            grants["performance"] = [
                {"id": 0, "resource": len(performance), "operations": operations}
            ]
            levels = [{"level": level, "frequency": 1000 * level} for level in LEVELS]
            performance.append(
                {"id": len(performance), "name": name, "node": "", "levels": levels}
                | {"fastchannels": True}
            )
        agents.append({"id": number + 1, "name": name, "role": "vm", "grants": grants})
    return json.dumps(
        {
            "format": "scmigen-runtime-1",
            "name": "soak",
            "agents": agents,
            "clocks": [
                {"id": number, "name": f"clock{number}", "node": "", "rates": [1000, 9000]}
                | {"rate": 1000, "step": 500}
                for number in range(len(AGENTS))
            ],
            "power_domains": [{"id": 0, "name": "shared", "node": ""}],
            "performance_domains": performance,
            "sensors": [
                {"id": 0, "name": "t", "node": "", "readings": [[1], [2]], "period": 100_000}
                | {"updates": True, "trip_points": 1}
            ],
        }
    ).encode()


def broken(random: Random) -> bytes:
    """What is no configuration of this platform."""
    whole = configuration()
    at = random.randrange(len(whole))
    return random.choice(
        (
            b"",
            b'{"format":"\xff"}',
            whole[:at],
            whole[:at] + bytes([random.randrange(256)]) * 2 + whole[at:],
            b"[" * 100_000,
            whole.replace(b'"packet"', b'"other"'),
            whole.replace(b'"resource": 1,', b'"resource": 999,'),
            whole.replace(b"scmigen-runtime-1", b"scmigen-runtime-9"),
        )
    )
