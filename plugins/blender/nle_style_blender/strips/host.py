"""Where Blender's versions differ, asked by attribute: 3.4 has `sequences`, 5.0 only `strips`."""

import contextlib

import bpy

__all__ = [
    "Refused",
    "all_strips",
    "duplicate",
    "effects_on",
    "frames_in_file",
    "is_retimed",
    "redraw",
    "scene_of",
    "shown_strips",
    "shows_as_stored",
    "strips_of",
]


class Refused(Exception):
    """Something that cannot be done; the message is for people."""


def scene_of(context):
    """The scene whose strips the sequencer shows: in 5.0 it may be another than the window's."""
    return getattr(context, "sequencer_scene", None) or context.scene


def strips_of(owner):
    """The strips that an editing or a meta strip holds."""
    found = getattr(owner, "strips", None)
    return owner.sequences if found is None else found


def all_strips(scene):
    """Every strip of a scene, those in meta strips too; [] if it has none."""
    editing = scene.sequence_editor
    if editing is None:
        return []
    found = getattr(editing, "strips_all", None)
    return editing.sequences_all if found is None else found


def shown_strips(scene):
    """The strips on the level that the sequencer shows: the timeline, or the meta that is open."""
    editing = scene.sequence_editor
    if editing is None:
        return []
    return strips_of(editing.meta_stack[-1] if len(editing.meta_stack) else editing)


def effects_on(names, strips):
    """The effects, among `strips`, that take one of the named, or an effect on it, as an input."""
    found, inputs = [], set(names)
    for _ in strips:  # an effect on an effect on ... at most as many times as there are strips
        new = [
            each
            for each in strips
            if each.name not in inputs and {i.name for i in _inputs(each)} & inputs
        ]
        if not new:
            break
        found += new
        inputs |= {each.name for each in new}
    return found


def _inputs(strip):
    slots = (getattr(strip, name, None) for name in ("input_1", "input_2"))
    return [each for each in slots if each is not None]


def is_retimed(strip):
    """Whether the strip has keys of speed (`retiming_handles` is what 3.6 calls them)."""
    keys = getattr(strip, "retiming_keys", None)
    return len(getattr(strip, "retiming_handles", ()) if keys is None else keys) > 0


def shows_as_stored(strip):
    """Whether Blender shows a strip's pictures as its file stores them, whatever that says.

    Exif turns no image but, in 3.4, a TIFF. Movies are turned by their display matrix, and have the
    alpha of VP8 and VP9, in 4.4, 4.5 and 5.0, and not in 3.4 and 4.2.
    """
    return strip.type == "IMAGE" or bpy.app.version < (4, 4, 0)


def frames_in_file(scene, strip):
    """How many frames of its file a movie strip can show, if it is not retimed.

    `frame_duration` counts frames of the file in 3.4, and of the timeline in 5.0. Both are the same
    where the scene runs at the movie's rate, so that is what the scene is set to while it is read.

    Raises:
        Refused: Blender does not know the movie's rate.
    """
    if strip.fps <= 0:
        raise Refused("Blender cannot read its file")
    render = scene.render
    before = render.fps, render.fps_base
    nominal = max(1, round(strip.fps))
    try:
        render.fps, render.fps_base = nominal, nominal / strip.fps
        return strip.frame_duration
    finally:
        render.fps, render.fps_base = before


def duplicate(context, scene, strip):
    """A copy with all that a strip has: crop, transform, modifiers, speed, animation.

    Only the operator copies all of it, and it works on what is selected in a sequencer's area.

    Raises:
        Refused: no window is open, or the strip is in a meta strip that is not.
    """
    shown = shown_strips(scene)
    if strip.name not in shown:
        raise Refused("it is in a meta strip that is not open: open it with Tab, and start again")
    selected = [each.name for each in shown if each.select]
    active = scene.sequence_editor.active_strip
    before = {each.name for each in all_strips(scene)}
    for each in shown:
        each.select = each.name == strip.name
    try:
        with _sequencer(context, scene):
            bpy.ops.sequencer.duplicate()
        made = [each for each in shown_strips(scene) if each.name not in before]
        if len(made) != 1:
            raise Refused("Blender did not duplicate it")
        made[0].select = False
        return made[0]
    finally:
        for each in shown_strips(scene):
            each.select = each.name in selected
        scene.sequence_editor.active_strip = active


@contextlib.contextmanager
def _sequencer(context, scene):
    """A context in which the sequencer's operators run; an area is borrowed where none shows it."""
    windows = list(context.window_manager.windows)
    if not windows:
        raise Refused("Blender has no window open")
    places = [(window, area) for window in windows for area in window.screen.areas]
    fitting = [place for place in places if place[1].type == "SEQUENCE_EDITOR"]
    window, area = (fitting or places)[0]
    kind = area.type
    area.type = "SEQUENCE_EDITOR"
    region = next(each for each in area.regions if each.type == "WINDOW")
    named = {"scene": scene}
    if hasattr(context, "sequencer_scene"):
        named["sequencer_scene"] = scene
    try:
        with context.temp_override(window=window, area=area, region=region, **named):
            yield
    finally:
        area.type = kind


def redraw(context):
    """Have every sequencer drawn anew."""
    for window in context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "SEQUENCE_EDITOR":
                area.tag_redraw()
