"""Put rendered intermediates into a copy of the timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.frames import float_rate, usable_range
from nle_style.timeline.locate import absolute_url
from nle_style.timeline.plan import ClipUse, Plan
from nle_style.timeline.read import ReadTimeline
from nle_style.timeline.survey import REFERENCE_KEY, clip_at, source_key
from nle_style.timeline.write import write_timeline

__all__ = ["Json", "Rendered", "relink", "write_timeline"]

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]


@dataclass(frozen=True)
class Rendered:
    """An intermediate that is whole on disk.

    Attributes:
        source: the media it was rendered from, as in the plan.
        first, last: its frames as zero-based positions in `source`, inclusive.
        path: the movie.
        rate: its exact rate, which must be the source's.
        metadata: provenance, kept in the reference's metadata["nle_style"].
    """

    source: Path
    first: int
    last: int
    path: Path
    rate: Fraction
    metadata: Mapping[str, Json] = field(default_factory=dict)


def relink(
    read: ReadTimeline, plan: Plan, rendered: Sequence[Rendered], *, suffix: str
) -> tuple[otio.schema.Timeline, otio.schema.Timeline]:
    """Two new timelines that show the intermediates; `read.timeline` is not modified.

    The first keeps each clip's own reference under its key and adds the intermediate as
    "nle_style", active. In the second, for editors that take only one reference, the
    intermediate is the only one. Source ranges, transitions, effects, markers and metadata stay.
    The intermediate's available range starts at the source time of its first frame, so an
    untouched source range still finds its frames. Clips that nothing was rendered for keep what
    they have; their relative URLs become absolute, since the new timeline may lie elsewhere.

    Args:
        read: what the plan was made from.
        plan: the plan.
        rendered: intermediates; each must hold a planned clip's frames. Any subset will do.
        suffix: added to the timelines' names: "cut" becomes "cut.blue" and "cut.blue.baked".

    Returns:
        (second reference, baked).

    Raises:
        TimelineError: an intermediate fits no planned clip, or runs at another rate than its
            source.
    """
    name = read.timeline.name or read.path.stem
    chosen = {use.clip_id: found for use in plan.uses if (found := _intermediate(use, rendered))}
    for item in rendered:
        if not any(item is found for found in chosen.values()):
            raise TimelineError(
                f"frames {item.first}-{item.last} of {item.source.name} are in no planned clip",
                where=str(item.path),
                remedy="Plan the timeline and render again.",
            )
    both, baked = (_copy(read, f"{name}.{suffix}"), _copy(read, f"{name}.{suffix}.baked"))
    for use in plan.uses:
        if use.clip_id in chosen:
            _add_reference(clip_at(both, use.clip_id), use, chosen[use.clip_id])
            _bake_reference(clip_at(baked, use.clip_id), use, chosen[use.clip_id])
    return both, baked


def _intermediate(use: ClipUse, rendered: Sequence[Rendered]) -> Rendered | None:
    for item in rendered:
        if item.source == use.source and item.first <= use.first and use.last <= item.last:
            if item.rate != use.rate:
                raise TimelineError(
                    f"the intermediate runs at {item.rate}, its source at {use.rate}",
                    where=str(item.path),
                    remedy="Render it again at the source's rate.",
                )
            return item
    return None


def _copy(read: ReadTimeline, name: str) -> otio.schema.Timeline:
    timeline = read.timeline.deepcopy()
    timeline.name = name
    timeline.metadata[REFERENCE_KEY] = {"source_timeline": str(read.path)}
    for clip in timeline.find_clips():
        for reference in clip.media_references().values():
            if isinstance(reference, otio.schema.ImageSequenceReference):
                base = reference.target_url_base or "."
                reference.target_url_base = absolute_url(base, read.media_root)
            elif isinstance(reference, otio.schema.ExternalReference) and reference.target_url:
                reference.target_url = absolute_url(reference.target_url, read.media_root)
    return timeline


def _add_reference(clip: otio.schema.Clip, use: ClipUse, item: Rendered) -> None:
    key = source_key(clip)
    references = clip.media_references()
    ours = _reference(clip, references[key], use, item)
    ours.target_url = item.path.absolute().as_uri()
    # What `nle-style revert` makes active again.
    ours.metadata[REFERENCE_KEY]["source_reference"] = key
    references[REFERENCE_KEY] = ours
    clip.set_media_references(references, REFERENCE_KEY)


def _bake_reference(clip: otio.schema.Clip, use: ClipUse, item: Rendered) -> None:
    ours = _reference(clip, clip.media_references()[source_key(clip)], use, item)
    # Not a URL: Resolve and others do not decode percent escapes.
    ours.target_url = str(item.path.absolute())
    key = otio.schema.Clip.DEFAULT_MEDIA_KEY
    clip.set_media_references({key: ours}, key)


def _reference(
    clip: otio.schema.Clip,
    original: otio.schema.ExternalReference,
    use: ClipUse,
    item: Rendered,
) -> otio.schema.ExternalReference:
    """The intermediate as a media reference, still without its URL; pins the clip's trim."""
    available = usable_range(original)
    ranges = [r for r in (available, clip.source_range) if r is not None]
    rate = float_rate([r.start_time for r in ranges], use.rate)
    if clip.source_range is None:
        # The untrimmed clip showed the whole original, and the new reference may be shorter.
        clip.source_range = available or _time_range(use.media_start + use.first, use, rate)
    ours = otio.schema.ExternalReference(
        available_range=otio.opentime.TimeRange(
            otio.opentime.RationalTime(float(use.media_start + item.first), rate),
            otio.opentime.RationalTime(item.last - item.first + 1, rate),
        ),
        metadata={REFERENCE_KEY: dict(item.metadata)},
        available_image_bounds=original.available_image_bounds,
    )
    ours.name = item.path.name
    return ours


def _time_range(start: Fraction, use: ClipUse, rate: float) -> otio.opentime.TimeRange:
    return otio.opentime.TimeRange(
        otio.opentime.RationalTime(float(start), rate),
        otio.opentime.RationalTime(use.last - use.first + 1, rate),
    )
