"""The files of one agent: edits as source, and the tree with them."""

from collections.abc import Iterator

from scmigen.bindings.references import References
from scmigen.devicetree.edit_text import blocks
from scmigen.devicetree.edits import apply, deletes, labelled, reachable
from scmigen.devicetree.flatten import flatten
from scmigen.devicetree.text import to_text
from scmigen.model.platform import Platform
from scmigen.targets.common.ctext import notice, plain
from scmigen.targets.common.files import File
from scmigen.targets.common.names import board_name
from scmigen.targets.common.templates import render
from scmigen.targets.consumer.options import ConsumerOptions
from scmigen.targets.consumer.plan import Plan


def trees(platform: Platform, plan: Plan, options: ConsumerOptions) -> Iterator[File]:
    """The files of an agent. There is no overlay where edits take away what is there, refer to
    what has no label, or change what a path does not lead to for certain."""
    board = platform.inventory.tree
    name = plan.agent.name
    is_overlay = (
        not deletes(plan.edits) and labelled(board, plan.edits) and reachable(board, plan.edits)
    )
    context = {
        "blocks": blocks(board, plan.edits),
        "agent": plain(name),
        "board": plain(board_name(platform)),
        "overlay": is_overlay,
        "license": options.license,
        "copyright": None if options.copyright is None else notice(options.copyright, " * "),
    }
    yield File(f"{name}.dtsi", render("consumer/tree.dtsi.j2", plugin=False, **context))
    if is_overlay:
        yield File(f"{name}.dtso", render("consumer/tree.dtsi.j2", plugin=True, **context))
    tree = apply(board, plan.edits)
    text = to_text(tree, References(tree).starts)
    yield File(f"{name}.dts", render("consumer/tree.dts.j2", text=text, **context))
    yield File(f"{name}.dtb", flatten(tree))
