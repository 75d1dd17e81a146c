"""Which frames of which files a cut needs, each of them once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

from nle_style.errors import MediaError, TimelineError
from nle_style.timeline.locate import media_path
from nle_style.timeline.needs import MediaFacts, Need, need_of
from nle_style.timeline.read import ReadTimeline
from nle_style.timeline.survey import Candidate, Refusal, Skipped, survey

__all__ = [
    "ClipUse",
    "MediaFacts",
    "Plan",
    "Refusal",
    "Skipped",
    "SourceRange",
    "plan_shots",
]


@dataclass(frozen=True)
class SourceRange:
    """Frames to render from one file: merged, with handles, within the file.

    Attributes:
        source: absolute path.
        first, last: zero-based positions in the file, inclusive.
    """

    source: Path
    first: int
    last: int


@dataclass(frozen=True)
class ClipUse:
    """One clip of the cut and the frames it shows, transitions included.

    Attributes:
        clip_id: path in the timeline, "tracks[0]/children[3]", both zero-based.
        clip_name, track_name: as an editor would look for them.
        source: absolute path of the media.
        first, last: zero-based frames of the file, inclusive, clamped to the file.
        range: the range of the plan that holds them.
        rate: the media's exact rate.
        media_start: the source time, in frames at `rate`, that the timeline means by the file's
            first frame: a one-hour timecode at 24 is 86400. Not whole in odd timelines.
        note: what the user should know, "" if nothing.
    """

    clip_id: str
    clip_name: str
    track_name: str
    source: Path
    first: int
    last: int
    range: SourceRange
    rate: Fraction
    media_start: Fraction
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """What to render for a timeline, and what not.

    Attributes:
        uses: every clip that can be styled, bottom track first.
        ranges: what to render; sources in order of appearance, ascending within a source,
            neither overlapping nor touching.
        refusals: pictures that cannot be styled, by name; they keep their media.
        skipped: gaps, sound and disabled clips.
    """

    uses: tuple[ClipUse, ...]
    ranges: tuple[SourceRange, ...]
    refusals: tuple[Refusal, ...]
    skipped: tuple[Skipped, ...]


def plan_shots(
    read: ReadTimeline, probe: Callable[[Path], MediaFacts], *, handles: int = 0
) -> Plan:
    """Plan the source ranges of a cut.

    A file frame is (source time - start of the media's available range) at the media's rate;
    without an available range the media's own timecode decides. Transitions add the frames they
    show beyond the cut. Where the timeline counts at another rate than the media, one frame is
    added on each side, because editors round differently there.

    Args:
        read: the timeline; it is not modified.
        probe: facts of a media file; asked once per file. A MediaError refuses its clips.
        handles: frames to add before and after each clip, >= 0, as far as the file has them.

    Returns:
        The plan. One clip's trouble is a refusal in it and never an exception.

    Raises:
        ValueError: `handles` is negative.
    """
    if handles < 0:
        raise ValueError(f"handles must be 0 or more, not {handles}")
    known: dict[Path, MediaFacts | MediaError] = {}
    needs: list[Need] = []
    refusals: list[Refusal] = []
    skipped: list[Skipped] = []
    for item in survey(read.timeline):
        if isinstance(item, Refusal):
            refusals.append(item)
        elif isinstance(item, Skipped):
            skipped.append(item)
        elif item.clip.source_range is not None and item.clip.source_range.duration.value <= 0:
            skipped.append(Skipped(item.clip_id, item.clip_name, item.track_name, "no length"))
        else:
            try:
                source = media_path(item.reference.target_url or "", read.media_root)
                needs.append(need_of(item, source, _probed(source, probe, known)))
            except (TimelineError, MediaError) as error:
                refusals.append(_refusal(item, error))
    ranges = _merged(needs, handles)
    return Plan(
        uses=tuple(_use(need, ranges[need.source]) for need in needs),
        ranges=tuple(r for of_source in ranges.values() for r in of_source),
        refusals=tuple(refusals),
        skipped=tuple(skipped),
    )


def _probed(
    source: Path, probe: Callable[[Path], MediaFacts], known: dict[Path, MediaFacts | MediaError]
) -> MediaFacts:
    if source not in known:
        try:
            known[source] = probe(source)
        except MediaError as error:
            known[source] = error
    facts = known[source]
    if isinstance(facts, MediaError):
        raise facts
    if facts.frame_count < 1 or facts.rate <= 0:
        raise MediaError(
            f"no frames at a steady rate ({facts.frame_count} frames at {facts.rate} per second)",
            where=str(source),
            remedy="Convert it to a constant frame rate.",
        )
    return facts


def _merged(needs: list[Need], handles: int) -> dict[Path, list[SourceRange]]:
    """Ranges per source; those that overlap or touch, handles included, become one."""
    wanted: dict[Path, list[tuple[int, int]]] = {}
    for need in needs:
        first = max(0, need.first - handles)
        last = min(need.facts.frame_count - 1, need.last + handles)
        wanted.setdefault(need.source, []).append((first, last))
    merged: dict[Path, list[SourceRange]] = {}
    for source, intervals in wanted.items():
        spans: list[tuple[int, int]] = []
        for first, last in sorted(intervals):
            if spans and first <= spans[-1][1] + 1:
                spans[-1] = (spans[-1][0], max(spans[-1][1], last))
            else:
                spans.append((first, last))
        merged[source] = [SourceRange(source, first, last) for first, last in spans]
    return merged


def _use(need: Need, ranges: list[SourceRange]) -> ClipUse:
    return ClipUse(
        clip_id=need.clip.clip_id,
        clip_name=need.clip.clip_name,
        track_name=need.clip.track_name,
        source=need.source,
        first=need.first,
        last=need.last,
        range=next(r for r in ranges if r.first <= need.first and need.last <= r.last),
        rate=need.facts.rate,
        media_start=need.media_start,
        note=need.note,
    )


def _refusal(item: Candidate, error: TimelineError | MediaError) -> Refusal:
    reason = f"{error.where}: {error.what}" if error.where else error.what
    return Refusal(item.clip_id, item.clip_name, item.track_name, reason, error.remedy)
