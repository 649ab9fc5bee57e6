"""What a wheel has in place of the templates of a source tree: modules, which need no jinja2."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What compiles templates; `pyproject.toml` has it for builds and tests.
COMPILER = "jinja2>=3.1.6"


class CompiledTemplates(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the templates of each output, and adds the other files of ``templates/``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is made."""
        if version == "editable":  # templates are compiled when they are used
            build_data["dependencies"].append(COMPILER)
            return
        root = Path(self.root)
        sys.path.insert(0, self.root)
        from scmigen.targets.common.template_compiler import module_source
        from scmigen.targets.common.template_source import template_texts

        self._made = tempfile.TemporaryDirectory()
        made = Path(self._made.name)
        included: dict[str, str] = build_data["force_include"]

        def add(name: str, text: str) -> None:
            (made / name).write_text(text, encoding="utf-8")
            included[str(made / name)] = f"scmigen/compiled_templates/{name}"

        add("__init__.py", '"""The templates of the outputs, compiled when this was packaged."""\n')
        for folder in sorted(path for path in (root / "templates").iterdir() if path.is_dir()):
            texts = template_texts(folder)
            if texts:
                add(f"{folder.name.replace('-', '_')}.py", module_source(folder.name, texts))
        for path in sorted((root / "templates").rglob("*")):
            if path.is_file() and path.suffix != ".j2":
                included[str(path)] = f"scmigen/{path.relative_to(root).as_posix()}"

    def finalize(self, version: str, *_: object) -> None:
        """Called after that."""
        if version != "editable":
            self._made.cleanup()
