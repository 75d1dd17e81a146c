"""The cut that is open at the desk: its shots, and the plans of a batch over them."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from nle_style.apply import Look
from nle_style.core import StylePack, load_pack
from nle_style.errors import InputError, LookError
from nle_style.media.base import MediaInfo
from nle_style.ownership import SafeWriter
from nle_style.render import ColourJob, Control, OnEvent, Output
from nle_style.render.cut import BatchOptions, PlannedBatch, Renderer, clip_place, plan_batch
from nle_style.render.item import run_job
from nle_style.render.plan import item_source
from nle_style.render.record import Sources
from nle_style.shipped import find_pack
from nle_style.timeline import SUPPORTED
from nle_style.timeline.looks import ClipLook, LookRule
from nle_style.timeline.needs import ClipUse, Refusal

__all__ = ["Cut", "Request", "Shot", "timeline_for"]


@dataclass(frozen=True)
class Request:
    """What the desk was opened with; all but the first as for `plan_batch`.

    Attributes:
        timeline: the cut.
        look: of clips that ask for none themselves.
        render: what renders a batch's job.
        log: is told every event of a run.
    """

    timeline: Path
    output: Output
    look: Look | None = None
    options: BatchOptions = field(default_factory=BatchOptions)
    pack: str | None = None
    control: Control = field(default_factory=Control)
    colour: ColourJob = field(default_factory=ColourJob)
    render: Renderer = run_job
    log: OnEvent = lambda event: None


@dataclass(frozen=True)
class Shot:
    """A clip of the cut at the desk.

    Attributes:
        id: what the page calls it; it says nothing of files.
        clip: what it shows, or why it cannot be styled.
        info: its media, as they are read; None if it cannot be styled.
        timeline: timecodes in and out (exclusive); None where the cut does not say.
        selectors, at: the rule of a map that means this clip alone, see `LookRule`.
    """

    id: str
    clip: ClipUse | Refusal
    info: MediaInfo | None
    timeline: tuple[str, str] | None
    selectors: tuple[tuple[str, str], ...]
    at: str | None

    def rule(self, look: ClipLook | None) -> LookRule:
        """The rule that gives it a look, whatever its markers ask for."""
        return LookRule(self.selectors, look, "", self.at, override=True)

    @property
    def frames(self) -> tuple[int, int]:
        """The first and the last frame that it shows, positions in the source from 0."""
        return (0, 0) if isinstance(self.clip, Refusal) else (self.clip.first, self.clip.last)


def timeline_for(
    sources: Sequence[Path], folder: Path, clips: Callable[[Sequence[Path]], str]
) -> Path:
    """The timeline that the desk opens: the one that is given, or `clips.otio` of clips.

    Args:
        sources: one timeline, or clips.
        folder: for the results, in which `clips.otio` is written.
        clips: the text of a timeline of clips.

    Raises: InputError for a timeline beside anything else; what `clips` raises.
    """
    timelines = [path for path in sources if path.suffix.lower() in SUPPORTED]
    if not timelines:
        path = folder / "clips.otio"
        text = clips(sources)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            SafeWriter().write(path, text)
        return path
    if len(sources) > 1:
        raise InputError(
            "a timeline is given together with other files",
            where=str(timelines[0]),
            remedy="Open one timeline, or clips alone.",
        )
    return timelines[0]


class Cut:
    """A cut, read for the desk.

    Raises: as `plan_batch`; InputError if no clip of it has a picture that could be styled.

    Attributes:
        request: what it was opened with.
        pack: the styles.
        sources: what is known of the media.
        read: the timeline.
        shots: every clip with a picture, by its place in the timeline.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.pack: StylePack = load_pack(find_pack(request.pack))
        self.sources = Sources()
        any_look = ClipLook.of_mix([(self.pack.styles[0], 1.0)])
        whole = self.plan(rules=(LookRule((), any_look, "", override=True),))
        self.read = whole.read
        self.shots = _shots_of(whole, self.sources)
        if not self.shots:
            raise InputError(
                "no clip of it has a picture",
                where=str(request.timeline),
                remedy="Open a cut with clips, or the clips themselves.",
            )

    @cached_property
    def by_id(self) -> dict[str, Shot]:
        """The shots by their ids."""
        return {shot.id: shot for shot in self.shots}

    def plan(self, look_map: Path | None = None, rules: tuple[LookRule, ...] = ()) -> PlannedBatch:
        """The batch of this cut, as `nle-style batch --map` plans it.

        Args:
            look_map, rules: see `BatchOptions`.

        Raises: as `plan_batch`.
        """
        request = self.request
        return plan_batch(
            request.timeline,
            None,
            request.output,
            options=replace(request.options, look_map=look_map, rules=rules),
            pack=request.pack,
            control=request.control,
            colour=request.colour,
            sources=self.sources,
        )

    def shots_by_item(self, batch: PlannedBatch) -> dict[int, tuple[str, ...]]:
        """The ids of the shots that each item of a batch's job is for."""
        ids = {shot.clip.clip_id: shot.id for shot in self.shots}
        items = {wanted: index for index, wanted in enumerate(batch.plan.ranges)}
        found: dict[int, list[str]] = defaultdict(list)
        for use in batch.plan.uses:
            if use.clip_id in ids:
                found[items[use.range]].append(ids[use.clip_id])
        return {index: tuple(shots) for index, shots in found.items()}

    def looks(self, look_map: Path | None) -> dict[str, ClipLook]:
        """What the cut's own markers and a map ask for, by the ids of the shots; keys at positions
        in the source."""
        try:
            planned = self.plan(look_map)
        except LookError:
            return {}  # no clip asks for a look
        asked = {use.clip_id: use.look for use in planned.plan.uses}
        looks = {shot.id: asked.get(shot.clip.clip_id) for shot in self.shots}
        return {shot: look for shot, look in looks.items() if isinstance(look, ClipLook)}


def _shots_of(batch: PlannedBatch, sources: Sources) -> tuple[Shot, ...]:
    infos = {}
    if batch.job is not None:
        for wanted, item in zip(batch.plan.ranges, batch.job.items, strict=True):
            reading = item.reading or batch.job.reading
            probed = sources.probe(item.source, stream=reading.stream, layer=reading.layer)
            infos[wanted] = item_source(item, probed, reading)
    uses: list[ClipUse | Refusal] = [*batch.plan.uses, *batch.plan.refusals]
    uses.sort(key=_begin)
    alike = Counter((clip.clip_name, clip.track_name) for clip in uses)
    shots = []
    for number, clip in enumerate(uses, 1):
        timeline = None
        if isinstance(clip, ClipUse):
            place = clip_place(batch.read, clip)["timeline"]
            timeline = None if place is None else (place[0], place[1])
        alone = alike[clip.clip_name, clip.track_name] == 1
        at = None if alone or timeline is None or ":" not in timeline[0] else timeline[0]
        shots.append(
            Shot(
                id=f"s{number:04}",
                clip=clip,
                info=infos[clip.range] if isinstance(clip, ClipUse) else None,
                timeline=timeline,
                selectors=(("clip", clip.clip_name), ("track", clip.track_name)),
                at=at,
            )
        )
    return tuple(shots)


def _begin(clip: ClipUse | Refusal) -> float:
    """Seconds from the timeline's start; clips without a place come last."""
    if isinstance(clip, Refusal) or clip.record is None:
        return math.inf
    return float(clip.record[0])
