"""The dialog's settings, kept between runs in one JSON file for each user."""

import json
import os
import sys

from .. import client
from ..clips import WAYS

__all__ = ["CHOICES", "DEFAULTS", "load_settings", "problems_of", "save_settings", "settings_path"]

DEFAULTS = {
    "style": "blue",
    "strength": 1.0,
    "stroke_scale": 1.0,
    "colour": "poster",
    "statistics": "hybrid",
    "handles": 8,
    "format": "exr",
    "destination": "take",
    "output": os.path.join(os.path.expanduser("~"), "NLE Style"),
    "way": "selected",
    "way_value": "",
    "clip_colour": "Violet",
    "interlaced": "refuse",
    "input_colour": "auto",
    "pack": "",
}
"""What a first run offers: `handles` in frames; `way` and `way_value` as in `selection.pick`;
`clip_colour` is given to styled clips, "" for none; the others are the command line's."""

CHOICES = {
    "colour": ("poster", "source"),
    "statistics": ("hybrid", "shot", "frame"),
    # Not ffv1: there is no sign that Resolve imports it.
    "format": ("exr", "png-mov", "dpx", "prores4444", "dnxhr444"),
    "destination": ("take", "track", "bin"),
    "way": WAYS,
    "interlaced": ("refuse", "deinterlace"),
    # All that SetClipColor accepts.
    "clip_colour": (
        *("", "Orange", "Apricot", "Yellow", "Lime", "Olive", "Green", "Teal", "Navy", "Blue"),
        *("Purple", "Violet", "Pink", "Tan", "Beige", "Brown", "Chocolate"),
    ),
}

_RANGES = {"strength": (0, 1), "stroke_scale": (0.25, 4), "handles": (0, 1000)}


def settings_path(platform=sys.platform, environment=None):
    """Where the settings are kept.

    Args:
        platform: as `sys.platform`.
        environment: a mapping; None for this process's.
    """
    environment = os.environ if environment is None else environment
    home = environment.get("HOME") or os.path.expanduser("~")
    if platform == "win32":
        folder = environment.get("APPDATA") or os.path.join(home, "AppData", "Roaming")
    elif platform == "darwin":
        folder = os.path.join(home, "Library", "Application Support")
    else:
        folder = environment.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    return os.path.join(folder, "nle_style", "resolve.json")


def load_settings(path):
    """The settings of the last run; DEFAULTS for what is missing, unreadable or unknown."""
    try:
        with open(path, encoding="utf-8") as file:
            kept = json.load(file)
    except (OSError, ValueError):
        kept = {}
    settings = dict(DEFAULTS)
    if isinstance(kept, dict):
        settings.update({key: value for key, value in kept.items() if key in DEFAULTS})
    return settings


def save_settings(settings, path):
    """Keep the settings: the whole file or none of it.

    Raises:
        OSError: the disk or its rights.
    """
    os.makedirs(os.path.dirname(path), exist_ok=True)
    client.write_json(settings, path)


def problems_of(settings):
    """What cannot be used, as lines for people; [] if all is well. The worker knows the styles."""
    found = []
    for key, values in CHOICES.items():
        if settings[key] not in values:
            allowed = ", ".join(value or "(none)" for value in values)
            found.append(f"{key} '{settings[key]}' is none of: {allowed}")
    for key, (low, high) in _RANGES.items():
        value = settings[key]
        number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not number or not low <= value <= high:
            found.append(f"{key} {value!r} is not a number from {low} to {high}")
        elif key == "handles" and value != int(value):
            found.append(f"{key} {value!r} is not a whole number")
    try:
        client.parse_mix(str(settings["style"]))
    except ValueError as error:
        found.append(str(error))
    if not os.path.isabs(str(settings["output"])):
        found.append(f"the output folder '{settings['output']}' is not an absolute path")
    return found
