"""Whose the emitted C is: options of the outputs that have some."""

from __future__ import annotations  # evaluated where somebody gives an option

from scmigen.hints import Annotated
from scmigen.targets.base import Meta, Options

_LICENSE = r"[A-Za-z0-9][A-Za-z0-9.+:-]*(?: (?:AND|OR|WITH) [A-Za-z0-9][A-Za-z0-9.+:-]*)*"


class NoticeOptions(Options):
    """Base of the options of an output in C.

    ``copyright``: the line of that name in every file. ``license``: the expression of
    SPDX-License-Identifier.
    """

    copyright: (
        Annotated[
            str,
            Meta(
                pattern=r"(?!.*[\x00-\x1f\x7f])\S.*",
                max_length=400,
                description="one line: Copyright (c) 2026, Acme. All rights reserved.",
            ),
        ]
        | None
    ) = None
    license: Annotated[
        str,
        Meta(
            pattern=_LICENSE,
            max_length=100,
            description="an expression of SPDX: BSD-3-Clause",
        ),
    ] = "BSD-3-Clause"
