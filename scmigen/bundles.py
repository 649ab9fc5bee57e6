"""Modules of a wheel out of few files.

Most of an import is to look for the file, to open and to check it, and a command has some 200. So
a wheel has the modules of the commands that build systems run in a few files too, each module as a
function that fills it (``hatch_build.py``, `scmigen.bundle_source`). Whoever uses scmigen as a
library, and a source tree, have the modules' own files only.
"""

import sys
from _frozen_importlib import ModuleSpec
from importlib import import_module
from sys import modules

# Type checkers take it for true; the module typing takes a while to import.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FunctionType, ModuleType
    from typing import Any

    Bodies = dict[str, FunctionType]

_PACKAGE = __name__.rpartition(".")[0]
_FOLDER = __file__.rpartition("bundles.py")[0]
_MODULE = type(sys)


def use_bundles(command: str) -> None:
    """Import from bundles from now on, if there are some for a command."""
    try:
        bundled = import_module(f"{_PACKAGE}.bundled")
    except ModuleNotFoundError:  # a source tree, or an editable install
        return
    if command in bundled.COMMANDS:
        sys.meta_path.insert(0, _Finder(bundled.BUNDLE_OF, bundled.PACKAGES))


class _Finder:
    """Finds the modules that are in a bundle, and fills those of a bundle at once: to ask
    `importlib` for each takes longer than to fill it."""

    def __init__(self, bundle_of: "dict[str, str]", packages: "set[str]") -> None:
        """``bundle_of``: module → its bundle."""
        self._bundle_of = bundle_of
        self._packages = packages
        self._bodies: dict[str, Bodies] = {}

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> "Any":
        """What `importlib` asks for, of the first module of a bundle, or one that another Python
        imports sooner than that of which the bundle was made."""
        bundle = self._bundle_of.get(name)
        if bundle is None:
            return None
        if bundle not in self._bodies:
            self._bodies[bundle] = import_module(f"{_PACKAGE}.bundled.{bundle}").BODIES
            self._fill(self._bodies[bundle])
            return modules[name].__spec__
        return self._spec(name) if name in self._bodies[bundle] else None

    def create_module(self, spec: "ModuleSpec") -> "ModuleType | None":
        """What `importlib` asks for: the module if it is there, else one as any other."""
        return modules.get(spec.name)

    def exec_module(self, module: "ModuleType") -> None:
        """Fill a module if it is not."""
        # What has been run need not stay in memory.
        name = module.__name__
        body = self._bodies[self._bundle_of[name]].pop(name, None)
        if body is not None:
            exec(body.__code__, module.__dict__)

    def _fill(self, bodies: "Bodies") -> None:
        """Fill all modules of a bundle, in its order: each after those that it imports."""
        for name in [*bodies]:
            if name in bodies:
                parent, _, last = name.rpartition(".")
                package, module = self._module(parent), self._module(name)
                self.exec_module(module)
                setattr(package, last, module)

    def _module(self, name: str) -> "ModuleType":
        """A module, which may not be filled yet, as is a package that imports what is in it."""
        module = modules.get(name)
        if module is None and self._bundle_of.get(name) not in self._bodies:
            module = import_module(name)
        elif module is None:
            module = modules[name] = _MODULE(name)
            spec = self._spec(name)
            of = module.__dict__
            of["__spec__"], of["__loader__"], of["__file__"] = spec, self, spec.origin
            of["__package__"] = name if name in self._packages else name.rpartition(".")[0]
            if name in self._packages:
                of["__path__"] = spec.submodule_search_locations
        return module

    def _spec(self, name: str) -> "ModuleSpec":
        """`__file__` and `__path__` are those of the module's own file, which has its data beside
        it."""
        loader: Any = self
        where = _FOLDER + "/".join(name.split(".")[1:])
        if name in self._packages:
            spec = ModuleSpec(name, loader, origin=f"{where}/__init__.py", is_package=True)
            spec.submodule_search_locations = [where]
        else:
            spec = ModuleSpec(name, loader, origin=f"{where}.py")
        spec.has_location = True
        return spec
