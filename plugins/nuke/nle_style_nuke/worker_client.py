"""`plugins/client.py`, which every host shares, loaded from its file.

The folder `plugins/` must not be on `sys.path`: its folder `nuke` would hide Nuke's own module.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from .problems import Problem

__all__ = ["load_client"]

_NAME = "nle_style_client"


def load_client() -> ModuleType:
    """The module, loaded once for the whole Nuke session.

    Raises:
        Problem: it does not lie where the installation has it.
    """
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    path = Path(__file__).resolve().parents[2] / "client.py"
    spec = importlib.util.spec_from_file_location(_NAME, path)
    if spec is None or spec.loader is None or not path.is_file():
        raise Problem(f"nle_style is not complete: {path} is missing. Run: nle-style install nuke")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    sys.modules[_NAME] = module
    return module
