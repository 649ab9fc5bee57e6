"""Whether each channel of a product has a mailbox and a doorbell of its own."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from scmigen.diagnostics import Diagnostic, Finding, Related, Severity
from scmigen.targets.scp.channel_plans import Plan
from scmigen.targets.scp.channels import Channel, Mailbox
from scmigen.tuples import NamedTuple

SCP_MAILBOX = Finding(
    "scp-mailbox",
    "An agent's mailbox has no place in memory, or no doorbell of its own.",
    "Give the transport of the agent a shmem node with reg that the CPU can reach.",
)


class _Placed(NamedTuple):
    """A channel that has a mailbox."""

    plan: Plan
    box: Mailbox

    @property
    def bell(self) -> tuple[str, str]:
        """The module of the doorbell, and the direction where that tells two of its slots apart.

        SCP-firmware's drivers for Arm's doorbells bind a slot once, whatever the direction.
        """
        return self.box.bell, "" if self.box.bell.startswith("mhu") else self.plan.way


def check_mailboxes(
    plans: Sequence[Plan], found: Sequence[Channel], constants: Mapping[str, int]
) -> Iterator[Diagnostic]:
    """Mailboxes and doorbells of two channels, and those that nothing says.

    ``constants``: enumerators of the product, so that they can be compared with numbers.
    """
    from scmigen.targets.scp.expressions import known_value  # no other firmware needs it

    placed = [
        _Placed(plan, channel.mailbox)
        for plan, channel in zip(plans, found, strict=True)
        if channel.mailbox is not None
    ]

    def value(text: str | None) -> int | str:
        return known_value(str(text), constants)

    yield from _twice(placed, value)
    yield from _unsaid(placed, value)
    yield from _elsewhere(placed)


def _twice(
    placed: Sequence[_Placed], value: Callable[[str | None], int | str]
) -> Iterator[Diagnostic]:
    """Two channels in one memory, or on one slot of a doorbell."""
    seen: dict[tuple[object, ...], _Placed] = {}
    for each in placed:
        box = each.box
        parts: dict[str, tuple[object, ...]] = {
            "doorbell": (*each.bell, value(box.index), value(box.slot))
        }
        if box.address is not None:
            parts = {"memory": (value(box.address),), **parts}
        for what, part in parts.items():
            first = seen.setdefault((what, *part), each)
            # A doorbell that one of them has because nothing says another is `_unsaid`.
            if first is each or (what == "doorbell" and first.box.said is not box.said):
                continue
            yield SCP_MAILBOX.error(
                f"{each.plan.what} has the {what} of the {first.plan.what}",
                each.plan.position,
                [Related(first.plan.what, first.plan.position)],
                "give each channel its own: memory, element or slot of the channel",
            )


def _unsaid(
    placed: Sequence[_Placed], value: Callable[[str | None], int | str]
) -> Iterator[Diagnostic]:
    """Doorbells that are element 0 because nothing says which, beside channels that name theirs.

    An error where one of those has the element, or one of a value that is not known.
    """
    for each in placed:
        box = each.box
        others = [other for other in placed if other.box.said and other.box.bell == box.bell]
        if box.said or not others:
            continue
        rivals = [
            other
            for other in others
            if other.bell == each.bell
            and value(other.box.slot) == value(box.slot)
            and (isinstance(value(other.box.index), str) or value(other.box.index) == 0)
        ]
        first = next(iter([*rivals, *others]))
        where = f"channels: {{{each.plan.named.agent.name}: {{{each.plan.word}: {{element: …}}}}}}"
        yield SCP_MAILBOX.at(
            Severity.ERROR if rivals else Severity.WARNING,
            f"nothing says which element of {box.bell} is the doorbell of {each.plan.what}: it "
            f"would be 0, and the {first.plan.what} has {first.box.index}",
            each.plan.position,
            [Related(first.plan.what, first.plan.position)],
            f"{where}, with the product's enumerator or a number; left-out: true there, if the "
            "firmware does not have this channel",
        )


def _elsewhere(placed: Sequence[_Placed]) -> Iterator[Diagnostic]:
    """A mailbox where the tree has it, beside one of the agent's where the options have it."""
    by_options = {each.plan.named.agent.id: each.plan for each in placed if each.box.placed}
    for plan, box in placed:
        first = by_options.get(plan.named.agent.id)
        in_memory = box.address is not None and not box.placed
        if first is not None and in_memory and plan.said.memory is None:
            yield SCP_MAILBOX.warning(
                f"the mailbox of {plan.what} is where agents see it, but that of the "
                f"{first.what} is where the options say",
                plan.position,
                [Related(first.what, first.position)],
                'if the firmware sees the memory elsewhere, memory: "= EXPRESSION" of the channel '
                'says where; else memory: "&LABEL" says that it does not',
            )
