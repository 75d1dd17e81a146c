"""Held-out photographs: what a run is measured on, and never trained on.

Losses of training images also fall while a network only learns those images by heart. These are
measured on the running average at every checkpoint. Nothing here draws at random or reaches the
weights: runs with and without held-out photographs of another folder end with the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor, nn

from nle_style.core.overscan import paint_with_overscan
from nle_style.core.perceptual import CONTENT_LAYER, Vgg16Features, content_loss, style_loss
from nle_style.core.training.photos import as_tensor, find_images, read_image
from nle_style.errors import TrainingError

__all__ = ["centre_crop", "find_held_out", "held_out_losses", "without"]

_SIDE = 256
_EACH = 4
"""About as many photographs are painted in every style. A painting and its features take 0.9 s of
one core; a checkpoint should wait for them about as long as for the gates."""


def find_held_out(where: Path, photos: Path) -> tuple[Path, ...]:
    """The held-out photographs.

    Args:
        where: a folder of images, or a text file with one name or absolute path a line.
        photos: the folder of training photographs, in which names are looked up; then they are
            looked up beside the list.

    Returns:
        the files, in the order of the list, or sorted.

    Raises: TrainingError for no such folder or list, a name that is in neither place, or no images.
    """
    if where.is_dir():
        return find_images(where)
    try:
        names = [line.strip() for line in where.read_text(encoding="utf-8").splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise TrainingError(
            f"the list of held-out photographs cannot be read ({error})",
            where=str(where),
            remedy="--held-out takes a folder, or a text file with one photograph a line.",
        ) from error
    found = []
    for name in filter(None, names):
        # Joining an absolute path gives that path.
        paths = (photos / name, where.parent / name)
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            raise TrainingError(
                f"the held-out photograph '{name}' is not there",
                where=str(where),
                remedy=f"Put it into {photos}, or write its absolute path.",
            )
        found.append(path)
    if not found:
        raise TrainingError("the list of held-out photographs is empty", where=str(where))
    return tuple(found)


def without(photos: Sequence[Path], held_out: Sequence[Path]) -> tuple[Path, ...]:
    """The photographs that are not held out; links count as the file that they lead to.

    Raises: TrainingError if none is left.
    """
    apart = {path.resolve() for path in held_out}
    kept = tuple(path for path in photos if path.resolve() not in apart)
    if not kept:
        raise TrainingError(
            "every photograph is held out", remedy="Leave some to --photos that --held-out spares."
        )
    return kept


def centre_crop(path: Path, side: int) -> Tensor:
    """The middle of a photograph, (3, side, side), RGB, 0-1; its shorter side is fitted to `side`.

    Raises: TrainingError if it is missing, or not an image.
    """
    image = read_image(path)
    cut = min(image.size)
    left, top = (image.width - cut) // 2, (image.height - cut) // 2
    box = (left, top, left + cut, top + cut)
    return as_tensor(image.resize((side, side), Image.Resampling.LANCZOS, box))


@torch.no_grad()
def held_out_losses(
    networks: Mapping[str, nn.Module],
    vgg: Vgg16Features,
    grams: Mapping[str, Mapping[int, Tensor]],
    photos: Sequence[Path],
) -> dict[str, dict[str, float]]:
    """Mean normalised losses of every style on its share of the photographs.

    Style s paints the centre (256 x 256 pixels) of photograph i where (i + s) divides by a quarter
    of their number: always the same ones, and neighbouring styles different ones.

    Args:
        networks: style -> what paints (N, 3, H, W) in it; with `vgg` and `grams` on one device.
        vgg: the loss network.
        grams: style -> the Gram matrices of its poster, as `perceptual.style_targets` gives them.
        photos: as `find_held_out` gives them.

    Returns:
        name -> {"style_loss", "content_loss"}, see `perceptual.Weighting`, `normalised`.

    Raises: TrainingError if a photograph cannot be read.
    """
    device = vgg.mean.device
    stride = max(1, len(photos) // _EACH)
    means = {}
    for place, (name, network) in enumerate(networks.items()):
        losses = []
        for path in (path for n, path in enumerate(photos) if (n + place) % stride == 0):
            image = centre_crop(path, _SIDE)[None].to(device)
            wanted = vgg(image, (CONTENT_LAYER,))[CONTENT_LAYER]
            features = vgg(paint_with_overscan(network, image))
            style = style_loss(features, grams[name], "normalised")
            content = content_loss(features[CONTENT_LAYER], wanted, "normalised")
            losses.append((float(style), float(content)))
        painted, kept = (sum(values) / len(losses) for values in zip(*losses, strict=True))
        means[name] = {"style_loss": painted, "content_loss": kept}
    return means
