"""The steps that `test_window.py` asks for, run in a Blender with windows: modal runs."""

import importlib
import os
import sys
import time
import traceback

import bpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside

FOUND = inside.FOUND
PATIENCE = 300  # seconds


def steps():
    """What a user does; each `yield` lets Blender go on, until what is yielded is true."""
    operators = importlib.import_module("nle_style_blender.operators")
    window = bpy.context.window_manager.windows[0]
    settings = bpy.context.scene.nle_style
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    area.spaces.active.show_region_ui = True

    def start():
        inside.select("movie")
        region = next(each for each in area.regions if each.type == "WINDOW")
        with bpy.context.temp_override(window=window, area=area, region=region):
            return list(bpy.ops.nle_style.paint("INVOKE_DEFAULT"))

    def idle():
        return operators.running() is None

    # The looks and their pictures: asked of the worker, and read from disk the next time.
    catalogue = importlib.import_module("nle_style_blender.catalogue")
    for name in ("looks", "looks kept"):
        catalogue.close()
        catalogue.open_catalogue(inside.ASKED["command"])
        if name == "looks":
            catalogue.wake()
            yield lambda: not catalogue._open[0].thread.is_alive()
        items = catalogue.enum_items(settings, bpy.context)
        FOUND[name] = [[item[0], item[1], item[3] > 0, item[4]] for item in items]
        FOUND[f"state of {name}"] = catalogue.state()
    known = catalogue._open[0]
    pictures = known.told["pictures"]
    known.told = {**known.told, "pictures": {**pictures, "red": pictures["green"]}}
    FOUND["icons"] = [item[3] for item in catalogue.enum_items(settings, bpy.context)]
    settings.mix, settings.look = "", "green"
    FOUND["chosen"] = importlib.import_module("nle_style_blender.settings").chosen_in(
        bpy.context.scene
    )
    settings.mix = "red"

    inside.movie("movie", "long.mov", 1, 1)
    bpy.ops.ed.undo_push(message="a movie")
    inside.step("before")
    FOUND["started"] = start()
    shares = set()

    def painted():
        shares.add(0 if idle() else operators.running().share)
        return idle()

    yield painted
    FOUND["shares"] = sorted(shares)
    inside.step("after")
    bpy.ops.ed.undo()
    yield lambda: True
    inside.step("undone")
    bpy.ops.ed.redo()
    yield lambda: True
    inside.step("redone")

    settings = bpy.context.scene.nle_style
    for name, strength in (("escaped", 0.5), ("button", 0.6)):
        settings.strength = strength
        start()
        yield lambda: idle() or operators.running().share > 0
        if name == "escaped":
            window.event_simulate(type="ESC", value="PRESS", x=100, y=100)
        else:
            bpy.ops.nle_style.cancel()
        yield idle
        inside.step(name)


def begin():
    """Called by Blender's own loop, ten times a second."""
    global wanted, since
    try:
        if wanted():
            wanted, since = next(running), time.monotonic()
        elif time.monotonic() - since > PATIENCE:
            raise TimeoutError("a step did not end")
    except StopIteration:
        inside.done()
        bpy.ops.wm.quit_blender()
        return None
    except Exception:
        traceback.print_exc()
        os._exit(1)
    return 0.1


inside.new_scene(24)
running, wanted, since = steps(), lambda: True, 0.0
bpy.app.timers.register(begin, first_interval=0.5)
