"""From a job's items to exact renders: probed, ranged, named, keyed, before a frame is read."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch

from nle_style.apply.look import Look
from nle_style.apply.memory import Budget, automatic_memory, parse_memory
from nle_style.apply.stroke_scale import working_size
from nle_style.apply.stylizer import engine_facts, needs_measuring
from nle_style.core.style_pack import StylePack
from nle_style.errors import InputError, MediaError
from nle_style.media.conform import conformed, source_frame
from nle_style.media.formats import OutputSpec, resolve_format
from nle_style.media.movie_index import movie_index
from nle_style.media.probe import MediaInfo, check_name, probe_media
from nle_style.media.read import check_fields
from nle_style.media.scene_colour import ColourSettings, SceneColour, scene_colour
from nle_style.media.sequence import SequenceFiles, is_pattern
from nle_style.media.write import SEQUENCE_DIGITS
from nle_style.render.inputs import FrameInputs, frame_inputs
from nle_style.render.job import Item, Reading, RenderJob, merge_ranges
from nle_style.render.manifest import MANIFEST_SUFFIX, Manifest, fingerprint, last_facts, render_key
from nle_style.render.mattes import LayerPlan, Matte, plan_matte
from nle_style.render.source_hashes import SourceHashes
from nle_style.timeline.relink import SequenceName

__all__ = ["ENGINE_VERSION", "ItemPlan", "engine_of", "plan_item", "read_as", "source_stem"]

_LONGEST_NAME = 220
"""Bytes of an intermediate's stem: file systems take 255, and a report's part file has 25 more."""

ENGINE_VERSION = 6
"""Raised whenever the same job would give other pixels, so that old units are not mixed in."""


@dataclass(frozen=True)
class ItemPlan:
    """One intermediate, exactly.

    Attributes:
        info: the probed source.
        first, last: source frames, inclusive, handles included.
        painted: the ranges of them that are painted, ascending, apart; the others become black.
        look, spec: what to paint and how to write it.
        destination: the movie, or the folder of a sequence.
        manifest: beside it, under this render's key.
        facts: what the key was made from.
        matte: where `look` is painted; None for everywhere.
        layers: the looks that are painted over it, the lowest first.
        scene: the way of the source's colours through the network; None for display-referred ones.
        memory: bytes that the process may take.
        inputs: what each frame is made from; None unless a sequence becomes a sequence.
        namesakes: manifests of the names that this render would have had in an empty folder, or
            among other sources: another range of the same frames may lie there.
        hashed: what its files were when it was planned.
    """

    info: MediaInfo
    first: int
    last: int
    painted: tuple[tuple[int, int], ...]
    look: Look
    spec: OutputSpec
    destination: Path
    manifest: Manifest
    facts: dict[str, Any]
    matte: Matte | None = None
    layers: tuple[LayerPlan, ...] = ()
    scene: SceneColour | None = None
    memory: int = field(default_factory=automatic_memory)
    inputs: FrameInputs | None = None
    namesakes: tuple[Path, ...] = ()
    hashed: SourceHashes = field(default_factory=SourceHashes)

    @property
    def looks(self) -> tuple[Look, ...]:
        """Its own look and those of its layers, the lowest first."""
        return self.look, *(layer.look for layer in self.layers)

    @property
    def needs_measuring(self) -> bool:
        """Whether its shots are measured before their frames are painted."""
        return any(map(needs_measuring, self.looks))

    @property
    def alpha(self) -> bool:
        """Whether frames are read, painted and written with their alpha."""
        return self.spec.alpha

    @property
    def premultiplied(self) -> bool:
        """Whether the output stores RGB multiplied by alpha."""
        return self.spec.premultiplied

    @property
    def budget(self) -> Budget:
        """The memory to render it in. Every look has a network of its own."""
        mattes = (self.matte is not None) + len(self.layers)
        channels = (4 if self.alpha else 3) + mattes
        frame = self.info.height * self.info.width * channels * 4
        converted = self.info.is_float or self.scene is not None or channels > 3
        return Budget(self.memory, frame, len(self.looks), converted)

    @property
    def frames(self) -> int:
        """How many frames."""
        return self.last - self.first + 1

    @property
    def sparse(self) -> bool:
        """Whether only some of the frames are painted."""
        return self.painted != ((self.first, self.last),)

    def number(self, frame: int) -> int:
        """The number of a source frame in the names of a sequence's files."""
        return self.info.first_frame_number + frame

    def painted_within(self, first: int, last: int) -> list[tuple[int, int]]:
        """The parts of `painted` that lie in `first`..`last`, inclusive."""
        return [(max(a, first), min(b, last)) for a, b in self.painted if a <= last and first <= b]

    def painted_count(self, first: int, last: int) -> int:
        """How many frames of `first`..`last`, inclusive, are painted."""
        return sum(b - a + 1 for a, b in self.painted_within(first, last))

    def source_files(self, first: int, last: int) -> Iterator[Path]:
        """The files that frames `first` to `last` of the source, inclusive, are made from."""
        yield from _files_of(self.info, first, last)
        for matte in (self.matte, *(layer.matte for layer in self.layers)):
            if matte is not None:
                yield from _files_of(matte.info, first + matte.offset, last + matte.offset)

    @property
    def sequence_files(self) -> SequenceName | None:
        """The names of the files that `media.write` will publish; None for a movie."""
        if not self.spec.sequence:
            return None
        return SequenceName(
            folder=self.destination,
            prefix=f"{self.destination.name}.",
            suffix=self.spec.extension,
            start_frame=self.number(self.first),
            padding=SEQUENCE_DIGITS,
        )

    @property
    def work(self) -> Path:
        """The folder for finished units, hidden beside the destination until all is published."""
        return self.destination.with_name(f".{self.destination.name}.work")

    def output_files(self) -> list[Path]:
        """The published movie, or the files of the published sequence."""
        if self.destination.is_dir():
            return sorted(self.destination.iterdir())
        return [self.destination]

    def is_present(self) -> bool:
        """Whether this very render is published, whole and unchanged."""
        published = self.manifest.published()
        if published is None or not self.destination.exists():
            return False
        return bool(published.get("fingerprint") == fingerprint(self.output_files()))


