"""What the measurements of cost share: a made clip, and a process that is timed."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

from imageio_ffmpeg import get_ffmpeg_exe

__all__ = ["BENCHMARKS", "checkouts", "make_clip", "run"]

BENCHMARKS = Path(__file__).resolve().parents[1]


def checkouts(before: Path | None) -> dict[str, Path]:
    """The folders whose programs take turns: "ours", and with another checkout "before"."""
    ours = {"ours": BENCHMARKS.parent}
    return ours if before is None else ours | {"before": before.resolve()}


def make_clip(path: Path, size: str, frames: int, grain: int = 4, *, deep: bool = False) -> None:
    """A moving test picture with grain, H.264; at 1080p of 36 Mb/s, as a good camera writes it.

    Args:
        grain: strength of ffmpeg's noise.
        deep: of 10 bits instead of 8.
    """
    source = f"testsrc2=size={size}:rate=24,noise=alls={grain}:allf=t"
    command = [get_ffmpeg_exe(), "-v", "error", "-y", "-f", "lavfi", "-i", source]
    pixels = "yuv420p10le" if deep else "yuv420p"
    command += ["-frames:v", str(frames), "-pix_fmt", pixels, "-crf", "18", str(path)]
    subprocess.run(command, check=True)


def run(command: list[str]) -> tuple[list[str], list[float], float]:
    """Run a process here in `benchmarks`: its lines, when each came, and its peak memory in MB."""
    lines, times = [], []
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=BENCHMARKS, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            times.append(time.perf_counter())
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    return lines, times, usage.ru_maxrss / 1024
