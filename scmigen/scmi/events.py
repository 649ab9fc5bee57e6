"""What a platform sends later or unasked: delayed responses and notifications (DEN0056, chapter 4).
Their rows are in `specification`; the values of a delayed response are those after its status."""

from collections.abc import Mapping
from functools import cache

from scmigen.scmi.layouts import Message, newest
from scmigen.scmi.protocols import Protocol
from scmigen.scmi.specification import specification


def delayed_rows(protocol: Protocol) -> tuple[Message, ...]:
    """The delayed responses of ``protocol`` at all versions."""
    return specification(protocol).delayed


def notification_rows(protocol: Protocol) -> tuple[Message, ...]:
    """The notifications of ``protocol`` at all versions."""
    return specification(protocol).notifications


@cache
def delayed_responses(protocol: Protocol, version: int) -> Mapping[int, Message]:
    """The delayed responses of ``protocol`` at ``version``, by the id of their command."""
    return newest(delayed_rows(protocol), version)


@cache
def notifications(protocol: Protocol, version: int) -> Mapping[int, Message]:
    """The notifications of ``protocol`` at ``version``, by event id."""
    return newest(notification_rows(protocol), version)
