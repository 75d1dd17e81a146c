"""The custom properties by which a styled strip and its original know one another.

Names would not do: they are the user's to change. Both properties are kept in the .blend.
"""

import json

from .host import all_strips

__all__ = ["facts_of", "is_styled", "mark", "original_of", "styled_in", "styled_of", "unmark"]

_STYLED = "nle_style"  # on a styled strip: JSON of what taking it out again needs
_ORIGINAL = "nle_style_id"  # on its original


def is_styled(strip):
    """Whether it is a styled strip of ours."""
    return _STYLED in strip


def mark(strip, made, number, facts):
    """Note on a styled strip, `made`, whose it is.

    Args:
        number: a name of its own for the pair.
        facts: plain data.
    """
    strip[_ORIGINAL] = number
    made[_STYLED] = json.dumps({"original": number, **facts})


def unmark(made):
    """A styled strip is one no more."""
    del made[_STYLED]


def facts_of(made):
    """What `mark` noted on a styled strip."""
    return json.loads(made[_STYLED])


def styled_in(scene):
    """All styled strips of a scene."""
    return [each for each in all_strips(scene) if is_styled(each)]


def original_of(scene, made):
    """The original of a styled strip; None if it is gone.

    Who duplicates both has two pairs of one name: the one at the same place is meant.
    """
    number = facts_of(made)["original"]
    found = [each for each in all_strips(scene) if each.get(_ORIGINAL) == number]
    at = made.frame_final_start
    return min(found, key=lambda each: abs(each.frame_final_start - at), default=None)


def styled_of(scene, strip):
    """The styled versions of a strip."""
    number = strip.get(_ORIGINAL)
    pairs = [made for made in styled_in(scene) if facts_of(made)["original"] == number]
    return [made for made in pairs if original_of(scene, made) == strip]
