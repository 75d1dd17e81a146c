"""Run by Blender, with its own Python: `blender -b --python blender_vse.py -- CUT.json`.

Builds a video sequence of movie strips and renders every frame of it as PNG. The file is

    {"rate": [24000, 1001], "size": [192, 32], "frames": 40, "folder": "/where/frames/go",
     "strips": [{"path": "/a.mov", "channel": 2, "at": 7, "first": 40, "frames": 4, "count": 60}]}

with zero-based frames: `at` in the cut, `first` in the file, which has `count` of them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import bpy

cut = json.loads(Path(sys.argv[sys.argv.index("--") + 1]).read_text())
scene = bpy.context.scene
numerator, denominator = cut["rate"]
scene.render.fps = round(numerator / denominator)
scene.render.fps_base = scene.render.fps * denominator / numerator
scene.render.resolution_x, scene.render.resolution_y = cut["size"]
scene.render.resolution_percentage = 100
# Blender counts from 1.
scene.frame_start, scene.frame_end = 1, cut["frames"]
scene.render.image_settings.file_format = "PNG"
scene.render.image_settings.color_mode = "RGB"
scene.render.filepath = f"{cut['folder']}/"
# The default, Filmic, is made for rendered light and would grey the whites.
scene.view_settings.view_transform = "Standard"
sequences = scene.sequence_editor_create().sequences
spare = 1 + max(strip["channel"] for strip in cut["strips"])
for wanted in cut["strips"]:
    # Trimmed where nothing is in the way, then moved: a strip that overlaps another is pushed off.
    strip = sequences.new_movie("strip", wanted["path"], spare, wanted["at"] + 1 - wanted["first"])
    if strip.frame_duration != wanted["count"]:
        sys.exit(f"{wanted['path']} has {strip.frame_duration} frames here, not {wanted['count']}")
    strip.frame_offset_start = wanted["first"]
    strip.frame_final_duration = wanted["frames"]
    strip.channel = wanted["channel"]
    place = (strip.channel, strip.frame_final_start - 1, strip.frame_final_duration)
    if place != (wanted["channel"], wanted["at"], wanted["frames"]):
        sys.exit(f"a strip lies at {place}, not where it was put: {wanted}")
bpy.ops.render.render(animation=True)
