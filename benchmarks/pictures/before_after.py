"""A short clip that wipes between footage and paintings of it, made by the program at its defaults.

    python benchmarks/pictures/before_after.py [CLIP] [--frames 40-87] [--style blue --style fire]
        -o docs/pictures/before_after.webm

Each style is rendered as `nle-style render CLIP --style STYLE --frames ...` renders it; the styles
take turns, and a line moves from the left to the right and back once in each turn.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import torch

from nle_style.apply import resample
from nle_style.media.movie import sited
from nle_style.media.source import probe_media, read_frames
from nle_style.render import Item, LookJob, Output, RenderJob
from nle_style.render.item import run_job
from nle_style.shipped import bundled

_LINE = 2  # pixels


def rendered(
    clip: Path, style: str, span: tuple[int, int], folder: Path
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Pairs of frames, source and painting, (H, W, 3) float32, 0-1."""
    look = LookJob(styles={style: 1.0})
    job = RenderJob(
        items=(Item(source=clip, frames=span, look=look),), output=Output(directory=folder)
    )
    (result,) = run_job(job).items
    if result.plan is None or result.error is not None:
        raise SystemExit(str(result.error))
    painted = read_frames(probe_media(result.plan.destination))
    yield from zip(read_frames(sited(probe_media(clip)), *span), painted, strict=True)


def wiped(pair: tuple[np.ndarray, np.ndarray], share: float, width: int) -> np.ndarray:
    """The painting left of the line at a share of the width, the source right of it, 8 bits."""
    source, painted = (small(each, width) for each in pair)
    at = round(share * source.shape[1])
    frame = np.concatenate([painted[:, :at], source[:, at:]], axis=1)
    frame[:, max(at - _LINE // 2, 0) : at + _LINE // 2] = 1
    return np.uint8(frame * 255 + 0.5)


def small(rgb: np.ndarray, width: int) -> np.ndarray:
    """The frame at a width, with an even number of rows."""
    height = round(rgb.shape[0] * width / rgb.shape[1] / 2) * 2
    tensor = torch.from_numpy(np.ascontiguousarray(rgb.transpose(2, 0, 1)))[None]
    result: np.ndarray = resample(tensor, (height, width))[0].permute(1, 2, 0).numpy().copy()
    return result


def write(frames: Sequence[np.ndarray], rate: Fraction, path: Path) -> None:
    """VP9 in WebM, which browsers play."""
    options = {"crf": "34", "b": "0", "row-mt": "1", "cpu-used": "2"}
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream("libvpx-vp9", rate=rate, options=options)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for number, rgb in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(rgb, "rgb24")
            frame.pts, frame.time_base = number, 1 / rate
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("clip", nargs="?", type=Path, help="the bundled one without it")
    parser.add_argument("--frames", default="40-87")
    parser.add_argument("--style", action="append", help="again for more; blue and fire without")
    parser.add_argument("--width", type=int, default=640)
    parser.add_argument("-o", "--output", type=Path, required=True)
    args = parser.parse_args()
    clip = args.clip or bundled("examples") / "bigbuckbunny.mp4"
    first, last = (int(number) for number in args.frames.split("-"))
    frames = []
    with tempfile.TemporaryDirectory(prefix="nle_style-") as folder:
        for style in args.style or ["blue", "fire"]:
            for number, pair in enumerate(rendered(clip, style, (first, last), Path(folder))):
                turn = number / (last - first + 1)
                frames.append(wiped(pair, 0.5 - 0.5 * math.cos(2 * math.pi * turn), args.width))
    write(frames, probe_media(clip).rate, args.output)
    print(f"{args.output}: {len(frames)} frames, {args.output.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
