"""Kills at random moments of one render: does it end as one that was left alone?

    python benchmarks/kills.py [--kills 20] [--frames 120] [--seed N] [--format ffv1]

A made clip is rendered and left alone. Then it is rendered again into another folder, killed by
SIGKILL (the whole process group) and started by the same command until all kills are done, and once
more to its end. What the render that was left alone took tells how long each of its phases is
(starting, measuring, painting units, publishing); a kill comes at a random moment of a phase, two
fifths of them in units, the others evenly. Where a render ends before its kill comes, the result is
compared and removed, and the kills go on with the next render.

After every kill a file under the result's name must be the whole one. At the end the results must
be the same bytes, every frame once and in order by the ffmpeg program's count, and nothing else
lies in the folder. Prints the seed and a table of the kills; exit code 1 on any difference.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import queue
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cost.workload import make_clip
from imageio_ffmpeg import get_ffmpeg_exe

PHASES = ("units", "publishing", "measuring", "units", "start")
TOO_LATE = 20  # renders that may end before their kill comes, over all kills


@dataclass(frozen=True)
class Course:
    """How long the phases of a render that was left alone took, in seconds."""

    start: float
    measuring: float
    frame: float
    publishing: float


@dataclass(frozen=True)
class Life:
    """One process of the render, killed or not.

    Attributes:
        seconds: from its start to its end.
        painted: the frames that it told of.
        code: its exit code, negative of a signal.
    """

    seconds: float
    painted: list[int]
    code: int


def run(command: Sequence[str], wait: Wait | None = None) -> tuple[Life, list[tuple[float, Any]]]:
    """Run a render, and kill its process group when `wait` says so.

    Returns:
        the life, and its events with their seconds.
    """
    begun = time.monotonic()
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    process = subprocess.Popen(
        [*command, "--events"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            lines.put(line)
        lines.put(None)

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    told: list[tuple[float, Any]] = []
    kill_at = None if wait is None else wait.at_first
    while True:
        left = None if kill_at is None else max(0.0, kill_at - (time.monotonic() - begun))
        try:
            line = lines.get(timeout=left)
        except queue.Empty:
            os.killpg(process.pid, signal.SIGKILL)
            break
        if line is None:
            break
        if not line.endswith("}\n"):  # torn by somebody else's kill
            continue
        now = time.monotonic() - begun
        told.append((now, json.loads(line)))
        if wait is not None and kill_at is None and wait.begins(told[-1][1]):
            kill_at = now + wait.seconds
    code = process.wait()
    reader.join()
    painted = [event["frame"] for _, event in told if event["event"] == "progress"]
    return Life(time.monotonic() - begun, painted, code), told


@dataclass
class Wait:
    """When a render is to be killed: some seconds after an event.

    Attributes:
        phase: one of `PHASES`.
        seconds: after the event, or from the start of the process in phase "start".
        event: the event's name.
        frames: how many such events come before it counts.
    """

    phase: str
    seconds: float
    event: str
    frames: int = 1

    @property
    def at_first(self) -> float | None:
        """Seconds from the process's start if no event is waited for."""
        return self.seconds if self.phase == "start" else None

    def begins(self, event: dict[str, Any]) -> bool:
        """Whether the waiting begins with this event."""
        if event["event"] == self.event:
            self.frames -= 1
        return self.frames <= 0


def course_of(told: Sequence[tuple[float, Any]], end: float) -> Course:
    """The phases of a render that was left alone."""
    started = next(at for at, event in told if event["event"] == "started")
    painted = [at for at, event in told if event["event"] == "progress"]
    frame = (painted[-1] - painted[0]) / max(1, len(painted) - 1)
    return Course(started, painted[0] - started, frame, end - painted[-1])


