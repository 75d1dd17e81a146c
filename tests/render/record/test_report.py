"""The report of a render: what it says, and that a crash does not change it."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nle_style.apply.shot import PairChange
from nle_style.errors import Cancelled, InputError
from nle_style.media.source import probe_media
from nle_style.media.write import UnitRecord
from nle_style.render import Item, LookJob, Output, RenderJob, events
from nle_style.render.item import run_job
from nle_style.render.record import FinishedUnit, UnitMeasurement, build_report
from tests.helpers.clips import make_clip
from tests.helpers.command import FINE_STROKES, events_of, nle_style, start
from tests.helpers.media_factory import ffmpeg


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 frames at 30000/1001: a moving test picture with grain."""
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", size="48x32")


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """20 frames of a grey wall with grain of a code or two, stored without loss."""
    path = tmp_path_factory.mktemp("room") / "room.mkv"
    picture = "color=c=0x808080:s=64x48:r=24,format=gbrp,noise=alls=4:allf=t:all_seed=3"
    ffmpeg("-f", "lavfi", "-i", picture, "-frames:v", 20, "-c:v", "ffv1", path)
    return path


def _job(
    pack: Path,
    folder: Path,
    source: Path,
    frames: tuple[int, int] | None = None,
    format: str = "png-mov",
    **look: Any,
) -> RenderJob:
    item = Item(source=source, frames=frames, look=LookJob(styles={"red": 1.0}, **look))
    output = Output.model_validate({"directory": folder, "format": format})
    return RenderJob(items=(item,), output=output, pack=str(pack))


def _run(job: RenderJob) -> tuple[dict[str, Any], events.ItemEnded]:
    """The report and the event that names it."""
    told: list[events.Event] = []
    assert run_job(job, told.append).exit_code == 0
    (ended,) = [event for event in told if isinstance(event, events.ItemEnded)]
    return json.loads(Path(ended.report).read_text()), ended


def _undated(report: dict[str, Any]) -> dict[str, Any]:
    """The report without what differs between two runs of one render: its clock."""
    assert report["finished"]
    assert report["seconds_per_frame"]["median"] > 0
    return {k: v for k, v in report.items() if k not in ("finished", "seconds_per_frame")}