def _files_of(info: MediaInfo, first: int, last: int) -> Iterator[Path]:
    if info.kind != "sequence":
        yield info.path
        return
    number = info.first_frame_number
    files = SequenceFiles(info.path, number, number + info.frame_count - 1)
    for frame in range(first, last + 1):
        yield files.path(number + frame)


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
    info = _probed(item, item.reading or job.reading)
    check_fields(info)
    scene = scene_colour(info, ColourSettings(job.colour.input, job.colour.ocio))
    output = job.output
    first, last = _range(item, info, output.handles)
    spec = resolve_format(item.format or output.format, output.depth, info)
    painted = _painted(item, info, output.handles, first, last)
    sparse = painted != ((first, last),)
    if sparse and spec.sequence:
        raise InputError(
            f"only a movie can be painted in parts, and '{spec.format}' is an image sequence",
            where=str(item.source),
            remedy="Leave `paint` out and give `frames`: its files keep the source's numbers.",
        )
    ends = painted[0][0], painted[-1][1]
    for masked in (item.matte, *(layer.matte for layer in item.layers)):
        if masked is not None:
            hashed.note(masked.source)
    matte = None if item.matte is None else plan_matte(item.matte, info, *ends)
    layers = tuple(
        LayerPlan(plan_matte(layer.matte, info, *ends), each)
        for layer, each in zip(item.layers, layer_looks, strict=True)
    )
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
    as_read = _reading_facts(info)
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
    candidates = _candidates(name, facts)
    if len(os.fsencode(max(candidates, key=len))) > _LONGEST_NAME:
        raise InputError(
            "its name is too long for the names of the results",
            where=str(item.source),
            remedy="Rename or link the source, or give the job's item a shorter `name`.",
        )
    name = _free_name(candidates, output.directory, facts, taken)
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
        namesakes=tuple(output.directory / f"{each}{MANIFEST_SUFFIX}" for each in candidates),
        hashed=hashed,
    )
    return _with_memory(plan, memory)


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
    size = working_size(plan.info.height, plan.info.width, plan.look.stroke_scale)
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


