"""The reference server: one SCMI platform for several agents, after its runtime configuration.

A message goes one way: a transport (`transports`) has a whole message of one agent, `agent.Agent`
checks it and finds the handler, a module of `protocols` answers, `state` changes. Only `transports`
knows sockets; everything else is bytes in, bytes out, and can be tested that way. Nothing here
knows device trees or the compiler.
"""

from scmigen.server.agent import Agent, Refusal
from scmigen.server.core import Server

__all__ = ["Agent", "Refusal", "Server"]