def test_what_it_says(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    report, ended = _run(_job(tiny_pack, tmp_path, clip, (2, 19), statistics="frame"))
    assert ended.report == str(tmp_path / "clip.red.report.json")
    assert json.loads(events.as_json(ended))["report"] == ended.report
    assert report["nle_style_report"] == 1
    assert report["source"]["path"] == str(clip)
    assert Fraction(report["source"]["rate"]) == Fraction(30000, 1001)
    assert report["source"]["size"] == [48, 32]
    assert report["frames"] == [2, 19]
    assert report["look"]["styles"] == {"red": 1.0}
    assert report["look"]["statistics"] == "frame"
    assert report["painted_at"] == [48, 32], "a small clip is painted as it is"
    assert report["pack"]["name"] == "tiny"
    assert len(report["pack"]["sha256"]) == len(report["source"]["fingerprint"]) == 64
    assert report["device"] == "cpu"
    movie = tmp_path / "clip.red.mov"
    assert report["output"] == {
        "path": "clip.red.mov",
        "frames": 18,
        "bytes": movie.stat().st_size,
        "format": "png-mov",
        "depth": "8",
        "exact": True,
    }
    assert (report["verified"]["frames"], report["verified"]["units"]) == (18, 3)
    assert "decoded back" in report["verified"]["method"]
    (shot,) = report["shots"]
    assert shot["frames"] == [2, 19]
    assert shot["stability"]["method"] == "change in static regions"
    assert shot["stability"]["pairs"] == 7 + 7 + 1, "in blocks of 8, 8 and 2 frames"
    seconds = report["seconds_per_frame"]
    assert 0 < seconds["lowest"] <= seconds["median"] <= seconds["highest"]
    assert report["warnings"] == []


def _change_of_all(source: Path) -> float:
    """Root mean square change within blocks of 8 frames, every second pixel, by ffmpeg's decode."""
    raw = ffmpeg("-i", source, "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    frames = np.frombuffer(raw, np.uint8).reshape(20, 48, 64, 3)[:, ::2, ::2] / 255
    change = np.diff(frames, axis=0)[[n - 1 for n in range(1, 20) if n % 8]]
    return float(np.sqrt(np.mean(change**2)))


def test_the_figures_are_those_of_the_delivered_frames(
    tiny_pack: Path, room: Path, tmp_path: Path
) -> None:
    """The picture is static but for a pixel or two, and numpy on ffmpeg's frames gives both."""
    report, _ = _run(_job(tiny_pack, tmp_path, room))
    stability = report["shots"][0]["stability"]
    assert stability["static_share"] > 0.999
    assert stability["source"] == pytest.approx(_change_of_all(room), rel=2e-3)
    # Stored in 8 bits: the rounding of two frames adds 2/12 of a squared code to the change.
    delivered = _change_of_all(tmp_path / "room.red.mov")
    assert stability["painted"] ** 2 == pytest.approx(delivered**2 - 2 / 12 / 255**2, rel=0.02)
    assert stability["painted"] < stability["source"] / 2  # noise reduction takes the grain out


def test_strength_0_has_the_sources_figure(tiny_pack: Path, room: Path, tmp_path: Path) -> None:
    report, _ = _run(_job(tiny_pack, tmp_path, room, strength=0.0))
    stability = report["shots"][0]["stability"]
    assert stability["painted"] == stability["source"] > 0


@pytest.mark.parametrize("still", [False, True])
def test_one_frame_has_no_figure_and_says_why(
    tiny_pack: Path, clip: Path, tmp_path: Path, still: bool
) -> None:
    source = clip
    if still:
        source = tmp_path / "still.png"
        ffmpeg("-i", clip, "-frames:v", 1, source)
    report, _ = _run(_job(tiny_pack, tmp_path, source, (0, 0)))
    stability = report["shots"][0]["stability"]
    assert (stability["painted"], stability["source"], stability["pairs"]) == (None, None, 0)
    assert "one frame" in stability["reason"]


@pytest.fixture(scope="module")
def whole(
    tiny_pack: Path, clip: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], dict[str, Any]]:
    """The report of a render that was left alone, by its format; each is made once."""

    @cache
    def report(format: str) -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("whole")
        return _run(_job(tiny_pack, folder, clip, format=format, stroke_scale=FINE_STROKES[1]))[0]

    return report


@pytest.mark.parametrize(("format", "frame"), [("png-mov", 13), ("exr", 13), ("exr", 9)])
def test_cancelled_and_resumed(
    format: str,
    frame: int,
    whole: Callable[[str], dict[str, Any]],
    tiny_pack: Path,
    clip: Path,
    tmp_path: Path,
) -> None:
    """A sequence goes on in the middle of a block, where a pair needs the frame before it."""
    assert whole(format)["shots"][0]["stability"]["pairs"] == 7 + 7 + 3
    stop = threading.Event()
    job = _job(tiny_pack, tmp_path / "out", clip, format=format, stroke_scale=FINE_STROKES[1])

    def at_the_frame(event: events.Event) -> None:
        if isinstance(event, events.FramePainted) and event.frame == frame:
            stop.set()

    with pytest.raises(Cancelled):
        run_job(job, at_the_frame, stop)
    assert not list((tmp_path / "out").glob("*.report.json"))
    told: list[events.Event] = []
    run_job(job, told.append)
    done = [event.frame for event in told if isinstance(event, events.FramePainted)]
    assert done[0] in ((8,) if format == "png-mov" else (frame, frame + 1))
    assert done == list(range(done[0], 20)), "a frame painted for comparison only is not told"
    report = json.loads((tmp_path / "out" / "clip.red.report.json").read_text())
    assert _undated(report) == _undated(whole(format))
    path = {"png-mov": "clip.red.mov", "exr": "clip.red/clip.red.%06d.exr"}[format]
    assert report["output"]["path"] == path


@pytest.mark.slow
@pytest.mark.parametrize("at", [4, 12, 19])
def test_killed_and_resumed(
    at: int,
    whole: Callable[[str], dict[str, Any]],
    tiny_pack: Path,
    clip: Path,
    tmp_path: Path,
) -> None:
    look = ["--style", "red", "--pack", tiny_pack, "--format", "png-mov", *FINE_STROKES]
    words = ["render", clip, *look, "-o", tmp_path / "out", "--events"]
    with start(*words) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line).get("frame") == at:
                break
        process.send_signal(signal.SIGKILL)
        process.wait()
    outcome = nle_style(*words)
    assert outcome.code == 0
    (ended,) = [event for event in events_of(outcome.out) if event["event"] == "item"]
    report = json.loads(Path(ended["report"]).read_text())
    assert _undated(report) == _undated(whole("png-mov"))
    assert not list((tmp_path / "out").glob("*.part-*"))


def test_what_is_there_is_left_and_what_is_lost_is_written_again(
    tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, tmp_path, clip, (0, 9))
    first, ended = _run(job)
    path = Path(ended.report)
    before = path.stat()
    again, ended = _run(job)
    assert (ended.status, ended.report) == ("present", str(path))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    path.unlink()
    again, ended = _run(job)
    assert ended.status == "present"
    assert again == first, "date and seconds too: all of it is in the manifest"
    torn = path.read_text()[:100]
    path.write_text(torn)
    with pytest.raises(InputError, match="is not what nle-style wrote"):
        _run(job)
    assert path.read_text() == torn
    overwrite = job.control.model_copy(update={"overwrite": True})
    assert _run(job.model_copy(update={"control": overwrite}))[0] == first


