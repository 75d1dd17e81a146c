"""From a timeline to a job: read, media found, looks chosen, ranges planned; nothing rendered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
from opentimelineio.opentime import RationalTime, from_timecode

from nle_style.apply import Look
from nle_style.core import load_pack
from nle_style.errors import InputError, LookError, MediaError
from nle_style.media import INTERMEDIATES
from nle_style.media.base import MediaInfo, check_name, is_pattern
from nle_style.media.source import probe_media
from nle_style.render.cut.cut_looks import cut_looks, to_look
from nle_style.render.cut.delivery import is_patched
from nle_style.render.job import ColourJob, Control, Item, LookJob, Output, Reading, RenderJob
from nle_style.render.plan import read_as, source_stem
from nle_style.shipped import find_pack
from nle_style.timeline import ReadTimeline, exact_rate, read_timeline, usable_range
from nle_style.timeline.files import MediaFinder
from nle_style.timeline.looks import ClipLook, read_look_map, unheard_markers
from nle_style.timeline.needs import Plan, SourceRange, plan_shots

__all__ = ["BatchOptions", "PlannedBatch", "plan_batch"]


@dataclass(frozen=True)
class BatchOptions:
    """How a timeline is read, beside the file itself.

    Attributes:
        rate: frames a second, for timelines that do not state theirs (EDL).
        media: folders in which media are searched by name and timecode.
        path_maps: (FROM, TO) prefixes of media paths.
        look_map: a file of looks by clip, see `timeline.look_map`.
        reading: how the media are read. Only movies of variable frame rate are conformed: a cut
            counts the frames that the others have.
    """

    rate: Fraction | None = None
    media: tuple[Path, ...] = ()
    path_maps: tuple[tuple[str, str], ...] = ()
    look_map: Path | None = None
    reading: Reading = field(default_factory=Reading)


@dataclass(frozen=True)
class PlannedBatch:
    """What a batch would render.

    Attributes:
        read, plan: the timeline and its plan.
        looks: the look of every range of the plan, in their order.
        label: of the cut, for the names of its files.
        job: one item for each range, in their order; None if no clip can be styled.
        notes: what the editor should know before anything is rendered.
    """

    read: ReadTimeline
    plan: Plan
    looks: tuple[Look, ...]
    label: str
    job: RenderJob | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Facts:
    """A media file as the plan asks for it (`timeline.plan.MediaFacts`)."""

    rate: Fraction
    frame_count: int
    start_frame: int
    first_file_number: int | None
    conform: Fraction | None


@dataclass
class _Prober:
    """`probe_media` for the plan, every file once."""

    reading: Reading
    known: dict[Path, _Facts] = field(default_factory=dict)

    def __call__(self, path: Path) -> _Facts:
        if path not in self.known:
            self.known[path] = _facts(path, self.reading)
        return self.known[path]

    def reading_of(self, path: Path) -> Reading | None:
        """The item's own reading; None for the job's, in which nothing is conformed."""
        return None if self(path).conform is None else self.reading

    def check_rate(
        self, path: Path, clip: otio.schema.Clip, reference: otio.core.MediaReference
    ) -> None:
        """Refuse a conformed movie of which the timeline counts other frames."""
        conform = self(path).conform
        counted = usable_range(reference) or clip.source_range
        if conform is None or counted is None:
            return
        rate = exact_rate(counted.duration.rate, conform)
        if rate != conform:
            raise MediaError(
                f"the timeline counts its frames at {rate} a second, and it would be conformed to"
                f" {conform}",
                where=str(path),
                remedy=f"Give --conform {rate}.",
            )


def _facts(path: Path, reading: Reading) -> _Facts:
    info = probe_media(path)
    if info.variable_rate:
        info = read_as(info, reading)
    if info.variable_rate:
        raise MediaError(
            "its frames last differently long (variable frame rate), so that a cut cannot say which"
            " frame it means",
            where=str(path),
            remedy="Give --conform with the rate at which the timeline counts it, as --conform 30.",
        )
    number = info.first_frame_number if info.kind == "sequence" else None
    return _Facts(info.rate, info.frame_count, _start_frame(info), number, info.conform)


def _start_frame(info: MediaInfo) -> int:
    """The media's own timecode as a count of frames; 0 without one, or at a rate without any."""
    rate = RationalTime.nearest_smpte_timecode_rate(float(info.rate))
    if info.timecode is None or abs(rate - float(info.rate)) > 1e-3:
        return 0
    return int(from_timecode(info.timecode, rate).to_frames())


