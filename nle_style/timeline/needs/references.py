"""Which of a clip's media references are its own, and which we have added."""

from __future__ import annotations

import opentimelineio as otio

__all__ = ["REFERENCE_KEY", "is_ours", "own_reference", "source_key"]

REFERENCE_KEY = "nle_style"
"""Key of the media reference that we add to a clip, and of all metadata that we write.

The active intermediate has this key; those of earlier looks are kept as "nle_style.LABEL".
"""


def is_ours(key: str) -> bool:
    """Whether a media reference has a key that `nle_style.timeline.relink` gives."""
    return key == REFERENCE_KEY or key.startswith(f"{REFERENCE_KEY}.")


def source_key(clip: otio.schema.Clip) -> str:
    """The key of the clip's own media, also where an intermediate is the active reference.

    So a relinked timeline that is styled again is rendered from the original media.
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
