"""Put rendered intermediates into a copy of the timeline."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePath
from typing import Any

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.files import absolute_url
from nle_style.timeline.frames import float_rate, usable_range
from nle_style.timeline.needs import REFERENCE_KEY, ClipUse, Plan, clip_at, source_key
from nle_style.timeline.parsed import ReadTimeline

__all__ = [
    "Rendered",
    "SequenceName",
    "add_reference",
    "intermediate_of",
    "portable_copy",
    "relink",
]


@dataclass(frozen=True)
class SequenceName:
    """How the files of a rendered image sequence are called: PREFIX NUMBER SUFFIX.

    Attributes:
        folder: where they lie.
        prefix, suffix: around the number: "flower.blue." and ".exr".
        start_frame: the first file's number.
        padding: digits of a number at least.
    """

    folder: Path
    prefix: str
    suffix: str
    start_frame: int
    padding: int


@dataclass(frozen=True)
class Rendered:
    """An intermediate that is whole on disk.

    Attributes:
        source: the media it was rendered from, as in the plan.
        first, last: its frames as zero-based positions in `source`, inclusive.
        path: the movie; the folder of an image sequence.
        there: `path` as the timeline is to name it, on another machine; None for this one.
        rate: its exact rate, which must be that of the plan's range.
        metadata: provenance, kept in the reference's metadata["nle_style"].
        look: the look of the plan's range.
        label: a short name of the look; "" for `relink`'s suffix.
        sequence: the names of the files, if it is an image sequence.
    """

    source: Path
    first: int
    last: int
    path: Path
    rate: Fraction
    metadata: Mapping[str, Any] = field(default_factory=dict)
    look: Hashable = ""
    label: str = ""
    sequence: SequenceName | None = None
    there: PurePath | None = None

    @property
    def named(self) -> PurePath:
        """The absolute path that the timeline names."""
        return self.there or self.path.absolute()


def relink(
    read: ReadTimeline, plan: Plan, rendered: Sequence[Rendered], *, suffix: str
) -> tuple[otio.schema.Timeline, otio.schema.Timeline]:
    """Two new timelines that show the intermediates; `read.timeline` is not modified.

    The first keeps each clip's own reference under its key and adds the intermediate as
    "nle_style", active; an intermediate of another look that was there stays as
    "nle_style.LABEL". `revert` undoes it. In the second, for editors that take only one reference,
    the intermediate is the only one. Source ranges, retimes, transitions, effects, markers and
    metadata stay. The intermediate's available range starts at the source time of its first frame,
    so that unchanged source ranges show the same frames; that of a still stays as it is, so that an
    editor holds it as long. Clips without an intermediate keep their media. Relative URLs become
    absolute, since the new timeline may be in another folder.

    Args:
        read: what the plan was made from.
        plan: the plan.
        rendered: intermediates, for all planned clips or some of them; each must hold a planned
            clip's frames.
        suffix: added to the timelines' names: "cut" becomes "cut.blue" and "cut.blue.baked".

    Returns:
        (second reference, baked).

    Raises:
        TimelineError: an intermediate fits no planned clip, or runs at another rate than planned.
    """
    chosen = {use.clip_id: found for use in plan.uses if (found := intermediate_of(use, rendered))}
    for item in rendered:
        if not any(item is found for found in chosen.values()):
            raise TimelineError(
                f"frames {item.first}-{item.last} of {item.source.name} are in no planned clip",
                where=str(item.path),
                remedy="Plan the timeline and render again.",
            )
    both, baked = portable_copy(read, suffix), portable_copy(read, f"{suffix}.baked")
    for use in plan.uses:
        if use.clip_id in chosen:
            item = chosen[use.clip_id]
            add_reference(clip_at(both, use.clip_id), use, item, item.label or suffix)
            _bake_reference(clip_at(baked, use.clip_id), use, item, item.label or suffix)
    ranges = (clip.source_range for clip in baked.find_clips())
    rate = next((shown.start_time.rate for shown in ranges if shown is not None), 0)
    if baked.global_start_time is None and rate > 0:
        # Resolve does not import a timeline without one; see `resolve_rules`.
        baked.global_start_time = otio.opentime.RationalTime(0, rate)
    return both, baked


def intermediate_of(use: ClipUse, rendered: Sequence[Rendered]) -> Rendered | None:
    """The intermediate that holds a clip's frames in its look; None if there is none.

    Raises:
        TimelineError: there is one, at another rate than planned.
    """
    fitting = [
        item
        for item in rendered
        if (item.source, item.look) == (use.source, use.look)
        and item.first <= use.first
        and use.last <= item.last
    ]
    # The rate of a single frame cannot be seen.
    matching = [item for item in fitting if item.rate == use.rate or use.media_frames == 1]
    if fitting and not matching:
        raise TimelineError(
            f"the intermediate runs at {fitting[0].rate}, its source at {use.rate}",
            where=str(fitting[0].path),
            remedy="Render it again at that rate.",
        )
    return matching[0] if matching else None


def portable_copy(read: ReadTimeline, suffix: str) -> otio.schema.Timeline:
    """A copy of a timeline that may be written anywhere: its relative URLs are absolute.

    Args:
        suffix: added to its name: "cut" becomes "cut.blue".
    """
    timeline = read.timeline.deepcopy()
    # A timeline that was relinked before has the name and folder of its original; they stay.
    before = dict(timeline.metadata.get(REFERENCE_KEY, {}))
    timeline.metadata[REFERENCE_KEY] = {
        "original_name": before.get("original_name", timeline.name),
        "original_folder": before.get("original_folder", str(read.media_root)),
        "source_timeline": str(read.path),
    }
    timeline.name = f"{timeline.name or read.path.stem}.{suffix}"
    for clip in timeline.find_clips():
        for reference in clip.media_references().values():
            if isinstance(reference, otio.schema.ImageSequenceReference):
                name = "target_url_base"
            elif isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
                name = "target_url"
            else:
                continue
            url = str(getattr(reference, name))
            absolute = absolute_url(url or ".", read.media_root)
            if absolute != url:
                setattr(reference, name, absolute)
                ours = dict(reference.metadata.get(REFERENCE_KEY, {}))
                reference.metadata[REFERENCE_KEY] = {**ours, "relative_url": url}
    return timeline


def add_reference(clip: otio.schema.Clip, use: ClipUse, item: Rendered, label: str) -> None:
    """Add an intermediate to a clip beside its own reference, and make it the active one.

    Args:
        clip: the clip, which is modified: its references, and its source range where it has none.
        use: the clip's use as planned.
        item: an intermediate that holds the planned frames.
        label: a short name of the look.
    """
    key = source_key(clip)
    references = clip.media_references()
    before = references.pop(REFERENCE_KEY, None)
    pinned = clip.source_range is None
    if before is not None:
        noted = before.metadata.get(REFERENCE_KEY, {})
        pinned = pinned or bool(noted.get("source_range_added"))
        references[f"{REFERENCE_KEY}.{noted.get('label', 'earlier')}"] = before
    # An earlier render of the same look is replaced.
    references.pop(f"{REFERENCE_KEY}.{label}", None)
    ours = _reference(clip, references[key], use, item, url=True)
    # What `nle-style revert` needs to bring the original back.
    ours.metadata[REFERENCE_KEY].update({"label": label, "source_reference": key})
    if pinned:
        ours.metadata[REFERENCE_KEY]["source_range_added"] = True
    references[REFERENCE_KEY] = ours
    clip.set_media_references(references, REFERENCE_KEY)


def _bake_reference(clip: otio.schema.Clip, use: ClipUse, item: Rendered, label: str) -> None:
    # Not a URL: Resolve and others do not decode percent escapes.
    ours = _reference(clip, clip.media_references()[source_key(clip)], use, item, url=False)
    ours.metadata[REFERENCE_KEY]["label"] = label
    key = otio.schema.Clip.DEFAULT_MEDIA_KEY
    clip.set_media_references({key: ours}, key)


def _reference(
    clip: otio.schema.Clip,
    original: otio.core.MediaReference,
    use: ClipUse,
    item: Rendered,
    *,
    url: bool,
) -> otio.core.MediaReference:
    """The intermediate as a media reference; sets the clip's source range if it has none."""
    available = usable_range(original)
    ranges = [r for r in (available, clip.source_range) if r is not None]
    rate = float_rate([r.start_time for r in ranges], use.rate)
    if clip.source_range is None:
        # The untrimmed clip showed the whole original, and the new reference may be shorter.
        clip.source_range = available or _time_range(use, 0, use.media_frames - 1, rate)
    shown = _time_range(use, item.first, item.last, rate)
    if use.media_frames == 1 and available is not None:
        shown = available
    about = {REFERENCE_KEY: dict(item.metadata)}
    bounds = original.available_image_bounds
    place = item.named.as_uri() if url else str(item.named)
    ours: otio.core.MediaReference
    if item.sequence is None:
        ours = otio.schema.ExternalReference(place, shown, about, available_image_bounds=bounds)
    else:
        ours = otio.schema.ImageSequenceReference(
            target_url_base=f"{place}/",
            name_prefix=item.sequence.prefix,
            name_suffix=item.sequence.suffix,
            start_frame=item.sequence.start_frame,
            frame_step=1,
            rate=rate,
            frame_zero_padding=item.sequence.padding,
            available_range=shown,
            metadata=about,
            available_image_bounds=bounds,
        )
    ours.name = item.path.name
    return ours


def _time_range(use: ClipUse, first: int, last: int, rate: float) -> otio.opentime.TimeRange:
    """File frames as source time."""
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(float(use.media_start + first), rate),
        otio.opentime.RationalTime(last - first + 1, rate),
    )