def test_another_looks_report_never_stands_beside_a_movie(
    tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    first, ended = _run(_job(tiny_pack, tmp_path, clip, (0, 9)))
    text = Path(ended.report).read_text()
    job = _job(tiny_pack, tmp_path, clip, (0, 9), strength=0.5)
    second, _ = _run(job)
    assert second["look"]["strength"] == 0.5
    assert second["key"] != first["key"]
    Path(ended.report).write_text(text)  # as if killed between the movie and its report
    third, after = _run(job)
    assert after.status == "present"
    assert third == second


def test_a_manifest_that_measured_nothing(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    """As version 0.1.0 wrote it: the report leaves open what is not known."""
    job = _job(tiny_pack, tmp_path, clip, (0, 9))
    _, ended = _run(job)
    manifest = tmp_path / "clip.red.manifest.jsonl"
    lines = [json.loads(line) for line in manifest.read_text().splitlines()]
    kept = {"key", "type", "facts", "unit", "path", "fingerprint", "frames"}
    old = [{k: v for k, v in line.items() if k in kept} for line in lines]
    manifest.write_text("".join(json.dumps(line) + "\n" for line in old))
    Path(ended.report).unlink()
    report, ended = _run(job)
    assert ended.status == "present"
    assert report["verified"]["frames"] == 10
    assert report["finished"] is None
    stability = report["shots"][0]["stability"]
    assert (stability["painted"], report["seconds_per_frame"]["median"]) == (None, None)
    assert "version" in stability["reason"]


def test_a_report_that_cannot_be_written_is_a_warning(
    tiny_pack: Path, clip: Path, tmp_path: Path
) -> None:
    job = _job(tiny_pack, tmp_path, clip, (0, 3))
    _, ended = _run(job)
    Path(ended.report).unlink()
    Path(ended.report).mkdir()
    told: list[events.Event] = []
    assert run_job(job, told.append).exit_code == 0
    assert [event.kind for event in told] == ["started", "warning", "item", "done"]
    assert isinstance(told[2], events.ItemEnded)
    assert (told[2].status, told[2].report) == ("present", "")
    assert not list(tmp_path.glob("*.part-*"))


def test_shots_and_seconds_by_hand(clip: Path) -> None:
    """Two shots of a 48 x 32 clip, 24 x 16 samples, one unit across the cut between 4 and 5."""
    pixels = 24 * 16
    facts = {
        "source": "/media/clip.mp4",
        "source_fingerprint": "0f",
        "frames": [0, 9],
        "look": {"strength": 1.0, "stroke_scale": 0.5},
        "pack": "tiny",
        "pack_sha256": "1e",
        "format": "prores4444",
        "depth": "10",
        "engine": [1, "2.4", "cpu"],
    }
    units = {i: UnitRecord(i, i * 4, i * 4 + 3, "u", 1, "", ("",) * 4) for i in range(2)}
    units[2] = UnitRecord(2, 8, 9, "u", 1, "", ("", ""))
    measured = {
        0: UnitMeasurement(8.0, (PairChange(1, pixels, 3 * pixels * 0.01, 0.0),)),
        1: UnitMeasurement(4.0, (PairChange(5, pixels, 1e9, 1e9), PairChange(6, 10, 1.2, 0.3))),
        2: UnitMeasurement(3.0, ()),
    }
    published = {"path": "clip.red.mov", "frames": 10, "shots": [[0, 4], [5, 9]]}
    finished = {index: FinishedUnit(units[index], measured[index]) for index in units}
    report = build_report("key", facts, probe_media(clip), published, finished)
    one, two = report["shots"]
    assert (one["frames"], two["frames"]) == ([0, 4], [5, 9])
    assert one["stability"]["painted"] == pytest.approx(0.1)
    assert one["stability"]["source"] == 0
    assert two["stability"]["painted"] == pytest.approx(0.2)  # root of 1.2 / 30
    assert two["stability"]["source"] == pytest.approx(0.1)
    assert two["stability"]["static_share"] == pytest.approx(10 / pixels, abs=1e-6)
    assert two["stability"]["pairs"] == 1
    assert report["seconds_per_frame"] == {"median": 1.5, "lowest": 1.0, "highest": 2.0}
    assert report["output"]["exact"] is False
    assert report["painted_at"] == [96, 64]
    assert report["mattes"] == []


def test_where_every_look_is_painted(clip: Path) -> None:
    """Of a 48 x 32 clip, by hand: at 2 half of it, at 0.25 four times; at strength 0 nothing."""
    looks = [
        {"strength": s, "stroke_scale": scale} for s, scale in ((0.0, 1.0), (1, 2), (0.1, 0.25))
    ]
    facts = {
        "source": "/media/clip.mp4",
        "source_fingerprint": "0f",
        "frames": [0, 9],
        "look": looks[0],
        "layers": [{"matte": {"source": "m.mov"}, "look": look} for look in looks[1:]],
        "pack": "tiny",
        "pack_sha256": "1e",
        "format": "prores4444",
        "depth": "10",
        "engine": [1, "2.4", "cpu"],
    }
    published = {"path": "clip.red.mov", "frames": 10}
    report = build_report("key", facts, probe_media(clip), published, {})
    assert report["painted_at"] is None
    assert [each["painted_at"] for each in report["mattes"]] == [[24, 16], [192, 128]]
    assert "lossy" in report["verified"]["method"]