def plan_batch(
    timeline: Path,
    look: Look | None,
    output: Output,
    *,
    options: BatchOptions | None = None,
    pack: str | None = None,
    control: Control | None = None,
    colour: ColourJob | None = None,
) -> PlannedBatch:
    """Read and plan a timeline. Nothing is rendered; the media of an .otioz are unpacked.

    Args:
        timeline: any of `timeline.read.SUPPORTED`; it is never written to.
        look: for clips that ask for none themselves; None leaves those as they are.
        output: folder, format, depth and handles.
        options: how the timeline is read.
        pack, control, colour: as in a job.

    Raises:
        TimelineError: the timeline or the look map cannot be read.
        InputError: the format cannot stand in this timeline.
        LookError: no clip asks for a look, and none is given.
    """
    options = options or BatchOptions()
    _check_format(timeline, output)
    rules = () if options.look_map is None else read_look_map(options.look_map)
    read = read_timeline(
        timeline, extract_to=output.directory / f"{timeline.stem}.media", rate=options.rate
    )
    probe = _Prober(options.reading)
    finder = MediaFinder(read.media_root, options.media, options.path_maps, probe)

    def find(clip: otio.schema.Clip, reference: otio.core.MediaReference) -> Path:
        path = finder.find(clip, reference)
        check_name(path)
        probe.check_rate(path, clip, reference)
        return path

    plan = plan_shots(
        read,
        probe,
        handles=output.handles,
        look_of=cut_looks(rules, look, load_pack(find_pack(pack)).styles),
        find=find,
    )
    notes = (*read.warnings, *unheard_markers(read.timeline))
    if not plan.ranges:
        if look is None and not plan.refusals:
            raise LookError(
                "no clip asks for a look",
                where=str(timeline),
                remedy="Give --style, a --map, or markers such as `style: blue` in the edit.",
            )
        label = "styled" if look is None else look.label
        return PlannedBatch(read, plan, (), label, None, notes)
    paint: Mapping[SourceRange, tuple[tuple[int, int], ...]] = {}
    if is_patched(timeline):
        plan, paint = _as_long_as_sources(plan)
    looks = tuple(_look(wanted, look) for wanted in plan.ranges)
    labels = {each.label for each in looks}
    if look is not None and look.label in labels:
        label = look.label
    else:
        label = labels.pop() if len(labels) == 1 else "styled"
    job = RenderJob(
        items=_items(plan, looks, paint, probe),
        # The plan has added the handles already, before it merged the ranges.
        output=output.model_copy(update={"handles": 0}),
        reading=options.reading.model_copy(update={"conform": None}),
        colour=colour or ColourJob(),
        control=control or Control(),
        pack=pack,
    )
    return PlannedBatch(read, plan, looks, label, job, notes)


def _check_format(timeline: Path, output: Output) -> None:
    name = output.format
    if is_patched(timeline) and name in INTERMEDIATES and INTERMEDIATES[name].sequence:
        raise InputError(
            f"an XML is relinked to movies as long as their sources, and '{name}' is an image"
            " sequence",
            where=str(timeline),
            remedy="Give --format png-mov, ffv1, prores4444 or dnxhr444, or export an .otio.",
        )


def _look(wanted: SourceRange, base: Look | None) -> Look:
    assert isinstance(wanted.look, ClipLook)  # noqa: S101  (what `cut_looks` gives)
    return to_look(wanted.look, base)


def _as_long_as_sources(
    plan: Plan,
) -> tuple[Plan, dict[SourceRange, tuple[tuple[int, int], ...]]]:
    """The plan with one range a movie and look, from its first frame to its last.

    Returns:
        the plan, and the frames to paint of each of its ranges; stills and image sequences, which
        an XML is not relinked to, keep their ranges and are not in it.
    """
    whole: dict[tuple[object, ...], SourceRange] = {}
    paint: dict[SourceRange, tuple[tuple[int, int], ...]] = {}
    ranges: list[SourceRange] = []
    of: dict[SourceRange, SourceRange] = {}
    frames = {use.range: use.media_frames for use in plan.uses}
    for wanted in plan.ranges:
        if is_pattern(wanted.source) or frames[wanted] == 1:
            ranges.append(wanted)
            of[wanted] = wanted
            continue
        key = (wanted.source, wanted.look)
        if key not in whole:
            whole[key] = replace(wanted, first=0, last=frames[wanted] - 1)
            ranges.append(whole[key])
        of[wanted] = whole[key]
        paint[whole[key]] = (*paint.get(whole[key], ()), (wanted.first, wanted.last))
    uses = tuple(replace(use, range=of[use.range]) for use in plan.uses)
    return replace(plan, uses=uses, ranges=tuple(ranges)), paint


def _items(
    plan: Plan,
    looks: tuple[Look, ...],
    paint: Mapping[SourceRange, tuple[tuple[int, int], ...]],
    probe: _Prober,
) -> tuple[Item, ...]:
    """One item a range; where a source has several of one look, every name says its range."""
    counts = Counter(
        (wanted.source, each.label) for wanted, each in zip(plan.ranges, looks, strict=True)
    )
    items = []
    for wanted, each in zip(plan.ranges, looks, strict=True):
        several = counts[wanted.source, each.label] > 1
        span = f"{wanted.first:06d}-{wanted.last:06d}"
        items.append(
            Item(
                source=wanted.source,
                frames=(wanted.first, wanted.last),
                paint=paint.get(wanted),
                look=LookJob.of(each),
                name=f"{source_stem(wanted.source)}.{each.label}.{span}" if several else None,
                rate=str(wanted.rate) if is_pattern(wanted.source) else None,
                reading=probe.reading_of(wanted.source),
            )
        )
    return tuple(items)
