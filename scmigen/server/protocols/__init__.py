"""The protocols: a module for each, named as in `Protocol`, with a table of message id → handler
and its functions."""

from collections.abc import Mapping
from importlib import import_module

from scmigen.hints import Final
from scmigen.scmi.protocols import Protocol
from scmigen.server.protocols.handler import Handler, RequestError, Served

__all__ = ["SERVED", "Handler", "RequestError", "Served"]


def _served(protocol: Protocol) -> Served:
    found = import_module(f"{__name__}.{protocol.name.lower()}").SERVED
    assert isinstance(found, Served)
    return found


#: The protocols this server has, and what answers their messages.
SERVED: Final[Mapping[Protocol, Served]] = {protocol: _served(protocol) for protocol in Protocol}
