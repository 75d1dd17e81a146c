"""Frames a minute of one and two workers, what chunks cost, and a farm of up to 100 machines.

    python benchmarks/cost/scale.py [--size 640x360] [--frames 96] [--chunk 8]... [--json]

One made clip (H.264 with grain, one shot), the shipped pack, every process as a user starts it, its
whole wall time from start to exit, one after the other: a plain render; the same with two workers;
then the tasks of a farm's job of it: the Measure step, one Render task of every chunk size, a task
that finds its pieces done (what it costs to start and to load), and the Assemble step. Shots are
painted at the default stroke scale, so that a frame costs what it costs an editor.

The table of machines is computed, not measured: see `farm_table`.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from workload import make_clip

CHUNKS = (8, 16, 48, 96)
CHUNK = 96  # of `nle-style farm`, unless told
PIECE = 8  # frames
ITEMS_A_TASK = 8  # of the Measure step, see render/farm/bundle.py
JOB_SHOTS, SHOT_FRAMES = 100, 100  # of the job that the table of machines is about
MACHINES = (1, 2, 10, 50, 100)


# Where this is set nothing is kept compiled, which an installed program always is.
ENVIRONMENT = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}


def run(*words: object) -> tuple[float, list[tuple[float, dict[str, Any]]]]:
    """Run `nle-style WORDS`: its wall seconds, and its events with their seconds."""
    command = [sys.executable, "-m", "nle_style", *map(str, words)]
    told = []
    begun = time.perf_counter()
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, env=ENVIRONMENT
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if line.startswith("{"):
                told.append((time.perf_counter() - begun, json.loads(line)))
    seconds = time.perf_counter() - begun
    if process.returncode != 0:
        raise SystemExit(f"{command} ended with {process.returncode}")
    print(f"{seconds:7.1f} s  nle-style {' '.join(map(str, words))}", file=sys.stderr, flush=True)
    return seconds, told


def seconds_a_frame(told: list[tuple[float, dict[str, Any]]]) -> float:
    """From the first painted frames to the last: two come at once, so over an even count."""
    painted = [at for at, event in told if event["event"] == "progress"]
    first = (len(painted) + 1) % 2
    return (painted[-1] - painted[first]) / (len(painted) - 1 - first)


def measure(size: str, frames: int, chunks: list[int], style: str) -> dict[str, Any]:
    """All processes of one size; seconds.

    Returns:
        `plain_s`, `workers_2_s`, `measure_s`, `empty_s`, `assemble_s`; by chunk size
        `task_s`, and `fixed_s`, what of it is not painting; `frame_s`, of the plain render;
        `chunked_same`, `workers_same`: whether the results are the plain render's, byte for byte.
    """
    look = ("--style", style)
    found: dict[str, Any] = {"size": size, "frames": frames, "cores": os.cpu_count()}
    with tempfile.TemporaryDirectory(prefix="nle_style_scale_") as name:
        folder = Path(name)
        clip, bundle, work = folder / "clip.mp4", folder / "bundle", folder / "work"
        make_clip(clip, size, frames)
        run("styles")  # what is compiled once on a machine
        found["plain_s"], told = run("render", clip, "-o", folder / "plain", *look, "--events")
        found["frame_s"] = seconds_a_frame(told)
        found["workers_2_s"], _ = run(
            "render", clip, "-o", folder / "two", *look, "--workers", 2, "--events"
        )
        found["farm_s"], _ = run("farm", clip, "-o", bundle, *look)
        step = ("run", bundle / "farm.json", "--events", "--output")
        found["task_s"], found["fixed_s"] = {}, {}
        found["measure_s"], _ = run(*step, work, "--step", "measure")
        for chunk in chunks:
            out = folder / f"chunk-{chunk}"
            shutil.copytree(work, out)
            words = (*step, out, "--step", "render", "--pieces", f"0-{chunk // PIECE - 1}")
            found["task_s"][chunk], told = run(*words)
            found["fixed_s"][chunk] = found["task_s"][chunk] - chunk * seconds_a_frame(told)
        found["empty_s"], _ = run(*words)
        run(*step, out, "--step", "render")
        found["assemble_s"], _ = run(*step, out, "--step", "assemble")
        whole = next((folder / "plain").glob("*.mov"))
        found["chunked_same"], found["workers_same"] = (
            (where / whole.name).read_bytes() == whole.read_bytes()
            for where in (out, folder / "two")
        )
    return found


def show(found: dict[str, Any]) -> None:
    """The measured tables of one size as Markdown, as docs/farm.md has them."""
    frames, plain = found["frames"], found["plain_s"]
    print(f"### {found['size']}, {frames} frames, {found['cores']} cores\n")
    print("| one machine | seconds | frames a minute |\n|---|---|---|")
    for name, seconds in (("one worker", plain), ("two workers", found["workers_2_s"])):
        print(f"| {name} | {seconds:.1f} | {60 * frames / seconds:.1f} |")
    print(
        "\n| chunk | seconds a task | of it not painting | frames a minute | over painting"
        f" | {frames} frames, all steps, over plain |\n|---|---|---|---|---|---|"
    )
    rest = found["measure_s"] + found["assemble_s"]
    for chunk, seconds in found["task_s"].items():
        fixed = found["fixed_s"][chunk]
        each = fixed / (seconds - fixed)
        whole = (seconds * frames / chunk + rest) / plain - 1
        print(
            f"| {chunk} | {seconds:.1f} | {fixed:.1f} | {60 * chunk / seconds:.1f}"
            f" | {100 * each:.1f} % | {100 * whole:.0f} % |"
        )
    print(
        f"\nA frame of the plain render: {found['frame_s']:.3f} s. A task that finds its work done:"
        f" {found['empty_s']:.1f} s. Measure: {found['measure_s']:.1f} s; Assemble:"
        f" {found['assemble_s']:.1f} s. The plain render's bytes: chunked {found['chunked_same']},"
        f" two workers {found['workers_same']}.\n"
    )


def farm_table(found: dict[str, Any], chunk: int = CHUNK) -> None:
    """A job of 100 shots of 100 frames on machines like this one, computed.

    From the measured seconds of a task that finds its work done, of a shot's measuring, of a task
    of `chunk` frames and of assembling a frame. Measure and Render are spread
    in whole tasks; Assemble is one task. Left out: the manager's time between two tasks, the
    network, and what machines that read and write one storage at once take from each other.
    """
    frames = JOB_SHOTS * SHOT_FRAMES
    process = found["empty_s"]
    shot = found["measure_s"] - process  # nearly all of it is for the same few frames of any shot
    joining = max(0.0, found["assemble_s"] - process) / found["frames"]
    measuring = math.ceil(JOB_SHOTS / ITEMS_A_TASK)
    tasks = math.ceil(frames / chunk)
    assemble = process + frames * joining
    print(f"| machines, {found['size']} | Measure | Render | Assemble | all, minutes |"
          " frames a minute | of the machines used |\n|---|---|---|---|---|---|---|")  # fmt: skip
    alone = found["plain_s"] + (frames - found["frames"]) * found["frame_s"]
    alone += (JOB_SHOTS - 1) * shot
    for machines in MACHINES:
        first = math.ceil(measuring / machines) * (process + ITEMS_A_TASK * shot)
        second = math.ceil(tasks / machines) * found["task_s"][chunk]
        total = first + second + assemble
        print(
            f"| {machines} | {first / 60:.1f} | {second / 60:.1f} | {assemble / 60:.1f}"
            f" | {total / 60:.1f} | {60 * frames / total:.0f}"
            f" | {100 * alone / machines / total:.0f} % |"
        )
    print(f"\nPlain, on one machine: {alone / 60:.1f} minutes.\n")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--frames", type=int, default=96)
    parser.add_argument("--chunk", type=int, action="append", help="again for more; else 8 to 96")
    parser.add_argument("--style", default="blue")
    parser.add_argument("--json", action="store_true")
    args = parser.parse_args()
    chunks = [chunk for chunk in args.chunk or CHUNKS if chunk <= args.frames]
    found = measure(args.size, args.frames, chunks, args.style)
    if args.json:
        print(json.dumps(found))
        return
    show(found)
    if CHUNK in found["task_s"]:
        farm_table(found)


if __name__ == "__main__":
    main()
