"""What the run, its report and the dry run all say of a clip of the cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from nle_style.errors import InputError, NleStyleError
from nle_style.render.item import ItemResult
from nle_style.render.outcomes import Outcome, exit_code_of
from nle_style.timecode import DROP_RATES, Timecode, smpte_rate
from nle_style.timeline import ReadTimeline
from nle_style.timeline.needs import ClipUse, Plan, Refusal, Skipped

__all__ = [
    "ClipEnd",
    "clip_counts",
    "clip_ends",
    "clip_identity",
    "clip_place",
    "clips_exit_code",
    "edit_rate",
    "ends_of_items",
    "instant_of",
    "note_of",
    "record_timecodes",
    "refusal_error",
]


def clip_identity(clip: ClipUse | Refusal | Skipped) -> dict[str, Any]:
    """The clip as an editor finds it: `clip_id`, `name`, `track`."""
    return {"clip_id": clip.clip_id, "name": clip.clip_name, "track": clip.track_name}


def clip_place(read: ReadTimeline, use: ClipUse) -> dict[str, Any]:
    """Where a planned clip stands and what it shows: `timeline`, `source`, `frames`.

    `timeline` is None for a clip whose place the timeline does not say.
    """
    record = None
    if use.record is not None:
        rate = edit_rate(read) or float(use.rate)
        record = record_timecodes(use.record, rate, _start_of(read, rate), drop=read.drop)
    return {"timeline": record, "source": str(use.source), "frames": [use.first, use.last]}


def _start_of(read: ReadTimeline, rate: float) -> Fraction:
    """Seconds at which a timeline starts."""
    begin = read.timeline.global_start_time
    offset = 0 if begin is None or begin.rate <= 0 else round(begin.rescaled_to(rate).value)
    return Fraction(offset) / Fraction(rate)


def instant_of(read: ReadTimeline, text: str) -> Fraction:
    """Seconds from a timeline's start to a timecode of it, counted as `clip_place` counts.

    Raises: InputError if its rate has no timecode, or the text is none.
    """
    rate = edit_rate(read)
    exact = None if rate is None else smpte_rate(rate, Fraction(1, 100))
    if rate is None or exact is None:
        raise InputError(
            f"the timeline has no timecode, and so no '{text}'",
            where=str(read.path),
            remedy="Choose clips by name, reel, track or marker.",
        )
    start = _start_of(read, rate)
    drop = is_drop(read.drop, start, exact)
    return Fraction(replace(Timecode.of(text), drop=drop).frame(exact)) / exact - start


def edit_rate(read: ReadTimeline) -> float | None:
    """Frames a second of the timeline's own count; None where it does not say."""
    begin = read.timeline.global_start_time
    if begin is not None and begin.rate > 0:
        return float(begin.rate)
    for track in read.timeline.video_tracks():
        for item in track:
            trim = getattr(item, "source_range", None)
            if trim is not None and trim.duration.rate > 0:
                return float(trim.duration.rate)
    return None


def record_timecodes(
    record: tuple[Fraction, Fraction],
    rate: float,
    start: Fraction = Fraction(0),
    *,
    drop: bool | None = None,
) -> list[str]:
    """In and out (exclusive) of a clip as timecode; as seconds at a rate that has none.

    Args:
        record: seconds from the timeline's start.
        rate: frames a second of the timeline.
        start: seconds at which the timeline starts.
        drop: whether 29.97 and 59.94 are counted drop-frame. None where the timeline does not say:
            then they are, unless only the other count makes its start a whole hour.
    """
    exact = smpte_rate(rate, Fraction(1, 100))
    if exact is None:
        return [f"{float(start + seconds):.3f} s" for seconds in record]
    drop = is_drop(drop, start, exact)
    frames = (round((start + seconds) * exact) for seconds in record)
    return [str(Timecode.at(frame, exact, drop=drop)) for frame in frames]


def is_drop(said: bool | None, start: Fraction, rate: Fraction) -> bool:
    """Whether a timeline is counted drop-frame; see `record_timecodes`."""
    first = round(start * rate)
    guess = first == 0 or first % (3600 * round(rate)) != 0
    return (guess if said is None else said) and rate in DROP_RATES


@dataclass(frozen=True)
class ClipEnd:
    """What became of one clip of a cut, or what would.

    Attributes:
        error: why it is not styled; None if it is, or is left as it is.
    """

    clip: ClipUse | Refusal | Skipped
    outcome: Outcome
    error: NleStyleError | None = None


def clip_ends(plan: Plan, ranges: Sequence[tuple[Outcome, NleStyleError | None]]) -> list[ClipEnd]:
    """Every clip of a cut: the planned ones, then the refused and the skipped ones.

    Args:
        ranges: how each range of the plan ended, in their order.
    """
    by_range = dict(zip(plan.ranges, ranges, strict=True))
    ends = [ClipEnd(use, *by_range[use.range]) for use in plan.uses]
    ends += [ClipEnd(clip, Outcome(clip.outcome), refusal_error(clip)) for clip in plan.refusals]
    return ends + [ClipEnd(clip, Outcome.skipped) for clip in plan.skipped]


def ends_of_items(plan: Plan, items: Sequence[ItemResult]) -> list[ClipEnd]:
    """`clip_ends` after a run: one item a range of the plan."""
    return clip_ends(plan, [(item.outcome, item.error) for item in items])


def clip_counts(ends: Iterable[ClipEnd]) -> Counter[Outcome]:
    """Clips by how they ended; gaps, sound and empty tracks are no clips here."""
    return Counter(end.outcome for end in ends if not _without_picture(end.clip))


def clips_exit_code(ends: Iterable[ClipEnd]) -> int:
    """The exit code of a cut: that of its clips, as `exit_code_of`; bad input if it has none."""
    errors = [end.error for end in ends if end.outcome is not Outcome.skipped]
    return exit_code_of(errors) if errors else InputError.exit_code


def refusal_error(refusal: Refusal) -> InputError:
    """What the plan says of a clip, as an error that names it."""
    return InputError(
        refusal.reason,
        where=f"clip '{refusal.clip_name}' on {refusal.track_name}",
        remedy=refusal.remedy,
        outcome=refusal.outcome,
    )


def note_of(use: ClipUse) -> str:
    """What an editor should know of a clip that is styled, with the clip's name."""
    return f"clip '{use.clip_name}' on {use.track_name}: {use.note}"


def _without_picture(clip: ClipUse | Refusal | Skipped) -> bool:
    return isinstance(clip, Skipped) and clip.reason in ("audio", "gap", "empty")
