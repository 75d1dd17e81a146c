"""The power is cut: what is on the disk then, after any system call that made or moved a name.

The real program runs once under strace; see `disk_model` for what a disk is taken to keep.
"""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.faults.disk_model import Call, Disk, File, calls_of, strace
from tests.faults.nights import FAST, files, names, styled
from tests.helpers.command import nle_style
from tests.helpers.media_factory import make
from tests.timeline.building import clip, timeline, track

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[2]
FRAMES = 9


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cut of one movie, and the place for the results."""
    folder = tmp_path_factory.mktemp("cut")
    sound = ("-f", "lavfi", "-i", "sine=duration=0.36", "-c:a", "aac")
    movie = make(folder / "a.mp4", frames=FRAMES, size="32x32", rate=Fraction(25), sound=sound)
    for format_, count in (("png-mov", FRAMES), ("exr", 3)):
        shot = clip("one", (0, count), (0, FRAMES), url=movie.as_uri(), rate=25)
        (folder / format_).mkdir()
        otio.adapters.write_to_file(timeline(track(shot)), str(folder / format_ / "cut.otio"))
    return folder


def _batch(folder: Path, pack: Path, format_: str) -> list[str]:
    cut = folder / format_ / "cut.otio"
    words = styled("batch", cut, folder / "out" / format_, pack, *FAST)
    return [*map(str, words), "--format", format_]


@pytest.fixture(scope="module")
def calls(folder: Path, tiny_pack: Path) -> list[Call]:
    """All that one process did: two batches, a farm's bundle with its steps, an installation."""
    out = folder / "out"
    out.mkdir()
    farm = ["farm", str(folder / "a.mp4"), "-o", str(out / "bundle"), "--style", "red"]
    work = [
        _batch(folder, tiny_pack, "png-mov"),
        _batch(folder, tiny_pack, "exr"),
        [*farm, "--pack", str(tiny_pack)],
        ["run", str(out / "bundle" / "farm.json")],
        ["install", "nuke", "--dir", str(out / "nuke")],
    ]
    (folder / "work.json").write_text(json.dumps(work))
    program = [sys.executable, "-m", "tests.faults.traced", folder / "work.json"]
    strace(program, folder / "log", ROOT)
    return list(calls_of(folder / "log"))


def _replayed(calls: list[Call], root: Path) -> Iterator[tuple[Disk, Call, str | None]]:
    disk = Disk(root)
    for call in calls:
        yield disk, call, disk.apply(call)


def test_the_model_is_the_disk(calls: list[Call], folder: Path) -> None:
    """After the last call the model holds what the real folder holds: nothing was overlooked."""
    disk = [disk for disk, _, _ in _replayed(calls, folder / "out")][-1]
    for path in sorted((folder / "out").rglob("*")):
        held = disk.at(str(path))
        assert held is not None, path
        if path.is_file():
            assert isinstance(held, File)
            assert bytes(held.data) == path.read_bytes(), path


def test_everything_is_on_the_disk_before_it_has_its_name(calls: list[Call], folder: Path) -> None:
    """And in the end everything is durable, and nothing was vouched for before it was."""
    out = folder / "out"
    named: set[str] = set()
    vouched = 0
    for disk, call, made in _replayed(calls, out):
        if made and call.name.startswith("rename") and ".part-" not in made:
            what = disk.at(made)
            data = [what] if isinstance(what, File) else [*(what.names.values() if what else ())]
            for each in data:
                assert isinstance(each, File)
                assert each.durable == bytes(each.data), f"{made} has its name before its data"
            named.add(Path(made).name)
        manifest = call.name == "write" and call.descriptors[0].endswith(".jsonl")
        for line in call.texts[0].splitlines() if manifest else ():
            entry, place = json.loads(line), Path(call.descriptors[0])
            if entry["type"] == "unit":
                work = place.parent
                if not work.name.endswith(".work"):
                    work = _work(disk, place)
                unit = work / entry["unit"]["file"]
                assert disk.is_durable(str(unit)), f"{unit} is noted before it is on the disk"
                vouched += 1
            if entry["type"] == "published":
                published = place.parent / entry["path"]
                assert disk.is_durable(str(published)), f"{published} is not on the disk"
                vouched += 1
    for path in sorted(out.rglob("*")):
        if path.is_file() and path.suffix != ".log":  # which nothing relies on
            assert disk.is_durable(str(path)), f"{path} is not on the disk"
    assert vouched == 2 + 1 + 3 + 1 + 2 * 2 + 1
    expected = {"a.red.mov", "a.red", "a.red.report.json", "cut.red.otio", "cut.red.baked.otio"}
    expected |= {"cut.red.report.json", "cut.red.report.md", "farm.json", "template.yaml"}
    assert expected | {"statistics.safetensors", "unit-000001.mov"} <= named


def _work(disk: Disk, manifest: Path) -> Path:
    stem = manifest.name.removesuffix(".manifest.jsonl")
    found = disk.folder(str(manifest)).names
    (name,) = (n for n in found if n.startswith(f".{stem}") and n.endswith(".work"))
    return manifest.parent / name


@pytest.mark.parametrize("format_", ["png-mov", "exr"])
def test_cut_anywhere_and_run_again(
    format_: str, calls: list[Call], folder: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """From every state that a cut can leave, the same command ends as if nothing had been."""
    out = folder / "out" / format_
    kept = tmp_path / "whole"
    shutil.copytree(out, kept)
    whole, all_names = files(kept), names(kept)
    tried: set[str] = set()
    try:
        for disk, _, made in _states(calls, out):
            for names_first in (False, True):
                shutil.rmtree(out)
                disk.write_out(out, names_first=names_first)
                state = str([(name, (out / name).read_bytes()) for name in names(out)])
                if state in tried:
                    continue
                tried.add(state)
                done = nle_style(*_batch(folder, tiny_pack, format_))
                assert done.code == 0, (made, done.out, done.err)
                assert files(out) == whole, made
                assert names(out) == all_names, made
    finally:
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(kept, out)
    print(len(tried), "states")
    assert len(tried) > 12


def _states(calls: list[Call], out: Path) -> Iterator[tuple[Disk, Call, str]]:
    """The disk after each call that changed a name below `out`."""
    for disk, call, made in _replayed(calls, out):
        if made is not None and ".part-" not in made and not made.endswith(".lock"):
            yield disk, call, made
