"""From a job's items to exact renders: probed, ranged, named, keyed, before a frame is read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import torch

from nle_style.apply.look import Look
from nle_style.core.style_pack import StylePack
from nle_style.errors import InputError, MediaError
from nle_style.media.formats import OutputSpec, resolve_format
from nle_style.media.movie_index import movie_index
from nle_style.media.probe import MediaInfo, probe_media
from nle_style.media.sequence import find_sequence, is_pattern
from nle_style.media.write import SEQUENCE_DIGITS
from nle_style.render.job import Item, Output, merge_ranges
from nle_style.render.manifest import Manifest, fingerprint, last_facts, render_key
from nle_style.timeline.relink import SequenceName

__all__ = ["ENGINE_VERSION", "ItemPlan", "plan_item", "source_stem"]

ENGINE_VERSION = 3
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

    @property
    def frames(self) -> int:
        """How many frames."""
        return self.last - self.first + 1

    @property
    def sparse(self) -> bool:
        """Whether only some of the frames are painted."""
        return self.painted != ((self.first, self.last),)

    def painted_within(self, first: int, last: int) -> list[tuple[int, int]]:
        """The parts of `painted` that lie in `first`..`last`, inclusive."""
        return [(max(a, first), min(b, last)) for a, b in self.painted if a <= last and first <= b]

    def painted_count(self, first: int, last: int) -> int:
        """How many frames of `first`..`last`, inclusive, are painted."""
        return sum(b - a + 1 for a, b in self.painted_within(first, last))

    @property
    def sequence_files(self) -> SequenceName | None:
        """The names of the files that `media.write` will publish; None for a movie."""
        if not self.spec.sequence:
            return None
        return SequenceName(
            folder=self.destination,
            prefix=f"{self.destination.name}.",
            suffix=self.spec.extension,
            start_frame=self.info.first_frame_number + self.first,
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
        return bool(published["fingerprint"] == fingerprint(self.output_files()))


def plan_item(
    item: Item,
    output: Output,
    pack: StylePack,
    device: torch.device,
    taken: set[str],
    hashed: dict[Path, str],
) -> ItemPlan:
    """Probe, range, name and key one item.

    Args:
        taken: names of the job's earlier items; the new one is added.
        hashed: fingerprints of the job's earlier sources: a cut uses few sources many times.

    Raises:
        InputError: the source, its range, the look or the format cannot be used.
    """
    look = item.look.look()
    pack.mix(look.styles)
    info = _probed(item)
    first, last = _range(item, info, output.handles)
    spec = resolve_format(output.format, output.depth, info)
    painted = _painted(item, info, output.handles, first, last)
    sparse = painted != ((first, last),)
    if sparse and spec.sequence:
        raise InputError(
            f"only a movie can be painted in parts, and '{spec.format}' is an image sequence",
            where=str(item.source),
            remedy="Leave `paint` out and give `frames`: its files keep the source's numbers.",
        )
    if item.source not in hashed:
        hashed[item.source] = fingerprint(_files(item.source))
    facts = {
        "source": str(item.source.absolute()),
        "source_fingerprint": hashed[item.source],
        "frames": [first, last],
        "look": look.as_data(),
        "pack": pack.name,
        "pack_sha256": pack.sha256,
        "format": spec.format,
        "depth": spec.depth,
        "engine": [ENGINE_VERSION, torch.__version__, device.type],
    }
    if item.rate is not None and info.kind != "movie":
        facts["rate"] = str(info.rate)
    if sparse:
        facts["paint"] = [list(span) for span in painted]
    name = item.name or f"{source_stem(item.source)}.{look.label}{'.sparse' if sparse else ''}"
    name = _free_name(name, output.directory, facts, taken)
    manifest = Manifest(output.directory / f"{name}.manifest.jsonl", render_key(facts))
    destination = output.directory / (name if spec.sequence else f"{name}{spec.extension}")
    return ItemPlan(info, first, last, painted, look, spec, destination, manifest, facts)


def _files(source: Path) -> list[Path]:
    if not is_pattern(source):
        return [source]
    sequence = find_sequence(source)
    return [sequence.path(number) for number in range(sequence.first, sequence.last + 1)]


def _probed(item: Item) -> MediaInfo:
    info = probe_media(item.source)
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
    if info.kind == "movie" and last >= movie_index(info.path).readable:
        raise MediaError(
            f"frame {movie_index(info.path).readable} of {info.frame_count} cannot be read",
            where=str(item.source),
            remedy="The file is truncated; copy it again from the original.",
        )
    return merge_ranges((max(a - handles, first), min(b + handles, last)) for a, b in item.paint)


def _free_name(name: str, folder: Path, facts: dict[str, Any], taken: set[str]) -> str:
    """A name that no other source and no other frames of this source have in the folder.

    The first comer has the plain name; a timeline may be linked to it, so that another range is
    never put in its place. A new look, depth or pack for the same frames does replace it.
    """
    first, last = facts["frames"]
    short = hashlib.sha256(facts["source"].encode(errors="surrogateescape")).hexdigest()[:6]
    ranged = f"{name}.{first:06d}-{last:06d}"
    if "paint" in facts:
        ranged = f"{name}-{hashlib.sha256(str(facts['paint']).encode()).hexdigest()[:6]}"
    for candidate in (name, ranged, f"{name}-{short}", f"{ranged}-{short}"):
        before = last_facts(folder / f"{candidate}.manifest.jsonl")
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
    return facts["source"], facts["frames"], facts.get("paint")
