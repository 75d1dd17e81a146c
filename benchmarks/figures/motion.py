"""Pictures that training never saw, and what motion and noise do to a way of painting them.

Every picture gives a first view, the same view with noise, and views 1 and 10 frames later under
two motions that are known exactly:

* a pan by whole pixels: no interpolation, every pixel of the later view is a pixel of the first;
* a zoom, each view resampled from the picture's own pixels, so that a zoom in shows more detail, as
  a lens would. Fetching the first view along it interpolates, so the source has an error too: that
  of `input`, beside which a painting's is to be read.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from nle_style.apply.engine import FrameEngine, arrange
from nle_style.core import StylePack
from nle_style.core.overscan import paint_with_overscan
from nle_style.media.source import probe_media, read_frames

__all__ = [
    "EDGE",
    "HEIGHT",
    "HELD_OUT",
    "INTERVALS",
    "WIDTH",
    "Paint",
    "Picture",
    "add_material",
    "footage",
    "painter_of",
    "pan_error",
    "photographs",
    "steadiness",
    "views",
]

WIDTH, HEIGHT = 480, 360
INTERVALS = (1, 10)
PAN = 3  # pixels a frame, to the right and down
ZOOM = 1.01  # a frame, about the centre
NOISE = 2 / 255  # standard deviation
EDGE = 48  # pixels at every edge that are not compared: what enters the picture has no past
_MARGIN = PAN * max(INTERVALS)

HELD_OUT = (Path(__file__).resolve().parents[1] / "heldout_photos.txt").read_text().split()
"""The names of the photographs that no training saw."""

Paint = Callable[[Tensor], Tensor]
"""(1, 3, H, W), RGB, 0-1 -> the same."""


@dataclass(frozen=True)
class Picture:
    """The views of one photograph or frame, each (1, 3, HEIGHT, WIDTH), RGB, 0-1."""

    name: str
    first: Tensor
    noise: Tensor
    pans: dict[int, Tensor]
    zooms: dict[int, Tensor]


def add_material(parser: argparse.ArgumentParser) -> None:
    """The arguments of what is measured, and on what."""
    parser.add_argument("--photos", type=Path, required=True, help="folder of the photographs")
    parser.add_argument("--posters", type=Path, required=True, help="folder of STYLE.png")
    parser.add_argument("--vgg", type=Path, help="VGG-16 weights; else torchvision downloads them")
    parser.add_argument("--pack", help="a file or a shipped pack's name")


def photographs(folder: Path, names: list[str]) -> Iterator[Picture]:
    """Held-out photographs by name."""
    for number, name in enumerate(names):
        with Image.open(folder / name) as opened:
            yield views(name, opened.convert("RGB"), seed=number)


def footage(clip: Path, count: int) -> Iterator[Picture]:
    """Frames of a clip, evenly taken."""
    info = probe_media(clip)
    for number in range(count):
        frame = (2 * number + 1) * info.frame_count // (2 * count)
        (rgb,) = read_frames(info, frame, frame)
        image = Image.fromarray(np.uint8(rgb * 255 + 0.5))
        yield views(f"{clip.name}:{frame}", image, seed=1000 + number)


def views(name: str, image: Image.Image, seed: int) -> Picture:
    """The views of an image out of its middle; the noise depends on the seed alone."""
    width, height = WIDTH + 2 * _MARGIN, HEIGHT + 2 * _MARGIN
    scale = min(image.width / width, image.height / height)

    def resampled(wide: int, high: int, factor: float) -> Tensor:
        """The middle of the image at `factor` times its normal size."""
        x, y = wide * scale / factor / 2, high * scale / factor / 2
        left, top = max(0.0, image.width / 2 - x), max(0.0, image.height / 2 - y)
        right, bottom = min(image.width, left + 2 * x), min(image.height, top + 2 * y)
        box = (left, top, right, bottom)
        pixels = image.resize((wide, high), Image.Resampling.LANCZOS, box=box)
        array = np.asarray(pixels, np.float32) / 255
        return torch.from_numpy(array).permute(2, 0, 1)[None].contiguous()

    field = resampled(width, height, 1.0)

    def panned(frame: int) -> Tensor:
        y = x = _MARGIN + frame * PAN
        return field[..., y : y + HEIGHT, x : x + WIDTH].contiguous()

    first = panned(0)
    noise = torch.randn(first.shape, generator=torch.Generator().manual_seed(seed)) * NOISE
    return Picture(
        name,
        first,
        noise,
        {frame: panned(frame) for frame in INTERVALS},
        {frame: resampled(WIDTH, HEIGHT, ZOOM**frame) for frame in INTERVALS},
    )


def zoomed(image: Tensor, factor: float) -> Tensor:
    """(1, 3, H, W) magnified about its centre, bicubically."""
    theta = torch.tensor([[[1 / factor, 0, 0], [0, 1 / factor, 0]]])
    grid = F.affine_grid(theta, list(image.shape), align_corners=False)
    return F.grid_sample(
        image, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    )


def painter_of(pack: StylePack, style: str) -> Paint:
    """A style as it is rendered, with overscan and by each picture's own statistics."""
    return partial(paint_with_overscan, FrameEngine(arrange(pack.network({style: 1.0}))))


def steadiness(paint: Paint, picture: Picture, painted: Tensor) -> dict[str, float]:
    """What noise and motion change in a painting.

    Args:
        paint: the way of painting, T.
        painted: T of the first view.

    Returns:
        "noise_gain", rms(T(x + n) - T(x)) / rms(n); for both intervals "pan_1" ... "zoom_10", the
        *mean square* of T(later view) - (T(first view) fetched along the motion), away from the
        edges.
    """
    change = paint(picture.first + picture.noise) - painted
    gain = change.square().mean() / picture.noise.square().mean()
    found = {"noise_gain": float(gain.sqrt())}
    for interval in INTERVALS:
        shift = PAN * interval
        later = paint(picture.pans[interval])
        zoom = paint(picture.zooms[interval]) - zoomed(painted, ZOOM**interval)
        found[f"pan_{interval}"] = pan_error(painted, later, shift)
        found[f"zoom_{interval}"] = _inner(zoom)
    return found


def pan_error(first: Tensor, later: Tensor, shift: int) -> float:
    """The mean square of what differs, away from the edges, in paintings (1, 3, H, W) of two views,
    of which the later one lies `shift` pixels further down and to the right."""
    height, width = first.shape[-2:]
    # What is at (y, x) in the first view is at (y - shift, x - shift) in the later one.
    return _inner(later[..., : height - shift, : width - shift] - first[..., shift:, shift:])


def _inner(difference: Tensor) -> float:
    return float(difference[..., EDGE:-EDGE, EDGE:-EDGE].square().mean())
