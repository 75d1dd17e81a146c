"""Files of plugins, loaded as hosts load them: by their path, not from the package."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

__all__ = ["load_client", "load_file"]


def load_file(path: Path) -> ModuleType:
    """A file as a module, fresh, under the file's name."""
    return _loaded(path.stem, path)


def load_client() -> ModuleType:
    """`plugins/client`, fresh."""
    name = "plugins_client"
    for module in [each for each in sys.modules if each.partition(".")[0] == name]:
        del sys.modules[module]
    return _loaded(name, Path(__file__).parents[2] / "plugins" / "client" / "__init__.py")


def _loaded(name: str, path: Path) -> ModuleType:
    folders = [str(path.parent)] if path.stem == "__init__" else None
    spec = importlib.util.spec_from_file_location(name, path, submodule_search_locations=folders)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    if folders:
        sys.modules[name] = module  # its modules name one another by it
    spec.loader.exec_module(module)
    return module
