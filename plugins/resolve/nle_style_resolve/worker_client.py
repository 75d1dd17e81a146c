"""`plugins/client.py`, which every host shares, loaded from its file.

The folder `plugins/` must not be on `sys.path`: its folder `nuke` would hide Nuke's own module.
"""

import importlib.util
import os
import sys

__all__ = ["load_client"]

_NAME = "nle_style_client"


def load_client():
    """The module, loaded once for the whole Resolve session."""
    if _NAME not in sys.modules:
        folder = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
        spec = importlib.util.spec_from_file_location(_NAME, os.path.join(folder, "client.py"))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        sys.modules[_NAME] = module
    return sys.modules[_NAME]
