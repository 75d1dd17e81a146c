"""What everything but the network costs: file to file with an identity network, beside ffmpeg.

    python benchmarks/host.py [--size 3840x2160]... [--format png-mov:8]... [--cores 2]... [--json]

Ours decodes, finds the shots, reads their samples, converts, measures the change between frames,
quantises, encodes, decodes back, hashes, publishes and checks the whole; only the network returns
what it is given (`cost/identity_render.py`). Beside it, in the same run and on the same cores, a
bare ffmpeg (imageio-ffmpeg's) decodes the clip and encodes the same format with the same settings,
then decodes that file. The clips are made: H.264 with grain, of 8 bits, and of 10 for formats that
are deeper. `--before FOLDER` times another checkout in turn.

By default four formats at 1920x1080, on 1, 2 and all cores: about a minute. `--format all` has
every format and depth.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from cost.workload import checkouts, make_clip, run
from imageio_ffmpeg import get_ffmpeg_exe

from nle_style.media.base import INTERMEDIATES

FORMATS = ("png-mov:8", "png-mov:16", "exr:half", "ffv1:8")
EVERY = tuple(f"{name}:{depth}" for name, entry in INTERMEDIATES.items() for depth in entry.depths)
DEEP = {"16", "10", "float"}  # these are written from a clip of 10 bits
PNG = ["-pred", "sub", "-compression_level", "1"]  # ffmpeg's fastest that still compresses
IMAGES = {  # the images' encoders and pixel formats of ffmpeg
    "exr:half": ("-c:v exr -compression zip16 -format half", "gbrpf32le"),
    "exr:float": ("-c:v exr -compression zip16 -format float", "gbrpf32le"),
    "dpx:10": ("-c:v dpx", "gbrp10be"),
    "dpx:16": ("-c:v dpx", "rgb48be"),
    "png:8": (f"-c:v png {' '.join(PNG)}", "rgb24"),
    "png:16": (f"-c:v png {' '.join(PNG)}", "rgb48be"),
    "tiff:8": ("-c:v tiff -compression_algo deflate", "rgb24"),
    "tiff:16": ("-c:v tiff -compression_algo deflate", "rgb48le"),
}


def cores_of(count: int) -> set[int]:
    """The first `count` cores that this process may use."""
    return set(sorted(os.sched_getaffinity(0))[:count])


def ours(tree: Path, clip: Path, folder: Path, kind: str, cores: int) -> dict[str, float]:
    """One render: frames a second, busy share of the cores, peak in MB."""
    command = [sys.executable, "-m", "cost.identity_render", str(tree), str(clip), str(folder)]
    lines, _, _ = run([*command, *kind.split(":"), str(cores)])
    found = json.loads(lines[-1])
    return {
        "fps": found["frames"] / found["seconds"],
        "busy": found["processor_seconds"] / found["seconds"] / cores,
        "processor_ms": 1000 * found["processor_seconds"] / found["frames"],
        "peak_mb": found["peak_mb"],
    }


def bare_ffmpeg(clip: Path, folder: Path, kind: str, cores: int, frames: int) -> dict[str, float]:
    """Decode and encode, then decode what was encoded."""
    name, depth = kind.split(":")
    entry = INTERMEDIATES[name]
    folder.mkdir(parents=True)
    if entry.of_images:
        words, pixels = IMAGES[kind]
        encoder, target = words.split(), folder / f"%06d{entry.extension}"
    else:
        pixels, target = entry.depths[depth].pixel_format, folder / f"out{entry.extension}"
        encoder = ["-c:v", entry.codec]
        encoder += PNG if entry.codec == "png" else []
        for option, value in entry.options:
            encoder += [f"-{option}", value]
    ffmpeg = [get_ffmpeg_exe(), "-v", "error", "-nostdin"]
    began, used = time.perf_counter(), _children()
    for command in (
        [*ffmpeg, "-i", str(clip), *encoder, "-pix_fmt", pixels, str(target)],
        [*ffmpeg, "-i", str(target), "-f", "null", "-"],
    ):
        subprocess.run(
            command, check=True, preexec_fn=lambda: os.sched_setaffinity(0, cores_of(cores))
        )
    seconds = time.perf_counter() - began
    return {"fps": frames / seconds, "processor_ms": 1000 * (_children() - used) / frames}


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(args: argparse.Namespace, size: str, kind: str, cores: int) -> dict[str, Any]:
    """One format at one size on some cores, all ways in turn; the medians of the rounds."""
    frames = args.frames or (24 if size == "1920x1080" else 8)
    trees = checkouts(args.before)
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in (*trees, "ffmpeg")}
    with tempfile.TemporaryDirectory() as name:
        clip = Path(name) / "clip.mp4"
        make_clip(clip, size, frames, args.grain, deep=kind.split(":")[1] in DEEP)
        for number in range(args.rounds):
            for tree, folder in trees.items():
                out = Path(name) / f"{tree}{number}"
                taken[tree].append(ours(folder, clip, out, kind, cores))
            taken["ffmpeg"].append(
                bare_ffmpeg(clip, Path(name) / f"ffmpeg{number}", kind, cores, frames)
            )
    result: dict[str, Any] = {"size": size, "format": kind, "cores": cores}
    for way, rounds in taken.items():
        result[way] = {key: statistics.median(each[key] for each in rounds) for key in rounds[0]}
    return result


def row(found: dict[str, Any]) -> str:
    """One line of the table."""
    mine, bare, before = found["ours"], found["ffmpeg"], found.get("before")
    cells = [found["size"], found["format"], str(found["cores"])]
    if before:
        cells.append(f"{before['fps']:.2f} ({mine['fps'] / before['fps']:.2f})")
    cells += [f"{mine['fps']:.2f}", f"{100 * mine['busy']:.0f}%", f"{mine['processor_ms']:.0f}"]
    cells += [f"{bare['fps']:.2f}", f"{bare['processor_ms']:.0f}"]
    cells += [f"{100 * mine['fps'] / bare['fps']:.0f}%", f"{mine['peak_mb']:.0f} MB"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", action="append", help="again for more; else 1920x1080")
    parser.add_argument("--format", action="append", help=f"again for more; all, or {EVERY}")
    parser.add_argument("--cores", action="append", type=int, help="again for more; else 1, 2, all")
    parser.add_argument("--frames", type=int, help="else 24 of 1920x1080, 8 of other sizes")
    parser.add_argument("--grain", type=int, default=16, help="of the clip, as of ffmpeg's noise")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--before", type=Path, help="another checkout, timed in turn")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    every = len(os.sched_getaffinity(0))
    kinds = EVERY if args.format == ["all"] else args.format or FORMATS
    heads = ["size", "format", "cores", *(["before (times)"] if args.before else []), "ours"]
    heads += ["busy", "ms", "ffmpeg", "ms", "ours / ffmpeg", "peak"]
    if not args.json:
        print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    results = []
    for size in args.size or ("1920x1080",):
        for kind in kinds:
            for cores in args.cores or sorted({1, min(2, every), every}):
                results.append(measure(args, size, kind, cores))
                if not args.json:
                    print(row(results[-1]), flush=True)
    if args.json:
        print(json.dumps({"load": os.getloadavg()[0], "rows": results}))


if __name__ == "__main__":
    main()
