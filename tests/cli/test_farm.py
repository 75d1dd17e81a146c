"""`nle-style farm` and its steps, by the command line and by the openjd program."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import opentimelineio as otio
import pytest
import torch
import yaml

from tests.helpers.command import FINE_STROKES, events_of, nle_style, start
from tests.helpers.manifests import frame_hashes
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, timeline, track

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 30


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("media") / "crowd.mov", 3, FRAMES, Fraction(25))


@pytest.fixture(scope="module")
def cut(movie: Path) -> Path:
    """Frames 2-11 and 14-25 of one movie."""
    shots = [
        clip(name, span, (0, FRAMES), url=movie.as_uri(), rate=25)
        for name, span in (("one", (2, 10)), ("two", (14, 12)))
    ]
    path = movie.with_name("cut.otio")
    otio.adapters.write_to_file(timeline(track(*shots)), str(path))
    return path


@pytest.fixture(scope="module")
def plain(movie: Path, tiny_pack: Path) -> Path:
    """The folder of what one process renders of the movie."""
    out = movie.with_name("plain")
    look = ("--style", "red", "--pack", tiny_pack, *FINE_STROKES)
    assert nle_style("render", movie, "-o", out, *look).code == 0
    return out


def _openjd(*arguments: object) -> subprocess.CompletedProcess[str]:
    program = shutil.which("openjd", path=Path(sys.executable).parent)
    if program is None:
        pytest.skip("openjd is not installed: pip install 'nle-style[farm]'")
    return subprocess.run(
        [program, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


@pytest.fixture
def program(tmp_path: Path) -> Path:
    """The program of this checkout, as a worker would have it installed."""
    path = tmp_path / "nle-style"
    path.write_text(f'#!/bin/sh\nPYTHONPATH="{ROOT}" exec "{sys.executable}" -m nle_style "$@"\n')
    path.chmod(0o755)
    return path


def _values(bundle: Path) -> dict[str, Any]:
    data = yaml.safe_load((bundle / "parameter_values.yaml").read_text())
    return {each["name"]: each["value"] for each in data["parameterValues"]}


@pytest.mark.parametrize(
    ("more", "steps"),
    [
        ((), ["Measure", "Render", "Assemble"]),
        (("--statistics", "frame"), ["Render", "Assemble"]),
        (("--device", "cuda", "--chunk", 1), ["Measure", "Render", "Assemble"]),
        (("--device", "cuda:1"), ["Measure", "Render", "Assemble"]),
    ],
)
def test_openjd_accepts_the_bundle(
    more: tuple[object, ...], steps: list[str], cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    bundle = tmp_path / "bundle"
    done = nle_style("farm", cut, "-o", bundle, "--style", "red", "--pack", tiny_pack, *more)
    assert done.code == 0, done.err
    checked = _openjd("check", bundle / "template.yaml")
    assert checked.returncode == 0, checked.stdout + checked.stderr
    template = yaml.safe_load((bundle / "template.yaml").read_text())
    assert [step["name"] for step in template["steps"]] == steps
    gpu = [step["name"] for step in template["steps"] if "hostRequirements" in step]
    assert gpu == (steps[:2] if "--device" in more else [])
    assert _values(bundle) == {"FarmFile": "farm.json", "OutputDir": str(bundle / "output")}
    assets = yaml.safe_load((bundle / "asset_references.yaml").read_text())["assetReferences"]
    assert assets["inputs"]["filenames"] == sorted(
        str(path) for path in (cut, cut.with_name("crowd.mov"), tiny_pack)
    )
    assert not (bundle / "output").exists(), "nothing is rendered, and nothing left behind"


def test_openjd_accepts_the_template_as_it_ships() -> None:
    """Its counts are parameters without a default: the bundle of a job gives them one."""
    template = ROOT / "nle_style" / "render" / "farm" / "template.yaml"
    checked = _openjd("check", template)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    parameters = yaml.safe_load(template.read_text())["parameterDefinitions"]
    counts = [each["name"] for each in parameters if "default" not in each]
    assert counts == ["Items", "ItemsPerTask", "Pieces", "PiecesPerTask"]


@pytest.mark.parametrize(
    ("more", "items", "pieces"),
    [
        ((), ("0-0", 8), ("0-3", 12)),
        (("--chunk", 1), ("0-0", 8), ("0-3", 1)),
        (("--chunk", 31, "--statistics", "frame"), None, ("0-3", 3)),
    ],
)
def test_the_counts_of_a_bundle(
    more: tuple[object, ...],
    items: tuple[str, int] | None,
    pieces: tuple[str, int],
    movie: Path,
    tiny_pack: Path,
    tmp_path: Path,
) -> None:
    """30 frames in four pieces; 96 frames a task unless told, in whole pieces."""
    words = ("farm", movie, "-o", tmp_path / "bundle", "--style", "red", "--pack", tiny_pack)
    assert nle_style(*words, *more).code == 0
    template = yaml.safe_load((tmp_path / "bundle" / "template.yaml").read_text())
    given = {each["name"]: each["default"] for each in template["parameterDefinitions"]}
    assert (given["Pieces"], given["PiecesPerTask"]) == pieces
    assert items is None or (given["Items"], given["ItemsPerTask"]) == items
    assert template["name"] == "nle-style crowd"


@pytest.mark.slow
def test_openjd_run_is_what_batch_gives(
    cut: Path, tiny_pack: Path, tmp_path: Path, program: Path
) -> None:
    look = ("--style", "red", "--pack", tiny_pack)
    assert nle_style("batch", cut, "-o", tmp_path / "plain", *look).code == 0
    shared = nle_style(
        *("batch", cut, "-o", tmp_path / "shared", *look, "--workers", 2, "--events")
    )
    assert shared.code == 0, shared.err
    assert frame_hashes(tmp_path / "shared") == frame_hashes(tmp_path / "plain")
    _counted_once(events_of(shared.out), items=2, frames=10 + 12)
    assert '"warning"' not in shared.out
    bundle = tmp_path / "bundle"
    assert nle_style("farm", cut, "-o", bundle, *look, "--chunk", 16).code == 0
    ran = _openjd("run", bundle / "template.yaml", "-p", f"NleStyle={program}")
    assert ran.returncode == 0, ran.stdout
    out = bundle / "output"
    assert frame_hashes(out) == frame_hashes(tmp_path / "plain")
    assert sum(map(len, frame_hashes(out).values())) == 10 + 12
    assert sorted(path.name for path in out.iterdir()) == sorted(
        path.name for path in (tmp_path / "plain").iterdir() if path.name != "nle-style.log"
    )
    told = [float(each) for each in re.findall(r"openjd_progress: (\S+)", ran.stdout)]
    assert told
    assert all(0 <= each <= 100 for each in told)
    assert re.search(r"Pieces\(CHUNK\[INT\]\) = 0-1", ran.stdout)
    relinked = otio.adapters.read_from_file(str(out / "cut.red.baked.otio"))
    urls = [each.media_reference.target_url for each in relinked.find_clips()]
    assert all(Path(url.removeprefix("file://")).parent == out for url in urls)


@pytest.mark.slow
def test_a_killed_task_is_run_again(
    movie: Path, plain: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """SIGKILL in the third of four units: the same task then paints the last two only."""
    bundle = tmp_path / "bundle"
    look = ("--style", "red", "--pack", tiny_pack, *FINE_STROKES)
    assert nle_style("farm", movie, "-o", bundle, *look).code == 0
    farm = bundle / "farm.json"
    assert nle_style("run", farm, "--step", "measure", "--items", "0-0").code == 0
    task = ("run", farm, "--step", "render", "--pieces", "0-3")
    with start(*task, "--events") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("frame") == 22:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert nle_style("run", farm, "--step", "assemble").code == 2
    again = nle_style(*task, "--events")
    assert again.code == 0
    painted = [json.loads(line)["frame"] for line in again.out.splitlines()]
    assert 0 < len(painted) <= FRAMES - 8
    assert nle_style("run", farm, "--step", "assemble").code == 0
    assert frame_hashes(bundle / "output") == frame_hashes(plain)
    (ours,) = (bundle / "output").glob("*.mov")
    assert ours.read_bytes() == (plain / ours.name).read_bytes()


def _workers(process: int) -> list[int]:
    """The processes that share a program's work."""
    threads = Path(f"/proc/{process}/task").glob("*/children")
    children = [each for thread in threads for each in thread.read_text().split()]
    mark = b"--multiprocessing-fork"
    return [int(n) for n in children if mark in Path(f"/proc/{n}/cmdline").read_bytes()]