def wait_for(phase: str, course: Course, missing: int, share: int, rng: random.Random) -> Wait:
    """A random moment of a phase.

    Args:
        missing: frames that are not in finished units.
        share: of how many kills in units these frames are still the work.
    """
    if phase == "start":
        return Wait(phase, rng.uniform(0, course.start), "")
    if phase == "measuring":
        return Wait(phase, rng.uniform(0, course.measuring), "started")
    if phase == "units":
        frames = rng.randint(1, max(1, min(missing, 2 * missing // max(1, share))))
        return Wait(phase, rng.uniform(0, course.frame), "progress", frames)
    moment = rng.uniform(0, course.publishing)
    return Wait(phase, moment, "progress", missing) if missing else Wait(phase, moment, "started")


def order(kills: int, rng: random.Random) -> list[str]:
    """The phases of the kills: those of publishing after all others, which are in any order."""
    phases = [PHASES[number % len(PHASES)] for number in range(kills)]
    rng.shuffle(phases)
    return sorted(phases, key=lambda phase: phase == "publishing")


def files_of(folder: Path) -> dict[str, str]:
    """Every file below a folder, hidden ones too, with its SHA-256."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def units_of(folder: Path) -> dict[int, list[str]]:
    """What the manifest says of the finished units: their frames' hashes."""
    units = {}
    for manifest in folder.glob("*.manifest.jsonl"):
        for line in manifest.read_bytes().split(b"\n"):
            try:
                entry = json.loads(line)
            except ValueError:  # the line that a kill tore
                continue
            if entry["type"] == "unit":
                units[entry["unit"]["index"]] = entry["unit"]["frame_hashes"]
    return dict(sorted(units.items()))


def is_note(name: str) -> bool:
    """Whether a file tells times of day, and so differs between two renders."""
    return name.endswith((".manifest.jsonl", ".report.json", "nle-style.log"))


def decoded(folder: Path) -> list[str]:
    """MD5 of every frame of the movie or the sequence in a folder, by the ffmpeg program."""
    movies = [p for p in folder.iterdir() if p.is_file() and not is_note(p.name)]
    images = sorted(folder.glob("*/*"))
    source = movies[0] if movies else Path(str(images[0]).replace("000000", "%06d"))
    command = [get_ffmpeg_exe(), "-v", "error", "-i", str(source), "-map", "0:v:0"]
    command += ["-fps_mode", "passthrough", "-f", "framemd5", "-"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return [line.split(",")[5].strip() for line in done.stdout.splitlines() if line[0] != "#"]


def differences(alone: Path, killed: Path, frames: int) -> Iterator[str]:
    """What a killed render's folder has otherwise than that of one that was left alone.

    Args:
        frames: how many there are, all different.
    """
    ours, theirs = files_of(killed), files_of(alone)
    for path in sorted(killed.iterdir()):  # what is hidden has no place in either
        if path.name.startswith(".") or not (alone / path.name).exists():
            yield f"{path.name} was left behind"
    for name in sorted(ours.keys() - theirs.keys()):
        if "/" in name and not name.startswith("."):
            yield f"{name} is one too many"
    for name in sorted(theirs.keys() - ours.keys()):
        yield f"{name} is missing"
    for name in sorted(ours.keys() & theirs.keys()):
        if not is_note(name) and ours[name] != theirs[name]:
            yield f"{name} is other bytes"
    if units_of(killed) != units_of(alone):
        yield "the manifest tells of other frames"
    found, meant = decoded(killed), decoded(alone)
    if len(set(meant)) != frames:
        yield f"the render that was left alone has {len(set(meant))} different frames"
    if found != meant:
        lost = len(set(meant) - set(found))
        yield f"{len(found)} frames, {lost} lost, {len(found) - len(set(found))} doubled"


def torn(alone: Path, killed: Path) -> list[str]:
    """Results that stand under their names and are not whole."""
    whole = files_of(alone)
    return [
        name
        for name, digest in files_of(killed).items()
        if name in whole and not is_note(name) and digest != whole[name]
    ]


def left_behind(folder: Path) -> str:
    """What a kill left, in words."""
    names = [path.name for path in folder.rglob("*")] if folder.is_dir() else []
    parts = sum(".part-" in name for name in names)
    found = [
        "lock" if any(name.endswith(".lock") for name in names) else "",
        f"{parts} unfinished" if parts else "",
        "the result" if any(not name.startswith(".") for name in published(folder)) else "",
    ]
    return ", ".join(filter(None, found)) or "-"


def published(folder: Path) -> list[str]:
    """The results that stand under their names."""
    return [p.name for p in folder.iterdir() if not is_note(p.name)] if folder.is_dir() else []


def main() -> int:
    """Render, kill, compare; the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--frames", type=int, default=120)
    parser.add_argument("--seed", type=int, help="else a random one, which is printed")
    parser.add_argument("--format", default="png-mov")
    parser.add_argument("--size", default="480x270", help="of the made clip")
    parser.add_argument("--stroke-scale", default="1", help="0.5: four times the pixels, and time")
    parser.add_argument("--style", default="blue")
    parser.add_argument("--pack")
    args = parser.parse_args()
    seed = random.randrange(1 << 32) if args.seed is None else args.seed
    print(f"seed {seed}, {args.kills} kills, {args.frames} frames, {args.format}", flush=True)
    with tempfile.TemporaryDirectory(prefix="nle_style_kills_") as name:
        problems = kill_often(args, Path(name), random.Random(seed))
    for problem in problems:
        print(f"DIFFERENT: {problem}")
    return 1 if problems else 0


def kill_often(args: argparse.Namespace, folder: Path, rng: random.Random) -> list[str]:
    """The kills of one run of this script; what was different."""
    clip, alone, killed = folder / "clip.mp4", folder / "alone", folder / "killed"
    make_clip(clip, args.size, args.frames)
    words = [sys.executable, "-m", "nle_style", "render", str(clip), "--style", args.style]
    words += ["--stroke-scale", args.stroke_scale, "--format", args.format, "--resume"]
    words += ["--pack", args.pack] if args.pack else []
    life, told = run([*words, "-o", str(alone)])
    if life.code != 0:
        return [f"the render that was left alone ended with {life.code}"]
    course = course_of(told, life.seconds)
    print(
        f"left alone: {life.seconds:.1f} s, of it start {course.start:.1f}, measuring"
        f" {course.measuring:.1f}, publishing {course.publishing:.1f}; "
        f"{1000 * course.frame:.0f} ms a frame\n"
    )
    print("| kill | in | after s | frames painted | frames kept so far | left behind |")
    print("|---|---|---|---|---|---|")
    command = [*words, "-o", str(killed)]
    phases = order(args.kills, rng)
    problems: list[str] = []
    painted = ended = done = 0
    while done < args.kills and not problems:
        missing = args.frames - sum(map(len, units_of(killed).values()))
        wait = wait_for(phases[done], course, missing, phases[done:].count("units"), rng)
        life, _ = run(command, wait)
        painted += len(life.painted)
        if life.code == 0:
            problems += differences(alone, killed, args.frames)
            shutil.rmtree(killed)
            ended += 1
            if ended > TOO_LATE:
                problems.append("renders end before their kills come")
            continue
        if life.code != -signal.SIGKILL:
            problems.append(f"a render ended by itself with {life.code}")
        problems += [f"{name} was torn by kill {done + 1}" for name in torn(alone, killed)]
        done += 1
        kept = sum(map(len, units_of(killed).values()))
        print(
            f"| {done} | {phases[done - 1]} | {life.seconds:.2f} | {len(life.painted)} | {kept}"
            f" | {left_behind(killed)} |",
            flush=True,
        )
    life, _ = run(command)
    painted += len(life.painted)
    if life.code != 0:
        problems.append(f"the last render ended with {life.code}")
    else:
        problems += differences(alone, killed, args.frames)
    print(
        f"\n{done} kills, {ended} renders that ended before a kill, and the last one:"
        f" {painted} frames painted for {(ended + 1) * args.frames};"
        f" {'DIFFERENT' if problems else 'bit-identical, nothing lost, doubled or left behind'}"
    )
    return problems


if __name__ == "__main__":
    sys.exit(main())
