"""The reference server: one SCMI platform for several agents, from its runtime configuration.

A message passes through the server in one direction: a transport (`transports`) receives a complete
message of one agent, `agent.Agent` checks it and finds the handler, a module in `protocols` answers
it, and `state` changes. Only `transports` knows sockets; everything else takes bytes and returns
bytes, and can be tested that way. Nothing here knows device trees or the compiler.
"""

from scmigen.server.agent import Agent
from scmigen.server.core import Server
from scmigen.server.session import Refusal

__all__ = ["Agent", "Refusal", "Server"]
