"""The looks of the pack and a picture of each, asked of the worker once and kept on disk.

The worker paints the pictures in the background when the panel is first seen. What it told is kept
in Blender's own folder of data files, by the pack's hash.
"""

import json
import os
import subprocess
import threading
import zlib

import bpy
import bpy.utils.previews

from . import client
from .strips import redraw

__all__ = ["close", "enum_items", "open_catalogue", "state", "wake"]

_CLIP, _FRAME = "bigbuckbunny.mp4", 60  # of the examples that are installed with nle_style


class _Catalogue:
    """What is known of the looks.

    The thread writes `told` (always a new dict) and `problem`, the main thread all else.
    """

    def __init__(self, command):
        self.command = command
        self.folder = bpy.utils.user_resource("DATAFILES", path="nle_style", create=True)
        self.told = {"styles": [], "pictures": {}}
        self.problem = ""
        self.items = []
        self.shown = None
        self.previews = bpy.utils.previews.new()
        self.stopped = threading.Event()
        self.thread = None
        try:
            with open(self.index, encoding="utf-8") as file:
                self.told = json.load(file)
        except (OSError, ValueError):
            pass

    @property
    def index(self):
        return os.path.join(self.folder, "looks.json")


_open = []  # the one catalogue, while the add-on is enabled


def open_catalogue(command):
    """Read what was kept.

    Args:
        command: how to start nle-style, a list.
    """
    _open[:] = [_Catalogue(list(command))]


def close():
    """Stop what runs, and free the pictures."""
    while _open:
        catalogue = _open.pop()
        catalogue.stopped.set()
        bpy.utils.previews.remove(catalogue.previews)


def wake():
    """Have the worker asked, once, if a panel is seen; it answers by itself."""
    catalogue = _open[0]
    if catalogue.thread is None and not bpy.app.background:
        catalogue.thread = threading.Thread(target=_ask, args=(catalogue,), daemon=True)
        catalogue.thread.start()
        bpy.app.timers.register(_look_again, first_interval=1.0)


def state():
    """What there is to say of the looks, for people; "" if all is there."""
    catalogue = _open[0]
    if catalogue.problem:
        return catalogue.problem
    known = catalogue.told
    if not known["styles"]:
        return "Asking nle-style for its looks"
    missing = len(known["styles"]) - len(known["pictures"])
    return f"{missing} pictures of looks are being painted" if missing else ""


def enum_items(_settings, _context):
    """The items of the enumeration of looks.

    Their numbers come from their names: the .blend keeps the number, and a pack may change.
    """
    if not _open:
        return []
    catalogue = _open[0]
    told = catalogue.told
    if told is not catalogue.shown:
        catalogue.shown = told
        # Blender keeps no copy of the texts: they must live as long as they are shown.
        catalogue.items = [
            _item(catalogue.previews, name, told["pictures"].get(name)) for name in told["styles"]
        ]
    return catalogue.items


def _item(previews, name, picture):
    icon = 0
    if picture and os.path.isfile(picture):
        if picture not in previews:  # by its path, which another pack's has not
            previews.load(picture, picture, "IMAGE")
        icon = previews[picture].icon_id
    return (name, name.capitalize(), f"The look {name}", icon, zlib.crc32(name.encode()) >> 1)


def _look_again():
    """On the main thread: draw anew while the worker paints."""
    redraw(bpy.context)
    return 1.0 if _open and _open[0].thread.is_alive() else None


def _ask(catalogue):
    try:
        pack = client.list_packs(catalogue.command)[0]
        folder = os.path.join(catalogue.folder, pack["sha256"][:16])
        pictures = {
            name: path
            for name, path in catalogue.told["pictures"].items()
            if os.path.isfile(path) and os.path.dirname(os.path.dirname(path)) == folder
        }
        catalogue.told = {"styles": pack["styles"], "pictures": pictures}
        missing = [name for name in pack["styles"] if name not in pictures]
        if missing:
            os.makedirs(folder, exist_ok=True)
            catalogue.problem = _paint(catalogue, missing, folder)
        client.write_json(catalogue.told, catalogue.index)
    except (OSError, ValueError, LookupError, TypeError) as error:
        catalogue.problem = f"nle-style does not list its looks: {error}"
    except (client.WorkerError, subprocess.SubprocessError) as error:
        catalogue.problem = str(error)


def _paint(catalogue, names, folder):
    """Paint the pictures; returns what went wrong."""
    plugins = os.path.dirname(os.path.dirname(os.path.abspath(client.__file__)))
    source = os.path.join(os.path.dirname(plugins), "examples", _CLIP)
    # Painted at half of the pixels' side, which shows in no picture as small as these.
    how = {"statistics": "frame", "stroke_scale": 2.0}
    items = [
        {"source": source, "frames": [_FRAME, _FRAME], "look": client.make_look({name: 1}, **how)}
        for name in names
    ]
    cancel_file = os.path.join(folder, f"cancel-{os.getpid()}")
    job = client.make_job(items, folder, format="png", cancel_file=cancel_file)
    path = os.path.join(folder, f"job-{os.getpid()}.json")

    def told(event):
        if event["event"] == "item" and event["status"] != "refused":
            files = [each for each in os.listdir(event["path"]) if each.endswith(".png")]
            picture = os.path.join(event["path"], files[0])
            pictures = {**catalogue.told["pictures"], names[event["item"]]: picture}
            catalogue.told = {**catalogue.told, "pictures": pictures}

    outcome = client.run_job(catalogue.command, job, path, told, catalogue.stopped.is_set)
    os.unlink(path)
    return "" if outcome.cancelled else outcome.message
