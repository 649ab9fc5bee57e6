"""Findings about sources, blobs and overlays."""

from scmigen.diagnostics import Finding

DTB_MALFORMED = Finding(
    "dtb-malformed",
    "The bytes are no device tree blob, or its header, structure or strings contradict it.",
    "Make the blob anew with dtc or scmigen convert.",
    switchable=False,
)
DTS_DEPTH = Finding(
    "dts-depth",
    "Nodes are nested deeper than Linux takes (64).",
    "Look for a brace that is not closed.",
    switchable=False,
)
DTS_DUPLICATE = Finding(
    "dts-duplicate",
    "A label, node or property is there twice where it may be there once.",
    "Rename one of the two, or drop it.",
    switchable=False,
)
DTS_ENCODING = Finding(
    "dts-encoding",
    "The source is not UTF-8 text.",
    "Save it as UTF-8.",
    switchable=False,
)
DTS_INCLUDE = Finding(
    "dts-include",
    "A file that the source includes is not found or cannot be read.",
    "Say with -I where includes are.",
    switchable=False,
)
DTS_LABEL = Finding(
    "dts-label",
    "A label stands on two nodes, or names what it cannot.",
    "Give each node a label of its own.",
    switchable=False,
)
DTS_NAME = Finding(
    "dts-name",
    "A node or property has a name that the specification does not allow.",
    "Use letters, digits and , . _ + - ? # in at most 31 characters.",
    switchable=False,
)
DTS_PHANDLE = Finding(
    "dts-phandle",
    "A phandle is no valid number, or two nodes have the same.",
    "Leave phandles out; they are given to every node that is referred to.",
    switchable=False,
)
DTS_PREPROCESS = Finding(
    "dts-preprocess",
    "The preprocessor could not read the source.",
    "Mend the directive; -D gives macros, -I folders.",
    switchable=False,
)
DTS_REFERENCE = Finding(
    "dts-reference",
    "The source refers to a label or path that is no node.",
    "Mend the name, or include the file that has the node.",
    switchable=False,
)
DTS_SYNTAX = Finding(
    "dts-syntax",
    "The text is no device tree source.",
    "The caret stands under what was not expected.",
    switchable=False,
)
DTS_TRUNCATED = Finding(
    "dts-truncated",
    "A number has more bits than its place; the upper ones are cut off.",
    "Write a smaller number, or /bits/ 64.",
)
DTS_VALUE = Finding(
    "dts-value",
    "An expression has no value: a division by zero, or a number out of range.",
    "Mend the expression.",
    switchable=False,
)
FILE_UNREADABLE = Finding(
    "file-unreadable",
    "A file cannot be read or written.",
    "Check its name and its permissions.",
    switchable=False,
)
OVERLAY_BASE = Finding(
    "overlay-base",
    "The board that overlays are laid over is itself an overlay, or has no symbols.",
    "Name a base board first; make a blob's symbols with dtc -@.",
    switchable=False,
)
OVERLAY_LABEL = Finding(
    "overlay-label",
    "An overlay refers to a label that the board does not have.",
    "Mend the label, or make the board with dtc -@.",
    switchable=False,
)
OVERLAY_MALFORMED = Finding(
    "overlay-malformed",
    "The overlay's fragments or fix-ups cannot be read.",
    "Make the overlay anew with dtc -@.",
    switchable=False,
)
OVERLAY_TARGET = Finding(
    "overlay-target",
    "A fragment of the overlay has no target in the board.",
    "Mend target or target-path.",
    switchable=False,
)
