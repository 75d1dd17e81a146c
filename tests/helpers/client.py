"""`plugins/client.py`, loaded as a plugin would: from its file, not from the package."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

__all__ = ["load_client"]


def load_client() -> ModuleType:
    """The module, fresh."""
    path = Path(__file__).parents[2] / "plugins" / "client.py"
    spec = importlib.util.spec_from_file_location("client", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
