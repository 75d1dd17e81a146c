"""Sparse intermediates: as long as the source, painted only where a cut needs it."""

from __future__ import annotations

import dataclasses
import json
import signal
import time
from pathlib import Path

import numpy as np
import pytest

from nle_style.errors import InputError
from nle_style.media import resolve_format
from nle_style.media.source import decoded_rgb, probe_media
from nle_style.media.write import IntermediateWriter
from nle_style.render import Control, Item, LookJob, Output, RenderJob, events
from nle_style.render.item import JobResult, run_job
from nle_style.render.record import Manifest
from tests.helpers.clips import frame_md5s, make_clip
from tests.helpers.command import events_of, nle_style, start
from tests.helpers.media_factory import ffmpeg

LONG = 2000
# Across the edges of units (8 frames each), within one, in the next to that, and the last frame.
PAINT = ((1003, 1018), (1500, 1501), (1504, 1505), (1999, 1999))
PAINTED = 16 + 2 + 2 + 1


@pytest.fixture(scope="module")
def rush(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """2,000 frames at 30000/1001 with sound and a timecode that drops frames."""
    folder = tmp_path_factory.mktemp("rush")
    clip = make_clip(folder / "made.mp4", frames=LONG, size="64x48")
    path = folder / "rush.mov"
    ffmpeg("-i", clip, "-c", "copy", "-timecode", "01:00:00;00", path)
    return path


def _job(pack: Path, folder: Path, source: Path, **more: object) -> RenderJob:
    values = {"statistics": "hybrid", "frames": None, "format": "auto", "handles": 0, **more}
    look = LookJob.model_validate({"styles": {"red": 1.0}, "statistics": values["statistics"]})
    return RenderJob(
        items=(
            Item.model_validate(
                {
                    "source": source,
                    "look": look,
                    "frames": values["frames"],
                    "paint": values.get("paint"),
                }
            ),
        ),
        output=Output.model_validate(
            {"directory": folder, "format": values["format"], "handles": values["handles"]}
        ),
        control=Control(device="cpu"),
        pack=str(pack),
    )


def _run(job: RenderJob) -> tuple[JobResult, list[events.Event]]:
    told: list[events.Event] = []
    return run_job(job, told.append), told


def _outside(count: int, paint: tuple[tuple[int, int], ...]) -> list[int]:
    return [k for k in range(count) if not any(a <= k <= b for a, b in paint)]


@pytest.fixture(scope="module")
def unbroken(
    rush: Path, tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, list[events.Event], float]:
    """The folder of an uninterrupted render, what it told, and the seconds it took."""
    folder = tmp_path_factory.mktemp("unbroken")
    begun = time.monotonic()
    result, told = _run(_job(tiny_pack, folder, rush, paint=PAINT))
    assert result.exit_code == 0
    return folder, told, time.monotonic() - begun


@pytest.mark.slow
def test_a_rush_of_2000_frames_with_21_painted(
    rush: Path,
    unbroken: tuple[Path, list[events.Event], float],
    tiny_pack: Path,
    tmp_path: Path,
) -> None:
    made_in, told, took = unbroken
    made = made_in / "rush.red.sparse.mov"
    info, source = probe_media(made), probe_media(rush)
    assert (info.frame_count, info.rate) == (LONG, source.rate)
    assert info.timecode == source.timecode == "01:00:00;00"
    sound = [ffmpeg("-i", path, "-map", "0:a", "-c", "copy", "-f", "md5", "-") for path in
             (rush, made)]  # fmt: skip
    assert sound[0] == sound[1]
    pixels = list(decoded_rgb(info))
    assert len(pixels) == len(frame_md5s(made)) == LONG
    assert all(not pixels[k].any() for k in _outside(LONG, PAINT))
    progress = [event for event in told if isinstance(event, events.FramePainted)]
    assert [event.frame for event in progress] == [k for a, b in PAINT for k in range(a, b + 1)]
    assert (progress[-1].done, progress[-1].frames) == (PAINTED, PAINTED)
    assert (progress[-1].item_done, progress[-1].item_frames) == (PAINTED, PAINTED)
    for first, last in PAINT:  # each range looks as it does rendered alone, statistics and all
        folder = tmp_path / f"{first}"
        _run(_job(tiny_pack, folder, rush, frames=(first, last)))
        alone = list(decoded_rgb(probe_media(folder / "rush.red.mov")))
        assert np.array_equal(alone, pixels[first : last + 1])
    (warning,) = [event.message for event in told if isinstance(event, events.Warned)]
    assert "21 of its 2000 frames are painted" in warning
    assert "black" in warning
    # One black unit is encoded, not 245: less than the time of painting the whole by far.
    assert took < 15
    report = json.loads((made_in / "rush.red.sparse.report.json").read_text())
    assert report["painted"] == [list(span) for span in PAINT]
    # Of the units that hold painted frames.
    assert report["verified"]["frames"] == 8 * (3 + 1 + 1 + 1)
    assert report["output"]["frames"] == LONG
    assert [shot["frames"] for shot in report["shots"]] == [list(span) for span in PAINT]
    assert report["warnings"] == [warning.removeprefix("rush.red.sparse.mov: ")]


@pytest.mark.parametrize("format", ["png-mov", "ffv1", "prores4444"])
def test_painted_frames_are_those_of_the_whole(
    format: str, tiny_pack: Path, tmp_path: Path
) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=45)
    paint = ((3, 12), (29, 30))
    words = {"statistics": "frame", "format": format}
    _run(_job(tiny_pack, tmp_path / "whole", clip, **words))
    _run(_job(tiny_pack, tmp_path / "sparse", clip, paint=paint, **words))
    (whole,) = [p for p in (tmp_path / "whole").iterdir() if p.suffix in (".mov", ".mkv")]
    (sparse,) = [p for p in (tmp_path / "sparse").iterdir() if p.suffix in (".mov", ".mkv")]
    assert probe_media(whole).pixel_format == probe_media(sparse).pixel_format
    wanted, found = list(decoded_rgb(probe_media(whole))), list(decoded_rgb(probe_media(sparse)))
    assert len(found) == 45
    for first, last in paint:
        assert np.array_equal(wanted[first : last + 1], found[first : last + 1])
    assert all(not found[k].any() for k in _outside(45, paint))


