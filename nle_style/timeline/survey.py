"""Walk a timeline: which clips can be planned, which are refused, which are left alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import opentimelineio as otio

__all__ = [
    "REFERENCE_KEY",
    "Candidate",
    "Refusal",
    "Skipped",
    "clip_at",
    "source_key",
    "survey",
]

REFERENCE_KEY = "nle_style"
"""Key of our media reference in a clip, and of our metadata wherever we leave some."""

_CLIP_ID = re.compile(r"tracks\[(\d+)\]/children\[(\d+)\]")


@dataclass(frozen=True)
class Refusal:
    """A picture in the cut that cannot be styled; it keeps the media it has.

    Attributes:
        clip_id: path in the timeline, "tracks[0]/children[3]", both zero-based.
        clip_name: the clip's name, or its media's where it has none.
        track_name: the track's name, or V1, V2, ..., A1, ... from the bottom where it has none.
        reason: one clause, without a full stop.
        remedy: one sentence the user can act on.
    """

    clip_id: str
    clip_name: str
    track_name: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Skipped:
    """Something that is rightly left alone: a gap, sound, a disabled clip.

    Attributes:
        clip_id, clip_name, track_name: as in `Refusal`.
        reason: "gap", "audio", "disabled", ...
    """

    clip_id: str
    clip_name: str
    track_name: str
    reason: str


@dataclass(frozen=True)
class Candidate:
    """A clip that the walk found nothing against.

    Attributes:
        clip_id, clip_name, track_name: as in `Refusal`.
        clip: the clip in the timeline, not a copy.
        reference: the media reference to style (see `source_key`).
        head, tail: extra media that transitions show before and after the clip's range.
    """

    clip_id: str
    clip_name: str
    track_name: str
    clip: otio.schema.Clip
    reference: otio.schema.ExternalReference
    head: otio.opentime.RationalTime
    tail: otio.opentime.RationalTime


def survey(timeline: otio.schema.Timeline) -> Iterator[Candidate | Refusal | Skipped]:
    """Everything on the timeline's tracks but transitions, bottom track first, in order."""
    counts: Counter[str] = Counter()
    for index, track in enumerate(timeline.tracks):
        clip_id = f"tracks[{index}]"
        if not isinstance(track, otio.schema.Track):
            # OTIO allows a bare clip or stack here; no editor writes one.
            yield _off_track(track, clip_id)
            continue
        letter = (track.kind or "?")[0].upper()
        counts[letter] += 1
        name = track.name or f"{letter}{counts[letter]}"
        warped = _active_time_effect(timeline.tracks) or _active_time_effect(track)
        for position, child in enumerate(track):
            if isinstance(child, otio.schema.Transition):
                continue
            yield _judged(track, child, f"{clip_id}/children[{position}]", name, warped)


def source_key(clip: otio.schema.Clip) -> str:
    """The key of the clip's own media, seen through a style that an earlier run put over it.

    Styling a relinked timeline again starts from the original, not from the styled picture.
    """
    active = str(clip.active_media_reference_key)
    if active != REFERENCE_KEY:
        return active
    references = clip.media_references()
    ours = references[active].metadata.get(REFERENCE_KEY, {})
    for key in (str(ours.get("source_reference")), str(otio.schema.Clip.DEFAULT_MEDIA_KEY)):
        if key in references:
            return key
    return active


def clip_at(timeline: otio.schema.Timeline, clip_id: str) -> otio.schema.Clip:
    """The clip that a `clip_id` of this timeline, or of a copy of it, means."""
    match = _CLIP_ID.fullmatch(clip_id)
    if match is None:
        raise ValueError(f"not a clip id: {clip_id!r}")
    return timeline.tracks[int(match[1])][int(match[2])]


def _judged(
    track: otio.schema.Track,
    child: otio.schema.Item,
    clip_id: str,
    track_name: str,
    warped: str,
) -> Candidate | Refusal | Skipped:
    clip_name = _name_of(child)
    left_alone = _left_alone(track, child)
    if left_alone:
        return Skipped(clip_id, clip_name, track_name, left_alone)
    reason, remedy = _objection(child, warped)
    if reason:
        return Refusal(clip_id, clip_name, track_name, reason, remedy)
    head, tail = track.handles_of_child(child)
    none = otio.opentime.RationalTime()
    return Candidate(
        clip_id=clip_id,
        clip_name=clip_name,
        track_name=track_name,
        clip=child,
        reference=child.media_references()[source_key(child)],
        head=head or none,
        tail=tail or none,
    )


def _left_alone(track: otio.schema.Track, child: otio.schema.Item) -> str:
    """Why nothing has to be done; "" if something has."""
    if track.kind == otio.schema.TrackKind.Audio:
        return "audio"
    if track.kind != otio.schema.TrackKind.Video:
        return f"a track of kind '{track.kind}'"
    if isinstance(child, otio.schema.Gap):
        return "gap"
    if not track.enabled:
        return "disabled track"
    if not child.enabled:
        return "disabled"
    return ""


def _objection(child: otio.schema.Item, warped: str) -> tuple[str, str]:
    """Reason and remedy of a refusal; two empty strings if the clip can be planned."""
    if not isinstance(child, otio.schema.Clip):
        inside = len(child.find_clips())
        return (
            f"a nested sequence or compound clip of {inside} clips is not read yet",
            "Decompose it in place and export again, or render it as a movie.",
        )
    warp = warped or _active_time_effect(child)
    if warp:
        return (
            f"a retime ({warp}) is not read yet",
            "Render the retimed clip as a movie and cut that in.",
        )
    reference = child.media_references().get(source_key(child))
    if isinstance(reference, otio.schema.ExternalReference):
        return "", ""
    if isinstance(reference, otio.schema.ImageSequenceReference):
        return (
            "image sequences in a timeline are not read yet",
            "Render it as a movie first.",
        )
    if isinstance(reference, otio.schema.GeneratorReference):
        return (
            f"its picture is generated by the editor ({reference.generator_kind or 'generator'})",
            "Render it as a movie and cut that in.",
        )
    return "its media is missing from the timeline", "Relink the clip in the editor."


def _active_time_effect(item: otio.schema.Item) -> str:
    for effect in item.effects:
        if isinstance(effect, otio.schema.TimeEffect) and effect.enabled:
            return str(effect.schema_name())
    return ""


def _name_of(child: otio.schema.Item) -> str:
    if child.name:
        return str(child.name)
    if isinstance(child, otio.schema.Clip):
        reference = child.media_reference
        url = getattr(reference, "target_url", None) or ""
        return str((reference and reference.name) or re.split(r"[/\\]", url)[-1])
    return ""


def _off_track(child: otio.schema.Item, clip_id: str) -> Refusal | Skipped:
    if isinstance(child, otio.schema.Gap) or not child.enabled:
        return Skipped(clip_id, _name_of(child), "", "gap or disabled, and on no track")
    return Refusal(
        clip_id,
        _name_of(child),
        "",
        f"this {child.schema_name()} lies in the sequence itself, on no track",
        "Put it on a track and export again.",
    )
