"""The steps that `test_timeline.py` asks for, run in Blender (see `inside.py`)."""

import os
import sys

import bpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside

LAST = 58 if bpy.app.version < (5, 0, 0) else 54
FOUND = inside.FOUND

# A timeline at 24000/1001, painted at strength 0.
inside.new_scene(24, 1.001)
inside.timeline()
FOUND["last"] = LAST
inside.step("before")
inside.render("before", LAST)
kinds = ("MOVIE", "IMAGE", "SOUND")
everything = [each.name for each in inside.strips() if each.type in kinds]
FOUND["said"] = inside.paint(*everything)
inside.step("after")
inside.render("after", LAST)

# Saved, and opened again; two strips are painted anew, in full, one of them with its effect.
bpy.ops.wm.save_as_mainfile(filepath=os.path.join(inside.FOLDER, "cut.blend"))
bpy.ops.wm.open_mainfile(filepath=os.path.join(inside.FOLDER, "cut.blend"))
inside.render("reopened", LAST)
bpy.context.scene.nle_style.strength = 1.0
FOUND["said again"] = inside.paint("trimmed", "sped")
inside.step("again")
inside.render("again", 28)
FOUND["styled twice"] = inside.paint("trimmed red")
made = inside.strips()["trimmed red"]
made.frame_final_end -= 1
FOUND["of a trimmed one"] = inside.paint("trimmed")
FOUND["trimmed end"] = made.frame_final_end
made.frame_final_end += 1

# The selected one is taken out, then all.
inside.select("reversed")
FOUND["said of one"] = inside.press(bpy.ops.nle_style.remove)
inside.step("one removed")
inside.select()
FOUND["said of all"] = inside.press(bpy.ops.nle_style.remove)
inside.step("removed")
inside.render("removed", LAST)
inside.done()
