"""Plan the source ranges of a cut, each frame once."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import InputError, MediaError, TimelineError
from nle_style.spans import merge_spans
from nle_style.timeline.files import MediaFacts, begun_sequence, check_sequence, source_path
from nle_style.timeline.frames import counted, usable_range
from nle_style.timeline.needs.candidates import (
    NO_LOOK,
    NOT_CHOSEN,
    Candidate,
    Refusal,
    Skipped,
    survey,
)
from nle_style.timeline.needs.clip_need import ClipUse, SourceRange, use_of
from nle_style.timeline.needs.readings import OtherReading
from nle_style.timeline.parsed import SOURCE_KEY, ReadTimeline

__all__ = ["Plan", "plan_shots"]

# Of the metadata of timelines and clips in Premiere's .otio.
_PREMIERE = "PremierePro_OTIO"


@dataclass(frozen=True)
class Plan:
    """What to render for a timeline, and what not.

    Attributes:
        uses: every clip that can be styled, bottom track first.
        ranges: what to render; sources and looks in order of appearance, ascending within one,
            neither overlapping nor touching.
        refusals: pictures that cannot be styled, by name; they keep their media.
        skipped: gaps, sound, disabled clips, and clips that no look is asked for.
        shared_frames: frames saved by rendering what several uses show, handles included, once.
    """

    uses: tuple[ClipUse, ...]
    ranges: tuple[SourceRange, ...]
    refusals: tuple[Refusal, ...]
    skipped: tuple[Skipped, ...]
    shared_frames: int = 0

    @property
    def rendered_frames(self) -> int:
        """Frames to render, over all ranges."""
        return sum(r.last - r.first + 1 for r in self.ranges)


def plan_shots(
    read: ReadTimeline,
    probe: Callable[[Path], MediaFacts],
    *,
    handles: int = 0,
    chosen: Callable[[Candidate], bool] = lambda clip: True,
    look_of: Callable[[Candidate], Hashable | None] = lambda clip: "",
    find: Callable[[otio.schema.Clip, otio.core.MediaReference], Path] | None = None,
    placed: Callable[[Hashable, ClipUse], Hashable] = lambda look, use: look,
) -> Plan:
    """Plan the source ranges of a cut.

    A file frame is (source time - start of the media's available range) at the media's rate;
    without an available range the media's own timecode decides. The trims and retimes of all nests
    around a clip count. Transitions add the frames that they show beyond the cut. `use_of` says
    which frames a retime shows, and which are added because editors round.

    Args:
        read: the timeline; it is not modified.
        probe: facts of a media file, or of an image sequence by its pattern; asked once for each.
            A MediaError refuses its clips.
        handles: frames to add before and after each clip, >= 0, as far as the file has them.
            They are frames of the cut: a clip at double speed gets twice as many source frames, a
            freeze gets none.
        chosen: whether a clip is to be styled at all.
        look_of: the look of a clip, anything that can be compared and hashed; frames are shared
            within a look. None leaves the clip as it is. An InputError refuses the clip. By
            default all clips have the same one, "".
        find: the media of a clip, given the clip and its own reference; by default the path in
            the reference, relative ones from `read.media_root`. An InputError refuses the clip.
        placed: what becomes of a clip's look when its frames are known: of one that changes with
            them. An InputError refuses the clip.

    Returns:
        The plan. An error with one clip is a refusal in it and not an exception.

    Raises:
        ValueError: `handles` is negative.
    """
    if handles < 0:
        raise ValueError(f"handles must be 0 or more, not {handles}")
    premiere = _PREMIERE in read.timeline.metadata
    known: dict[Path, MediaFacts | MediaError] = {}
    uses: list[ClipUse] = []
    refusals: list[Refusal] = []
    skipped: list[Skipped] = []
    for item in survey(read.timeline):
        if isinstance(item, Refusal):
            refusals.append(item)
            continue
        if isinstance(item, Skipped):
            skipped.append(item)
            continue
        if not chosen(item):
            skipped.append(_skipped(item, NOT_CHOSEN))
            continue
        try:
            look = look_of(item)
            if look is None:
                skipped.append(_skipped(item, NO_LOOK))
                continue
            if item.fault is not None or item.reference is None:
                raise item.fault or MediaError(
                    "its media is missing from the timeline", outcome="missing"
                )
            if find is None:
                source = source_path(item.reference, read.media_root)
            else:
                check_sequence(item.reference)
                source = find(item.clip, item.reference)
            series = _series(item, source)
            facts = _probed(series or source, probe, known)
            other = _other_reading(item, premiere=premiere)
            use = use_of(item, series or source, facts, look, other)
            if use is not None and series is not None:
                note = f"its media, {source.name}, is read as the first file of a sequence"
                use = replace(use, note="; ".join(filter(None, (note, use.note))))
            if use is not None:
                look = placed(look, use)
                use = replace(use, look=look, range=replace(use.range, look=look))
        except InputError as error:
            refusals.append(_refusal(item, error))
            continue
        if use is None:
            skipped.append(_skipped(item, "trimmed off: no frame of the cut falls on it"))
        else:
            uses.append(use)
    refusals += [Refusal("", d.name, d.track, d.reason, d.remedy) for d in read.dropped]
    ranges, asked = _merged(uses, handles)
    planned = tuple(r for group in ranges.values() for r in group)
    return Plan(
        uses=tuple(_within(use, ranges[_group(use)]) for use in uses),
        ranges=planned,
        refusals=tuple(refusals),
        skipped=tuple(skipped),
        shared_frames=asked - sum(r.last - r.first + 1 for r in planned),
    )


def _other_reading(item: Candidate, *, premiere: bool) -> OtherReading | None:
    """What another writer of the timeline's format would mean by a clip."""
    trim, about = item.clip.source_range, item.clip.metadata.get(SOURCE_KEY)
    if isinstance(about, Mapping) and about.get("shift"):
        try:
            return OtherReading(str(about.get("why")), shift=Fraction(str(about["shift"])))
        except (ValueError, ArithmeticError) as error:
            raise TimelineError(
                f"its in-point cannot be read ({error})", remedy="Export the timeline again."
            ) from error
    premiere = premiere or _PREMIERE in item.clip.metadata
    if premiere and trim is not None and item.speed not in (0, 1):
        why = "Premiere counts the length of a retimed clip in source frames, others in the cut's"
        return OtherReading(why, length=counted(trim.duration))
    return None


def _series(item: Candidate, source: Path) -> Path | None:
    """The image sequence that a clip shows which names its first file; None for a still.

    FCP7 XML has no other way to name one.
    """
    available = None if item.reference is None else usable_range(item.reference)
    if available is None or any(type(e) is otio.schema.FreezeFrame for e in item.clip.effects):
        return None
    return begun_sequence(source, round(available.duration.value))


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


_Group = tuple[Path, Hashable, Fraction]


def _group(use: ClipUse) -> _Group:
    return use.source, use.look, use.rate


def _merged(uses: list[ClipUse], handles: int) -> tuple[dict[_Group, list[SourceRange]], int]:
    """Ranges that overlap or touch, handles included, become one; and the frames asked for."""
    wanted: dict[_Group, list[tuple[int, int]]] = {}
    for use in uses:
        reach = math.ceil(handles * use.speed)
        span = max(0, use.first - reach), min(use.media_frames - 1, use.last + reach)
        wanted.setdefault(_group(use), []).append(span)
    merged = {
        (source, look, rate): [SourceRange(source, a, b, look, rate) for a, b in merge_spans(spans)]
        for (source, look, rate), spans in wanted.items()
    }
    return merged, sum(b - a + 1 for spans in wanted.values() for a, b in spans)


def _within(use: ClipUse, ranges: list[SourceRange]) -> ClipUse:
    holding = (r for r in ranges if r.first <= use.first and use.last <= r.last)
    return replace(use, range=next(holding))


def _skipped(item: Candidate, reason: str) -> Skipped:
    return Skipped(item.clip_id, item.clip_name, item.track_name, reason)


def _refusal(item: Candidate, error: InputError) -> Refusal:
    place = item.clip_id, item.clip_name, item.track_name
    return Refusal(*place, error.fault, error.remedy, error.outcome)