def _counted_once(told: list[dict[str, Any]], *, items: int, frames: int) -> None:
    """Several processes are one job in what is told of it."""
    assert told[0] == {"event": "started", "items": items, "frames": frames}
    assert [each["event"] for each in told].count("started") == 1
    progress = [each for each in told if each["event"] == "progress"]
    assert all(each["done"] <= each["frames"] == frames for each in progress)
    assert max(each["done"] for each in progress) == frames, "also when a task was run again"


@pytest.mark.slow
def test_two_workers_are_as_one(movie: Path, plain: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """When one of them is killed: what it left is rendered in the end. When none is, in
    `test_openjd_run_is_what_batch_gives`."""
    look = ("--style", "red", "--pack", tiny_pack, *FINE_STROKES)
    out = tmp_path / "out"
    workers: list[int] = []
    told: list[dict[str, Any]] = []
    with start("render", movie, "-o", out, *look, "--workers", 2, "--events") as process:
        assert process.stdout is not None
        for line in process.stdout:
            told.append(json.loads(line))
            if not workers and told[-1]["event"] == "progress":
                tasks = _workers(process.pid)
                if len(tasks) == 2:  # the second may start after the first frame of the first
                    workers = tasks
                    os.kill(workers[0], signal.SIGKILL)
        assert process.wait() == 0
    assert len(workers) == 2
    (warning,) = [each["message"] for each in told if each["event"] == "warning"]
    assert "ended with exit code -9" in warning
    _counted_once(told, items=1, frames=FRAMES)
    assert frame_hashes(out) == frame_hashes(plain)
    (ours,) = out.glob("*.mov")
    assert ours.read_bytes() == (plain / ours.name).read_bytes()
    assert not list(out.glob(".*")), "no work folder is left"


@pytest.mark.slow
def test_workers_are_cancelled(movie: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """SIGTERM to the program ends its tasks too; what they finished is gone on from, here by a farm
    (by the same command in tests/render/farm/test_workers.py)."""
    look = ("--style", "red", "--pack", tiny_pack, "--format", "ffv1", *FINE_STROKES)
    out = tmp_path / "out"
    lines: list[dict[str, Any]] = []
    with start("render", movie, "-o", out, *look, "--workers", 2, "--events") as process:
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(json.loads(line))
            if 9 <= lines[-1].get("frame", 0) < 16:  # of the first task, whose first unit is done
                tasks = _workers(process.pid)
                process.send_signal(signal.SIGTERM)
                break
        lines += map(json.loads, process.stdout)
        assert process.wait() == 130
    assert lines[-1]["event"] == "cancelled"
    assert tasks
    assert not [each for each in tasks if Path(f"/proc/{each}").exists()]
    assert not list(out.glob("*.mkv"))
    bundle = tmp_path / "bundle"
    assert nle_style("farm", movie, "-o", bundle, "--results", out, *look).code == 0
    done = nle_style("run", bundle / "farm.json", "--events")
    assert done.code == 0, done.err
    painted = [each for each in events_of(done.out) if each["event"] == "progress"]
    assert 0 < len(painted) <= FRAMES - 8
    assert list(out.glob("*.mkv"))


@pytest.mark.slow
def test_one_thread_and_two(movie: Path, tmp_path: Path, threads: None) -> None:
    """The bound of docs/farm.md on what the count of threads changes, with a shipped pack."""
    look = ("--style", "blue", "--format", "exr", "--depth", "float")
    found = []
    for count in (1, 2):
        out = tmp_path / str(count)
        torch.set_num_threads(count)
        done = nle_style("render", movie, "--frames", "0-3", "-o", out, *look)
        assert done.code == 0, done.err
        files = sorted(out.glob("*/*.exr"))
        assert len(files) == 4
        found.append(np.stack([oiio.ImageBuf(str(file)).get_pixels(oiio.FLOAT) for file in files]))
    assert found[0].std() > 0.05
    apart = np.abs(found[0] - found[1]).max()
    print(f"largest difference: {apart:.2e}")
    assert apart <= 1e-5


def test_a_task_tells_openjd_why_it_failed(movie: Path, tiny_pack: Path, tmp_path: Path) -> None:
    bundle = tmp_path / "bundle"
    done = nle_style("farm", movie, "-o", bundle, "--style", "red", "--pack", tiny_pack)
    assert done.code == 0, done.err
    farm = bundle / "farm.json"
    failed = nle_style("run", farm, "--step", "render", "--pieces", "0-1", "--openjd")
    assert failed.code == 2
    assert re.search(r"^openjd_fail: .*Run the measure step", failed.out, re.MULTILINE)
    failed = nle_style("run", farm, "--step", "render", "--pieces", "4-7")
    assert failed.code == 2
    assert "This job's are 0-3" in failed.err


@pytest.mark.slow
def test_on_a_worker_with_other_paths(tiny_pack: Path, tmp_path: Path) -> None:
    """The media and the results lie elsewhere there; the relinked timelines name those of home."""
    home, here = tmp_path / "home", tmp_path / "here"
    home.mkdir()
    movie = make_clip(home / "a crowd.mov", 3, 12, Fraction(25))
    shot = clip("one", (2, 8), (0, 12), url=movie.as_uri(), rate=25)
    cut = home / "cut.otio"
    otio.adapters.write_to_file(timeline(track(shot)), str(cut))
    results = home / "renders"
    words = ("farm", cut, "-o", tmp_path / "bundle", "--results", results, "--style", "red")
    assert nle_style(*words, "--pack", tiny_pack).code == 0
    home.rename(here)
    rules = tmp_path / "rules.json"
    rule = {"source_path_format": "POSIX", "source_path": str(home), "destination_path": str(here)}
    rules.write_text(json.dumps({"version": "pathmapping-1.0", "path_mapping_rules": [rule]}))
    farm = tmp_path / "bundle" / "farm.json"
    done = nle_style("run", farm, "--path-mapping", rules, "--output", here / "renders")
    assert done.code == 0, done.err
    assert not home.exists()
    here.rename(home)
    relinked = otio.adapters.read_from_file(str(results / "cut.red.otio"))
    (styled,) = relinked.find_clips()
    urls = {each.target_url for each in styled.media_references().values()}
    (intermediate,) = results.glob("*.mov")
    assert urls == {movie.as_uri(), intermediate.as_uri()}


@pytest.mark.slow
def test_without_a_step_all_of_it(movie: Path, tiny_pack: Path, tmp_path: Path) -> None:
    bundle, results = tmp_path / "bundle", tmp_path / "results"
    look = ("--style", "red", "--pack", tiny_pack, "--format", "ffv1")
    assert nle_style("farm", movie, "-o", bundle, "--results", results, *look).code == 0
    assert nle_style("run", bundle / "farm.json").code == 0
    assert nle_style("render", movie, "-o", tmp_path / "plain", *look).code == 0
    (ours,) = results.glob("*.mkv")
    assert ours.read_bytes() == (tmp_path / "plain" / ours.name).read_bytes()


def test_what_is_refused(cut: Path, movie: Path, tiny_pack: Path, tmp_path: Path) -> None:
    look = ("-o", tmp_path / "bundle", "--style", "red", "--pack", tiny_pack)
    assert nle_style("farm", cut, movie, *look).code == 2
    some = nle_style("farm", movie, tmp_path / "none.mov", *look)
    assert some.code == 3
    assert "none.mov" in some.err
    none = nle_style("farm", tmp_path / "none.mov", *look)
    assert none.code == 2
    backwards = nle_style("run", tmp_path / "bundle" / "farm.json", "--pieces", "3-1")
    assert backwards.code == 2
    assert "'3-1' is not a range of pieces" in backwards.err
    unstyled = nle_style("farm", cut, "-o", tmp_path / "bundle", "--strength", 0.5)
    assert unstyled.code == 2
    assert "no --style that it is for" in unstyled.err
    matted = nle_style("farm", cut, *look, "--matte", "m.png")
    assert matted.code == 2
    assert "nle-style render --matte" in matted.err
    job = tmp_path / "job.yaml"
    job.write_text("nle_style_job: 1\n")
    plain = nle_style("run", job, "--step", "render")
    assert plain.code == 2
    assert "is not a farm's job" in plain.err
