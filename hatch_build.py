"""What a wheel has in place of the templates and grammars of a source tree: modules.

They need neither jinja2 nor Lark, and nothing that an earlier run has kept. Beside the modules'
own files, those of the commands that build systems run are in a few files, to start sooner.
"""

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

#: What compiles templates and grammars; `pyproject.toml` has it for builds and tests.
COMPILERS = ["jinja2>=3.1.6", "lark>=1.2"]


class CompiledSources(BuildHookInterface):  # type: ignore[type-arg]
    """Compiles the grammars and the templates of each output, writes the bundles, and adds the
    other files of ``templates/``."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called before the wheel is made."""
        if version == "editable":  # all is compiled when it is used
            build_data["dependencies"].extend(COMPILERS)
            return
        root = Path(self.root)
        sys.path.insert(0, self.root)
        from scmigen import bundle_source
        from scmigen.devicetree import grammar_source
        from scmigen.targets.common.template_compiler import module_source
        from scmigen.targets.common.template_source import template_texts

        self._made = tempfile.TemporaryDirectory()
        made = Path(self._made.name)
        included: dict[str, str] = build_data["force_include"]

        def add(name: str, text: str) -> None:
            path = made / name
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            included[str(path)] = f"scmigen/{name}"

        files = self.build_config.builder.recurse_included_files()
        in_wheel = [file.distribution_path for file in files]
        for name, text in bundle_source.bundles(in_wheel):
            add(f"bundled/{name}.py", text)
        add("devicetree/compiled_grammars.py", grammar_source.module_source())
        about = '"""The templates of the outputs, compiled when this was packaged."""\n'
        add("compiled_templates/__init__.py", about)
        for folder in sorted(path for path in (root / "templates").iterdir() if path.is_dir()):
            texts = template_texts(folder)
            if texts:
                name = folder.name.replace("-", "_")
                add(f"compiled_templates/{name}.py", module_source(folder.name, texts))
        for path in sorted((root / "templates").rglob("*")):
            if path.is_file() and path.suffix != ".j2":
                included[str(path)] = f"scmigen/{path.relative_to(root).as_posix()}"

    def finalize(self, version: str, *_: object) -> None:
        """Called after that."""
        if version != "editable":
            self._made.cleanup()
