"""The settings of a run, and how they are asked for: in a window, or without one."""

from .console import Console, settings_of_file
from .dialog import Dialog
from .settings import CHOICES, load_settings, problems_of, save_settings, settings_path

__all__ = [
    "CHOICES",
    "Console",
    "Dialog",
    "load_settings",
    "problems_of",
    "save_settings",
    "settings_of_file",
    "settings_path",
]
