"""Reading a file of ``--topology``, whatever its form is.

The forms are those that running systems have: ``clk_summary`` of Linux, and lines of a path and a
value as ``grep`` prints them for the files of a debugfs. What is read is bounded (`Limits`); names
are any bytes.
"""

from itertools import islice

from scmigen.diagnostics import InputError
from scmigen.topology import paths, summary
from scmigen.topology.listing import LIMITS, Limits, Listing, check_depth, wrong

#: How many lines are looked at to find out what a file is.
_FIRST = 200


def read_listing(data: bytes, file: str, limits: Limits = LIMITS) -> Listing:
    """The clocks of a file. Raises `InputError` with the first line that is wrong."""
    if data.count(b"\n") > limits.lines:
        raise wrong(file, 0, f"the file has more than {limits.lines} lines")
    lines = data.decode("utf-8", "backslashreplace").replace("\r\n", "\n").split("\n")
    for number, line in enumerate(lines, 1):
        if len(line) > limits.characters:
            raise wrong(file, number, f"the line has more than {limits.characters} characters")
    first = list(islice(lines, _FIRST))
    if any(map(summary.is_header, first)):
        found = summary.read(lines, file, limits)
    elif any(paths.is_entry(line) for line in first):
        found = paths.read(lines, file, limits)
    else:
        raise _of_no_form(file)
    check_depth(found, limits)
    return found


def _of_no_form(file: str) -> InputError:
    return wrong(
        file,
        1,
        "this is neither clk_summary, with its header, nor lines of a path and a value",
        "cat /sys/kernel/debug/clk/clk_summary makes such a file; so does scmigen client URL clock "
        "topology",
    )
