"""Which frames of which files a strip shows, and what of it the worker has to paint.

Blender's `frame_start` is where the strip's content begins on the timeline, the offsets how much of
it is hidden at both ends (below 0: how long its first or last frame is held). A *position* counts
frames of the timeline from `frame_start`; at 100 % it is the frame of the content.
"""

import math
import os
import re

import bpy

from .host import (
    Refused,
    all_strips,
    effects_on,
    frames_in_file,
    is_retimed,
    shows_as_stored,
)
from .marks import is_styled, styled_of

__all__ = ["Need", "need_of", "refuse_as_exr", "refuse_unknown_colour"]

_NUMBERED = re.compile(r"(.*?)(\d+)(\.\w+)")
_LINEAR = ("Linear", "Linear Rec.709", "scene_linear")  # 3.4's name and 5.0's
_LIGHT = {  # other spaces of 3.4 and 5.0, and their names in the worker's configuration
    "Linear ACES": "ACES2065-1",
    "ACES2065-1": "ACES2065-1",
    "Linear ACEScg": "ACEScg",
    "ACEScg": "ACEScg",
    "ACEScc": "ACEScc",
    "ACEScct": "ACEScct",
    "Linear Rec.2020": "Linear Rec.2020",
    "Linear DCI-P3 D65": "Linear P3-D65",
    "XYZ": "CIE XYZ-D65 - Scene-referred",
    "Linear CIE-XYZ D65": "CIE XYZ-D65 - Scene-referred",
}
_DATA = ("Non-Color", "Raw")  # floats are light, and bytes codes
_OF_A_SCREEN = ("sRGB", "Display P3", "Rec.1886", "Rec.2020")  # and all that end in sRGB
_HDR = ("Rec.2100-HLG", "Rec.2100-PQ")  # in 5.0 what HDR movies are given, whose tags say the same
_FLOAT_FILES = (".exr", ".hdr")
_WITH_ALPHA = (32, 128)  # bits of a pixel, of bytes and of floats


class Need:
    """What has to be painted for one strip.

    Attributes:
        name: of the strip.
        state: what must be the same when the result is placed: where the strip is, and this need.
        items: of the job, without look: dicts of source, frames, and paint for a movie of which
            only those ranges are painted.
        colour: how its file is encoded, in the job's words; "" if that cannot be told.
        trim: (first position, last position) if the result has only those; None if it has all of
            the strip's frames.
        files: of images: file name -> (index of its item, its number in the result's names, None
            for a still).
        is_images: whether it is an image strip.
        as_stored: whether Blender shows its files' pictures as they are stored.
    """

    def __init__(self, strip, items, colour, trim=None, files=None):
        self.name = strip.name
        self.items = items
        self.colour = colour
        self.trim = trim
        self.files = files or {}
        # By the items' whole paths: saving the .blend makes the strip's own relative.
        self.state = (_place_of(strip), items, colour, trim, self.files)
        self.is_images = strip.type == "IMAGE"
        self.as_stored = shows_as_stored(strip)


def _place_of(strip):
    names = ("frame_start", "frame_offset_start", "frame_offset_end", "animation_offset_start")
    more = ("animation_offset_end", "frame_final_start", "frame_final_end", "use_reverse_frames")
    return [getattr(strip, name) for name in (*names, *more)]


def need_of(scene, strip):
    """Read a movie or image strip.

    Raises:
        Refused: it is itself a styled strip, or has one at other frames, its file is gone, or it is
            of a kind that cannot be replaced by another file.
    """
    if is_styled(strip):
        raise Refused("it is a styled strip: select its original, or remove it first")
    if strip.use_multiview:
        raise Refused("it has several views (stereo), of which one would be painted")
    styled = styled_of(scene, strip)
    for made in styled:
        if _span_of(made) != _span_of(strip):
            raise Refused(
                f"its styled strip {made.name} was moved or trimmed, which would be lost: do the "
                "same to both, or remove the styled strip, and start again"
            )
    # The effects on a strip that is styled already take its styled version.
    names = [strip.name, *(each.name for each in styled)]
    users = effects_on(names, all_strips(scene))
    sped = any(each.type == "SPEED" for each in users)
    # A dissolve may show more of a strip than its handles do.
    first = min(each.frame_final_start for each in [strip, *users])
    end = max(each.frame_final_end for each in [strip, *users])
    if strip.type == "MOVIE":
        return _movie(scene, strip, first, end, sped)
    return _images(strip, first, end, sped)


def _span_of(strip):
    return strip.frame_final_start, strip.frame_final_end


