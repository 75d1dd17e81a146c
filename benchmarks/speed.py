"""Seconds a frame and peak memory, file to file: ours against the eager 32-channel reference.

    python benchmarks/speed.py --size 1920x1080 [--json]

Both run in processes of their own, in turn, on the same made clip (H.264, moving noise), so that a
busy machine slows both. Ours is `nle-style render` as an editor runs it (decode, shot statistics,
network, lossless encode, read-back check, final file with its checks) over a clip; the reference
decodes, paints and encodes a few frames, since every frame costs it the same.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

HERE = Path(__file__).resolve().parent


def make_clip(path: Path, size: str, frames: int) -> None:
    """A moving test picture with grain, H.264."""
    source = f"testsrc2=size={size}:rate=24,noise=alls=8:allf=t"
    command = [get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", source]
    command += ["-frames:v", str(frames), "-pix_fmt", "yuv420p", "-crf", "18", str(path)]
    subprocess.run(command, check=True)


def run(command: list[str]) -> tuple[str, float, float]:
    """Run a process; its output, its seconds and its peak resident memory in MB."""
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=HERE, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return output, time.perf_counter() - started, usage.ru_maxrss / 1024


def ours(clip: Path, folder: Path, style: str) -> tuple[float, float]:
    """Seconds a frame from `started` to `done`, and peak memory in MB."""
    command = [sys.executable, "-m", "nle_style", "render", str(clip), "-o", str(folder)]
    started = finished = 0.0
    frames = 0
    with subprocess.Popen(
        [*command, "--style", style, "--no-resume", "--events"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] == "started":
                started, frames = time.perf_counter(), event["frames"]
            if event["event"] == "done":
                finished = time.perf_counter()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return (finished - started) / frames, usage.ru_maxrss / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="1920x1080")
    parser.add_argument("--frames", type=int, default=24, help="of our render")
    parser.add_argument("--reference-frames", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--style", default="blue")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    reference: list[float] = []
    mine: list[float] = []
    reference_mb = ours_mb = 0.0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        make_clip(clip, args.size, args.frames)
        script = [sys.executable, str(HERE / "reference_net.py"), str(clip)]
        for _ in range(args.rounds):
            out, _, memory = run([*script, str(folder / "ref.mov"), str(args.reference_frames)])
            reference.append(float(out))
            reference_mb = max(reference_mb, memory)
            seconds, memory = ours(clip, folder / "out", args.style)
            mine.append(seconds)
            ours_mb = max(ours_mb, memory)
    result = {
        "size": args.size,
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "load_before": os.getloadavg()[0],
        "reference_s": statistics.median(reference),
        "reference_spread_s": [min(reference), max(reference)],
        "ours_s": statistics.median(mine),
        "ours_spread_s": [min(mine), max(mine)],
        "ratio": statistics.median(reference) / statistics.median(mine),
        "reference_peak_mb": reference_mb,
        "ours_peak_mb": ours_mb,
    }
    if args.json:
        print(json.dumps(result))
        return
    print(f"{args.size}, file to file, {args.rounds} rounds, {result['machine']}")
    for name, seconds, memory in (
        ("reference", reference, reference_mb),
        ("ours", mine, ours_mb),
    ):
        print(
            f"{name:10} {statistics.median(seconds):7.2f} s/frame"
            f"  ({min(seconds):.2f}-{max(seconds):.2f})  peak {memory:6.0f} MB"
        )
    print(f"ratio      {result['ratio']:7.2f}")


if __name__ == "__main__":
    main()
