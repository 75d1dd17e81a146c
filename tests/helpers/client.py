"""Files of plugins, loaded as hosts load them: by their path, not from the package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

__all__ = ["load_client", "load_file"]


def load_file(path: Path) -> ModuleType:
    """A file as a module, fresh, under the file's name."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def load_client() -> ModuleType:
    """`plugins/client.py`."""
    return load_file(Path(__file__).parents[2] / "plugins" / "client.py")
