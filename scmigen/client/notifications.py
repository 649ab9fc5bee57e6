"""Notifications: subscribing to everything a platform offers."""

from collections.abc import Iterator
from difflib import get_close_matches

from scmigen.client.channel import ClientError, ScmiError
from scmigen.client.commands import Client
from scmigen.hints import Final
from scmigen.scmi.protocols import KIND_OF, Protocol

#: The NOTIFY messages of each resource, with the words after its id.
_OF_RESOURCES: Final[dict[Protocol, dict[int, tuple[int, ...]]]] = {
    Protocol.POWER: {0x6: (1,), 0x7: (1,)},
    Protocol.PERFORMANCE: {0x9: (1,), 0xA: (1,)},
    Protocol.CLOCK: {0x9: (1,), 0xA: (1,)},
    Protocol.SENSOR: {0x4: (1,), 0xB: (1,)},
    Protocol.RESET: {0x5: (1,)},
    Protocol.POWERCAP: {0xA: (1,), 0xB: (1, 0, 0)},
}
#: The NOTIFY messages that name no resource.
_OF_PROTOCOLS: Final[dict[Protocol, int]] = {Protocol.BASE: 0x8, Protocol.SYSTEM: 0x5}


def subscribe(client: Client, protocols: tuple[str, ...] = ()) -> int:
    """Subscribe to every notification of these protocols (of all, by default) that the platform
    grants; returns how many it granted. Raises `ClientError`, also where that is none, and
    `ValueError` for a word that is no protocol with notifications."""
    known = [protocol.name.lower() for protocol in (*_OF_PROTOCOLS, *_OF_RESOURCES)]
    for word in protocols:
        if word not in known:
            near = get_close_matches(word, known, 1)
            hint = f"did you mean {near[0]}?" if near else f"known: {', '.join(sorted(known))}"
            raise ValueError(f"{word!r} is not a protocol with notifications; {hint}")
    granted = 0
    for protocol, message, words in _requests(client, protocols):
        try:
            client.call(protocol, message, *words)
            granted += 1
        except ScmiError:
            continue
    if not granted:
        whose = f" of {', '.join(protocols)}" if protocols else ""
        raise ClientError(f"{client.url}: the platform grants no notifications{whose}")
    return granted


def _requests(
    client: Client, protocols: tuple[str, ...]
) -> Iterator[tuple[Protocol, int, tuple[int, ...]]]:
    for number in (int(Protocol.BASE), *client.protocols()):
        if number not in tuple(Protocol):
            continue
        protocol = Protocol(number)
        if protocols and protocol.name.lower() not in protocols:
            continue
        if protocol in _OF_PROTOCOLS:
            yield protocol, _OF_PROTOCOLS[protocol], (1,)
        elif protocol in KIND_OF and protocol in _OF_RESOURCES:
            for own in range(client.count(protocol)):
                for message, words in _OF_RESOURCES[protocol].items():
                    yield protocol, message, (own, *words)
