"""Templates of a source tree: compiled when they are first used, and kept for later runs.

Python's reader of code may crash on damaged bytes, so it only gets what `scmigen.resources` trusts,
under a name that says which Python, which compiler and which text it was made of.
"""

import marshal
from collections.abc import Mapping
from hashlib import sha256
from importlib.util import MAGIC_NUMBER
from pathlib import Path

from scmigen import resources
from scmigen.hints import Any
from scmigen.targets.common.filling import Templates

_COMPILER = Path(__file__).with_name("template_compiler.py")


def compiled(folder: str) -> Templates:
    """The templates of a folder of ``templates/``."""
    texts = template_texts(resources.directory("templates") / folder)
    module: dict[str, Any] = {}
    exec(_code(folder, texts), module)
    found: Templates = module["TEMPLATES"]
    return found


def template_texts(folder: Path) -> Mapping[str, str]:
    """Name → text of the templates in a folder and below, as their names begin with its own."""
    return {
        path.relative_to(folder.parent).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(folder.rglob("*.j2"))
    }


def _code(folder: str, texts: Mapping[str, str]) -> Any:
    made_of = repr((_COMPILER.read_bytes(), sorted(texts.items()))).encode()
    name = f"{MAGIC_NUMBER.hex()}.{sha256(made_of).hexdigest()}.templates"
    kept = resources.kept(name)
    if kept is not None:
        return marshal.loads(kept)
    from scmigen.targets.common.template_compiler import module_source

    code = compile(module_source(folder, texts), f"<templates/{folder}>", "exec")
    resources.keep(name, marshal.dumps(code))
    return code
