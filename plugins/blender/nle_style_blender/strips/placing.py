"""Styled strips: put into the timeline, and taken out of it again.

A styled strip is a duplicate of its original with another file, so that crop, transform, modifiers,
speed and animation are the original's. The original stays, muted.
"""

import os
import re
import uuid

from .host import Refused, all_strips, duplicate, effects_on, shown_strips, strips_of
from .marks import facts_of, mark, original_of, styled_of, unmark
from .needs import snapshot

__all__ = ["place", "remove"]

_MOST_CHANNELS = 128
_RESULT = re.compile(r".*\.(\d+)\.\w+")


def place(context, scene, need, events, look, folder):
    """Put a strip's styled version beside it, in place of an earlier one.

    It lies on the next free channel above. Where it would hide other pictures there, or lie above
    an effect on the strip, it takes the strip's own channel, and the strip goes up.

    Args:
        need: the strip's Need.
        events: the `item` events of its items.
        look: what it was painted with, for its name.
        folder: the results' folder as Blender is to keep it: "//styled/" beside the .blend.

    Returns:
        the new strip.

    Raises:
        Refused: the strip is gone or was changed meanwhile, or Blender does not play the result as
            long as the original; the timeline is as before.
    """
    strip = next((each for each in shown_strips(scene) if each.name == need.name), None)
    if strip is None:
        raise Refused("it is gone, or in a meta strip that is not open")
    if snapshot(strip) != need.state:
        raise Refused("it was changed meanwhile: start again for it")
    earlier = styled_of(scene, strip)
    made = duplicate(context, scene, strip)
    unmark(made)
    try:
        if need.is_images:
            _replace_images(made, strip, need, events, folder)
        else:
            _replace_movie(made, strip, need, folder + os.path.basename(events[0]["path"]))
        made.use_proxy = False
        made.colorspace_settings.name = strip.colorspace_settings.name
        _check(made, strip)
        if _free_channel(scene, strip, made) is None:
            raise Refused("no channel above it is free")
    except Exception:
        _level_of(scene, made).remove(made)
        raise
    for each in earlier:
        remove(scene, each)
    facts = {"muted": strip.mute, "channel": strip.channel, "look": look}
    made.mute, strip.mute = strip.mute, True
    made.name = f"{strip.name} {look}"
    mark(strip, made, uuid.uuid4().hex, facts)
    _stack(scene, strip, made)
    _take_over(scene, strip, made)
    return made


def remove(scene, made):
    """Take a styled strip out; its original is shown again, where it was.

    Returns:
        the original.

    Raises:
        Refused: the original is gone.
    """
    strip = original_of(scene, made)
    if strip is None:
        raise Refused("its original is gone, so it is kept")
    facts = facts_of(made)
    # An effect goes with its input.
    _take_over(scene, made, strip)
    _level_of(scene, made).remove(made)
    unmark(strip)
    strip.mute = facts["muted"]
    beside = [each for each in _level_of(scene, strip) if _overlap(each, strip)]
    if facts["channel"] not in {each.channel for each in beside if each != strip}:
        strip.channel = facts["channel"]
    return strip


def _replace_movie(made, strip, need, path):
    if need.trim is None:
        made.filepath = path
        return
    begin, last = need.trim
    hidden = strip.frame_offset_start - begin
    hidden_end = strip.frame_offset_end - (strip.frame_duration - 1 - last)
    made.animation_offset_start = made.animation_offset_end = 0
    made.filepath = path
    made.frame_start = strip.frame_start + begin
    made.frame_offset_start, made.frame_offset_end = hidden, hidden_end


def _replace_images(made, strip, need, events, folder):
    """Every element has its styled file; one that was not needed, the nearest that was."""
    results = [_files_of(event) for event in events]
    names = []
    for element in strip.elements:
        index, number = need.files.get(element.filename, (None, None))
        name = None if index is None else results[index].get(number)
        if index is not None and name is None:
            raise Refused(f"the result has no frame {number}: {events[index]['path']}")
        names.append(name)
    painted = [index for index, name in enumerate(names) if name]
    is_sequence = os.path.isdir(events[0]["path"])
    made.directory = folder + os.path.basename(events[0]["path"]) + "/" if is_sequence else folder
    for index, element in enumerate(made.elements):
        nearest = min(painted, key=lambda each: abs(each - index))
        element.filename = names[nearest]


def _files_of(event):
    """The image files of an item's result: number in the name -> name; of a still: None -> name."""
    path = event["path"]
    if not os.path.isdir(path):
        return {None: os.path.basename(path)}
    found = {}
    for name in os.listdir(path):
        parts = _RESULT.fullmatch(name)
        if parts and name.startswith(os.path.basename(path) + "."):
            found[int(parts[1])] = name
    return found


def _check(made, strip):
    for name in ("frame_final_start", "frame_final_end"):
        if getattr(made, name) != getattr(strip, name):
            raise Refused(
                f"Blender plays its result at {made.frame_final_start}-{made.frame_final_end}, not"
                f" at {strip.frame_final_start}-{strip.frame_final_end}"
            )


def _overlap(one, other):
    begins = max(one.frame_final_start, other.frame_final_start)
    return begins < min(one.frame_final_end, other.frame_final_end)


def _beside(scene, strip, made):
    """What lies at the same time as a strip, above it."""
    return [
        each
        for each in _level_of(scene, strip)
        if each not in (strip, made) and each.channel > strip.channel and _overlap(each, strip)
    ]


def _free_channel(scene, strip, made):
    taken = {each.channel for each in _beside(scene, strip, made)}
    above = range(strip.channel + 1, _MOST_CHANNELS + 1)
    return next((channel for channel in above if channel not in taken), None)


def _stack(scene, strip, made):
    free, own = _free_channel(scene, strip, made), strip.channel
    hidden = [
        each
        for each in _beside(scene, strip, made)
        if each.channel < free and not each.mute and each.type != "SOUND"
    ]
    if hidden:
        strip.channel = free
        made.channel = own
    else:
        made.channel = free


def _take_over(scene, old, new):
    """Effects take the one where they took the other."""
    for effect in effects_on([old.name], all_strips(scene)):
        for slot in ("input_1", "input_2"):
            if getattr(effect, slot, None) == old:
                setattr(effect, slot, new)


def _level_of(scene, strip):
    meta = strip.parent_meta()
    return strips_of(scene.sequence_editor if meta is None else meta)
