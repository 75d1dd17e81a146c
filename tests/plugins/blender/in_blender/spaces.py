"""The steps that `test_spaces.py` asks for, run in Blender (see `inside.py`)."""

import ast
import importlib
import os
import sys

import bpy

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import inside

FOUND = inside.FOUND
FILES = ("light.exr", "codes.png")


def names_of_spaces(strip):
    """Those of this Blender, which only says them where it is given another."""
    try:
        strip.colorspace_settings.name = "?"
    except TypeError as error:
        return ast.literal_eval(str(error).partition(" not found in ")[2])
    raise ValueError("a colour space of the name ?")


scene = inside.new_scene(24)
strips = importlib.import_module("nle_style_blender.strips")
spaces = names_of_spaces(inside.images("first", ["light.exr"], 1, 1))
inside.strips().remove(inside.strips()["first"])

# Each space a frame; how each is to be read.
FOUND["read as"] = []
for file in FILES:
    for space in spaces:
        frame = len(FOUND["read as"]) + 1
        strip = inside.images(f"{file} {space}", [file], 1, frame, length=1)
        strip.colorspace_settings.name = space
        FOUND["read as"].append([file, space, strips.need_of(scene, strip).colour])
inside.render("shown", len(FOUND["read as"]))
FOUND["not known"] = inside.paint("light.exr Filmic Log")
scene.nle_style.input_colour = "linear"
FOUND["told"] = inside.paint("light.exr Filmic Log")
scene.nle_style.input_colour = "auto"

# Names as long as Blender allows, of letters of one byte and of two.
inside.select()
bpy.ops.nle_style.remove()
before = len(FOUND["read as"])
long = [inside.images(letter, ["codes.png"], 2, before + 1 + n) for n, letter in enumerate("xyz")]
for strip, name in zip(long, ("x" * 61, "x" * 60 + "z", "\u00fc" * 30), strict=True):
    strip.name = name
FOUND["long"] = [each.name for each in long]
FOUND["said"] = inside.paint(*FOUND["long"])
inside.step("styled")
inside.select()
bpy.ops.nle_style.remove()
inside.step("removed")
inside.done()
