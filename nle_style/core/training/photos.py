"""Training images: random crops of photographs, and the plain frames that footage also holds.

Every draw depends on the seed and the step alone, so that a training run that is stopped and
resumed sees the images that an uninterrupted one would have seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from nle_style.errors import TrainingError

__all__ = [
    "IMAGE_SUFFIXES",
    "as_tensor",
    "find_images",
    "load_image",
    "read_image",
    "training_batch",
]

IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff")

_UNREADABLE = (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError)
_PLAIN_SHARE = 0.05
_RESIZE = (0.6, 1.6)
_EXPOSURE_STOPS = (-1.0, 0.7)


def find_images(folder: Path) -> tuple[Path, ...]:
    """The images of a folder and the folders below it, sorted by name.

    Raises: TrainingError if there is no such folder, or no image in it.
    """
    if not folder.is_dir():
        raise TrainingError("no such folder", where=str(folder), remedy="Check --photos.")
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in IMAGE_SUFFIXES)
    if not found:
        raise TrainingError(
            "no images in the folder",
            where=str(folder),
            remedy=f"Training reads {', '.join(IMAGE_SUFFIXES)}.",
        )
    return tuple(found)


def read_image(path: Path) -> Image.Image:
    """One image, 8-bit RGB.

    Raises: TrainingError if it is missing, or not an image.
    """
    try:
        with Image.open(path) as opened:
            return opened.convert("RGB")
    except FileNotFoundError as error:
        raise TrainingError("no such image", where=str(path)) from error
    except _UNREADABLE as error:
        raise TrainingError(f"not a readable image ({error})", where=str(path)) from error


def as_tensor(image: Image.Image) -> Tensor:
    """An 8-bit RGB image as (3, H, W), 0-1."""
    return torch.from_numpy(np.asarray(image, np.float32) / 255).permute(2, 0, 1).contiguous()


def load_image(path: Path, *, longest: int | None = None) -> Tensor:
    """One image as (3, H, W), RGB, 0-1, reduced to `longest` pixels on its longer side.

    Raises: TrainingError if it is missing, or not an image.
    """
    image = read_image(path)
    if longest is not None and max(image.size) > longest:
        image.thumbnail((longest, longest), Image.Resampling.LANCZOS)
    return as_tensor(image)


def training_batch(
    photos: Sequence[Path], size: int, batch: int, *, seed: int, step: int
) -> Tensor:
    """The images of one step.

    Nineteen in twenty are crops of photographs: resized by 0.6 to 1.6, flipped at random and, every
    other one, exposed by −1 to +0.7 stops. The rest are flat, gradient, very dark or blown-out
    frames, on which an untaught network paints blobs.

    Args:
        photos: files to draw from.
        size: side of the square crops in pixels.
        batch: number of images.
        seed, step: the only sources of chance.

    Returns:
        (batch, 3, size, size), RGB, 0-1.
    """
    chance = np.random.default_rng([seed, step])
    crops = [_draw(photos, size, chance) for _ in range(batch)]
    return torch.from_numpy(np.stack(crops)).permute(0, 3, 1, 2).contiguous()


def _draw(photos: Sequence[Path], size: int, chance: np.random.Generator) -> npt.NDArray[Any]:
    if chance.random() >= _PLAIN_SHARE:
        crop = _crop(photos, size, chance)
        if chance.random() < 0.5:
            crop = crop * np.float32(2.0 ** chance.uniform(*_EXPOSURE_STOPS))
        return np.asarray(np.clip(crop, 0, 1))
    kind = chance.integers(4)
    if kind == 0:
        plain = np.broadcast_to(chance.random(3, np.float32), (size, size, 3))
    elif kind == 1:
        plain = _gradient(size, chance)
    else:
        gain = chance.uniform(0.03, 0.2) if kind == 2 else chance.uniform(2.0, 5.0)
        plain = np.clip(_crop(photos, size, chance) * np.float32(gain), 0, 1)
    # A perfectly flat map has no variance: every norm then multiplies the gradient by 1/sqrt(ε),
    # which overflows within a few layers. Footage has noise, of which noise reduction leaves
    # little, and light that falls off; so do these frames.
    plain = plain * (1 - np.float32(chance.uniform(0.05, 0.2)) * _ramp(size, chance))
    noise = chance.normal(0, chance.uniform(0.5, 3.0) / 255, (size, size, 3))
    return np.asarray(np.clip(plain + noise.astype(np.float32), 0, 1))


def _crop(photos: Sequence[Path], size: int, chance: np.random.Generator) -> npt.NDArray[Any]:
    path = photos[int(chance.integers(len(photos)))]
    scale = float(np.exp(chance.uniform(*np.log(_RESIZE))))
    left, top, flip = chance.random(), chance.random(), chance.random() < 0.5
    try:
        with Image.open(path) as opened:
            scale = max(scale, size / min(opened.size))
            # Of the crop, in the photograph's own pixels. s / (s / m) can round to above m, and
            # Pillow refuses a box that leaves the image by a billionth of a pixel.
            side = min(size / scale, *opened.size)
            x, y = left * (opened.width - side), top * (opened.height - side)
            image = opened.convert("RGB").resize(
                (size, size), Image.Resampling.BICUBIC, box=(x, y, x + side, y + side)
            )
    except _UNREADABLE as error:
        raise TrainingError(
            f"not a readable image ({error})", where=str(path), remedy="Remove it from --photos."
        ) from error
    pixels = np.asarray(image, np.float32) / 255
    return pixels[:, ::-1] if flip else pixels


def _gradient(size: int, chance: np.random.Generator) -> npt.NDArray[Any]:
    start, end = chance.random((2, 3), np.float32)
    return np.asarray(start + (end - start) * _ramp(size, chance), np.float32)


def _ramp(size: int, chance: np.random.Generator) -> npt.NDArray[Any]:
    """0 to 1 in some direction, (size, size, 1)."""
    angle = chance.uniform(0, 2 * np.pi)
    y, x = np.mgrid[0:size, 0:size].astype(np.float32) / max(size - 1, 1) - 0.5
    ramp = np.clip(x * np.cos(angle) + y * np.sin(angle) + 0.5, 0, 1)
    return np.asarray(ramp[..., None], np.float32)
