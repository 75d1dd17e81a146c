"""Timelines with movies that a cut cannot count as they are: variable frame rates, interlaced."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import opentimelineio as otio

from nle_style.apply import Look
from nle_style.media.source import probe_media
from nle_style.render import Output, Reading, events
from nle_style.render.cut import BatchOptions, BatchResult, plan_batch, run_batch
from tests.helpers.media_factory import TAGS, decoded_md5s, make
from tests.timeline.building import clip, timeline, track


def _phone(path: Path) -> Path:
    times = "setpts='if(lt(N,20),N*3000+(mod(N*7+2,5)-2)*120,60000+(N-20)*6000)'"
    return make(path, "-fps_mode", "vfr", "-video_track_timescale", 90000,
                "-enc_time_base", "1/90000", frames=30, size="64x48",
                filters=f"settb=1/90000,{times},{TAGS}")  # fmt: skip


def _batch(
    folder: Path, pack: Path, reading: Reading | None, rate: float = 30.0
) -> tuple[BatchResult, list[str]]:
    """A steady clip at 25 and a phone's, of which the cut shows frames 10-29 at `rate`."""
    phone = _phone(folder / "phone.mp4")
    steady = make(folder / "steady.mp4", frames=20, size="64x48")
    cut = folder / "cut.otio"
    shots = track(
        clip("steady", (5, 6), (0, 20), url=steady.as_uri(), rate=25.0),
        clip("phone", (10, 20), (0, 40), url=phone.as_uri(), rate=rate),
    )
    otio.adapters.write_to_file(timeline(shots), str(cut))
    told: list[events.Event] = []
    options = BatchOptions() if reading is None else BatchOptions(reading=reading)
    planned = plan_batch(cut, Look({"red": 1.0}, 0.0), Output(directory=folder / "out"),
                         options=options, pack=str(pack))  # fmt: skip
    result = run_batch(planned, told.append)
    return result, [event.message for event in told if isinstance(event, events.Warned)]


def test_variable_rates_are_conformed_and_steady_ones_are_not(
    tiny_pack: Path, tmp_path: Path
) -> None:
    result, warnings = _batch(tmp_path, tiny_pack, Reading(conform="30"))
    assert (result.exit_code, warnings) == (0, [])
    steady, phone = (probe_media(path) for path in sorted((tmp_path / "out").glob("*.mov"))[::-1])
    assert (
        decoded_md5s(steady.path, "rgb24") == decoded_md5s(tmp_path / "steady.mp4", "rgb24")[5:11]
    )
    assert steady.rate == Fraction(25)
    wanted = decoded_md5s(tmp_path / "phone.mp4", "rgb24", filters="setpts=PTS-STARTPTS,fps=30")
    assert decoded_md5s(phone.path, "rgb24") == wanted[10:30]
    assert phone.rate == Fraction(30)
    linked = otio.adapters.read_from_file(str(result.timelines[1])).find_clips()[1]
    assert linked.media_reference.target_url.endswith(phone.path.name)
    assert linked.source_range.start_time == linked.media_reference.available_range.start_time
    assert linked.media_reference.available_range.duration == otio.opentime.RationalTime(20, 30)


def test_without_conform_the_clip_is_refused_and_the_rest_delivered(
    tiny_pack: Path, tmp_path: Path
) -> None:
    result, (warning,) = _batch(tmp_path, tiny_pack, None)
    assert len(result.plan.uses) == 1
    assert "variable frame rate" in warning
    assert "Give --conform" in warning


def test_another_rate_than_the_timelines_is_refused(tiny_pack: Path, tmp_path: Path) -> None:
    result, (warning,) = _batch(tmp_path, tiny_pack, Reading(conform="30"), rate=24.0)
    assert len(result.plan.uses) == 1
    assert "counts its frames at 24 a second" in warning
    assert "Give --conform 24." in warning


def test_interlaced_media_are_deinterlaced_on_request(tiny_pack: Path, tmp_path: Path) -> None:
    woven = make(tmp_path / "woven.mkv", frames=10, size="64x48", rate=Fraction(50),
                 filters=f"tinterlace=interleave_top,{TAGS}", codec=("-c:v", "ffv1"))  # fmt: skip
    cut = tmp_path / "cut.otio"
    shots = track(clip("woven", (2, 5), (0, 10), url=woven.as_uri(), rate=25.0))
    otio.adapters.write_to_file(timeline(shots), str(cut))
    look, output = Look({"red": 1.0}, 0.0), Output(directory=tmp_path / "out")
    assert run_batch(plan_batch(cut, look, output, pack=str(tiny_pack))).exit_code == 2
    options = BatchOptions(reading=Reading(interlaced="deinterlace"))
    planned = plan_batch(cut, look, output, options=options, pack=str(tiny_pack))
    result = run_batch(planned)
    assert result.exit_code == 0
    (path,) = (tmp_path / "out").glob("*.mov")
    wanted = decoded_md5s(woven, "rgb24", filters="bwdif=mode=send_frame")
    assert decoded_md5s(path, "rgb24") == wanted[2:7]