def read_as(info: MediaInfo, reading: Reading) -> MediaInfo:
    """A probed source, to be read as a job asks; stills and sequences are read as they are.

    Raises: InputError for a rate that nothing can be conformed to.
    """
    if reading.interlaced == "deinterlace" and info.kind == "movie":
        info = replace(info, deinterlace=True)
    return info if reading.conform is None else conformed(info, Fraction(reading.conform))


def _reading_facts(info: MediaInfo) -> dict[str, str]:
    facts = {}
    if info.deinterlace:
        facts["interlaced"] = "deinterlace"
    if info.conform is not None:
        facts["conform"] = str(info.conform)
    return facts


def _probed(item: Item, reading: Reading) -> MediaInfo:
    info = read_as(probe_media(item.source), reading)
    if item.rate is None or Fraction(item.rate) == info.rate:
        return info
    if info.kind == "movie":
        raise MediaError(
            f"a rate of {item.rate} is asked for, but the movie runs at {info.rate}",
            where=str(item.source),
            remedy="Leave `rate` out: only sequences and stills are played at any rate.",
        )
    return replace(info, rate=Fraction(item.rate))


def source_stem(source: Path) -> str:
    """The source's name without suffix, and without a sequence's frame number."""
    stem = source.stem
    if is_pattern(source):
        stem = stem.split("%")[0].split("#")[0].rstrip("._-") or source.parent.name
    return stem


def _range(item: Item, info: MediaInfo, handles: int) -> tuple[int, int]:
    first, last = item.frames if item.frames is not None else (0, info.frame_count - 1)
    if last >= info.frame_count:
        raise MediaError(
            f"frames {first}-{last} are asked for, but it has {info.frame_count}",
            where=str(item.source),
            remedy=f"Its frames are 0-{info.frame_count - 1}.",
        )
    return max(first - handles, 0), min(last + handles, info.frame_count - 1)


def _painted(
    item: Item, info: MediaInfo, handles: int, first: int, last: int
) -> tuple[tuple[int, int], ...]:
    """The ranges to paint, with handles, within `first`..`last`."""
    if item.paint is None:
        return ((first, last),)
    if item.paint[-1][1] > last:
        raise MediaError(
            f"frames {item.paint[-1][0]}-{item.paint[-1][1]} are to be painted, but it has "
            f"{info.frame_count}",
            where=str(item.source),
            remedy=f"Its frames are 0-{info.frame_count - 1}.",
        )
    # Frames that are not painted are not read either, so that nothing else would notice.
    readable = movie_index(info.path).readable if info.kind == "movie" else info.frame_count
    if source_frame(info, last) >= readable:
        raise MediaError(
            f"frame {readable} of {movie_index(info.path).frame_count} cannot be read",
            where=str(item.source),
            remedy="The file is truncated; copy it again from the original.",
        )
    return merge_ranges((max(a - handles, first), min(b + handles, last)) for a, b in item.paint)


def _candidates(name: str, facts: dict[str, Any]) -> tuple[str, ...]:
    """The names that a render may get, the plainest first."""
    first, last = facts["frames"]
    short = hashlib.sha256(facts["source"].encode(errors="surrogateescape")).hexdigest()[:6]
    ranged = f"{name}.{first:06d}-{last:06d}"
    if "paint" in facts:
        ranged = f"{name}-{hashlib.sha256(str(facts['paint']).encode()).hexdigest()[:6]}"
    return name, ranged, f"{name}-{short}", f"{ranged}-{short}"


def _free_name(
    candidates: tuple[str, ...], folder: Path, facts: dict[str, Any], taken: set[str]
) -> str:
    """A name that no other source and no other frames of this source have in the folder.

    The first comer has the plain name; a timeline may be linked to it, so that another range is
    never put in its place. A new look, depth or pack for the same frames does replace it.
    """
    for candidate in candidates:
        before = last_facts(folder / f"{candidate}{MANIFEST_SUFFIX}")
        ours = before is None or _frames_of(before) == _frames_of(facts)
        if ours and candidate not in taken:
            taken.add(candidate)
            return candidate
    raise InputError(
        "the same frames are asked for twice in one look",
        where=facts["source"],
        remedy="Leave one of the items out.",
    )


def _frames_of(facts: dict[str, Any]) -> tuple[Any, ...]:
    conform = facts.get("reading", {}).get("conform")  # frame numbers mean other pictures then
    return facts["source"], facts["frames"], facts.get("paint"), conform
