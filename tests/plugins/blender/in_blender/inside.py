"""Run by Blender, with its own Python: what the tests of the add-on need done in it.

A script that imports this is run by `blender -b --python SCRIPT -- FOLDER MODULE`, or by `python
SCRIPT -- FOLDER MODULE` where bpy is installed. FOLDER has `media/` and `asked.json`; what is found
goes to `found.json`, rendered frames to folders beside it. Steps never assert: the tests do,
outside.
"""

import json
import os
import sys

import addon_utils
import bpy

FOLDER, MODULE = sys.argv[sys.argv.index("--") + 1 :]
MEDIA = os.path.join(FOLDER, "media")
with open(os.path.join(FOLDER, "asked.json"), encoding="utf-8") as file:
    ASKED = json.load(file)
FOUND = {"version": list(bpy.app.version)}


def strips():
    """Those of the timeline, or of the meta strip that is open."""
    editing = bpy.context.scene.sequence_editor
    owner = editing.meta_stack[-1] if len(editing.meta_stack) else editing
    found = getattr(owner, "strips", None)
    return owner.sequences if found is None else found


def new_scene(rate, base=1.0):
    """The one scene, empty, as wide as the media, with nothing between codes and picture."""
    bpy.ops.wm.read_factory_settings()
    addon_utils.enable(MODULE, default_set=True)
    scene = bpy.context.scene
    if hasattr(bpy.context, "sequencer_scene"):
        bpy.context.workspace.sequencer_scene = scene
    render = scene.render
    render.resolution_x, render.resolution_y, render.resolution_percentage = 192, 32, 100
    render.fps, render.fps_base = rate, base
    render.dither_intensity = 0
    render.image_settings.file_format = "PNG"
    render.image_settings.color_mode = "RGB"
    scene.view_settings.view_transform = "Standard"
    scene.sequence_editor_create()
    return settings(scene)


def settings(scene):
    chosen = scene.nle_style
    chosen.mix, chosen.strength, chosen.pack = "red", 0.0, ASKED["pack"]
    chosen.output = os.path.join(FOLDER, "styled")
    return scene


def movie(name, file, channel, start, **properties):
    made = strips().new_movie(name, os.path.join(MEDIA, file), channel, start)
    return put(made, properties)


def images(name, files, channel, start, **properties):
    made = strips().new_image(name, os.path.join(MEDIA, files[0]), channel, start)
    for each in files[1:]:
        made.elements.append(os.path.basename(each))
    made.frame_final_duration = properties.pop("length", len(files))
    return put(made, properties)


def effect(name, kind, channel, start, inputs=(), **properties):
    """An effect on strips, of their length, or of 4 frames where it has none."""
    new = bpy.app.version >= (5, 0, 0)
    names = ("input1", "input2") if new else ("seq1", "seq2")
    span = {"length": 4} if new else {"frame_end": start + 4}
    made = strips().new_effect(
        name=name,
        type=kind,
        channel=channel,
        frame_start=start,
        **span,
        **dict(zip(names, inputs, strict=False)),
    )
    return put(made, properties)


def put(strip, properties):
    for name, value in properties.items():
        setattr(strip, name, value)
    return strip


def in_sequencer(run):
    """Call an operator of the sequencer, which wants its area."""
    window = bpy.context.window_manager.windows[0]
    area = window.screen.areas[0]
    area.type = "SEQUENCE_EDITOR"
    region = next(each for each in area.regions if each.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        return run()


def select(*names):
    for each in strips():
        each.select = each.name in names


def paint(*names):
    """Press the button; what it says if it refuses, else ""."""
    select(*names)
    return press(bpy.ops.nle_style.paint)


def press(operator):
    try:
        operator()
    except RuntimeError as error:
        return str(error)
    return ""


def render(name, last, first=1):
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = first, last
    scene.render.filepath = os.path.join(FOLDER, name, "")
    bpy.ops.render.render(animation=True)


def facts():
    """Of every strip: what a test may want to know."""
    names = ("type", "channel", "mute", "frame_final_start", "frame_final_end")
    found = {}
    for each in strips():
        known = {name: getattr(each, name) for name in names}
        known["styled"] = "nle_style" in each
        known["file"] = getattr(each, "filepath", "") or getattr(each, "directory", "")
        inputs = (getattr(each, slot, None) for slot in ("input_1", "input_2"))
        known["inputs"] = [source.name for source in inputs if source is not None]
        found[each.name] = known
    return found


def step(name):
    """Note the strips under a name."""
    FOUND[name] = facts()


def timeline():
    """Strips of every kind, four frames each; `test_timeline.EXPECTED` has what they show."""
    strips().new_sound("sound", os.path.join(MEDIA, "silence.wav"), 4, 1)
    movie("trimmed", "a.mov", 1, -6, animation_offset_start=5, **hide(7, 24))
    movie("reversed", "a.mov", 1, 2, use_reverse_frames=True, **hide(3, 33))
    movie("held", "a.mov", 1, 11, **hide(-2, 38))
    movie("held at its end", "a.mov", 1, -25, **hide(38, -2))
    movie("ntsc", "ntsc.mov", 1, 17, **hide(0, 36))
    movie("strobed", "a.mov", 1, 17, strobe=3, **hide(4, 32))
    sped = movie("sped", "a.mov", 1, 25, **hide(0, 36))
    effect("speed", "SPEED", 2, 25, [sped], speed_control="MULTIPLY", speed_factor=2)
    images("part", [f"seq/p.{number}.png" for number in range(1001, 1013)], 1, 27, **hide(2, 6))
    images("twos", [f"seq/p.{number}.png" for number in range(1001, 1009, 2)], 1, 33)
    images("still", ["still.png"], 1, 37, length=4)
    # Two frames each; the dissolve between them shows what they hide.
    one = movie("one", "a.mov", 1, 21, **hide(20, 18))
    other = movie("other", "ntsc.mov", 2, 33, **hide(12, 26))
    effect("dissolve", "CROSS", 3, 43, [one, other])
    movie("below a title", "a.mov", 1, 47, **hide(0, 36))
    title = effect("title", "TEXT", 2, 47, text="title", font_size=20)
    title.frame_final_end = 51
    retimed(51)


def retimed(start):
    """At twice its speed: 3.4 has a factor, 5.0 keys; and, in 3.4, a movie at the scene's rate."""
    made = movie("retimed", "a.mov", 1, start)
    if hasattr(made, "speed_factor"):
        made.speed_factor = 2
    else:
        bpy.context.scene.sequence_editor.active_strip = made
        select("retimed")
        in_sequencer(lambda: bpy.ops.sequencer.retiming_segment_speed_set(speed=200))
    made.frame_start = start - 1
    made.frame_offset_start, made.frame_final_duration = 1, 4
    if bpy.app.version < (5, 0, 0):  # in bpy 5.0.1 the operator ends the process
        path = os.path.join(MEDIA, "thirty.mov")
        how = {"frame_start": start + 2, "channel": 1, "sound": False, "use_framerate": False}
        in_sequencer(
            lambda: bpy.ops.sequencer.movie_strip_add(
                filepath=path, adjust_playback_rate=True, **how
            )
        )
        put(strips()["thirty.mov"], {"frame_offset_start": 2, "frame_final_duration": 4})


def hide(begin, end):
    return {"frame_offset_start": begin, "frame_offset_end": end}


def done():
    with open(os.path.join(FOLDER, "found.json"), "w", encoding="utf-8") as file:
        json.dump(FOUND, file)
