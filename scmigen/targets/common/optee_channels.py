"""The channels by which OP-TEE tells its agents apart."""

from scmigen.bindings.transports import OPTEE
from scmigen.model.platform import Platform


def optee_channels(platform: Platform) -> dict[int, int]:
    """The number of the channel that each agent speaks to OP-TEE on, by the agent's id.

    To OP-TEE's own server it is ``channel_id``. With SCP-firmware inside, a message on channel N
    goes to mailbox N (``optee_mbx_get_device``), so that it is the index of the mailbox. Agents
    that no source gives a number get the lowest free ones.
    """
    given = {
        agent.id: agent.transport.channel
        for agent in platform.agents
        if agent.transport is not None
        and agent.transport.type == OPTEE.word
        and agent.transport.channel is not None
    }
    used = set(given.values())
    free = (number for number in range(len(platform.agents)) if number not in used)
    waiting = sorted(agent.id for agent in platform.agents if agent.id not in given)
    return given | dict(zip(waiting, free, strict=False))
