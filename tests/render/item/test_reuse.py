"""Render again only what changed: what is kept is what a render from nothing gives, bit for bit."""

from __future__ import annotations

import json
import shutil
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import OpenEXR
import pytest

from nle_style.errors import Cancelled, InputError
from nle_style.media.source import probe_media
from nle_style.render import Item, RenderJob, events
from nle_style.render.item import run_job
from nle_style.render.record import Manifest
from tests.helpers.media_factory import write_pixels

FIRST, FRAMES, CUT = 1001, 16, 8
HEIGHT, WIDTH = 32, 48


def _picture(scene: int, frame: int) -> np.ndarray:
    """One of three scenes, with grain that differs in every frame; linear light."""
    own = np.random.default_rng(scene)
    blocks = own.uniform(0.02, (0.2, 0.9, 0.5)[scene], (HEIGHT // 8, WIDTH // 8, 3))
    grain = np.random.default_rng(100 + frame).normal(0, 0.002, (HEIGHT, WIDTH, 3))
    return np.clip(np.kron(blocks, np.ones((8, 8, 1))) + grain, 0, None).astype(np.float32)


def _put(folder: Path, frame: int, scene: int, grain: int | None = None) -> None:
    pixels = _picture(scene, frame if grain is None else grain)
    write_pixels(folder / f"plate.{FIRST + frame:04d}.exr", pixels, "half")


@pytest.fixture
def plate(tmp_path: Path) -> Path:
    """Frames 1001 to 1016 of two shots, a file a frame."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for frame in range(FRAMES):
        _put(folder, frame, int(frame >= CUT))
    return folder


def _job(pack: Path, out: Path, plate: Path, statistics: str = "frame", **more: Any) -> RenderJob:
    look = {"styles": {"red": 1.0}, "statistics": statistics, **more.pop("look", {})}
    job = {
        "items": [{"source": plate / "plate.%04d.exr", "look": look, **more.pop("item", {})}],
        "output": {"directory": out, **more.pop("output", {"format": "exr"})},
        "control": {"device": "cpu", **more},
        "pack": str(pack),
    }
    return RenderJob.model_validate(job)


class Rendered:
    """How one run ended: the frames it painted, its folder and its report."""

    def __init__(self, job: RenderJob) -> None:
        self.told: list[events.Event] = []
        assert run_job(job, self.told.append).exit_code == 0
        (ended,) = [event for event in self.told if isinstance(event, events.ItemEnded)]
        self.status, self.folder = ended.status, Path(ended.path)
        self.report = json.loads(Path(ended.report).read_text())
        self.painted = [e.frame for e in self.told if isinstance(e, events.FramePainted)]
        self.made = [(*each["frames"], each["status"], each["why"]) for each in self.report["made"]]

    def inodes(self) -> dict[str, int]:
        return {path.name: path.stat().st_ino for path in self.folder.iterdir()}


def _pictures(folder: Path) -> dict[int, dict[str, bytes]]:
    """Every channel and header attribute of every frame but the render's key, by the OpenEXR
    library alone."""
    found = {}
    for path in folder.iterdir():
        (part,) = OpenEXR.File(str(path), separate_channels=True).parts
        channels = {name: each.pixels.tobytes() for name, each in part.channels.items()}
        header = {
            name: repr(value).encode()
            for name, value in part.header.items()
            if name not in ("nle_style/key", "channels")
        }
        found[int(path.name.split(".")[-2])] = channels | header
    return found


def _same_as_fresh(rendered: Rendered, job: RenderJob, tmp_path: Path) -> Rendered:
    """The very pictures that a render into an empty folder gives; that render."""
    output = job.output.model_copy(update={"directory": tmp_path / "fresh"})
    shutil.rmtree(output.directory, ignore_errors=True)
    fresh = Rendered(job.model_copy(update={"output": output}))
    assert len(fresh.painted) == fresh.report["output"]["frames"]
    assert _pictures(rendered.folder) == _pictures(fresh.folder)
    return fresh


def test_one_frame_of_sixteen(tiny_pack: Path, plate: Path, tmp_path: Path) -> None:
    job = _job(tiny_pack, tmp_path / "out", plate)
    first = Rendered(job)
    assert first.made == [(0, 15, "rendered", "first render")]
    files, before = first.inodes(), _pictures(first.folder)
    _put(plate, 6, 0, grain=55)
    again = Rendered(job)
    assert (again.status, again.folder, again.painted) == ("delivered", first.folder, [6])
    assert again.made == [
        (0, 5, "kept", "source unchanged"),
        (6, 6, "rendered", "source frame 6 changed"),
        (7, 15, "kept", "source unchanged"),
    ]
    other = {name for name, inode in again.inodes().items() if files[name] != inode}
    assert other == {f"plate.red.{FIRST + 6:06d}.exr"}
    after = _pictures(again.folder)
    assert [n for n in after if after[n] != before[n]] == [FIRST + 6]
    _same_as_fresh(again, job, tmp_path)
    assert again.report["verified"]["frames"] == 16
    assert "SHA-256" in again.report["verified"]["method"]
    assert "SHA-256" not in first.report["verified"]["method"]
    assert Rendered(job).status == "present"


def test_figures_leave_out_what_was_not_compared(
    tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    """Frame 6 is between two that are kept: the changes to it and from it are not measured."""
    job = _job(tiny_pack, tmp_path / "out", plate)
    (shot,) = Rendered(job).report["shots"]
    assert shot["stability"]["pairs"] == 7 + 7
    _put(plate, 6, 0, grain=55)
    (shot,) = Rendered(job).report["shots"]
    assert shot["stability"]["pairs"] == 7 + 7 - 2
    assert shot["stability"]["painted"] > 0


@pytest.mark.parametrize("statistics", ["hybrid", "shot"])
def test_the_shot_of_a_changed_frame(
    statistics: str, tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, tmp_path / "out", plate, statistics)
    first = Rendered(job)
    assert [shot["frames"] for shot in first.report["shots"]] == [[0, 7], [8, 15]]
    _put(plate, 8, 1, grain=55)
    _put(plate, 12, 1, grain=56)
    again = Rendered(job)
    assert again.painted == list(range(8, 16))
    assert again.made == [
        (0, 7, "kept", "source unchanged"),
        (8, 15, "rendered", "frames 8, 12 of its shot changed"),
    ]
    fresh = _same_as_fresh(again, job, tmp_path)
    assert again.report["shots"] == fresh.report["shots"], "the figures too"


def test_other_cuts(tiny_pack: Path, plate: Path, tmp_path: Path) -> None:
    """New frames make a cut: what is left of the shot that they were in looks different too."""
    job = _job(tiny_pack, tmp_path / "out", plate, "hybrid")
    Rendered(job)
    for frame in range(12, 16):
        _put(plate, frame, 2)
    again = Rendered(job)
    assert [shot["frames"] for shot in again.report["shots"]] == [[0, 7], [8, 11], [12, 15]]
    assert again.made == [
        (0, 7, "kept", "source unchanged"),
        (8, 11, "rendered", "its shot has other ends than before"),
        (12, 15, "rendered", "frames 12-15 of its shot changed"),
    ]
    _same_as_fresh(again, job, tmp_path)


@pytest.mark.parametrize("statistics", ["frame", "hybrid"])
def test_a_sequence_that_grows(
    statistics: str, tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    """At both ends. Another range is another name; the frames of the first are copied, not linked:
    each folder stays what it is."""
    late = [plate / f"plate.{FIRST + frame:04d}.exr" for frame in (14, 15)]
    for path in late:
        path.rename(path.with_suffix(".later"))
    job = _job(tiny_pack, tmp_path / "out", plate, statistics)
    first = Rendered(job)
    for path in late:
        path.with_suffix(".later").rename(path)
    _put(plate, -1, 0)
    again = Rendered(job)
    assert again.folder.name == "plate.red.000000-000016"
    if statistics == "frame":
        assert again.made == [
            (0, 0, "rendered", "frame 0 not rendered before"),
            (1, 14, "kept", "source unchanged"),
            (15, 16, "rendered", "frames 15-16 not rendered before"),
        ]
    else:
        assert again.made == [(0, 16, "rendered", "its shot has other ends than before")]
    assert all(path.stat().st_nlink == 1 for path in again.folder.iterdir())
    assert len(list(first.folder.iterdir())) == 14
    _same_as_fresh(again, job, tmp_path)


def test_a_shorter_range(tiny_pack: Path, plate: Path, tmp_path: Path) -> None:
    """The second shot is as it was, of the first one only a part is asked for."""
    Rendered(_job(tiny_pack, tmp_path / "out", plate, "shot"))
    job = _job(tiny_pack, tmp_path / "out", plate, "shot", item={"frames": [2, 15]})
    again = Rendered(job)
    assert again.made == [
        (2, 7, "rendered", "its shot has other ends than before"),
        (8, 15, "kept", "source unchanged"),
    ]
    _same_as_fresh(again, job, tmp_path)


def test_a_change_outside_the_range_paints_nothing(
    tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    """And as all frames are the same, the cuts are not searched for either."""
    job = _job(tiny_pack, tmp_path / "out", plate, "hybrid", item={"frames": [2, 13]})
    Rendered(job)
    _put(plate, 15, 1, grain=55)
    again = Rendered(job)
    assert (again.status, again.painted) == ("delivered", [])
    assert again.made == [(2, 13, "kept", "source unchanged")]
    assert [shot["frames"] for shot in again.report["shots"]] == [[2, 7], [8, 13]]
    _same_as_fresh(again, job, tmp_path)


@pytest.mark.parametrize("statistics", ["frame", "hybrid"])
def test_published_files_that_are_not_what_was_written(
    statistics: str, tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    first = Rendered(job := _job(tiny_pack, tmp_path / "out", plate, statistics))
    lost, edited = (first.folder / f"plate.red.{FIRST + n:06d}.exr" for n in (3, 9))
    lost.unlink()
    data = bytearray(edited.read_bytes())
    data[len(data) // 2] ^= 1
    edited.write_bytes(data)
    with pytest.raises(InputError, match=f"{edited.name}: is not what nle-style wrote"):
        run_job(job)
    job = _job(tiny_pack, tmp_path / "out", plate, statistics, overwrite=True)
    changed = [15] if statistics == "frame" else []  # the others: nothing but the damage
    for frame in changed:
        _put(plate, frame, 1, grain=55)
    again = Rendered(job)
    assert again.painted == [3, 9, *changed]
    damaged = [each[:3] for each in again.made if "missing" in each[3]]
    assert damaged == [(3, 3, "rendered"), (9, 9, "rendered")]
    _same_as_fresh(again, job, tmp_path)


@pytest.mark.slow
def test_a_matte_that_changes(tiny_pack: Path, plate: Path, tmp_path: Path) -> None:
    """It changes where the look is painted, not the statistics of the shot."""
    mattes = tmp_path / "mattes"
    mattes.mkdir()
    for frame in range(FRAMES + 2):
        white = np.zeros((HEIGHT, WIDTH, 1), np.float32)
        white[:, frame:] = 1
        write_pixels(mattes / f"m.{frame:03d}.exr", white, "half")
    matte = {"source": mattes / "m.%03d.exr", "channel": "r", "offset": 2}
    layer = {"matte": matte, "look": {"styles": {"blue": 1.0}, "statistics": "shot"}}
    job = _job(tiny_pack, tmp_path / "out", plate, "hybrid", item={"layers": [layer]})
    Rendered(job)
    write_pixels(mattes / "m.005.exr", np.ones((HEIGHT, WIDTH, 1), np.float32), "half")
    again = Rendered(job)
    assert again.painted == [3]
    assert again.made[1] == (3, 3, "rendered", "the matte of frame 3 changed")
    _same_as_fresh(again, job, tmp_path)


@pytest.mark.slow
def test_what_makes_every_frame_another(tiny_pack: Path, plate: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    Rendered(_job(tiny_pack, out, plate))
    half = _job(tiny_pack, out, plate, look={"strength": 0.5})
    assert Rendered(half).made == [(0, 15, "rendered", "look changed")]
    _put(plate, 3, 0, grain=55)
    plain = _job(tiny_pack, out, plate)
    assert Rendered(plain).made == [(0, 15, "rendered", "source and look changed")]
    linear = plain.model_copy(update={"colour": plain.colour.model_copy(update={"input": "srgb"})})
    assert Rendered(linear).made == [(0, 15, "rendered", "colour settings changed")]
    over = _job(tiny_pack, out, plate, resume=False)
    assert Rendered(over).made == [(0, 15, "rendered", "started over, as asked for")]
    shutil.rmtree(out / "plate.red")
    gone = (0, 15, "rendered", "what stood there is missing or was changed")
    assert Rendered(plain).made == [gone]


def test_another_rate_in_the_header_renders_all(
    tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    """Probed from the first file, and written into every one."""
    job = _job(tiny_pack, tmp_path / "out", plate)
    Rendered(job)
    first = plate / f"plate.{FIRST:04d}.exr"
    with OpenEXR.File(str(first), separate_channels=True) as file:
        header = {**file.header(), "framesPerSecond": Fraction(48)}
        header = {k: v for k, v in header.items() if k != "channels"}
        OpenEXR.File(header, file.channels()).write(str(plate / "new.exr"))
    (plate / "new.exr").replace(first)
    assert probe_media(plate / "plate.%04d.exr").rate == 48
    again = Rendered(job)
    assert again.made == [(0, 15, "rendered", "source changed")]


def test_a_movie_is_rendered_whole(tiny_pack: Path, plate: Path, tmp_path: Path) -> None:
    job = _job(tiny_pack, tmp_path / "out", plate, output={"format": "png-mov", "depth": "16"})
    assert Rendered(job).made == [(0, 15, "rendered", "first render")]
    _put(plate, 6, 0, grain=55)
    again = Rendered(job)
    assert again.painted == list(range(16))
    assert again.made == [(0, 15, "rendered", "source changed")]


@pytest.mark.slow
@pytest.mark.parametrize("statistics", ["frame", "hybrid"])
def test_interrupted_and_resumed(
    statistics: str, tiny_pack: Path, plate: Path, tmp_path: Path
) -> None:
    """The reasons and figures are those of a run that was left alone, and so are the pictures."""
    whole, job = (_job(tiny_pack, tmp_path / name, plate, statistics) for name in ("whole", "out"))
    for each in (whole, job):
        Rendered(each)
    for frame in (9, 10, 13):
        _put(plate, frame, 1, grain=55 + frame)

    def stop(event: events.Event) -> None:
        if isinstance(event, events.FramePainted) and event.frame == 10:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        run_job(job, stop)
    assert len(list((tmp_path / "out" / "plate.red").iterdir())) == FRAMES, "the old ones stay"
    resumed, alone = Rendered(job), Rendered(whole)
    assert 9 not in resumed.painted
    assert 13 in resumed.painted
    assert resumed.made == alone.made
    assert resumed.report["shots"] == alone.report["shots"]
    _same_as_fresh(resumed, job, tmp_path)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "plate.red",
        "plate.red.manifest.jsonl",
        "plate.red.report.json",
    ]


def test_back_and_forth(tiny_pack: Path, plate: Path, tmp_path: Path) -> None:
    """A frame that changes and changes back: the other frames stay those of the first render, and
    say so: the manifest has what the key in their header stands for."""
    job = _job(tiny_pack, tmp_path / "out", plate)
    first = Rendered(job)
    frame = plate / f"plate.{FIRST + 4:04d}.exr"
    original = frame.read_bytes()
    _put(plate, 4, 0, grain=55)
    second = Rendered(job)
    frame.write_bytes(original)
    third = Rendered(job)
    assert third.painted == second.painted == [4]
    assert third.report["key"] == first.report["key"] != second.report["key"]
    _same_as_fresh(third, job, tmp_path)
    _put(plate, 5, 0, grain=55)
    fourth = Rendered(job)
    keys = {
        OpenEXR.File(str(path)).header()["nle_style/key"]: path.name
        for path in fourth.folder.iterdir()
    }
    manifest = tmp_path / "out" / "plate.red.manifest.jsonl"
    assert len(keys) == 2
    for key in keys:
        render = Manifest(manifest, key).render()
        assert render is not None
        assert render["facts"]["look"]["styles"] == {"red": 1.0}


def test_dpx_too(tiny_pack: Path, tmp_path: Path) -> None:
    """Its output has no header of ours: the files are those of a fresh render, byte for byte."""
    folder = tmp_path / "plate"
    folder.mkdir()
    for frame in range(4):
        pixels = np.random.default_rng(frame).integers(0, 65536, (HEIGHT, WIDTH, 3), np.uint16)
        write_pixels(folder / f"plate.{frame:04d}.dpx", pixels, "uint16")
    item = Item.model_validate(
        {
            "source": folder / "plate.####.dpx",
            "look": {"styles": {"red": 1.0}, "statistics": "frame"},
        }
    )
    job = _job(tiny_pack, tmp_path / "out", folder, output={"format": "dpx"})
    job = job.model_copy(update={"items": (item,)})
    Rendered(job)
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint16)
    write_pixels(folder / "plate.0002.dpx", pixels, "uint16")
    again = Rendered(job)
    assert again.painted == [2]
    output = job.output.model_copy(update={"directory": tmp_path / "fresh"})
    fresh = Rendered(job.model_copy(update={"output": output}))
    assert sorted(path.name for path in fresh.folder.iterdir()) == sorted(again.inodes())
    for path in fresh.folder.iterdir():
        assert path.read_bytes() == (again.folder / path.name).read_bytes()
