"""From a timeline to a job: read, media found, looks chosen, ranges planned; nothing rendered."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.apply import Look
from nle_style.core import load_pack
from nle_style.errors import InputError, LookError, MediaError
from nle_style.media import INTERMEDIATES
from nle_style.media.base import MediaInfo, check_name, is_pattern
from nle_style.media.source import reel_of
from nle_style.ownership import SafeWriter
from nle_style.render.cut.clip_table import edit_rate, instant_of
from nle_style.render.cut.look_choice import complete_look, look_chooser, placed_look
from nle_style.render.cut.patching import Patching, is_patched, takes_images
from nle_style.render.job import ColourJob, Control, Item, LookJob, Output, Reading, RenderJob
from nle_style.render.plan import files_read, named_items, read_as, source_stem
from nle_style.render.record import Sources
from nle_style.shipped import find_pack
from nle_style.timecode import day_of_timecode, frame_of_timecode
from nle_style.timeline import ReadTimeline, exact_rate, read_timeline, usable_range
from nle_style.timeline.files import MediaFacts, MediaFinder, PathMaps
from nle_style.timeline.looks import (
    ClipLook,
    LookRule,
    check_chosen,
    chosen_by,
    markers_without_clip,
    read_look_map,
)
from nle_style.timeline.needs import Plan, SourceRange, plan_shots

__all__ = ["BatchOptions", "PlannedBatch", "asks_images", "plan_batch"]


@dataclass(frozen=True)
class BatchOptions:
    """How a timeline is read, beside the file itself.

    Attributes:
        rate: frames a second, for timelines that do not state theirs (EDL).
        media: folders in which media are searched by name and timecode.
        path_maps: (FROM, TO) prefixes of media paths.
        look_map: a file of looks by clip, see `timeline.looks`.
        rules: that count before those of the file.
        bundle: whether an .otioz is written of a timeline of any kind.
        only: the clips that are styled, see `timeline.looks.chosen_by`; () for all.
        reading: how the media are read. Only movies of variable frame rate are conformed; of the
            others the timeline counts the frames that they have.
        name_template: of the names of the intermediates, see `render.plan.names_by`.
        unpack_to: for the media of an .otioz; None for `STEM.media` in the output folder.
    """

    rate: Fraction | None = None
    media: tuple[Path, ...] = ()
    path_maps: tuple[tuple[str, str], ...] = ()
    look_map: Path | None = None
    rules: tuple[LookRule, ...] = ()
    only: tuple[str, ...] = ()
    bundle: bool = False
    reading: Reading = field(default_factory=Reading)
    name_template: str | None = None
    unpack_to: Path | None = None


@dataclass(frozen=True)
class PlannedBatch:
    """What a batch would render.

    Attributes:
        read: the timeline.
        plan: its clips and the source ranges that they need.
        label: of the cut's look, for the names of its files; "styled" if there are several.
        output: as asked for.
        job: one item for each range of the plan, in their order; None if no clip can be styled.
            Its items hold the handles already.
        sources: what is known of the media by now.
        notes: what the editor should know before anything is rendered.
        bundle: whether an .otioz is asked for.
        writer: of the timelines and the report.
        patching: of a timeline that comes back patched; None for others.
        maps: between the paths of the editor's machine and of this one.
    """

    read: ReadTimeline
    plan: Plan
    label: str
    output: Output
    job: RenderJob | None
    sources: Sources
    notes: tuple[str, ...] = ()
    writer: SafeWriter = field(default_factory=SafeWriter)
    patching: Patching | None = None
    maps: PathMaps = field(default_factory=PathMaps)
    bundle: bool = False


@dataclass(frozen=True)
class _Facts(MediaFacts):
    """What the plan needs to know of a media file, the rate that it is conformed to, and whether
    its values are floats."""

    conform: Fraction | None = None
    is_float: bool = False


@dataclass
class _Prober:
    """The facts of media files for the plan, of each file once.

    Attributes:
        slides: image sequences in whose place no movie can stand.
    """

    sources: Sources
    reading: Reading
    known: dict[Path, _Facts] = field(default_factory=dict)
    slides: set[Path] = field(default_factory=set)

    def __call__(self, path: Path) -> _Facts:
        if path not in self.known:
            reading = self.reading
            info = self.sources.probe(path, stream=reading.stream, layer=reading.layer)
            self.known[path] = _facts(info, reading)
        return self.known[path]

    def reading_of(self, path: Path) -> Reading | None:
        """The item's own reading; None for the job's, in which nothing is conformed."""
        return None if self(path).conform is None else self.reading

    def as_images(self, path: Path, asked: str) -> bool:
        """Whether a source of several frames becomes image files.

        A cut's sequence becomes a movie as its movies do, for XML and bundles hold no image files;
        but for float ones, which no movie holds, and where a format is asked for.
        """
        is_free = asked == "auto" and is_pattern(path)
        return asks_images(asked) or path in self.slides or (is_free and self(path).is_float)

    def format_of(self, path: Path, asked: str) -> str | None:
        """The item's own format; None for the job's."""
        if path in self.slides and not asks_images(asked):
            return "exr" if self(path).is_float else "png"
        chosen = asked == "auto" and is_pattern(path) and not self.as_images(path, asked)
        return "png-mov" if chosen else None

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


def _facts(info: MediaInfo, reading: Reading) -> _Facts:
    if info.variable_rate:
        info = read_as(info, reading)
    if info.variable_rate:
        raise MediaError(
            "its frames last differently long (variable frame rate), so that a cut cannot say which"
            " frame it means",
            where=str(info.path),
            remedy="Give --conform with the rate at which the timeline counts it, as --conform 30.",
        )
    start = frame_of_timecode(info.timecode, info.rate)
    number = info.first_frame_number if info.kind == "sequence" else None
    day = day_of_timecode(info.timecode, info.rate)
    return _Facts(info.rate, info.frame_count, start, number, day, info.conform, info.is_float)


def asks_images(format: str) -> bool:
    """Whether a format, as it is asked for, is one of image files; "auto" is none."""
    return format in INTERMEDIATES and INTERMEDIATES[format].of_images


def plan_batch(
    timeline: Path,
    look: Look | None,
    output: Output,
    *,
    options: BatchOptions | None = None,
    pack: str | None = None,
    control: Control | None = None,
    colour: ColourJob | None = None,
    sources: Sources | None = None,
) -> PlannedBatch:
    """Read and plan a timeline. Nothing is rendered; the media of an .otioz are unpacked.

    Args:
        timeline: any of `timeline.read.SUPPORTED`; it is never written to.
        look: for clips that ask for none themselves; None leaves those as they are.
        output: folder, format, depth and handles.
        options: how the timeline is read.
        pack, control, colour: as in a job.
        sources: what is known of the media already.

    Raises:
        TimelineError: the timeline or the look map cannot be read.
        InputError: the format cannot stand in this timeline; no clip is chosen.
        LookError: no clip asks for a look, and none is given; or the one that is given names a
            style that the pack does not have.
    """
    options = options or BatchOptions()
    _check_format(timeline, output)
    loaded = load_pack(find_pack(pack))
    styles = loaded.styles
    if look is not None:
        for mix in look.mixes:
            loaded.mix(mix)  # said once, and not of every clip
    rules = options.rules
    if options.look_map is not None:
        rules += read_look_map(options.look_map)
    unpack_to = options.unpack_to or output.directory / f"{timeline.stem}.media"
    read = read_timeline(timeline, extract_to=unpack_to, rate=options.rate)
    patching = Patching.of(read)
    sources, control = sources or Sources(), control or Control()
    sources.inputs.add(_files_of(read.path, options))
    writer = SafeWriter(sources.inputs, control.overwrite)
    probe = _Prober(sources, options.reading)
    maps = PathMaps(options.path_maps)
    finder = MediaFinder(read.media_root, options.media, maps, probe, reel_of)

    def find(clip: otio.schema.Clip, reference: otio.core.MediaReference) -> Path:
        path = finder.find(clip, reference)
        check_name(path)
        probe.check_rate(path, clip, reference)
        if patching is not None:
            facts = probe(path)
            if patching.is_slide(clip, reference, facts):
                probe.slides.add(path)
            is_movie = facts.frame_count > 1 and not is_pattern(path)
            patching.check(clip, is_movie=is_movie, as_images=as_images(path))
        return path

    def as_images(source: Path) -> bool:
        return probe.as_images(source, output.format)

    counted = edit_rate(read)
    rate = None if counted is None else exact_rate(counted)
    plan = plan_shots(
        read,
        probe,
        handles=output.handles,
        chosen=chosen_by(options.only, lambda text: instant_of(read, text)),
        look_of=look_chooser(rules, look, styles, rate, lambda text: instant_of(read, text)),
        find=find,
        placed=lambda wanted, use: placed_look(_clip_look(wanted), use, rate),
    )
    if patching is not None:
        images = frozenset(use.source for use in plan.uses if as_images(use.source))
        patching = replace(patching, images=images)
        plan = patching.settled(plan)
    notes = (*read.warnings, *markers_without_clip(read.timeline), *_unmapped(maps, output))
    if options.only:
        check_chosen(plan, timeline)
    if not plan.ranges:
        if look is None and not plan.refusals:
            raise LookError(
                "no clip asks for a look",
                where=str(timeline),
                remedy="Give --style, a --map, or markers such as `style: blue` in the edit.",
            )
        label = "styled" if look is None else look.label
        return PlannedBatch(read, plan, label, output, None, sources, notes, writer, maps=maps)
    paint: Mapping[SourceRange, tuple[tuple[int, int], ...]] = {}
    if patching is not None:
        plan, paint = _as_long_as_sources(plan, patching)
    looks = tuple(_look(wanted, look) for wanted in plan.ranges)
    labels = {each.label for each in looks}
    if look is not None and look.label in labels:
        label = look.label
    else:
        label = labels.pop() if len(labels) == 1 else "styled"
    items = _items(plan, looks, paint, probe, output.format)
    if options.name_template is not None:
        first = {use.range: use for use in reversed(plan.uses)}  # of clips that share one
        clips = [(first[wanted].clip_name, first[wanted].track_name) for wanted in plan.ranges]
        items = tuple(named_items(items, options.name_template, clips, timeline.stem))
    job = RenderJob(
        items=items,
        # The plan has added the handles already, before it merged the ranges.
        output=output.model_copy(update={"handles": 0}),
        reading=options.reading.model_copy(update={"conform": None}),
        colour=colour or ColourJob(),
        control=control,
        pack=pack,
    )
    sources.inputs.add(files_read(job))
    more = (sources, notes, writer, patching, maps, options.bundle)
    return PlannedBatch(read, plan, label, output, job, *more)


def _unmapped(maps: PathMaps, output: Output) -> Iterator[str]:
    """What the editor must know if the intermediates have no path on the editor's machine."""
    folder = output.directory.absolute()
    if maps.used and maps.there(folder) == folder:
        yield (
            f"the timelines name the intermediates by their paths here, for --path-map leads to no"
            f" folder around {folder}"
        )


