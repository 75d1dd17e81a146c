"""The sequencer's strips: what they show (`needs`), and their styled versions (`placing`).

`host` knows where Blender's versions differ, `marks` the custom properties by which a styled strip
and its original know one another.
"""

from .host import Refused, redraw, scene_of, shown_strips
from .marks import original_of, styled_in
from .needs import need_of, refuse_as_exr, refuse_unknown_colour
from .placing import place, remove

__all__ = [
    "Refused",
    "need_of",
    "original_of",
    "place",
    "redraw",
    "refuse_as_exr",
    "refuse_unknown_colour",
    "remove",
    "scene_of",
    "shown_strips",
    "styled_in",
]
