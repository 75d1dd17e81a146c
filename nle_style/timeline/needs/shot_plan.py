"""Which frames of which files a cut needs, each of them once."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import InputError, MediaError
from nle_style.timeline.files import MediaFacts, check_sequence, source_path
from nle_style.timeline.needs.candidates import Candidate, Refusal, Skipped, survey
from nle_style.timeline.needs.clip_need import Need, need_of
from nle_style.timeline.parsed import ReadTimeline

__all__ = [
    "Candidate",
    "ClipUse",
    "MediaFacts",
    "Plan",
    "Refusal",
    "Skipped",
    "SourceRange",
    "one_look",
    "plan_shots",
]


@dataclass(frozen=True)
class SourceRange:
    """Frames to render from one file in one look: merged, with handles, within the file.

    Attributes:
        source: absolute path; of an image sequence its pattern, `name.%04d.exr`.
        first, last: zero-based positions in the file (among a sequence's files), inclusive.
        look: what `look_of` gave for the clips.
        rate: frames per second that the intermediate must have. The media's own; for stills and
            image sequences the one that the timeline plays them at.
    """

    source: Path
    first: int
    last: int
    look: Hashable
    rate: Fraction


@dataclass(frozen=True)
class ClipUse:
    """One clip of the cut and the frames it shows, transitions included.

    Attributes:
        clip_id: path in the timeline, "tracks[0]/children[3]", all zero-based; in nests
            "tracks[0]/children[3]/children[1]/children[0]".
        clip_name, track_name: as an editor would look for them; in nests the names of tracks and
            nests from the outside in, "V1 > Compound 1 > V2".
        source: as in `SourceRange`.
        first, last: zero-based frames of the file, inclusive, clamped to the file, with the
            frames that are added where editors round.
        range: the range of the plan that holds them.
        look: as in `SourceRange`.
        rate: exact frames per second, as in `SourceRange`.
        media_frames: number of frames of the media.
        media_start: the source time, in frames at `rate`, that the timeline means by the file's
            first frame: a one-hour timecode at 24 is 86400. Not whole in odd timelines.
        record: first instant and end in the timeline, in seconds from its start, without the
            clip's own transitions; None where the timeline does not say.
        note: what the user should know, "" if nothing.
    """

    clip_id: str
    clip_name: str
    track_name: str
    source: Path
    first: int
    last: int
    range: SourceRange
    look: Hashable
    rate: Fraction
    media_frames: int
    media_start: Fraction
    record: tuple[Fraction, Fraction] | None = None
    note: str = ""


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


def one_look(clip: Candidate) -> Hashable:
    """The same look, "", for every clip."""
    return ""


def plan_shots(
    read: ReadTimeline,
    probe: Callable[[Path], MediaFacts],
    *,
    handles: int = 0,
    look_of: Callable[[Candidate], Hashable | None] = one_look,
    find: Callable[[otio.schema.Clip, otio.core.MediaReference], Path] | None = None,
) -> Plan:
    """Plan the source ranges of a cut.

    A file frame is (source time - start of the media's available range) at the media's rate;
    without an available range the media's own timecode decides. Nests are walked into, with the
    trims and retimes of everything around a clip. Transitions add the frames they show beyond the
    cut. See `clip_need.need_of` for retimes and for the frames that are added where
    editors round.

    Args:
        read: the timeline; it is not modified.
        probe: facts of a media file, or of an image sequence by its pattern; asked once for each.
            A MediaError refuses its clips.
        handles: frames to add before and after each clip, >= 0, as far as the file has them.
            They are frames of the cut: a clip at double speed gets twice as many source frames, a
            freeze gets none.
        look_of: the look of a clip, anything that can be compared and hashed; frames are shared
            within a look. None leaves the clip as it is. An InputError refuses the clip.
        find: the media of a clip, given the clip and its own reference; by default the path in
            the reference, relative ones from `read.media_root`. An InputError refuses the clip.

    Returns:
        The plan. One clip's trouble is a refusal in it and never an exception.

    Raises:
        ValueError: `handles` is negative.
    """
    if handles < 0:
        raise ValueError(f"handles must be 0 or more, not {handles}")
    known: dict[Path, MediaFacts | MediaError] = {}
    needs: list[tuple[Need, Hashable]] = []
    refusals: list[Refusal] = []
    skipped: list[Skipped] = []
    for item in survey(read.timeline):
        if isinstance(item, Refusal):
            refusals.append(item)
            continue
        if isinstance(item, Skipped):
            skipped.append(item)
            continue
        try:
            look = look_of(item)
            if look is None:
                skipped.append(_skipped(item, "no look asked for"))
                continue
            if item.objection is not None or item.reference is None:
                raise item.objection or MediaError("its media is missing from the timeline")
            if find is None:
                source = source_path(item.reference, read.media_root)
            else:
                check_sequence(item.reference)
                source = find(item.clip, item.reference)
            need = need_of(item, source, _probed(source, probe, known))
        except InputError as error:
            refusals.append(_refusal(item, error))
            continue
        if need is None:
            skipped.append(_skipped(item, "trimmed off: no frame of the cut falls on it"))
        else:
            needs.append((need, look))
    ranges, asked = _merged(needs, handles)
    planned = tuple(r for group in ranges.values() for r in group)
    return Plan(
        uses=tuple(_use(need, look, ranges[_group(need, look)]) for need, look in needs),
        ranges=planned,
        refusals=tuple(refusals),
        skipped=tuple(skipped),
        shared_frames=asked - sum(r.last - r.first + 1 for r in planned),
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


_Group = tuple[Path, Hashable, Fraction]


def _group(need: Need, look: Hashable) -> _Group:
    return need.source, look, need.rate


def _merged(
    needs: list[tuple[Need, Hashable]], handles: int
) -> tuple[dict[_Group, list[SourceRange]], int]:
    """Ranges that overlap or touch, handles included, become one; and the frames asked for."""
    wanted: dict[_Group, list[tuple[int, int]]] = {}
    asked = 0
    for need, look in needs:
        reach = math.ceil(handles * need.speed)
        first = max(0, need.first - reach)
        last = min(need.media_frames - 1, need.last + reach)
        asked += last - first + 1
        wanted.setdefault(_group(need, look), []).append((first, last))
    merged: dict[_Group, list[SourceRange]] = {}
    for group, intervals in wanted.items():
        spans: list[tuple[int, int]] = []
        for first, last in sorted(intervals):
            if spans and first <= spans[-1][1] + 1:
                spans[-1] = (spans[-1][0], max(spans[-1][1], last))
            else:
                spans.append((first, last))
        source, look, rate = group
        merged[group] = [SourceRange(source, a, b, look, rate) for a, b in spans]
    return merged, asked


def _use(need: Need, look: Hashable, ranges: list[SourceRange]) -> ClipUse:
    return ClipUse(
        clip_id=need.clip.clip_id,
        clip_name=need.clip.clip_name,
        track_name=need.clip.track_name,
        source=need.source,
        first=need.first,
        last=need.last,
        range=next(r for r in ranges if r.first <= need.first and need.last <= r.last),
        look=look,
        rate=need.rate,
        media_frames=need.media_frames,
        media_start=need.media_start,
        record=need.clip.record,
        note=need.note,
    )


def _skipped(item: Candidate, reason: str) -> Skipped:
    return Skipped(item.clip_id, item.clip_name, item.track_name, reason)


def _refusal(item: Candidate, error: InputError) -> Refusal:
    reason = f"{error.where}: {error.what}" if error.where else error.what
    return Refusal(item.clip_id, item.clip_name, item.track_name, reason, error.remedy)
