"""`nle-style train` and `nle-style add-style`: parsing options, showing progress."""

from __future__ import annotations

import math
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
from PIL import Image
from rich.console import Console

from nle_style.cli.options import result_file
from nle_style.cli.people import progress_bar
from nle_style.core import STYLE_NAME
from nle_style.core.training import Phase, TrainingProgress, TrainingSettings, train
from nle_style.errors import OutputError, TrainingError
from nle_style.media.source import decoded_rgb, probe_media
from nle_style.shipped import bundled

__all__ = [
    "added_pack",
    "parse_phase",
    "parse_poster",
    "parse_weights",
    "photos_or_demo",
    "run_training",
]

_DEMO_EVERY = 4
_DEMO_WIDTH = 640


def parse_poster(text: str) -> tuple[str, Path]:
    """ "NAME=FILE", or "FILE" under its stem, as (name, file).

    Raises: TrainingError for no file, or a name that could not stand in a mix or a file name.
    """
    name, equals, file = text.partition("=")
    path = Path(file if equals else text)
    name = name if equals else path.stem
    if not STYLE_NAME.fullmatch(name):
        raise TrainingError(
            f"'{name}' is not a style's name",
            where=str(path),
            remedy="Use letters, digits and underscores: --poster my_name=FILE.",
        )
    if not path.is_file():
        raise TrainingError("no such poster", where=str(path), remedy="Check --poster.")
    return name, path


def parse_phase(text: str) -> Phase:
    """ "128:2:2000" as a `Phase`.

    Raises: TrainingError if it is not three whole numbers, or one is out of range.
    """
    try:
        size, batch, steps = (int(part) for part in text.split(":"))
    except ValueError as error:
        raise TrainingError(
            f"'{text}' is not a phase", remedy="Write SIZE:BATCH:STEPS, as 128:2:2000."
        ) from error
    return Phase(size, batch, steps)


def parse_weights(texts: Sequence[str], default: float) -> tuple[float, dict[str, float]]:
    """["1.5", "blue=7"] as the weight of all styles and those of single ones.

    Args:
        texts: NUMBER for all styles, the last one if there are several, and NAME=NUMBER for one.
        default: of all styles, if no NUMBER is given.

    Raises: TrainingError for no number, or one below 0.
    """
    weight, of_styles = default, {}
    for text in texts:
        name, equals, number = text.rpartition("=")
        try:
            value = float(number)
            if not 0 <= value < math.inf:
                raise ValueError
        except ValueError as error:
            raise TrainingError(
                f"'{text}' is not a weight", remedy="Write a number from 0, or NAME=NUMBER."
            ) from error
        if equals:
            of_styles[name] = value
        else:
            weight = value
    return weight, of_styles


def added_pack(pack: Path, name: str, out: Path | None) -> Path:
    """Where `add-style` writes: `out`, or PACK_NAME.safetensors in that folder or the current one.

    Raises: OutputError if that is in the installation, which a run never changes.
    """
    path = result_file(out, f"{pack.stem}_{name}.safetensors")
    own = (Path(__file__).resolve().parents[2], *map(bundled, ("models", "examples", "plugins")))
    if any(path.resolve().is_relative_to(folder.resolve()) for folder in own):
        raise OutputError(
            "is in a folder of the installation",
            where=str(path),
            remedy="Give a file in a folder of your own by -o.",
        )
    return path


@contextmanager
def photos_or_demo(photos: Path | None) -> Iterator[Path]:
    """The folder of photographs that was given, or one of frames of the demo's footage.

    The frames are every fourth of the clip at 640 pixels' width, about a training photograph's
    size, as PNG: the same files every time, so that a run that was stopped finds its own again.
    """
    if photos is not None:
        yield photos
        return
    clip = bundled("examples") / "bigbuckbunny.mp4"
    with tempfile.TemporaryDirectory(prefix="nle_style_frames_") as name:
        folder = Path(name)
        for number, rgb in enumerate(decoded_rgb(probe_media(clip))):
            if number % _DEMO_EVERY == 0:
                image = Image.fromarray(rgb)
                image.thumbnail((_DEMO_WIDTH, _DEMO_WIDTH), Image.Resampling.LANCZOS)
                image.save(folder / f"frame-{number:04d}.png")
        print(
            "no --photos: training on frames of the demo's footage. A folder of varied photographs,"
            " or of frames of your own footage, gives a better style.",
            file=sys.stderr,
        )
        yield folder


def run_training(settings: TrainingSettings, threads: int | None) -> None:
    """Train with a progress bar on stderr; prints the pack's path at the end."""
    if threads is not None:
        torch.set_num_threads(threads)
    console = Console(stderr=True, highlight=False)
    with progress_bar(console, "steps") as bar:
        task = bar.add_task("training", total=None, detail="")

        def show(progress: TrainingProgress) -> None:
            bar.update(
                task,
                description=progress.name,
                completed=progress.total,
                total=progress.totals,
                detail=f"content {progress.content:.3f} style {progress.style:.3f}",
            )
            if progress.sheet is not None:
                found = "; ".join(str(fault) for fault in progress.faults)
                gates = f"  gates: {found}" if found else ""
                console.print(
                    f"{progress.name} {progress.step}: {progress.sheet}{gates}", soft_wrap=True
                )

        pack = train(settings, show)
    print(pack)
