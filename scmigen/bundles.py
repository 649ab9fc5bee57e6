"""Modules of a wheel out of few files.

Most of an import is to look for the file, to open and to check it, and a command has some 200. So
a wheel has the modules of the commands that build systems run in a few files too, each module as a
function that fills it (``hatch_build.py``, `scmigen.bundle_source`). Whoever uses scmigen as a
library, and a source tree, have the modules' own files only.
"""

import sys
from _frozen_importlib import ModuleSpec
from importlib import import_module

# Type checkers take it for true; the module typing takes a while to import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType, ModuleType
    from typing import Any

    Bodies = dict[str, FunctionType]

_PACKAGE = __name__.rpartition(".")[0]
_FOLDER = __file__.rpartition("bundles.py")[0]


def use_bundles(command: str) -> None:
    """Import from bundles from now on, if there are some for a command."""
    try:
        bundled = import_module(f"{_PACKAGE}.bundled")
    except ModuleNotFoundError:  # a source tree, or an editable install
        return
    if command in bundled.COMMANDS:
        sys.meta_path.insert(0, _Finder(bundled.BUNDLE_OF, bundled.PACKAGES))


class _Finder:
    """Finds and fills the modules that are in a bundle, each once."""

    def __init__(self, bundle_of: "dict[str, str]", packages: "set[str]") -> None:
        """``bundle_of``: module → its bundle."""
        self._bundle_of = bundle_of
        self._packages = packages
        self._bodies: dict[str, Bodies] = {}

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> "Any":
        """What `importlib` asks for; `__file__` and `__path__` are those of the module's own file,
        which has its data beside it."""
        bundle = self._bundle_of.get(name)
        if bundle is None or name not in self._of(bundle):
            return None
        loader: Any = self
        where = _FOLDER + "/".join(name.split(".")[1:])
        if name in self._packages:
            spec = ModuleSpec(name, loader, origin=f"{where}/__init__.py", is_package=True)
            spec.submodule_search_locations = [where]
        else:
            spec = ModuleSpec(name, loader, origin=f"{where}.py")
        spec.has_location = True
        return spec

    def _of(self, bundle: str) -> "Bodies":
        """The functions that fill the modules of a bundle."""
        if bundle not in self._bodies:
            self._bodies[bundle] = import_module(f"{_PACKAGE}.bundled.{bundle}").BODIES
        return self._bodies[bundle]

    def create_module(self, _spec: object) -> None:
        """What `importlib` asks for: a module as any other."""

    def exec_module(self, module: "ModuleType") -> None:
        """Fill a module."""
        # What has been run need not stay in memory.
        body = self._bodies[self._bundle_of[module.__name__]].pop(module.__name__)
        exec(body.__code__, module.__dict__)
