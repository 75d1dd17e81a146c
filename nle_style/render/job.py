"""RenderJob: one request, the same for the command line, the plugins and a farm.

The file is YAML (JSON is YAML too); `tests/data/job_v1.yaml` is the pinned sample. Unknown keys are
refused: a misspelt control would otherwise silently be the default.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from nle_style.apply import Colour, Look, LookKey, Statistics
from nle_style.errors import JobError
from nle_style.spans import merge_spans

__all__ = [
    "VERSION",
    "ColourJob",
    "Control",
    "Item",
    "KeyJob",
    "LayerJob",
    "LookJob",
    "MatteJob",
    "Output",
    "Reading",
    "RenderJob",
    "is_plain_name",
    "read_job",
]

VERSION: Literal[1] = 1

_MAXIMUM_BYTES = 64 * 2**20

Rate = Annotated[str, Field(pattern=r"^[1-9]\d*(/[1-9]\d*)?$")]

Frames = Annotated[tuple[int, int], Field(description="first and last, zero-based, inclusive")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class KeyJob(_Part):
    """What a look is at one frame of the source, a position from 0; see `apply.look_keys`."""

    frame: int
    styles: dict[str, float] | None = None
    strength: float | None = None


class LookJob(_Part):
    """A look as the job file has it; see `apply.look.Look` for the values. `styles` may be left out
    where the keys have them."""

    styles: dict[str, float] = {}
    strength: float = 1.0
    statistics: Statistics = "hybrid"
    stroke_scale: float = 1.0
    colour: Colour = "poster"
    keys: tuple[KeyJob, ...] = ()
    hold: int = 1

    def look(self) -> Look:
        """The validated look.

        Raises:
            LookError: a value out of its range.
        """
        keys = tuple(LookKey(**vars(key)) for key in self.keys)
        return Look(**{**vars(self), "keys": keys})

    @classmethod
    def of(cls, look: Look) -> LookJob:
        """A look in the form of the job file."""
        return cls(**look.as_data())


class Reading(_Part):
    """How sources are read that can be read in more than one way.

    Attributes:
        interlaced: `refuse`, or `deinterlace` (bwdif), which makes one frame of each frame.
        conform: a constant rate, "25" or "24000/1001", at which frames are counted. None keeps the
            frames and times of the file. See `media.movie.conform`.
        stream: index of the stream of a movie that holds several; None for the one that its flags
            and sizes say.
        layer: of an EXR, or one of its views; None for the one that its names say. Other images
            have none.
        as_stored: refuse a source whose file has its pictures shown otherwise than they are stored
            (`MediaInfo.otherwise`): for hosts that do not do so.
    """

    interlaced: Literal["refuse", "deinterlace"] = "refuse"
    conform: Rate | None = None
    stream: Annotated[int, Field(ge=0)] | None = None
    layer: str | None = None
    as_stored: bool = False


class MatteJob(_Part):
    """Where a look is painted: a picture that is white inside.

    Attributes:
        source: a movie, a still (for all frames), or a sequence as `name.%06d.exr`.
        channel: `alpha`, `luma`, `r`, `g` or `b`; `auto` is alpha if there is one, else luma.
        invert: paint where the matte is black.
        offset: frame n of the clip gets the matte's frame n + offset. Both are zero-based positions
            in the file or sequence, whatever the timecodes or file numbers.
    """

    source: Path
    channel: Literal["auto", "alpha", "luma", "r", "g", "b"] = "auto"
    invert: bool = False
    offset: int = 0


class LayerJob(_Part):
    """A further look, painted over what lies below it, inside its own matte."""

    matte: MatteJob
    look: LookJob


class Item(_Part):
    """One intermediate to render.

    Attributes:
        source: a movie, a still, or a sequence as `name.%06d.exr`.
        frames: first and last, zero-based positions in the source, inclusive; None for all.
        look: what to paint.
        name: stem of the intermediate, with folders before it as `shots/A001/A001`; None for
            `SOURCE.LOOK`, or `SOURCE.LOOK.sparse`.
        paint: the frames to paint, as ranges within `frames`; the others become black. So a movie
            can be as long as its source while only what a cut shows is painted. None for all. Held
            in ascending order, with overlapping and touching ranges merged.
        rate: frames a second at which the edit plays a sequence or still: "25" or "24000/1001".
            None for what the files state. A movie has its own.
        reading: how this source is read; None for the job's setting.
        format: of this item alone, as `Output.format`; None for the job's setting.
        matte: where `look` is painted; None for everywhere.
        layers: further looks, each in its matte, later ones over earlier ones.
    """

    source: Path
    frames: Frames | None = None
    look: LookJob
    name: str | None = None
    paint: Annotated[tuple[Frames, ...], Field(min_length=1)] | None = None
    rate: Rate | None = None
    reading: Reading | None = None
    format: str | None = None
    matte: MatteJob | None = None
    layers: tuple[LayerJob, ...] = ()

    @field_validator("paint")
    @classmethod
    def _merged(cls, paint: tuple[Frames, ...] | None) -> tuple[Frames, ...] | None:
        if paint is None:
            return None
        for first, last in paint:
            if not 0 <= first <= last:
                raise ValueError(f"paint {[first, last]} is not a range (first, last from 0)")
        return merge_spans(paint)

    @model_validator(mode="after")
    def _in_order(self) -> Item:
        if self.frames is not None and not 0 <= self.frames[0] <= self.frames[1]:
            raise ValueError(f"frames {list(self.frames)} are not a range (first, last from 0)")
        if self.frames is not None and self.paint is not None:
            ends = (self.paint[0][0], self.paint[-1][1])
            if ends[0] < self.frames[0] or ends[1] > self.frames[1]:
                raise ValueError(
                    f"paint {list(ends)} reaches beyond the frames {list(self.frames)}"
                )
        if self.name is not None and not is_plain_name(self.name):
            raise ValueError(f"name {self.name!r} is not a plain file name")
        return self


class Output(_Part):
    """Where the results go and in what form; see `media.base.formats` for formats and depths.

    Attributes:
        handles: frames added before and after every item's range, as far as the source has them.
    """

    directory: Path
    format: str = "auto"
    depth: str = "auto"
    handles: Annotated[int, Field(ge=0)] = 0

    @field_validator("directory")
    @classmethod
    def _writable(cls, directory: Path) -> Path:
        if "\0" in str(directory):
            raise ValueError("a folder's name cannot hold a NUL byte")
        return directory


class ColourJob(_Part):
    """How the sources' colours are read; see `media.colour.ColourSettings`.

    Attributes:
        input: `auto` (as the header says), `srgb`, `rec709`, `linear`, or the name of a colour
            space in the OpenColorIO configuration.
        ocio: an .ocio or .ocioz file; None for the built-in configuration.
    """

    input: Annotated[str, Field(min_length=1)] = "auto"
    ocio: Path | None = None


class Control(_Part):
    """How to run.

    Attributes:
        cancel_file: the run is cancelled when this file appears.
        resume: go on from what an interrupted run of the same job left; False starts over.
        overwrite: replace files under the results' names that nle-style did not write, or that were
            changed since. A file that the job reads is never replaced.
        device: `auto`, `cpu`, `cuda`, `cuda:N` for one of several GPUs, from 0, or `mps`.
        memory: what the run may take, as "2GiB"; `auto` is `apply.engine.automatic_memory`.
    """

    cancel_file: Path | None = None
    resume: bool = True
    overwrite: bool = False
    device: str = "auto"
    memory: str = "auto"


class RenderJob(_Part):
    """A whole request.

    Attributes:
        nle_style_job: version of the file's form, 1.
        items: at least one.
        pack: style pack: a file, a shipped pack's name, or None for the default.
    """

    nle_style_job: Literal[1] = VERSION
    items: Annotated[tuple[Item, ...], Field(min_length=1)]
    output: Output
    reading: Reading = Reading()
    colour: ColourJob = ColourJob()
    control: Control = Control()
    pack: str | None = None

    def as_yaml(self) -> str:
        """The job as the text of a job file."""
        return yaml.safe_dump(self.model_dump(mode="json"), sort_keys=False, allow_unicode=True)


def is_plain_name(name: str) -> bool:
    """Whether a name is that of a file in whatever folder it is used in, or in folders below that,
    and no path out of it."""
    return "\0" not in name and all(
        part not in ("", ".", "..") and Path(part).name == part for part in name.split("/")
    )


def read_job(path: Path) -> RenderJob:
    """Read a job file.

    Raises:
        JobError: missing, not YAML, or not a valid job; the message names the place.
    """
    try:
        if path.stat().st_size > _MAXIMUM_BYTES:
            raise JobError("too large for a job file", where=str(path))
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        reason = error.strerror or error
        raise JobError(f"the job file cannot be read ({reason})", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise JobError("the job file is not UTF-8 text", where=str(path)) from error
    try:
        data: Any = yaml.safe_load(text)
    # PyYAML also raises Python's own errors, for values such as the date 2026-05-32.
    except (
        *(yaml.YAMLError, RecursionError, ValueError, LookupError, TypeError, AttributeError),
    ) as error:
        raise JobError(f"not YAML or JSON ({error})", where=str(path)) from error
    if not isinstance(data, dict) or "nle_style_job" not in data:
        raise JobError(
            "not a job of nle_style",
            where=str(path),
            remedy="A job begins with `nle_style_job: 1`; see docs/job.md.",
        )
    if data["nle_style_job"] != VERSION:
        raise JobError(
            f"a job of version {data['nle_style_job']!r}",
            where=str(path),
            remedy=f"This nle_style reads version {VERSION}: update it.",
        )
    try:
        return RenderJob.model_validate(data)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'job'}: {fault['msg']}"
            for fault in error.errors()
        )
        raise JobError(faults, where=str(path), remedy="See docs/job.md.") from error
