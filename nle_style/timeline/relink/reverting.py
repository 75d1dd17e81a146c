"""Take the intermediates out of a relinked timeline again."""

from __future__ import annotations

from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.needs import REFERENCE_KEY, is_ours, source_key

__all__ = ["revert"]


def revert(
    timeline: otio.schema.Timeline, *, folder: Path | None = None, keep_styled: bool = False
) -> otio.schema.Timeline:
    """The timeline as it was before `relink`, with what was edited since.

    Args:
        timeline: one that was relinked with both references; it is not modified.
        folder: where the result will be written. The original's relative URLs come back if that
            is the original timeline's folder; from another one they would not lead to the media.
        keep_styled: only make the originals active again, and keep the intermediates beside them.

    Returns:
        A new timeline. Without `keep_styled` nothing that `relink` added is left in it: a timeline
        that was not edited since has the same JSON as the original.

    Raises:
        TimelineError: no clip has an intermediate beside its original, as in a baked timeline.
    """
    result = timeline.deepcopy()
    restored = [_restored(clip, keep_styled) for clip in result.find_clips()]
    if not any(restored):
        raise TimelineError(
            "no clip has an nle_style intermediate beside its original",
            where=str(timeline.name),
            remedy="Give the relinked .otio, not the .baked.otio and not the original.",
        )
    if keep_styled:
        return result
    noted = dict(result.metadata.get(REFERENCE_KEY, {}))
    at_home = folder is not None and noted.get("original_folder") == str(folder.absolute())
    for clip in result.find_clips():
        for reference in clip.media_references().values():
            _cleaned(reference, at_home)
    if "original_name" in noted:
        result.name = noted["original_name"]
    result.metadata.pop(REFERENCE_KEY, None)
    return result


def _restored(clip: otio.schema.Clip, keep_styled: bool) -> bool:
    """Make the clip's original active; False if it has no intermediate beside it."""
    references = clip.media_references()
    ours = [key for key in references if is_ours(key)]
    original = source_key(clip)
    if not ours or is_ours(original):
        return False
    noted = [references[key].metadata.get(REFERENCE_KEY, {}) for key in ours]
    if keep_styled:
        clip.active_media_reference_key = original
        return True
    if any(note.get("source_range_added") for note in noted):
        clip.source_range = None
    for key in ours:
        del references[key]
    clip.set_media_references(references, original)
    return True


def _cleaned(reference: otio.core.MediaReference, at_home: bool) -> None:
    noted = dict(reference.metadata.get(REFERENCE_KEY, {}))
    if "relative_url" not in noted:
        return
    url = noted.pop("relative_url")
    if noted:
        reference.metadata[REFERENCE_KEY] = noted
    else:
        del reference.metadata[REFERENCE_KEY]
    if at_home and isinstance(reference, otio.schema.ImageSequenceReference):
        reference.target_url_base = url
    elif at_home:
        reference.target_url = url
