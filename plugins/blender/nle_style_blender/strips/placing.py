"""Styled strips: put into the timeline, and taken out of it again.

What becomes the styled strip is the strip itself, with another file; a duplicate of it is kept as
the original, muted. So crop, transform, modifiers, speed and animation stay, and every effect on
the strip takes the styled one. Giving effects another input would not do: Blender 3.4 has inputs
that Python cannot reach, which would then point to a strip that may be removed, and it crashes.
"""

import os
import re
import uuid

from .host import Refused, duplicate, shown_strips, strips_of
from .marks import facts_of, mark, original_of, styled_of, unmark
from .needs import need_of

__all__ = ["place", "remove"]

_MOST_CHANNELS = 128
_LONGEST = 61  # bytes of a strip's name that Blender 3.4 keeps; 5.0 keeps no less
_RESULT = re.compile(r".*\.(\d+)\.\w+")
_TIMES = ("animation_offset_start", "animation_offset_end", "frame_start")
_HIDDEN = ("frame_offset_start", "frame_offset_end")


def place(context, scene, need, events, look, folder):
    """Make a strip's styled version of it; one that is styled already is given the new files.

    The styled strip lies on the next free channel above the original. Where it would hide other
    pictures there, or lie above an effect on it, it stays, and the original goes up.

    Args:
        need: the Need of the strip that is shown as the original.
        events: the `item` events of its items.
        look: what it was painted with, for its name.
        folder: the results' folder as Blender is to keep it: "//styled/" beside the .blend.

    Returns:
        the styled strip.

    Raises:
        Refused: the strip or its file is gone, it or an effect on it was changed meanwhile, or
            Blender does not play the result as long as the original, which is shown then.
    """
    strip = next((each for each in shown_strips(scene) if each.name == need.name), None)
    if strip is None:
        raise Refused("it is gone, or in a meta strip that is not open")
    if need_of(scene, strip).state != need.state:  # effects on it decide which frames it shows
        raise Refused("it was changed meanwhile: start again for it")
    name = strip.name
    made = next(iter(styled_of(scene, strip)), None)
    if made is None:
        if _free_channel(scene, strip) is None:
            raise Refused("no channel above it is free")
        made, strip = strip, duplicate(context, scene, strip)
        facts = {"muted": made.mute, "channel": made.channel}
        mark(strip, made, uuid.uuid4().hex, facts)
        made.name = _styled_name(name, look)
        strip.name = name
        strip.mute = True
        _stack(scene, strip, made)
    channel = made.channel
    try:
        if need.is_images:
            _replace_images(made, strip, need, events, folder)
        else:
            _replace_movie(made, strip, need, folder + os.path.basename(events[0]["path"]))
        made.use_proxy = False
        _check(made, strip)
        # While its length was another, Blender may have moved it out of others' way.
        made.channel = channel
    except Exception:
        remove(scene, made)
        raise
    made.name = _styled_name(name, look)
    return made


def _styled_name(name, look):
    """The strip's name and the look; of a long one less, and room for a number of Blender's.

    Cut by Blender it would be the original's name, which the original would then lose.
    """
    whole = f"{name} {look}"
    if len(whole.encode("utf-8")) <= _LONGEST:
        return whole
    end = f" {look}"[: _LONGEST // 2]
    room = _LONGEST - len(f"{end}.001".encode())
    return name.encode("utf-8")[:room].decode("utf-8", "ignore") + end


def remove(scene, made):
    """Make a styled strip the original again, where it was; what was kept of that goes.

    Returns:
        the strip.

    Raises:
        Refused: the original is gone.
    """
    strip = original_of(scene, made)
    if strip is None:
        raise Refused("its original is gone, so it is kept")
    facts, name, proxy = facts_of(made), strip.name, strip.use_proxy
    _give_back(made, strip)
    _level_of(scene, strip).remove(strip)
    unmark(made)
    made.name, made.mute, made.use_proxy = name, facts["muted"], proxy
    level = _level_of(scene, made)
    taken = {each.channel for each in level if each != made and _overlap(each, made)}
    if facts["channel"] not in taken:
        made.channel = facts["channel"]
    return made


def _give_back(made, strip):
    if strip.type == "MOVIE":
        made.filepath = strip.filepath
    else:
        made.directory = strip.directory
        for element, kept in zip(made.elements, strip.elements):
            element.filename = kept.filename
    for name in (*_TIMES, *_HIDDEN):
        setattr(made, name, getattr(strip, name))
    _settle(made, strip)


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
    _settle(made, strip)


def _settle(made, strip):
    """Have effects on it follow: Blender moves them when a handle is set, and not with offsets."""
    made.frame_final_start = strip.frame_final_start
    made.frame_final_end = strip.frame_final_end


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


def _above(scene, strip, but=None):
    """What lies at the same time as a strip, above it."""
    return [
        each
        for each in _level_of(scene, strip)
        if each not in (strip, but) and each.channel > strip.channel and _overlap(each, strip)
    ]


def _free_channel(scene, strip, but=None):
    taken = {each.channel for each in _above(scene, strip, but)}
    above = range(strip.channel + 1, _MOST_CHANNELS + 1)
    return next((channel for channel in above if channel not in taken), None)


def _stack(scene, strip, made):
    """Give both their channels; `made` has the strip's own, where Blender has duplicated it."""
    free, own = _free_channel(scene, made, strip), made.channel
    hidden = [
        each
        for each in _above(scene, made, strip)
        if each.channel < free and not each.mute and each.type != "SOUND"
    ]
    if hidden:
        strip.channel = free
    else:
        made.channel = free
        strip.channel = own


def _level_of(scene, strip):
    meta = strip.parent_meta()
    return strips_of(scene.sequence_editor if meta is None else meta)
