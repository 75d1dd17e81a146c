"""FarmJob: a job planned once and rendered by many processes, on one machine or on a farm.

`farm.json` holds the job and what its planning found: names, keys, memory, the files' hashes. Every
task plans the same items from it, on whatever machine, and refuses a source that has changed.

A *piece* is what is handed out: one unit of a movie, or as many units of a sequence as make eight
frames. Pieces are numbered over all items of the job, from 0, and a task renders some in a row.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from nle_style.errors import Failure, InputError, JobError
from nle_style.render.job import LookJob, Rate, Reading, RenderJob, is_plain_name

__all__ = [
    "FARM_VERSION",
    "PIECE_FRAMES",
    "FarmBatch",
    "FarmItem",
    "FarmJob",
    "FileHashes",
    "is_farm_job",
    "read_farm_job",
]

FARM_VERSION: Literal[1] = 1

PIECE_FRAMES = 8
"""Frames of a piece, at most: those of a movie's unit."""

_MAXIMUM_BYTES = 512 * 2**20
_HEAD = 64  # characters in which a farm's job says what it is


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class FileHashes(_Part):
    """What a source file was when the farm's job was made.

    Attributes:
        fingerprint: `record.contents`, for the render's key.
        contents: the same without the times of change, so that a copy has it too.
    """

    fingerprint: str
    contents: str


class FarmItem(_Part):
    """One intermediate, as it was planned.

    Attributes:
        name: of its manifest, without the suffix.
        facts: what the render's key is made from. Its engine is replaced by that of the machine
            that renders.
        memory: bytes to paint in. All machines use the same: the tiles of a picture follow from
            it, and may show in a pixel's last bit.
        units: how many there are to paint; 0 if an earlier item's result is the same.
        first_piece, pieces: the first of its pieces, and how many.
        units_a_piece: units of one piece; the last may have fewer.
        measure: whether its shots are to be measured before a piece is painted.
        refused: why it cannot be rendered; "" if it can.
        outcome: of what is refused, as of `errors.NleStyleError`.
    """

    name: str = ""
    facts: dict[str, Any] = {}
    memory: int = 0
    units: int = 0
    first_piece: int = 0
    pieces: int = 0
    units_a_piece: int = 1
    measure: bool = False
    refused: str = ""
    outcome: Failure = "refused"

    @field_validator("name")
    @classmethod
    def _plain(cls, name: str) -> str:
        # Manifests and results are written under it.
        if name and not is_plain_name(name):
            raise ValueError(f"name {name!r} is not a plain file name")
        return name

    def units_of(self, first: int, last: int) -> tuple[int, int] | None:
        """The first and the last of this item's units that some pieces, inclusive, have; None if
        they have none."""
        begin = max(first - self.first_piece, 0)
        end = min(last - self.first_piece, self.pieces - 1)
        if begin > end:
            return None
        return begin * self.units_a_piece, min((end + 1) * self.units_a_piece, self.units) - 1


class FarmBatch(_Part):
    """The timeline that is relinked to the intermediates, and how it is read: the arguments of
    `batch_plan.plan_batch`."""

    timeline: Path
    look: LookJob | None = None
    handles: Annotated[int, Field(ge=0)] = 0
    rate: Rate | None = None
    media: tuple[Path, ...] = ()
    path_maps: tuple[tuple[str, str], ...] = ()
    look_map: Path | None = None
    only: tuple[str, ...] = ()
    bundle: bool = False
    name_template: str | None = None
    reading: Reading = Reading()


class FarmJob(_Part):
    """A job and its plan.

    Attributes:
        nle_style_farm: version of the form, 1.
        job: all its paths are absolute; its device is never `auto`.
        items: as the job's.
        files: every source file by its path, and patterns of sequences, whose `contents` is "".
        batch: None for clips.
    """

    nle_style_farm: Literal[1] = FARM_VERSION
    job: RenderJob
    items: tuple[FarmItem, ...]
    files: dict[str, FileHashes]
    batch: FarmBatch | None = None

    @property
    def pieces(self) -> int:
        """How many, over all items."""
        return sum(item.pieces for item in self.items)

    @property
    def to_measure(self) -> list[int]:
        """The items whose shots are to be measured."""
        return [index for index, item in enumerate(self.items) if item.measure]

    def shares(self, first: int, last: int) -> Iterator[tuple[int, int, int]]:
        """The units of some pieces, inclusive, by item: its index, its first unit, its last.

        A range that ends after the last piece is shortened: some managers make all chunks equally
        long (OpenCue issue 1129).

        Raises: InputError if there are no such pieces.
        """
        if not 0 <= first <= min(last, self.pieces - 1):
            raise InputError(
                f"there are no pieces {first}-{last}",
                where="--pieces",
                remedy=f"This job's are 0-{self.pieces - 1}.",
            )
        for index, item in enumerate(self.items):
            units = item.units_of(first, last)
            if units is not None:
                yield index, *units


def is_farm_job(path: Path) -> bool:
    """Whether a file looks like a farm's job; it may still be refused when it is read."""
    try:
        with path.open("rb") as file:
            return b'"nle_style_farm"' in file.read(_HEAD)
    except OSError:
        return False


def read_farm_job(path: Path) -> FarmJob:
    """Read `farm.json`.

    Raises:
        JobError: missing, not JSON, or not what `nle-style farm` writes; names the place.
    """
    try:
        if path.stat().st_size > _MAXIMUM_BYTES:
            raise JobError("too large for a farm's job", where=str(path))
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        reason = error.strerror or error
        raise JobError(f"the farm's job cannot be read ({reason})", where=str(path)) from error
    except (ValueError, RecursionError) as error:
        raise JobError(f"not a farm's job ({error})", where=str(path)) from error
    try:
        return FarmJob.model_validate(data)
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(str(part) for part in fault["loc"]) or "job"
        raise JobError(
            f"{place}: {fault['msg']}",
            where=str(path),
            remedy="Make the bundle again with `nle-style farm`.",
        ) from error
