"""Which pictures of a timeline can be planned, which are refused, which are left alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.needs.references import REFERENCE_KEY, own_reference, source_key
from nle_style.timeline.needs.retime import Shown, speed_of
from nle_style.timeline.needs.tree import DEEPEST, Placed, walk

__all__ = [
    "REFERENCE_KEY",
    "Candidate",
    "Refusal",
    "Skipped",
    "clip_at",
    "source_key",
    "survey",
]

_CLIP_ID = re.compile(r"tracks\[(\d+)\]((?:/children\[\d+\])*)")


@dataclass(frozen=True)
class Refusal:
    """A picture in the cut that cannot be styled; it keeps the media it has.

    Attributes:
        clip_id: path in the timeline, "tracks[0]/children[3]", all zero-based; in nests
            "tracks[0]/children[3]/children[1]/children[0]".
        clip_name: the clip's name, or its media's where it has none.
        track_name: the track's name, or V1, V2, ..., A1, ... from the bottom where it has none;
            in nests the names from the outside in, "V1 > Compound 1 > V2".
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
    """A clip with a picture in the cut.

    Attributes:
        clip_id, clip_name, track_name: as in `Refusal`.
        clip: the clip in the timeline, not a copy.
        parents: the stacks and tracks around it, outermost first, without `timeline.tracks`.
        reference: the media reference to style (see `source_key`).
        objection: why the clip cannot be planned, with its remedy; None if nothing is known
            against it before its media are looked at.
        speed: the product of its own retimes; 1 without any, 0 for a freeze.
        shown: when the cut shows it, by the time since its start (see `retime.Shown`).
        record: first instant and end in the timeline, seconds from its start, without the clip's
            own transitions; None where it cannot be known.
        tail: what a transition shows after the clip's range.
        clocks: rates that its place within nests is counted at.
        head: what a transition shows before the clip's range.
    """

    clip_id: str
    clip_name: str
    track_name: str
    clip: otio.schema.Clip
    parents: tuple[otio.core.Composition, ...]
    reference: otio.core.MediaReference | None
    objection: TimelineError | None
    speed: Fraction
    shown: tuple[Shown, ...]
    record: tuple[Fraction, Fraction] | None
    head: otio.opentime.RationalTime
    tail: otio.opentime.RationalTime
    clocks: frozenset[float]


def survey(timeline: otio.schema.Timeline) -> Iterator[Candidate | Refusal | Skipped]:
    """Everything in the timeline but transitions, nests walked into, bottom track first."""
    for placed in walk(timeline):
        yield _judged(placed)


def clip_at(timeline: otio.schema.Timeline, clip_id: str) -> otio.schema.Clip:
    """The clip that a `clip_id` of this timeline, or of a copy of it, means."""
    match = _CLIP_ID.fullmatch(clip_id)
    if match is None:
        raise ValueError(f"not a clip id: {clip_id!r}")
    item = timeline.tracks[int(match[1])]
    for position in re.findall(r"\d+", match[2]):
        item = item[int(position)]
    return item


def _judged(placed: Placed) -> Candidate | Refusal | Skipped:
    item, name = placed.item, _name_of(placed.item)
    left_alone = _left_alone(placed)
    if left_alone:
        return Skipped(placed.clip_id, name, placed.track_name, left_alone)
    if not isinstance(item, otio.schema.Clip):
        # The walk goes into every other stack and track.
        return Refusal(
            placed.clip_id,
            name or next((str(p.name) for p in reversed(placed.parents) if p.name), ""),
            placed.track_name,
            f"it is nested more than {DEEPEST} levels deep",
            "Decompose the nests in the editor, or render the innermost as a movie.",
        )
    speed, objection = Fraction(1), placed.fault
    try:
        speed = speed_of(item)
    except TimelineError as error:
        objection = objection or error
    reference = own_reference(item)
    return Candidate(
        clip_id=placed.clip_id,
        clip_name=name,
        track_name=placed.track_name,
        clip=item,
        parents=placed.parents,
        reference=reference,
        objection=_without_picture(reference) or objection,
        speed=speed,
        shown=placed.shown,
        record=placed.record,
        head=placed.head,
        tail=placed.tail,
        clocks=placed.clocks,
    )


def _left_alone(placed: Placed) -> str:
    """Why nothing has to be done; "" if something has."""
    item = placed.item
    if otio.schema.TrackKind.Audio in placed.kinds:
        return "audio"
    for kind in placed.kinds:
        if kind != otio.schema.TrackKind.Video:
            return f"a track of kind '{kind}'"
    if isinstance(item, otio.schema.Gap):
        return "gap"
    if placed.disabled is not None:
        if len(placed.parents) == 1 and isinstance(placed.parents[0], otio.schema.Track):
            return "disabled track"
        return f"inside '{placed.disabled}', which is disabled"
    if not item.enabled:
        return "disabled"
    if isinstance(item, otio.core.Composition) and not len(item):
        return "empty"
    if item.source_range is not None and item.source_range.duration.value <= 0:
        return "no length"
    if not placed.shown and placed.fault is None:
        return "trimmed off: no part of the cut shows it"
    if isinstance(item, otio.schema.Clip) and _is_adjustment(item):
        return "adjustment layer, which has no picture of its own"
    return ""


def _is_adjustment(clip: otio.schema.Clip) -> bool:
    """Editors export these as clips without media, told apart by their names alone."""
    reference = own_reference(clip)
    kind = str(getattr(reference, "generator_kind", "") or "")
    without = reference is None or isinstance(
        reference, otio.schema.MissingReference | otio.schema.GeneratorReference
    )
    return without and any(
        re.match(r"adjustment (clip|layer)", text, re.IGNORECASE)
        for text in (str(clip.name), kind, "" if reference is None else str(reference.name))
    )


def _without_picture(reference: otio.core.MediaReference | None) -> TimelineError | None:
    if isinstance(reference, otio.schema.ExternalReference | otio.schema.ImageSequenceReference):
        return None
    if isinstance(reference, otio.schema.GeneratorReference):
        kind = reference.generator_kind or "generator"
        return TimelineError(
            f"its picture is generated by the editor ({kind})",
            remedy="Render it as a movie and cut that in.",
        )
    return TimelineError(
        "its media is missing from the timeline", remedy="Relink the clip in the editor."
    )


def _name_of(child: otio.schema.Item) -> str:
    if child.name:
        return str(child.name)
    if isinstance(child, otio.schema.Clip):
        reference = own_reference(child)
        url = getattr(reference, "target_url", None) or getattr(reference, "name_prefix", "") or ""
        return str((reference and reference.name) or re.split(r"[/\\]", url)[-1])
    return ""