def test_painted_from_a_part_of_the_source(tiny_pack: Path, tmp_path: Path) -> None:
    """`frames` may be a part as well; handles widen both, as far as there are frames."""
    clip = make_clip(tmp_path / "clip.mp4", frames=60)
    job = _job(tiny_pack, tmp_path, clip, frames=(10, 50), paint=((10, 11), (30, 31)), handles=3)
    result, _ = _run(job)
    (item,) = result.items
    assert item.plan is not None
    assert (item.plan.first, item.plan.last) == (7, 53)
    assert item.plan.painted == ((7, 14), (27, 34))
    pixels = list(decoded_rgb(probe_media(item.plan.destination)))
    assert [7 + k for k, frame in enumerate(pixels) if frame.any()] == [
        *range(7, 15),
        *range(27, 35),
    ]


@pytest.mark.slow
@pytest.mark.parametrize("at", [1012, 1999])
def test_sigkill_then_the_same_job_is_bit_identical(
    at: int,
    rush: Path,
    unbroken: tuple[Path, list[events.Event], float],
    tiny_pack: Path,
    tmp_path: Path,
) -> None:
    whole, folder = unbroken[0], tmp_path / "out"
    file = tmp_path / "job.yaml"
    file.write_text(_job(tiny_pack, folder, rush, paint=PAINT).as_yaml())
    with start("run", file, "--events") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("frame") == at:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
    done = nle_style("run", file, "--events")
    assert done.code == 0
    name = "rush.red.sparse.mov"
    assert (folder / name).read_bytes() == (whole / name).read_bytes()
    painted = [event["frame"] for event in events_of(done.out) if event["event"] == "progress"]
    if at == 1999:
        assert len(painted) <= 1, "finished units are not painted again"
    assert sorted(path.name for path in folder.iterdir()) == [
        "rush.red.sparse.manifest.jsonl",
        name,
        "rush.red.sparse.report.json",
    ]


