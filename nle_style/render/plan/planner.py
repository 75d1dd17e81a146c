"""Planner: from a job's items to exact renders, probed, named and keyed before a frame is read."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import torch

from nle_style.apply import engine_facts, painted_size
from nle_style.apply.engine import automatic_memory, parse_memory
from nle_style.core import StylePack
from nle_style.errors import InputError, MediaError, NleStyleError
from nle_style.media import resolve_format
from nle_style.media.base import MediaInfo, check_name
from nle_style.media.colour import ColourSettings, scene_colour
from nle_style.media.movie import sited
from nle_style.media.source import check_fields, check_frames
from nle_style.media.write.tracks import plan_tracks
from nle_style.render.job import Item, LayerJob, MatteJob, RenderJob
from nle_style.render.plan.changing_looks import look_notes
from nle_style.render.plan.frame_inputs import frame_inputs
from nle_style.render.plan.item_plan import ItemPlan
from nle_style.render.plan.mattes import LayerPlan, Matte, plan_matte
from nle_style.render.plan.naming import ResultNames, candidates, source_stem
from nle_style.render.plan.reading import frames_of, item_source, painted_of, reading_facts
from nle_style.render.record import Manifest, Sources, render_key

__all__ = ["ENGINE_VERSION", "Planner", "engine_of"]

ENGINE_VERSION = 14
"""Raised whenever the same job would give other pixels, so that old units are not mixed in.

10: chroma is interpolated from where it lies, where anything is painted; another layer of an EXR or
stream of a movie may be read, and other colours. 11: alpha of BMP, JPEG 2000, JPEG XL, SGI and most
TGAs is straight; 12-bit DPX reach white; clean apertures of half columns are cut otherwise. 12:
pictures are denoised before they are painted. 13: what a Matroska cuts off is cut off, frames are
converted by their own matrix and turned as the first one; native UHD is painted in other tiles."""


def engine_of(device: torch.device) -> list[Any]:
    """What a picture's last bits depend on beside its job."""
    return [ENGINE_VERSION, *engine_facts(device)]


