"""What each diagnostic of this room is about, for ``scmigen explain``."""

from collections.abc import Mapping

from scmigen.diagnostics import Explanation

ABOUT: Mapping[str, Explanation] = {
    "dtb-malformed": Explanation(
        "The bytes are no device tree blob, or its header, structure or strings contradict it.",
        "Make the blob anew with dtc or scmigen convert.",
    ),
    "dts-depth": Explanation(
        "Nodes are nested deeper than Linux takes (64).",
        "Look for a brace that is not closed.",
    ),
    "dts-duplicate": Explanation(
        "A label, node or property is there twice where it may be there once.",
        "Rename one of the two, or drop it.",
    ),
    "dts-encoding": Explanation(
        "The source is not UTF-8 text.",
        "Save it as UTF-8.",
    ),
    "dts-include": Explanation(
        "A file that the source includes is not found or cannot be read.",
        "Say with -I where includes are.",
    ),
    "dts-label": Explanation(
        "A label stands on two nodes, or names what it cannot.",
        "Give each node a label of its own.",
    ),
    "dts-name": Explanation(
        "A node or property has a name that the specification does not allow.",
        "Use letters, digits and , . _ + - ? # in at most 31 characters.",
    ),
    "dts-phandle": Explanation(
        "A phandle is no valid number, or two nodes have the same.",
        "Leave phandles out; they are given to every node that is referred to.",
    ),
    "dts-preprocess": Explanation(
        "The preprocessor could not read the source.",
        "Mend the directive; -D gives macros, -I folders.",
    ),
    "dts-reference": Explanation(
        "The source refers to a label or path that is no node.",
        "Mend the name, or include the file that has the node.",
    ),
    "dts-syntax": Explanation(
        "The text is no device tree source.",
        "The caret stands under what was not expected.",
    ),
    "dts-truncated": Explanation(
        "A number has more bits than its place; the upper ones are cut off.",
        "Write a smaller number, or /bits/ 64.",
    ),
    "dts-value": Explanation(
        "An expression has no value: a division by zero, or a number out of range.",
        "Mend the expression.",
    ),
    "file-unreadable": Explanation(
        "A file cannot be read or written.",
        "Check its name and its permissions.",
    ),
    "overlay-base": Explanation(
        "The board that overlays are laid over is itself an overlay, or has no symbols.",
        "Name a base board first; make a blob's symbols with dtc -@.",
    ),
    "overlay-label": Explanation(
        "An overlay refers to a label that the board does not have.",
        "Mend the label, or make the board with dtc -@.",
    ),
    "overlay-malformed": Explanation(
        "The overlay's fragments or fix-ups cannot be read.",
        "Make the overlay anew with dtc -@.",
    ),
    "overlay-target": Explanation(
        "A fragment of the overlay has no target in the board.",
        "Mend target or target-path.",
    ),
}
