"""The steps that `test_refusals.py` asks for, run in Blender (see `inside.py`)."""

import os
import sys

import bpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside

FOUND = inside.FOUND


scene = inside.new_scene(24)
inside.images("whole", ["clear.png"], 1, 1, length=1)
inside.images("float", ["clear.exr"], 1, 2, length=1)
inside.render("before", 2)
scene.nle_style.image_format = "exr"
pictures = len(bpy.data.images)
FOUND["said exr"] = inside.paint("whole")
FOUND["more pictures"] = len(bpy.data.images) - pictures
inside.render("exr", 2)
for kind in ("tiff", "auto"):
    scene.nle_style.image_format = kind
    FOUND[f"said {kind}"] = inside.paint("whole")
    inside.render(kind, 2)
inside.done()
