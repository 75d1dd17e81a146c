"""Avid's AAF, through otio-aaf-adapter."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.parsed import SOURCE_KEY, Parsed, file_bytes, refused_effect
from nle_style.timeline.readers.aaf_adapter import adapter

__all__ = ["read_aaf"]

# Source: [MS-CFB] 2.2, Header Signature.
_COMPOUND_FILE = bytes.fromhex("D0CF11E0A1B11AE1")
_REMEDY = "Export an edit-protocol AAF of the sequence again, or an EDL."


def read_aaf(path: Path) -> list[Parsed]:
    """Every top-level composition of the file, with the adapter's warnings.

    The adapter takes nests apart; where that would change what a retime shows, they are kept.

    Raises:
        TimelineError: not an AAF, or something in it that the adapter cannot read.
    """
    # aaf2 leaves a file that is no Compound File open behind its exception.
    if file_bytes(path, len(_COMPOUND_FILE)) != _COMPOUND_FILE:
        raise TimelineError(
            "the AAF cannot be read (it is no Compound File; an XML of the sequence?)",
            where=str(path),
            remedy=_REMEDY,
        )
    warnings: list[str] = []
    unknown: list[str] = []
    try:
        with adapter(warnings, unknown) as read:
            found = read(str(path))
            if any(map(_is_retimed, _items(found))):
                whole = read(str(path), simplify=False)
                found = _unwrapped(whole) if _loses_frames(found, whole) else found
    # aaf2 and the adapter raise errors of any kind: struct.error, AAFAdapterError, KeyError, ...
    except Exception as error:
        raise TimelineError(
            f"the AAF cannot be read ({type(error).__name__}: {error})",
            where=str(path),
            remedy=_REMEDY,
        ) from error
    if unknown:
        raise TimelineError(
            f"a sequence holds a component that cannot be read ({unknown[0]}), and all behind it "
            "would come too early",
            where=str(path),
            remedy=_REMEDY,
        )
    _mend(found)
    return [Parsed(timeline, warnings) for timeline in _timelines(found)]


def _timelines(found: otio.core.SerializableObject) -> list[otio.schema.Timeline]:
    items = list(found) if isinstance(found, otio.schema.SerializableCollection) else [found]
    return [item for item in items if isinstance(item, otio.schema.Timeline)]


def _is_retimed(item: otio.core.Composable) -> bool:
    return isinstance(item, otio.core.Item) and any(
        isinstance(effect, otio.schema.TimeEffect) for effect in item.effects
    )


def _items(found: otio.core.SerializableObject) -> Iterator[otio.core.Composable]:
    for timeline in _timelines(found):
        yield from timeline.tracks.find_children()


def _loses_frames(found: otio.core.SerializableObject, whole: otio.core.SerializableObject) -> bool:
    """Whether nests taken apart, as in `found`, would show other frames than in `whole`.

    The adapter cuts what a retimed group holds to the group's length at normal speed, so that a
    freeze in a dissolve holds nothing; and it begins a retimed clip in a trimmed nest, or in one
    behind a transition, as many frames later as the trim has.
    """
    retimed = filter(_is_retimed, _items(found))
    if any(isinstance(item, otio.core.Composition) and not len(item) for item in retimed):
        return True
    for item in _items(whole):
        many = isinstance(item, otio.core.Composition) and len(item.find_clips()) > 1
        if many and _is_retimed(item):
            return True
        beside = any(isinstance(each, otio.schema.Transition) for each in _beside(item))
        if many and beside and any(map(_is_retimed, item.find_children())):
            return True
        above = item.parent() if _is_retimed(item) else None
        while above is not None:
            if above.source_range is not None and above.source_range.start_time.value:
                return True
            above = above.parent()
    return False


def _unwrapped(whole: otio.core.SerializableObject) -> otio.core.SerializableObject:
    """With the range that is shown of a master's slot on the clip in it, in place of the slot."""
    for slot in list(_items(whole)):
        is_slot = isinstance(slot, otio.schema.Track) and len(slot) == 1 and not slot.effects
        clip, shown = (slot[0], slot.source_range) if is_slot else (None, None)
        if not isinstance(clip, otio.schema.Clip) or clip.source_range is None or shown is None:
            continue
        start = clip.source_range.start_time + shown.start_time
        clip.source_range = otio.opentime.TimeRange(start, shown.duration)
        slot.source_range, parent = None, slot.parent()
        if isinstance(parent, otio.schema.Track):
            del slot[:]
            clip.markers.extend(slot.markers)
            clip.enabled = clip.enabled and slot.enabled
            parent[parent.index(slot)] = clip
    return whole


