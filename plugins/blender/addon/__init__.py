"""The add-on that Blender loads: it knows where nle_style is installed, and starts what is there.

`nle-style install blender` copies it and writes the record. Before Blender 4.2 `bl_info` describes
it, from then on `blender_manifest.toml`.
"""

import importlib
import importlib.util
import os
import sys

__all__ = ["register", "unregister"]

bl_info = {
    "name": "NLE Style",
    "author": "nle_style",
    "version": (0, 2, 0),
    "blender": (3, 4, 0),
    "location": "Video Sequencer > Sidebar > NLE Style",
    "description": "Paint strips of the video sequencer in the style of a poster",
    "category": "Sequencer",
}

NLE_STYLE_INSTALLATION = None

_NAME = "nle_style_blender"


def register():
    """Blender has enabled the add-on.

    Raises:
        RuntimeError: nle_style is not where it was when the add-on was installed.
    """
    again = "Run `nle-style install blender` again."
    if NLE_STYLE_INSTALLATION is None:
        raise RuntimeError("This file does not say where nle_style is. " + again)
    folder = os.path.join(NLE_STYLE_INSTALLATION["plugins"], "blender", _NAME)
    start = os.path.join(folder, "__init__.py")
    if not os.path.isfile(start):
        raise RuntimeError("There is no " + start + ". " + again)
    _forget()  # another version of it may have been loaded before
    spec = importlib.util.spec_from_file_location(_NAME, start, submodule_search_locations=[folder])
    package = importlib.util.module_from_spec(spec)
    sys.modules[_NAME] = package
    spec.loader.exec_module(package)
    importlib.import_module(_NAME + ".registration").register(NLE_STYLE_INSTALLATION["command"])


def unregister():
    """Blender has disabled the add-on."""
    registration = sys.modules.get(_NAME + ".registration")
    if registration is not None:
        registration.unregister()
    _forget()


def _forget():
    for module in [m for m in sys.modules if m == _NAME or m.startswith(_NAME + ".")]:
        del sys.modules[module]
