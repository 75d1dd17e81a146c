"""What a command's options ask for, as a job has it. Importing this loads nothing slow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nle_style.cli.option_groups import CutOptions, LookOptions, RenderOptions
from nle_style.cli.options import parse_matte, parse_path_map, parse_range, parse_rate
from nle_style.errors import InputError, MediaError

if TYPE_CHECKING:
    from nle_style.apply import Look
    from nle_style.render import LayerJob, LookJob, MatteJob, Reading, RenderJob
    from nle_style.render.cut import BatchOptions, PlannedBatch, Renderer

# "48: fire": told here, so that the libraries for timelines are loaded for nothing else.
_KEY = re.compile(r"(?:^|[\s,;])(?:\d+|end)\s*:\s*[^\W\d]", re.IGNORECASE)

__all__ = [
    "batch_options_of",
    "clips_job",
    "cut_batch",
    "job_settings",
    "look_of",
    "matted_looks",
    "optional_look_of",
    "positions",
    "refuse_cut_options",
    "renderer_of",
]


def look_of(style: str, controls: LookOptions) -> Look:
    """The look of the options. Its keys count from the first frame of what it is for.

    Raises:
        LookError: a value out of its range.
        TimelineError: a style that changes, of which the text cannot be understood.
    """
    from nle_style.apply import Look, parse_styles

    plain: dict[str, Any] = {
        "strength": controls.strength,
        "statistics": controls.statistics.value,
        "stroke_scale": controls.stroke_scale,
        "colour": controls.colour.value,
        "hold": controls.hold,
    }
    if _KEY.search(style):
        return _changing_look(style, plain)
    return Look(parse_styles(style), **plain)


def _changing_look(style: str, plain: dict[str, Any]) -> Look:
    from nle_style.render.cut import complete_look
    from nle_style.timeline.looks import END, ClipLook, parse_look

    asked = parse_look(style) or ClipLook()
    if END in asked.frames:
        raise InputError(
            f"'{style}' has a key at the end",
            where="--style",
            remedy="Name its frame; `end` is for markers, metadata and the --map.",
        )
    if asked.asks_strength:
        del plain["strength"]
    for name in plain:
        if getattr(asked, name) is not None:
            raise InputError(
                f"'{style}' has a {name} for the whole look",
                where="--style",
                remedy=f"Give --{name.replace('_', '-')}.",
            )
    return complete_look(replace(asked, **plain))


def optional_look_of(style: str | None, controls: LookOptions) -> Look | None:
    """The look of a timeline's clips that ask for none themselves; None: they stay as they are.

    Raises:
        InputError: a control of the look without a style.
        LookError: a value out of its range.
    """
    if style is not None:
        return look_of(style, controls)
    if controls != LookOptions():
        raise InputError(
            "a control of the look is given, and no --style that it is for",
            remedy="Give --style, or put the control into the markers or the --map.",
        )
    return None


def matted_looks(
    style: str | None, mattes: Sequence[str], controls: LookOptions
) -> tuple[LookJob, MatteJob | None, tuple[LayerJob, ...]]:
    """What `--style` and every `--matte` ask for, as a job's item has it.

    Args:
        style: a mix. None: the first FILE=MIX is the item's own look, in its matte, so that
            nothing is painted outside of the mattes.
        mattes: each FILE or FILE=MIX.
        controls: of all these looks.

    Raises:
        InputError: no look at all, or two mattes for `--style`.
        LookError: a value out of its range.
    """
    from nle_style.render import LayerJob, LookJob, MatteJob

    parsed = [parse_matte(text) for text in mattes]
    plain = [MatteJob(source=path) for path, mix in parsed if mix is None]
    layers = tuple(
        LayerJob(matte=MatteJob(source=path), look=LookJob.of(look_of(mix, controls)))
        for path, mix in parsed
        if mix is not None
    )
    if len(plain) > 1:
        raise InputError(
            "two mattes are given for --style",
            where=f"--matte {plain[1].source}",
            remedy="Give a matte its own look as FILE=fire, or merge the two into one matte.",
        )
    if style is not None:
        return LookJob.of(look_of(style, controls)), (plain[0] if plain else None), layers
    if plain or not layers:
        raise InputError(
            "no style is given",
            where=f"--matte {plain[0].source}" if plain else "",
            remedy="Give --style blue, or a matte with its own look as --matte FILE=blue.",
        )
    return layers[0].look, layers[0].matte, layers[1:]


def clips_job(
    clips: Sequence[Path],
    looks: tuple[LookJob, MatteJob | None, tuple[LayerJob, ...]],
    options: RenderOptions,
    folder: Path,
    *,
    frames: str | None = None,
    resume: bool = True,
) -> RenderJob:
    """One item a clip, all with the same looks.

    Args:
        looks: as `matted_looks` gives them.
        folder: for the results.
        frames: of every clip, as `--frames` has them; None for all.

    Raises: InputError if an option has a value that it cannot have.
    """
    from nle_style.render import Item, RenderJob
    from nle_style.render.plan import named_items

    look, inside, layers = looks
    items = []
    for clip in clips:
        span = None if frames is None else positions(clip, parse_range(frames, "frames"))
        first = 0 if span is None else span[0]
        above = tuple(
            layer.model_copy(update={"look": _begun(layer.look, first)}) for layer in layers
        )
        own = _begun(look, first)
        items.append(Item(source=clip, frames=span, look=own, matte=inside, layers=above))
    if options.name_template is not None:
        items = named_items(items, options.name_template)
    reading = _reading_of(options)
    return RenderJob(
        items=tuple(items), reading=reading, **job_settings(options, folder, resume=resume)
    )


def _begun(look: LookJob, first: int) -> LookJob:
    """A look whose keys count from a frame, with keys that count from the source's first one."""
    keys = tuple(key.model_copy(update={"frame": key.frame + first}) for key in look.keys)
    return look.model_copy(update={"keys": keys})