@dataclass
class Planner:
    """Plans the items of one job, one after the other.

    Attributes:
        job, pack, device: what holds for all items.
        sources: of the job; a cut uses few sources many times.
    """

    job: RenderJob
    pack: StylePack
    device: torch.device
    sources: Sources = field(default_factory=Sources)

    def __post_init__(self) -> None:
        self._names = ResultNames(self.job.output.directory)

    def plan_all(self) -> list[ItemPlan | NleStyleError]:
        """Every item of the job, planned, or the error that refuses it.

        Raises: NleStyleError that refuses all of them in the same words, and names none of their
            media: it is the job's fault.
        """
        plans: list[ItemPlan | NleStyleError] = []
        for item in self.job.items:
            try:
                plans.append(self.plan(item))
            except NleStyleError as error:
                plans.append(error)
        faults = [plan for plan in plans if isinstance(plan, NleStyleError)]
        media = {str(item.source) for item in self.job.items}
        same = len(faults) == len(plans) and len({*map(str, faults)}) == 1
        if same and not isinstance(faults[0], MediaError) and faults[0].where not in media:
            raise faults[0]
        return plans

    def plan(self, item: Item) -> ItemPlan:
        """What exactly is rendered for an item.

        Raises:
            InputError: the source, its range, its colours, a look, a matte or the format cannot be
                used.
        """
        job, output = self.job, self.job.output
        check_name(item.source)
        check_name(output.directory)
        asked: tuple[Item | LayerJob, ...] = (item, *item.layers)
        looks = [each.look.look() for each in asked]
        for look in looks:
            for mix in look.mixes:
                self.pack.mix(mix)
        reading = item.reading or job.reading
        probed = self.sources.probe(item.source, stream=reading.stream, layer=reading.layer)
        info = item_source(item, probed, reading)
        if any(look.strength > 0 for look in looks):
            info = sited(info)
        check_fields(info)
        scene = scene_colour(info, ColourSettings(job.colour.input, job.colour.ocio))
        first, last = frames_of(item, info, output.handles)
        check_frames(info, first, last)
        spec = resolve_format(item.format or output.format, output.depth, info)
        painted = painted_of(item, info, output.handles, first, last)
        sparse = painted != ((first, last),)
        if sparse and spec.sequence:
            raise InputError(
                f"only a movie can be painted in parts, and '{spec.format}' is an image sequence",
                where=str(item.source),
                remedy="Leave `paint` out and give `frames`: its files keep the source's numbers.",
            )
        ends = painted[0][0], painted[-1][1]
        layers = tuple(
            LayerPlan(look, self._matte(each.matte, info, ends))
            for look, each in zip(looks, asked, strict=True)
        )
        memory = parse_memory(job.control.memory)
        facts = {
            "source": str(item.source.absolute()),
            "source_fingerprint": self.sources.hash_of(item.source),
            "frames": [first, last],
            "look": looks[0].as_data(),
            "pack": self.pack.name,
            "pack_sha256": self.pack.sha256,
            "format": spec.format,
            "depth": spec.depth,
            "engine": engine_of(self.device),
        }
        more: dict[str, Any] = {
            "first_number": info.first_frame_number if info.kind == "sequence" else None,
            "rate": str(info.rate) if item.rate is not None and info.kind != "movie" else None,
            "reading": reading_facts(info),
            "colour": scene and scene.name,
            "memory": memory,  # where it cuts a picture may show in a pixel's last bit
            "paint": [list(span) for span in painted] if sparse else None,
            "matte": self._matte_facts(layers[0].matte),
            "layers": [
                {"look": layer.look.as_data(), "matte": self._matte_facts(layer.matte)}
                for layer in layers[1:]
            ],
        }
        # Defaults are left out, so that a new fact does not change the keys of earlier renders.
        facts |= {name: fact for name, fact in more.items() if fact not in (None, {}, [])}
        label = "+".join(dict.fromkeys(look.label for look in looks))
        plain = item.name or f"{source_stem(item.source)}.{label}{'.sparse' if sparse else ''}"
        names = candidates(plain, item.source, facts)
        name = self._names.take(names, facts)
        destination = output.directory / (name if spec.sequence else f"{name}{spec.extension}")
        mattes = [layer.matte for layer in layers if layer.matte is not None]
        inputs = None
        if spec.sequence and info.kind == "sequence":
            inputs = frame_inputs(info, first, last, mattes, self.sources)
        plan = ItemPlan(
            info,
            first,
            last,
            painted,
            layers,
            spec,
            destination,
            Manifest(self._names.file(name), render_key(facts)),
            facts,
            scene,
            inputs=inputs,
            namesakes=tuple(map(self._names.file, names)),
            sources=self.sources,
            notes=(
                *look_notes(looks, info),
                *info.notes,
                *spec.warnings,
                *plan_tracks(info, spec.container).notes,
            ),
        )
        return _with_memory(plan, memory)

    def _matte(self, job: MatteJob | None, info: MediaInfo, ends: tuple[int, int]) -> Matte | None:
        """A layer's matte, for the frames of a source between the painted ends, inclusive."""
        if job is None:
            return None
        return plan_matte(job, self.sources.probe(job.source), info, *ends)

    def _matte_facts(self, matte: Matte | None) -> dict[str, Any] | None:
        return matte.as_data(self.sources.hash_of(matte.info.path)) if matte else None


def _with_memory(plan: ItemPlan, memory: int | None) -> ItemPlan:
    """The plan with its budget.

    Args:
        memory: bytes, as asked for; None for the automatic amount.

    Raises: InputError if its frames cannot be painted in that.
    """
    size = painted_size(plan.info.height, plan.info.width, plan.look.stroke_scale)
    if memory is None:
        memory = automatic_memory(plan.budget.needed(*size))
    plan = replace(plan, memory=memory)
    if plan.look.strength == 0:
        return plan
    try:
        plan.budget.unfrozen_rows(*size)
        if plan.look.statistics != "frame":
            plan.budget.frozen_tile(*size)
    except InputError as error:
        what = f"{error.what} out of frames of {plan.info.width}x{plan.info.height}"
        raise InputError(what, where=str(plan.info.path), remedy=error.remedy) from error
    return plan
