"""The findings that several modules of this package report; others are beside their code."""

from scmigen.diagnostics import Finding

DTB_MALFORMED = Finding(
    "dtb-malformed",
    "The file is not a device tree blob, or its header, structure or strings are inconsistent.",
    "Build the blob again with dtc or scmigen convert.",
    switchable=False,
)
DTS_ENCODING = Finding(
    "dts-encoding",
    "The source is not UTF-8 text.",
    "Save it as UTF-8.",
    switchable=False,
)
DTS_LABEL = Finding(
    "dts-label",
    "Two nodes have the same label, or one has too many labels.",
    "Give each node a label of its own.",
    switchable=False,
)
DTS_PHANDLE = Finding(
    "dts-phandle",
    "A phandle is not a valid number, or two nodes have the same one.",
    "Leave phandles out; every node that is referred to gets one.",
    switchable=False,
)
DTS_REFERENCE = Finding(
    "dts-reference",
    "The source refers to a label or path that does not exist.",
    "Correct the name, or include the file that defines the node.",
    switchable=False,
)
DTS_SYNTAX = Finding(
    "dts-syntax",
    "The text is not valid device tree source.",
    "The caret marks what was not expected.",
    switchable=False,
)
