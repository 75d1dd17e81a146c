"""Sort the clips of a timeline: those that can be styled, the refused, and the rest."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import opentimelineio as otio

from nle_style.errors import Failure, TimelineError
from nle_style.timeline.needs.references import own_reference
from nle_style.timeline.needs.retime import Curve, curve_of, speed_of
from nle_style.timeline.needs.tree import DEEPEST, ClipPlace, Placed, walk
from nle_style.timeline.parsed import SOURCE_KEY

__all__ = ["NOT_CHOSEN", "NO_LOOK", "Candidate", "Refusal", "Skipped", "clip_at", "survey"]

_CLIP_ID = re.compile(r"tracks\[(\d+)\]((?:/children\[\d+\])*)")


NOT_CHOSEN = "not chosen"
NO_LOOK = "no look asked for"
"""Reason of a clip that is seen and stays as it is because nothing asks for more."""


@dataclass(frozen=True)
class Refusal(ClipPlace):
    """A picture in the cut that cannot be styled; it keeps the media it has.

    Its `clip_id` is "" if the reader could not put it into the timeline.

    Attributes:
        reason: one clause, without a full stop.
        remedy: one sentence the user can act on.
        outcome: as of `errors.NleStyleError`.
    """

    reason: str
    remedy: str
    outcome: Failure = "refused"


@dataclass(frozen=True)
class Skipped(ClipPlace):
    """Something that needs no style; `reason` is "gap", "audio", "disabled" and the like."""

    reason: str


@dataclass(frozen=True)
class Candidate(Placed):
    """A clip with a picture in the cut.

    Attributes:
        item: the clip in the timeline, not a copy.
        fault: why the clip cannot be planned, as far as that is known without its media.
        reference: the media reference to style (see `source_key`).
        speed: the product of its own retimes; 1 without any, 0 for a freeze.
        curve: of a speed that changes over time; else empty.
    """

    reference: otio.core.MediaReference | None = None
    speed: Fraction = Fraction(1)
    curve: Curve = ()

    @property
    def clip(self) -> otio.schema.Clip:
        """The clip in the timeline, not a copy."""
        return self.item


def survey(timeline: otio.schema.Timeline) -> Iterator[Candidate | Refusal | Skipped]:
    """Every item of the timeline but transitions, those in nests too, bottom track first."""
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
    item, name = placed.item, placed.clip_name
    left_alone = _left_alone(placed)
    if left_alone:
        return Skipped(placed.clip_id, name, placed.track_name, left_alone)
    if not isinstance(item, otio.schema.Clip):
        # Every other stack and track is walked into.
        return Refusal(
            placed.clip_id,
            name or next((str(p.name) for p in reversed(placed.parents) if p.name), ""),
            placed.track_name,
            f"it is nested more than {DEEPEST} levels deep",
            "Decompose the nests in the editor, or render the innermost as a movie.",
        )
    speed, fault = Fraction(1), placed.fault
    curve: Curve = ()
    try:
        speed, curve = speed_of(item), curve_of(item)
    except TimelineError as error:
        fault = fault or error
    reference = own_reference(item)
    fault = _without_picture(reference) or fault
    return Candidate(
        **vars(placed) | {"fault": fault, "reference": reference, "speed": speed, "curve": curve}
    )


def _left_alone(placed: Placed) -> str:
    """Why the item needs no style; "" if it may need one."""
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
    if isinstance(item, otio.schema.Clip) and _is_black(item):
        return "black"
    return ""


def _is_adjustment(clip: otio.schema.Clip) -> bool:
    """Editors export adjustment layers as clips without media, known by their names alone."""
    reference = own_reference(clip)
    kind = str(getattr(reference, "generator_kind", "") or "")
    without = reference is None or isinstance(
        reference, otio.schema.MissingReference | otio.schema.GeneratorReference
    )
    return without and any(
        re.match(r"adjustment (clip|layer)", text, re.IGNORECASE)
        for text in (str(clip.name), kind, "" if reference is None else str(reference.name))
    )


def _is_black(clip: otio.schema.Clip) -> bool:
    return getattr(own_reference(clip), "generator_kind", "") == "black"


def _without_picture(reference: otio.core.MediaReference | None) -> TimelineError | None:
    if isinstance(reference, otio.schema.ExternalReference | otio.schema.ImageSequenceReference):
        return None
    if isinstance(reference, otio.schema.GeneratorReference):
        kind = reference.generator_kind or "generator"
        return TimelineError(
            f"its picture is generated by the editor ({kind})",
            remedy="Render it as a movie and cut that in.",
        )
    about = {} if reference is None else reference.metadata.get(SOURCE_KEY, {})
    if about.get("reason"):
        return TimelineError(str(about["reason"]), remedy=str(about.get("remedy", "")))
    return TimelineError(
        "its media is missing from the timeline",
        remedy="Relink the clip in the editor.",
        outcome="missing",
    )