def positions(clip: Path, frames: tuple[int, int]) -> tuple[int, int]:
    """What a job calls the frames that people name: positions in the source, from 0.

    Args:
        frames: first and last. Of a sequence they are numbers of files; else positions already.

    Raises: MediaError if a sequence has no such files.
    """
    from nle_style.media.base import find_sequence, is_pattern

    if not is_pattern(clip):
        return frames
    try:
        files = find_sequence(clip)
    except MediaError:
        return frames  # the plan refuses it, and says why
    first, last = frames
    if not files.first <= first <= last <= files.last:
        raise MediaError(
            f"there are no files numbered {first}-{last}",
            where=str(clip),
            remedy=f"Frames of a sequence are the numbers of its files, {files.first}-{files.last}"
            " here.",
        )
    return first - files.first, last - files.first


def refuse_cut_options(cut: CutOptions, source: Path) -> None:
    """Raises: InputError if there are options for a timeline, and the source is none."""
    if cut != CutOptions():
        raise InputError(
            "--map, --only, --rate, --media, --path-map and --bundle are for a timeline",
            where=str(source),
            remedy="Leave them out, or give a timeline.",
        )


def cut_batch(
    timeline: Path,
    look: Look | None,
    reading: BatchOptions,
    options: RenderOptions,
    folder: Path,
    *,
    resume: bool = True,
) -> PlannedBatch:
    """Plan a timeline.

    Args:
        look: see `optional_look_of`.
        reading: see `batch_options_of`.
        folder: for the results.

    Raises:
        InputError: an option has a value that it cannot have; as `plan_batch`.
    """
    from nle_style.render.cut import plan_batch

    return plan_batch(
        timeline, look, options=reading, **job_settings(options, folder, resume=resume)
    )


def batch_options_of(cut: CutOptions, options: RenderOptions) -> BatchOptions:
    """How a timeline is read.

    Raises: InputError if a text is no rate, or no pair of paths.
    """
    from nle_style.render.cut import BatchOptions

    return BatchOptions(
        rate=None if cut.rate is None else parse_rate(cut.rate, "--rate"),
        media=tuple(cut.media or ()),
        path_maps=tuple(parse_path_map(text) for text in cut.path_map or ()),
        look_map=cut.look_map,
        only=tuple(cut.only or ()),
        bundle=cut.bundle is not None,
        reading=_reading_of(options),
        name_template=options.name_template,
    )


def _reading_of(options: RenderOptions) -> Reading:
    from nle_style.render import Reading

    rate = None if options.conform is None else str(parse_rate(options.conform, "--conform"))
    return Reading(
        interlaced=options.interlaced.value,
        conform=rate,
        stream=options.stream,
        layer=options.layer,
    )


def job_settings(options: RenderOptions, folder: Path, *, resume: bool) -> dict[str, Any]:
    """What `RenderJob` and `plan_batch` both take: `output`, `pack`, `control`, `colour`.

    Raises: InputError if an option has a value that it cannot have.
    """
    from nle_style.render import ColourJob, Control, Output

    if not options.input_colour.strip():
        raise InputError(
            "the name of the colour space is empty",
            where="--input-colour",
            remedy="Leave it out, or name one; see docs/colour.md.",
        )
    return {
        "output": Output(
            directory=folder, format=options.format, depth=options.depth, handles=options.handles
        ),
        "pack": options.pack,
        "control": Control(
            resume=resume,
            overwrite=options.overwrite,
            device=options.device,
            memory=options.memory,
        ),
        "colour": ColourJob(input=options.input_colour, ocio=options.ocio),
    }


def renderer_of(workers: int) -> Renderer:
    """What renders a job: this process, or several of them."""
    if workers == 1:
        from nle_style.render.item import run_job

        return run_job
    from functools import partial

    from nle_style.render.farm import run_in_workers

    return partial(run_in_workers, workers=workers)
