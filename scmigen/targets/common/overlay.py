"""Edits of the board's tree, to include behind its source and as an overlay of its blob."""

from collections.abc import Iterator, Sequence

from scmigen.devicetree.edit_text import blocks
from scmigen.devicetree.edits import Edit, deletes, labelled, reachable
from scmigen.model.platform import Platform
from scmigen.targets.common.ctext import notice, plain
from scmigen.targets.common.files import File
from scmigen.targets.common.names import board_name
from scmigen.targets.common.notice import NoticeOptions
from scmigen.targets.common.templates import render


def overlay(
    platform: Platform, name: str, about: str, edits: Sequence[Edit], options: NoticeOptions
) -> Iterator[File]:
    """``NAME.dtsi``, and ``NAME.dtso`` where an overlay can say it: it refers to labels, and its
    paths are looked up by name.

    ``about`` is a sentence for the head of the files.
    """
    tree = platform.inventory.tree
    is_overlay = not deletes(edits) and labelled(tree, edits) and reachable(tree, edits)
    for plugin in (False, True)[: 1 + is_overlay]:
        text = render(
            "overlay/overlay.dtsi.j2",
            plugin=plugin,
            overlay=is_overlay,
            name=name,
            about=plain(about),
            board=plain(board_name(platform)),
            blocks=blocks(tree, edits),
            license=options.license,
            copyright=None if options.copyright is None else notice(options.copyright, " * "),
        )
        yield File(f"{name}.dtso" if plugin else f"{name}.dtsi", text)
