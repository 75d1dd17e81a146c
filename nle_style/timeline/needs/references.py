"""Which of a clip's media references is its own, and which are ours."""

from __future__ import annotations

import opentimelineio as otio

__all__ = ["REFERENCE_KEY", "is_ours", "own_reference", "source_key"]

REFERENCE_KEY = "nle_style"
"""Key of our media reference in a clip, and of our metadata wherever we leave some.

The active intermediate has this key; those of earlier looks are kept as "nle_style.LABEL".
"""


def is_ours(key: str) -> bool:
    """Whether a media reference's key is one that `nle_style.timeline.relink.relinker` gives."""
    return key == REFERENCE_KEY or key.startswith(f"{REFERENCE_KEY}.")


def source_key(clip: otio.schema.Clip) -> str:
    """The key of the clip's own media, seen through a style that an earlier run put over it.

    Styling a relinked timeline again starts from the original, not from the styled picture.
    """
    active = str(clip.active_media_reference_key)
    if not is_ours(active):
        return active
    references = clip.media_references()
    ours = references[active].metadata.get(REFERENCE_KEY, {})
    for key in (str(ours.get("source_reference")), str(otio.schema.Clip.DEFAULT_MEDIA_KEY)):
        if key in references:
            return key
    return active


def own_reference(clip: otio.schema.Clip) -> otio.core.MediaReference | None:
    """The reference of the clip's own media (see `source_key`)."""
    return clip.media_references().get(source_key(clip))