def _files_of(timeline: Path, options: BatchOptions) -> Iterator[Path]:
    """The files that a timeline is read from."""
    yield timeline
    if timeline.is_dir():
        yield from (timeline / "content.otio", timeline / "Info.fcpxml")
    if options.look_map is not None:
        yield options.look_map


def _check_format(timeline: Path, output: Output) -> None:
    if is_patched(timeline) and not takes_images(timeline) and asks_images(output.format):
        raise InputError(
            f"an XML is relinked to movies as long as their sources, and '{output.format}' is an"
            " image sequence",
            where=str(timeline),
            remedy="Give --format png-mov, ffv1, prores4444 or dnxhr444, or export an .otio.",
        )


def _look(wanted: SourceRange, base: Look | None) -> Look:
    return complete_look(_clip_look(wanted.look), base)


def _clip_look(look: Hashable) -> ClipLook:
    assert isinstance(look, ClipLook)  # noqa: S101  (what `look_chooser` gives)
    return look


def _as_long_as_sources(
    plan: Plan, patching: Patching
) -> tuple[Plan, dict[SourceRange, tuple[tuple[int, int], ...]]]:
    """The plan with one range a source and look, from its first frame to its last.

    Returns:
        the plan, and the frames to paint of each of its ranges. What becomes image files is not in
        it: it is painted whole where the format takes it, and else keeps its ranges.
    """
    whole = {wanted: wanted for wanted in plan.ranges}
    paint: dict[SourceRange, tuple[tuple[int, int], ...]] = {}
    frames = {use.range: use.media_frames for use in plan.uses}
    for wanted in plan.ranges:
        in_images = wanted.source in patching.images
        if frames[wanted] == 1 or (in_images and not patching.takes_images):
            continue
        source = whole[wanted] = replace(wanted, first=0, last=frames[wanted] - 1)
        if not in_images:
            paint[source] = (*paint.get(source, ()), (wanted.first, wanted.last))
    uses = tuple(replace(use, range=whole[use.range]) for use in plan.uses)
    return replace(plan, uses=uses, ranges=tuple(dict.fromkeys(whole.values()))), paint


def _items(
    plan: Plan,
    looks: tuple[Look, ...],
    paint: Mapping[SourceRange, tuple[tuple[int, int], ...]],
    probe: _Prober,
    format: str,
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
                format=probe.format_of(wanted.source, format),
            )
        )
    return tuple(items)
