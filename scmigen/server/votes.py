"""What an agent reads of the state that votes decide.

An agent that may vote reads its own vote, unless it asked for the state of the platform
(``serve --state real``): one that read the votes of others would not cast its own, and lose the
resource with theirs. Linux switches on only what reads as off. Notifications are of the state.
"""

from scmigen.scmi.operations import Operation
from scmigen.server.session import Session
from scmigen.server.state import PerformanceDomain, Resource, Switch


def may_read(session: Session, resource: Resource, own: int) -> bool:
    """Whether the agent may read the state of a resource. One that may be given the resource, and
    does not hold it, knows no more than the tree says: the state at boot."""
    return Operation.READ in session.views[resource.kind].operations[own]


def reads_on(session: Session, resource: Switch, own: int) -> bool:
    """Whether the agent reads that a resource is on: it is, and not against the agent's vote."""
    if not may_read(session, resource, own):
        return resource.votes.at_boot
    return resource.on if session.reads_state else resource.is_on_for(session.id)


def limits_read(session: Session, domain: PerformanceDomain, own: int) -> tuple[int, int]:
    """The maximum and the minimum that the agent reads."""
    votes = Operation.LIMITS in session.views[domain.kind].operations[own]
    if votes and not session.reads_state:
        return domain.limits_of(session.id)
    return domain.maximum, domain.minimum