def _beside(item: otio.core.Composable) -> tuple[otio.core.Composable | None, ...]:
    """What lies before and behind an item on its track."""
    track = item.parent()
    return track.neighbors_of(item) if isinstance(track, otio.schema.Track) else (None, None)


def _mend(found: otio.core.SerializableObject) -> None:
    """Correct what the adapter makes of speeds beside transitions, and of what it cannot follow.

    It begins what lies behind a transition as many frames of the source later as the cut lies
    frames of the edit behind the transition's start; passes over the speed of an effect that is no
    time warp; and has a gap where a picture's mob is not in the file, or is no plain one.
    """
    for item in list(_items(found)):
        if isinstance(item, otio.schema.Gap):
            if reason := _lost(item):
                item.parent()[item.parent().index(item)] = _missing(item, reason)
            continue
        for effect in list(getattr(item, "effects", ())):
            about = effect.metadata.get("AAF", {}).get("Parameters", {})
            ratio = str(about.get("SpeedRatio", "1")).removesuffix("/1")
            if not isinstance(effect, otio.schema.TimeEffect) and ratio != "1":
                reason = f"its effect {effect.name} has a speed ({ratio}) and is no time warp"
                item.effects.append(refused_effect(effect.name, reason))
        warps = [e for e in getattr(item, "effects", ()) if isinstance(e, otio.schema.TimeEffect)]
        if warps and all(isinstance(warp, otio.schema.LinearTimeWarp) for warp in warps):
            _begin_by_speed(item, math.prod(warp.time_scalar for warp in warps))


def _begin_by_speed(item: otio.schema.Item, speed: float) -> None:
    """Begin a retimed item where its speed has it behind a transition.

    Reverse counts from the last frame, which the transition behind it has cut off.
    """
    before, behind = (
        each if isinstance(each, otio.schema.Transition) else None for each in _beside(item)
    )
    if item.source_range is None:
        return
    start = item.source_range.start_time
    if before is not None:
        start -= before.in_offset
    if speed < 0:
        counted = None if behind is None else behind.out_offset
    else:
        counted = None if before is None else before.in_offset
    if counted is not None:
        start += otio.opentime.RationalTime(counted.value * abs(speed), counted.rate)
    item.source_range = otio.opentime.TimeRange(start, item.source_range.duration)


def _lost(gap: otio.schema.Gap) -> str:
    """Why a gap of the adapter's stands for a picture; "" where the cut has none."""
    about, track = gap.metadata.get("AAF", {}), gap.parent()
    if about.get("ClassName") == "SourceClip":
        of_zeros = not str(about.get("SourceID", "")).removeprefix("urn:smpte:umid:").strip("0.")
        return "" if of_zeros else "the AAF does not have the clip that it shows"
    # A master's slot; the adapter's own tracks, of markers, have no metadata.
    if not about and isinstance(track, otio.schema.Track) and "AAF" in track.metadata:
        return "its master clip is more than a reference to its file, which nobody here can follow"
    return ""


def _missing(gap: otio.schema.Gap, reason: str) -> otio.schema.Clip:
    about = {"reason": reason, "remedy": _REMEDY}
    reference = otio.schema.MissingReference(metadata={SOURCE_KEY: about})
    made = otio.schema.Clip(gap.name, reference, gap.source_range, metadata=dict(gap.metadata))
    made.enabled = gap.enabled
    return made
