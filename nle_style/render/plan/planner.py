"""From a job's items to exact renders: probed, ranged, named, keyed, before a frame is read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from nle_style.apply import Look, engine_facts, painted_size
from nle_style.apply.engine import automatic_memory, parse_memory
from nle_style.core import StylePack
from nle_style.errors import InputError
from nle_style.media import resolve_format
from nle_style.media.base import MediaInfo, check_name
from nle_style.media.colour import ColourSettings, scene_colour
from nle_style.media.source import check_fields
from nle_style.render.job import Item, RenderJob
from nle_style.render.plan.frame_inputs import frame_inputs
from nle_style.render.plan.item_plan import ItemPlan
from nle_style.render.plan.mattes import LayerPlan, Matte, plan_matte
from nle_style.render.plan.naming import candidates, free_name, source_stem
from nle_style.render.plan.reading import frames_of, painted_of, probed, reading_facts
from nle_style.render.record import MANIFEST_SUFFIX, Manifest, SourceHashes, render_key

__all__ = ["ENGINE_VERSION", "engine_of", "plan_item"]

ENGINE_VERSION = 8
"""Raised whenever the same job would give other pixels, so that old units are not mixed in.

8: `stroke_scale.REFERENCE_SIDE` is 1280, and small frames are not enlarged to it."""


def engine_of(device: torch.device) -> list[Any]:
    """What a picture's last bits depend on, beside its job."""
    return [ENGINE_VERSION, *engine_facts(device)]


def plan_item(
    item: Item,
    job: RenderJob,
    pack: StylePack,
    device: torch.device,
    taken: set[str],
    hashed: SourceHashes,
) -> ItemPlan:
    """Probe, range, name and key one item.

    Args:
        job: for what holds for all of its items.
        taken: names of the job's earlier items; the new one is added.
        hashed: of the job: a cut uses few sources many times.

    Raises:
        InputError: the source, its range, its colours, a look, a matte or the format cannot be
            used.
    """
    check_name(item.source)
    check_name(job.output.directory)
    look = item.look.look()
    layer_looks = [layer.look.look() for layer in item.layers]
    for each in (look, *layer_looks):
        pack.mix(each.styles)
    hashed.note(item.source)
    info = probed(item, item.reading or job.reading)
    check_fields(info)
    scene = scene_colour(info, ColourSettings(job.colour.input, job.colour.ocio))
    output = job.output
    first, last = frames_of(item, info, output.handles)
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
    matte, layers = _mattes(item, layer_looks, info, ends, hashed)
    facts: dict[str, Any] = {
        "source": str(item.source.absolute()),
        "source_fingerprint": hashed.of(item.source),
        "frames": [first, last],
        "look": look.as_data(),
        "pack": pack.name,
        "pack_sha256": pack.sha256,
        "format": spec.format,
        "depth": spec.depth,
        "engine": engine_of(device),
    }
    if item.rate is not None and info.kind != "movie":
        facts["rate"] = str(info.rate)
    as_read = reading_facts(info)
    if as_read:
        facts["reading"] = as_read
    if scene is not None:
        facts["colour"] = scene.name
    memory = parse_memory(job.control.memory)
    if memory is not None:  # where it cuts a picture may show in a pixel's last bit
        facts["memory"] = memory
    if sparse:
        facts["paint"] = [list(span) for span in painted]
    facts |= _matte_facts(matte, layers, hashed)
    label = "+".join(dict.fromkeys(each.label for each in (look, *layer_looks)))
    name = item.name or f"{source_stem(item.source)}.{label}{'.sparse' if sparse else ''}"
    names = candidates(name, item.source, facts)
    name = free_name(names, output.directory, facts, taken)
    manifest = Manifest(output.directory / f"{name}{MANIFEST_SUFFIX}", render_key(facts))
    destination = output.directory / (name if spec.sequence else f"{name}{spec.extension}")
    mattes = [each for each in (matte, *(layer.matte for layer in layers)) if each is not None]
    for used in mattes:
        if used.reads(destination):
            raise InputError(
                "the output would replace its own matte",
                where=str(destination),
                remedy="Choose another output folder or name; mattes are never written to.",
            )
    inputs = None
    if spec.sequence and info.kind == "sequence":
        inputs = frame_inputs(info, first, last, mattes, hashed)
    plan = ItemPlan(
        info,
        first,
        last,
        painted,
        look,
        spec,
        destination,
        manifest,
        facts,
        matte,
        layers,
        scene,
        inputs=inputs,
        namesakes=tuple(output.directory / f"{each}{MANIFEST_SUFFIX}" for each in names),
        hashed=hashed,
    )
    return _with_memory(plan, memory)


def _mattes(
    item: Item,
    looks: Sequence[Look],
    info: MediaInfo,
    ends: tuple[int, int],
    hashed: SourceHashes,
) -> tuple[Matte | None, tuple[LayerPlan, ...]]:
    """An item's own matte and its layers, for the frames between the painted ends, inclusive."""
    for masked in (item.matte, *(layer.matte for layer in item.layers)):
        if masked is not None:
            hashed.note(masked.source)
    matte = None if item.matte is None else plan_matte(item.matte, info, *ends)
    layers = tuple(
        LayerPlan(plan_matte(layer.matte, info, *ends), look)
        for layer, look in zip(item.layers, looks, strict=True)
    )
    return matte, layers


def _matte_facts(
    matte: Matte | None, layers: tuple[LayerPlan, ...], hashed: SourceHashes
) -> dict[str, Any]:
    """Empty without mattes: the keys of renders that know of none stay as they are."""
    facts: dict[str, Any] = {}
    if matte is not None:
        facts["matte"] = matte.as_data(hashed.of(matte.info.path))
    if layers:
        facts["layers"] = [
            {
                "look": layer.look.as_data(),
                "matte": layer.matte.as_data(hashed.of(layer.matte.info.path)),
            }
            for layer in layers
        ]
    return facts


def _with_memory(plan: ItemPlan, memory: int | None) -> ItemPlan:
    """The plan with its budget; what cannot be painted in it is refused before anything is."""
    size = painted_size(plan.info.height, plan.info.width, plan.look.stroke_scale)
    if memory is None:
        memory = automatic_memory(plan.budget.needed(*size))
    plan = replace(plan, memory=memory)
    if plan.look.strength == 0:
        return plan
    try:
        plan.budget.following_rows(*size)
        if plan.look.statistics != "frame":
            plan.budget.frozen_tile(*size)
    except InputError as error:
        what = f"{error.what} out of frames of {plan.info.width}x{plan.info.height}"
        raise InputError(what, where=str(plan.info.path), remedy=error.remedy) from error
    return plan