def test_other_frames_never_replace_a_sparse_movie(tiny_pack: Path, tmp_path: Path) -> None:
    """A project may be linked to what is there: black must not come where it had a picture."""
    clip = make_clip(tmp_path / "clip.mp4", frames=30, sound=False)
    folder = tmp_path / "out"
    _run(_job(tiny_pack, folder, clip, paint=((0, 1),)))
    kept = frame_md5s(folder / "clip.red.sparse.mov")
    result, _ = _run(_job(tiny_pack, folder, clip, paint=((20, 21),)))
    _run(_job(tiny_pack, folder, clip))
    names = sorted(path.name for path in folder.glob("*.mov"))
    assert len(names) == 3
    assert names[2] == "clip.red.sparse.mov"
    assert names[1].startswith("clip.red.sparse-")
    assert names[0] == "clip.red.mov"
    assert frame_md5s(folder / "clip.red.sparse.mov") == kept
    again, told = _run(_job(tiny_pack, folder, clip, paint=((20, 21),)))
    assert again.items[0].plan is not None
    assert result.items[0].plan is not None
    assert again.items[0].plan.destination == result.items[0].plan.destination
    assert [event.status for event in told if isinstance(event, events.ItemEnded)] == ["present"]


def test_all_painted_is_a_plain_render(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=10, sound=False)
    _run(_job(tiny_pack, tmp_path / "a", clip))
    _, told = _run(_job(tiny_pack, tmp_path / "b", clip, paint=((5, 9), (0, 4))))
    assert not any(isinstance(event, events.Warned) for event in told)
    one, two = ((tmp_path / x / "clip.red.mov").read_bytes() for x in "ab")
    assert one == two


def test_what_is_refused(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=10, sound=False)
    result, _ = _run(_job(tiny_pack, tmp_path, clip, paint=((0, 1),), format="exr"))
    assert "only a movie" in str(result.items[0].error)
    result, _ = _run(_job(tiny_pack, tmp_path, clip, paint=((8, 10),)))
    assert "frames 8-10 are to be painted, but it has 10" in str(result.items[0].error)
    whole = make_clip(tmp_path / "long.mp4", frames=60, sound=False)
    fast = tmp_path / "fast.mov"
    ffmpeg("-i", whole, "-c", "copy", "-movflags", "faststart", fast)
    fast.write_bytes(fast.read_bytes()[: fast.stat().st_size // 2])
    result, _ = _run(_job(tiny_pack, tmp_path, fast, paint=((0, 1),)))
    assert "of 60 cannot be decoded" in str(result.items[0].error)
    assert "truncated" in str(result.items[0].error)


def test_a_writer_of_sequences_is_never_sparse(tmp_path: Path) -> None:
    clip = make_clip(tmp_path / "clip.mp4", frames=10, sound=False)
    info = probe_media(clip)
    with pytest.raises(InputError, match="sparse"):
        IntermediateWriter(
            tmp_path / "o",
            resolve_format("exr", "auto", info),
            info,
            0,
            9,
            work=tmp_path / "w",
            metadata={},
            painted=[(0, 1)],
        )


def test_the_manifest_holds_the_painted_units_alone(tiny_pack: Path, tmp_path: Path) -> None:
    """A resume reads every unit that is noted: thousands of black ones would cost it minutes."""
    clip = make_clip(tmp_path / "clip.mp4", frames=45, sound=False)
    result, _ = _run(_job(tiny_pack, tmp_path, clip, paint=((17, 18),)))
    assert result.items[0].plan is not None
    manifest: Manifest = result.items[0].plan.manifest
    (unit,) = manifest.units().values()
    assert dataclasses.astuple(unit.record)[:3] == (2, 16, 23)
