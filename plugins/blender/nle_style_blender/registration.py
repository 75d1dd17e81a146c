"""What Blender calls when the add-on is enabled and disabled."""

import bpy

from . import catalogue
from .operators import OPERATORS, running, set_command
from .panel import NLE_STYLE_PT_panel
from .settings import NleStyleSettings

__all__ = ["register", "unregister"]

_CLASSES = (NleStyleSettings, *OPERATORS, NLE_STYLE_PT_panel)


def register(command):
    """Make the panel, the operators and `scene.nle_style` known.

    Args:
        command: how to start nle-style, a list.
    """
    set_command(command)
    catalogue.open_catalogue(command)
    for each in _CLASSES:
        bpy.utils.register_class(each)
    bpy.types.Scene.nle_style = bpy.props.PointerProperty(type=NleStyleSettings)


def unregister():
    """Take all of it back, and stop what runs."""
    if running() is not None:
        running().cancel()
    del bpy.types.Scene.nle_style
    for each in reversed(_CLASSES):
        bpy.utils.unregister_class(each)
    catalogue.close()
