"""The steps that `test_refusals.py` and `test_colours.py` ask for, run in Blender."""

import importlib
import os
import sys

import bpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside

FOUND = inside.FOUND


def cancelled(name, how):
    """Paint, and stop it in one of two ways."""
    inside.select("movie")
    prepared = flow.prepare(bpy.context, operators._command)
    how(prepared.run)
    prepared.run.start()
    prepared.run.wait()
    FOUND[name] = said_of(prepared)


def changed_meanwhile():
    """What is said of two strips that were painted, and then changed, in two ways."""
    inside.select("part", "pictures")
    prepared = flow.prepare(bpy.context, operators._command)
    prepared.run.start()
    prepared.run.wait()
    part, element = inside.strips()["part"], inside.strips()["pictures"].elements[1]
    element.filename = "p.1003.png"
    dissolve = inside.effect("dissolve", "CROSS", 3, 41, [inside.strips()["movie"], part])
    FOUND["dissolved"] = said_of(prepared)
    inside.strips().remove(dissolve)
    part.strobe = 2
    FOUND["strobed"] = said_of(prepared)
    part.strobe, element.filename = 1, "p.1002.png"


def said_of(prepared):
    try:
        flow.finish(bpy.context, prepared)
    except strips.Refused as refusal:
        return str(refusal)
    return ""


def stop_file(run):
    open(run.jobs[0].data["control"]["cancel_file"], "w").close()


scene = inside.new_scene(24)
# Enabled by now, so that its modules are known.
flow = importlib.import_module("nle_style_blender.flow")
operators = importlib.import_module("nle_style_blender.operators")
strips = importlib.import_module("nle_style_blender.strips")
inside.movie("movie", "a.mov", 1, 1)
inside.movie("part", "a.mov", 1, 94, **inside.hide(7, 24))
inside.images("codes", ["codes.exr"], 2, 41, length=2)
inside.images("pictures", [f"seq/p.{number}.png" for number in (1001, 1002)], 2, 43)
inside.images("turned", ["turned.png"], 2, 61, length=1)
inside.strips()["codes"].colorspace_settings.name = "sRGB"
inside.step("before")

# Nothing is painted.
FOUND["nothing selected"] = inside.paint()
scene.nle_style.mix = ""
FOUND["no look"] = inside.paint("movie")
scene.nle_style.mix = "red:much"
FOUND["no mix"] = inside.paint("movie")
scene.nle_style.mix = "red"
scene.nle_style.output = "//styled/"
FOUND["not saved"] = inside.paint("movie")
scene.nle_style.output = os.path.join(inside.FOLDER, "media", "a.mov", "styled")
FOUND["no folder"] = inside.paint("movie")
scene.nle_style.output = os.path.join(inside.FOLDER, "styled")
moved = os.path.join(inside.FOLDER, "media", "moved.mov")
os.rename(os.path.join(inside.FOLDER, "media", "a.mov"), moved)
FOUND["moved"] = inside.paint("movie")
os.rename(moved, os.path.join(inside.FOLDER, "media", "a.mov"))

# The worker is started.
cancelled("cancelled", lambda run: run.cancel())
cancelled("cancelled by the file", stop_file)
changed_meanwhile()
scene.nle_style.mix = "nope"
FOUND["bad look"] = inside.paint("movie")
inside.step("after")

# In a meta strip, in one run: display codes in an EXR, and pictures that are written as EXR.
meta = inside.strips().new_meta(name="meta", channel=4, frame_start=41)
for name in ("codes", "pictures"):
    inside.strips()[name].move_to_meta(meta)
meta.frame_final_duration = 4
FOUND["meta"] = [meta.frame_final_start, meta.frame_final_end]
scene.sequence_editor.display_stack(meta)
scene.nle_style.mix = "red"
scene.nle_style.image_format = "exr"
inside.render("before", 44, 41)
FOUND["said"] = inside.paint("codes", "pictures")
FOUND["spaces"] = [each.colorspace_settings.name for each in inside.strips() if "nle_style" in each]
FOUND["files"] = [each.elements[0].filename for each in inside.strips() if "nle_style" in each]
inside.render("after", 44, 41)

scene.sequence_editor.display_stack(None)
inside.render("turned", 61, 61)
FOUND["turned"] = inside.paint("turned")

# Saved elsewhere while the worker paints.
scene.nle_style.output = "//styled/"
for folder in ("one", os.path.join("two", "deep")):
    os.makedirs(os.path.join(inside.FOLDER, folder))
bpy.ops.wm.save_as_mainfile(filepath=os.path.join(inside.FOLDER, "one", "cut.blend"))
inside.select("movie")
prepared = flow.prepare(bpy.context, operators._command)
prepared.run.start()
prepared.run.wait()
bpy.ops.wm.save_as_mainfile(filepath=os.path.join(inside.FOLDER, "two", "deep", "cut.blend"))
FOUND["said elsewhere"] = said_of(prepared)
FOUND["elsewhere"] = bpy.path.abspath(inside.facts()["movie red"]["file"])

# Disabled and enabled again.
inside.addon_utils.disable(inside.MODULE)
FOUND["disabled"] = hasattr(bpy.types.Scene, "nle_style")
inside.addon_utils.enable(inside.MODULE)
FOUND["enabled"] = scene.nle_style.mix
inside.done()
