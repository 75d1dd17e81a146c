"""ItemPlan: one intermediate, exactly, before a frame of it is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nle_style.apply import Look, needs_measuring, painted_at
from nle_style.apply.engine import Budget, automatic_memory
from nle_style.media import OutputSpec
from nle_style.media.base import MediaInfo
from nle_style.media.colour import SceneColour
from nle_style.media.write import SEQUENCE_DIGITS
from nle_style.render.plan.frame_inputs import FrameInputs
from nle_style.render.plan.mattes import LayerPlan, Matte
from nle_style.render.record import Manifest, ManifestFile, Sources, known_fingerprint
from nle_style.timeline.relink import SequenceName

__all__ = ["ItemPlan"]


@dataclass(frozen=True)
class ItemPlan:
    """One intermediate, exactly.

    Attributes:
        info: the probed source.
        first, last: source frames, inclusive, handles included.
        painted: the ranges of them that are painted, ascending, apart; the others become black.
        layers: the looks and their mattes, the lowest first; at least one.
        spec: how the frames are written.
        destination: the movie, or the folder of a sequence.
        manifest: beside it, under this render's key.
        facts: what the key was made from.
        scene: converts scene-referred colours for the network and back; None for display-referred
            ones.
        memory: bytes that the process may take.
        inputs: what each frame is made from; None unless a sequence becomes a sequence.
        namesakes: manifests under the other names that this render could have been given; a
            sequence there may hold another range of the same frames.
        sources: of the job, with the hashes from when it was planned.
        notes: what is assumed of the source, changed or left out, a sentence each.
    """

    info: MediaInfo
    first: int
    last: int
    painted: tuple[tuple[int, int], ...]
    layers: tuple[LayerPlan, ...]
    spec: OutputSpec
    destination: Path
    manifest: Manifest
    facts: dict[str, Any]
    scene: SceneColour | None = None
    memory: int = field(default_factory=automatic_memory)
    inputs: FrameInputs | None = None
    namesakes: tuple[ManifestFile, ...] = ()
    sources: Sources = field(default_factory=Sources)
    notes: tuple[str, ...] = ()

    @property
    def look(self) -> Look:
        """The lowest look."""
        return self.layers[0].look

    @property
    def looks(self) -> tuple[Look, ...]:
        """The look of every layer, the lowest first."""
        return tuple(layer.look for layer in self.layers)

    @property
    def mattes(self) -> tuple[Matte | None, ...]:
        """The matte of every layer, the lowest first; None paints everywhere."""
        return tuple(layer.matte for layer in self.layers)

    @property
    def painted_at(self) -> tuple[int, int] | None:
        """Width and height at which the lowest look is painted; None at strength 0."""
        look = self.look
        return painted_at(self.info.width, self.info.height, look.strength, look.stroke_scale)

    @property
    def needs_measuring(self) -> bool:
        """Whether its shots are measured before their frames are painted."""
        return any(map(needs_measuring, self.looks))

    @property
    def longest_hold(self) -> int:
        """For how many frames a painting is shown, at most."""
        return max(look.hold for look in self.looks)

    @property
    def holds(self) -> bool:
        """Whether a painting is shown for more than one frame."""
        return any(look.hold > 1 and look.strength > 0 for look in self.looks)

    @property
    def needs_shots(self) -> bool:
        """Whether its cuts are found before its frames are painted: statistics are a shot's, and a
        hold never goes beyond one."""
        return self.needs_measuring or self.holds

    def drawing(self, frame: int, shot: int) -> int:
        """The earliest frame whose painting a frame shows, in any of the looks.

        Args:
            shot: the first frame of its shot.
        """
        return min(look.drawing(frame, shot) for look in self.looks)

    @property
    def budget(self) -> Budget:
        """The memory to render it in. Every look has a network of its own."""
        mattes = len(self.layers) - (self.layers[0].matte is None)
        channels = (4 if self.spec.alpha else 3) + mattes
        frame = self.info.height * self.info.width * channels * 4
        converted = self.info.is_float or self.scene is not None or channels > 3
        # They wait while the next painting is made, and the last one is kept for them.
        held = self.longest_hold if self.holds else 0
        return Budget(self.memory, frame, len(self.looks), converted, held=held)

    @property
    def frames(self) -> int:
        """How many frames there are."""
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

    def drawn_count(self) -> int:
        """How many frames the network paints, but for those that follow from cuts which are not
        found yet: with a hold of 2 every second one."""
        shortest = min(look.hold for look in self.looks)
        return sum(-(-(last - first + 1) // shortest) for first, last in self.painted)

    def painted_count(self, first: int, last: int) -> int:
        """How many frames of `first`..`last`, inclusive, are painted."""
        return sum(b - a + 1 for a, b in self.painted_within(first, last))

    def source_files(self, first: int, last: int) -> Iterator[Path]:
        """The files that frames `first` to `last` of the source, inclusive, are made from."""
        yield from _files_of(self.info, first, last)
        for matte in self.mattes:
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

    @property
    def lock(self) -> Path:
        """The file that a run holds while it writes."""
        return self.work.with_suffix(".lock")

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
        files = self.output_files()
        if not all(file.is_file() for file in files):
            return False
        return bool(published.get("fingerprint") == known_fingerprint(files))


def _files_of(info: MediaInfo, first: int, last: int) -> Iterator[Path]:
    if info.kind != "sequence":
        yield info.path
        return
    for frame in range(first, last + 1):
        yield info.file_of(frame)
