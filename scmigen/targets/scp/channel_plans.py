"""The channels of a product as they are wanted: those of the tree, and those of the options."""

from collections.abc import Sequence

from scmigen.data import Data
from scmigen.diagnostics import Position
from scmigen.targets.scp.channel_options import ALL, ChannelOptions, settings
from scmigen.targets.scp.options import Setup
from scmigen.targets.scp.spaces import NamedAgent
from scmigen.targets.scp.tree_channels import TreeChannel, tree_channels


class Plan(Data, eq=False):
    """A channel of a product as it is wanted."""

    named: NamedAgent
    word: str
    said: ChannelOptions
    tree: TreeChannel | None
    position: Position | None

    @property
    def way(self) -> str:
        """The direction: A2P or P2A."""
        return self.word[:3].upper()

    @property
    def what(self) -> str:
        """What messages call it."""
        return f"channel {self.word} of {self.named.agent.name}"


def plans_of(setup: Setup, agents: Sequence[NamedAgent]) -> list[Plan]:
    """The channels of a product: those to the platform by agent, then those to agents."""
    found = []
    options = setup.options
    for named in agents:
        agent = named.agent
        tree = tree_channels(setup.platform, agent)
        own = [word for word in options.channels.get(agent.name, {}) if word != ALL]
        for word in dict.fromkeys(["a2p", *tree, *own]):
            said = settings(options.channels, agent.name, word)
            where = options.at("channels", agent.name, word) if word in own else None
            if not said.left_out:
                found.append(Plan(named, word, said, tree.get(word), where or agent.position))
    return sorted(found, key=lambda plan: plan.way)
