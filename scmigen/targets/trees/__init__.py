"""Clock, power and regulator trees as pictures (SVG) and as graphs (DOT, Mermaid)."""

from collections.abc import Iterator

from scmigen.bindings.board import model_of
from scmigen.escape import dot, mermaid
from scmigen.model.platform import Platform
from scmigen.scmi.protocols import Kind
from scmigen.targets.base import NoOptions, Target
from scmigen.targets.common.files import File
from scmigen.targets.common.forest import TreeNode, forest
from scmigen.targets.common.templates import render
from scmigen.targets.trees.svg import picture

#: The kinds that have a tree, and what a file of it is called.
FILES = {Kind.CLOCK: "clocks", Kind.POWER: "power-domains", Kind.VOLTAGE: "regulators"}


def _files(platform: Platform, _: NoOptions) -> Iterator[File]:
    board = model_of(platform.inventory.tree) or platform.name
    for kind, name in FILES.items():
        nodes = forest(platform, kind)
        title = f"{name.replace('-', ' ').capitalize()} of {board}"
        lines = [_lines(platform, node) for node in nodes]
        yield File(f"{name}.svg", picture(platform, nodes, title))
        yield File(
            f"{name}.dot",
            render(
                "trees/tree.dot.j2",
                title=dot(title),
                labels=["\\n".join(map(dot, each)) for each in lines],
                nodes=nodes,
            ),
        )
        yield File(
            f"{name}.mmd",
            render(
                "trees/tree.mmd.j2",
                # In one line: of several, Mermaid takes formulas and icons for what they are.
                labels=[mermaid(", ".join(each)) for each in lines],
                nodes=nodes,
            ),
        )


def _lines(platform: Platform, node: TreeNode) -> list[str]:
    """The label of a node: its name; its rates and who has it."""
    names = holders(platform, node)
    return [
        line for line in (node.name, ", ".join(filter(None, (node.value_text, *names)))) if line
    ]


def holders(platform: Platform, node: TreeNode) -> tuple[str, ...]:
    """The names of the agents that have a node's resource."""
    if node.resource is None:
        return ()
    grants = platform.holders(node.resource.key).values()
    return tuple(grant.agent.name for grant in sorted(grants, key=lambda g: g.agent.id))


TARGET = Target(
    name="trees",
    about="clock, power and regulator trees, as SVG, DOT and Mermaid",
    options=NoOptions,
    files=_files,
)
