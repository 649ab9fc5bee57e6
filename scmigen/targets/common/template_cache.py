"""Keeps compiled templates between runs: compiling them takes longer than filling them in.

Python's reader of code may crash on damaged bytes, so it only gets what `scmigen.resources` trusts.
Jinja itself checks that a template was made from the same text by the same version of Python.
"""

from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from scmigen import resources
from scmigen.version import __version__


class KeptTemplates(BytecodeCache):
    """Jinja's interface for a cache, on files of this user."""

    def load_bytecode(self, bucket: Bucket) -> None:
        """Read a template that an earlier run kept."""
        code = resources.kept(_file(bucket))
        if code is not None:
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep a template for the next run."""
        resources.keep(_file(bucket), bucket.bytecode_to_string())


def _file(bucket: Bucket) -> str:
    return f"{__version__}.{bucket.key}.template"