def _movie(scene, strip, first, end, sped):
    path = bpy.path.abspath(strip.filepath)
    if not os.path.isfile(path):
        raise Refused(f"its file is not there: {path}")
    if getattr(strip, "stream_index", 0):
        raise Refused("it shows another video stream than the first")
    source, colour = {"source": os.path.normpath(path), "frames": None}, _colour(strip, path)
    if sped or is_retimed(strip):
        return Need(strip, [source], colour)
    hidden = strip.frame_offset_start, strip.frame_offset_end
    length = strip.frame_final_duration + sum(hidden)
    count = frames_in_file(scene, strip)
    begin, last = first - strip.frame_start, end - 1 - strip.frame_start
    odd = strip.strobe > 1 or any(value % 1 for value in (strip.frame_start, *hidden))
    if odd or abs(length - count) > 0.5:
        # Blender's own rounding decides, so the result has all frames, of which more are painted
        # than can be seen.
        ratio, more = count / length, strip.strobe + 1
        if strip.use_reverse_frames:
            begin, last = length - 1 - last, length - 1 - begin
        shown = math.floor(begin * ratio - more), math.ceil(last * ratio + more)
        low, high = (min(max(each, 0), count - 1) for each in shown)
        offset = strip.animation_offset_start
        return Need(strip, [{**source, "paint": [[low + offset, high + offset]]}], colour)
    begin, last = (int(min(max(each, 0), count - 1)) for each in (begin, last))
    low, high = (count - 1 - last, count - 1 - begin) if strip.use_reverse_frames else (begin, last)
    offset = strip.animation_offset_start
    item = {**source, "frames": [low + offset, high + offset]}
    return Need(strip, [item], colour, (begin, last))


def _images(strip, first, end, sped):
    folder = bpy.path.abspath(strip.directory)
    elements = [each.filename for each in strip.elements]
    names = elements
    if not sped:
        names = [strip.strip_elem_from_frame(frame).filename for frame in range(first, end)]
    names = sorted(set(names))
    for name in names:
        if not os.path.isfile(os.path.join(folder, name)):
            raise Refused(f"its file is not there: {os.path.join(folder, name)}")
    runs = _runs(names)
    if len(runs) > 1:
        # A strip has one folder, and the worker writes each sequence into one of its own. (A path
        # in an element's name would be lost when the .blend is saved.)
        runs = [[name] for name in names]
    items, files = [], {}
    for run in runs:
        for name in run:
            number = int(_NUMBERED.fullmatch(name)[2]) if len(run) > 1 else None
            files[name] = len(items), number
        items.append(_image_item(folder, run))
    return Need(strip, items, _colour(strip, names[0]), files=files)


def refuse_as_exr(strip):
    """Refuse an image strip that would be written as OpenEXR, and has alpha.

    Of an EXR Blender expects RGB that alpha is multiplied into, and blends it in linear light.

    Raises:
        Refused: its soft edges would be up to 51 of 255 off.
    """
    path = os.path.join(bpy.path.abspath(strip.directory), strip.elements[0].filename)
    if path.lower().endswith(".exr"):
        return
    picture = bpy.data.images.load(path)
    try:
        has_alpha = picture.depth in _WITH_ALPHA
    finally:
        bpy.data.images.remove(picture)
    if has_alpha:
        raise Refused(
            "it has alpha, whose edges Blender blends otherwise in OpenEXR: choose another kind of "
            "images, as As the source"
        )


def _image_item(folder, run):
    """One file is a still; files of following numbers are part of what their folder has of them."""
    folder, name = os.path.split(os.path.join(folder, run[0]))
    if len(run) == 1:
        return {"source": os.path.normpath(os.path.join(folder, name)), "frames": None}
    before, digits, after = _NUMBERED.fullmatch(name).groups()
    found = [_NUMBERED.fullmatch(each) for each in os.listdir(folder)]
    numbers = [
        int(each[2])
        for each in found
        if each and (each[1], len(each[2]), each[3]) == (before, len(digits), after)
    ]
    position = int(digits) - min(numbers)
    return {
        "source": os.path.normpath(os.path.join(folder, f"{before}%0{len(digits)}d{after}")),
        "frames": [position, position + len(run) - 1],
    }


def _runs(names):
    """File names in runs of following numbers; a name without a number is a run of its own."""
    found = {}
    for name in names:
        parts = _NUMBERED.fullmatch(name)
        key = (parts[1], len(parts[2]), parts[3]) if parts else (name, 0, "")
        found.setdefault(key, []).append((int(parts[2]) if parts else 0, name))
    runs = []
    for members in found.values():
        last = None
        for number, name in sorted(members):
            if last is None or number != last + 1:
                runs.append([])
            runs[-1].append(name)
            last = number
    return runs


def _colour(strip, path):
    """How the worker is to read a file, by what Blender reads it as; "" if it cannot be told."""
    name = strip.colorspace_settings.name
    is_float = os.path.splitext(path)[1].lower() in _FLOAT_FILES
    if name in _LIGHT:
        return _LIGHT[name]
    if name in _LINEAR or (name in _DATA and is_float):
        return "auto" if is_float else "linear"
    if name in _HDR and strip.type == "MOVIE":
        return "auto"
    if name in (*_DATA, *_OF_A_SCREEN) or name.endswith("sRGB"):
        return "auto" if name == "sRGB" and not is_float else "srgb"
    return ""


def refuse_unknown_colour(strip, need):
    """Refuse a strip whose colour space the worker has no name for.

    Raises:
        Refused: it would be painted as other colours than Blender shows.
    """
    if not need.colour:
        raise Refused(
            f"its colour space {strip.colorspace_settings.name} is not known here: set Input "
            "colours, or another colour space"
        )
