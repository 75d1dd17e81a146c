"""Awkward sources through the whole renderer at strength 0, against the ffmpeg program's decode.

Every frame of an exact format must be the frame that `ffmpeg -i SOURCE` shows, in number, order and
bits, and what is not pixels (pixel aspect, times, sound) must read back as the source's.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.movie import display_matrix
from nle_style.media.source import probe_media, read_frames
from nle_style.render import Control, Item, LookJob, Output, Reading, RenderJob
from nle_style.render.item import ItemResult, run_job
from tests.helpers.media_factory import TAGS, decoded_md5s, ffmpeg, make, onset, rgb_md5

EXACT = ["png-mov", "ffv1", "exr", "dpx"]
SHAPED = ["png-mov", "exr", "dpx"]  # PyAV cannot write the pixel aspect into a Matroska header
SLOW = Reading(conform="25")
CLICK = ("-f", "lavfi", "-i", "aevalsrc='if(between(t,0.4,0.402),0.9,0)|0:s=48000:d=1'")


def render(
    pack: Path,
    source: Path,
    folder: Path,
    format: str = "png-mov",
    frames: tuple[int, int] | None = None,
    **reading: str,
) -> ItemResult:
    job = RenderJob(
        items=(
            Item(source=source, frames=frames, look=LookJob(styles={"red": 1.0}, strength=0.0)),
        ),
        output=Output(directory=folder, format=format),
        reading=Reading.model_validate(reading),
        control=Control(device="cpu"),
        pack=str(pack),
    )
    (item,) = run_job(job).items
    return item


def delivered(*arguments: object, **more: str) -> MediaInfo:
    item = render(*arguments, **more)  # type: ignore[arg-type]
    assert item.error is None
    assert item.plan is not None
    files = item.plan.sequence_files
    if files is None:
        return probe_media(item.plan.destination)
    return probe_media(files.folder / f"{files.prefix}%0{files.padding}d{files.suffix}")


def md5s(info: MediaInfo) -> list[str]:
    """Of 8-bit RGB: movies by the ffmpeg program, images by OpenImageIO."""
    if info.kind == "movie":
        return decoded_md5s(info.path, "rgb24")
    frames = (np.rint(frame * np.float32(255)) for frame in read_frames(info))
    return [rgb_md5(frame.astype(np.uint8)) for frame in frames]


TURNS = [
    (),
    ("-display_hflip",),
    ("-display_rotation", 180),
    ("-display_vflip",),
    ("-display_rotation", 90, "-display_hflip"),
    ("-display_rotation", 90),
    ("-display_rotation", 270, "-display_hflip"),
    ("-display_rotation", 270),
]


@pytest.mark.parametrize("turn", TURNS, ids=lambda turn: "".join(map(str, turn)) or "upright")
def test_every_orientation_is_baked(tiny_pack: Path, tmp_path: Path, turn: tuple[str, ...]) -> None:
    plain = make(tmp_path / "plain.mp4", frames=4, size="64x48")
    clip = tmp_path / "a.mp4"
    ffmpeg(*turn, "-i", plain, "-c", "copy", clip)
    wanted = decoded_md5s(clip, "rgb24")
    assert (wanted == decoded_md5s(plain, "rgb24")) == (not turn)
    written = delivered(tiny_pack, clip, tmp_path)
    assert md5s(written) == wanted
    assert (written.width, written.height) == ((48, 64) if {90, 270} & {*turn} else (64, 48))
    assert written.rotation == 0
    with av.open(str(written.path)) as container:
        assert display_matrix(next(container.decode(video=0))) is None


@pytest.mark.parametrize("format", SHAPED)
def test_anamorphic_keeps_its_pixels_and_their_shape(
    tiny_pack: Path, tmp_path: Path, format: str
) -> None:
    clip = make(tmp_path / "a.mov", frames=3, size="64x48", filters=f"{TAGS},setsar=64/45")
    written = delivered(tiny_pack, clip, tmp_path, format)
    assert md5s(written) == decoded_md5s(clip, "rgb24")
    assert written.pixel_aspect == Fraction(64, 45)


@pytest.mark.parametrize("format", SHAPED)
def test_a_turned_anamorphic_picture(tiny_pack: Path, tmp_path: Path, format: str) -> None:
    """What was wide is high after a quarter turn."""
    plain = make(tmp_path / "plain.mov", frames=3, size="64x48", filters=f"{TAGS},setsar=4/3")
    clip = tmp_path / "a.mov"
    ffmpeg("-display_rotation", 90, "-i", plain, "-c", "copy", clip)
    written = delivered(tiny_pack, clip, tmp_path, format)
    assert md5s(written) == decoded_md5s(clip, "rgb24")
    assert written.pixel_aspect == Fraction(3, 4)


ODD = [("yuv420p", "65x47"), ("bgr0", "65x47")]


@pytest.mark.parametrize("format", EXACT)
@pytest.mark.parametrize(("pixels", "size"), ODD)
def test_odd_sizes(tiny_pack: Path, tmp_path: Path, format: str, pixels: str, size: str) -> None:
    clip = make(tmp_path / "a.mkv", frames=3, size=size, pixels=pixels, codec=("-c:v", "ffv1"),
                filters=TAGS if pixels[0] == "y" else "")  # fmt: skip
    written = delivered(tiny_pack, clip, tmp_path, format)
    assert f"{written.width}x{written.height}" == size
    assert md5s(written) == decoded_md5s(clip, "rgb24")


@pytest.mark.parametrize("format", ["prores4444", "dnxhr444"])
def test_odd_sizes_in_lossy_formats(tiny_pack: Path, tmp_path: Path, format: str) -> None:
    """Kept to the pixel too, and close: the writer compares every frame."""
    clip = make(tmp_path / "a.mkv", frames=2, size="257x131", pixels="yuv444p",
                codec=("-c:v", "ffv1"), filters=f"gblur=8,{TAGS}")  # fmt: skip
    written = delivered(tiny_pack, clip, tmp_path, format)
    assert (written.width, written.height) == (257, 131)


@pytest.mark.parametrize("start", ["0.5", "0.9"])
def test_edit_lists(tiny_pack: Path, tmp_path: Path, start: str) -> None:
    """Cut without encoding: frames before the cut are in the file, and hidden."""
    whole = make(tmp_path / "whole.mp4", "-c:a", "aac", frames=40, size="64x48", sound=CLICK)
    clip = tmp_path / "a.mp4"
    ffmpeg("-ss", start, "-i", whole, "-c", "copy", clip)
    wanted = decoded_md5s(clip, "rgb24")
    first = 40 - len(wanted)
    assert wanted == decoded_md5s(whole, "rgb24")[first:]
    with av.open(str(clip)) as container:
        assert len([p for p in container.demux(video=0) if p.size]) > len(wanted)
    written = delivered(tiny_pack, clip, tmp_path)
    assert md5s(written) == wanted
    assert written.frame_count == len(wanted)


def test_a_picture_that_begins_after_the_sound(tiny_pack: Path, tmp_path: Path) -> None:
    """The output begins with the picture; the click stays where it was beside it."""
    whole = make(tmp_path / "whole.mov", "-c:a", "pcm_s16le", frames=20, size="64x48", sound=CLICK)
    clip = tmp_path / "a.mov"
    ffmpeg("-itsoffset", "0.2", "-i", whole, "-i", whole, "-map", "0:v", "-map", "1:a",
           "-c", "copy", clip)  # fmt: skip
    written = delivered(tiny_pack, clip, tmp_path)
    assert md5s(written) == decoded_md5s(clip, "rgb24")
    assert written.frame_count == 20
    slow = delivered(tiny_pack, clip, tmp_path, conform="24")
    assert (slow.rate, slow.frame_count) == (Fraction(24), 19)
    assert abs(onset(whole) - 19200) <= 1
    for movie in (written, slow):
        assert abs(onset(movie.path) - 9600) <= 1


def test_variable_rate_keeps_its_times(tiny_pack: Path, tmp_path: Path) -> None:
    clip = _phone(tmp_path / "a.mp4")
    written = delivered(tiny_pack, clip, tmp_path)
    assert md5s(written) == decoded_md5s(clip, "rgb24")
    assert written.variable_rate
    assert _times(written.path) == _times(clip)
    assert abs(onset(written.path) - onset(clip)) <= 1


def test_variable_rate_conformed(tiny_pack: Path, tmp_path: Path) -> None:
    """Frame numbers, handles and names then count the frames of the new rate."""
    clip = _phone(tmp_path / "a.mp4")
    wanted = decoded_md5s(clip, "rgb24", filters="fps=25")
    written = delivered(tiny_pack, clip, tmp_path, "png-mov", (3, 11), conform="25")
    assert (written.rate, written.variable_rate) == (Fraction(25), False)
    assert md5s(written) == wanted[3:12]
    # The click, at 0.4 s, is 0.12 s earlier beside what is now the first frame.
    assert abs(onset(written.path) - (onset(clip) - 5760)) <= 1
    whole = delivered(tiny_pack, clip, tmp_path, conform="25")
    assert md5s(whole) == wanted
    beyond = render(tiny_pack, clip, tmp_path, "png-mov", (0, len(wanted)), conform="25")
    assert isinstance(beyond.error, MediaError)
    assert f"but it has {len(wanted)}" in str(beyond.error)


def test_a_sparse_movie_of_the_new_rate(tiny_pack: Path, tmp_path: Path) -> None:
    clip = _phone(tmp_path / "a.mp4")
    look = LookJob(styles={"red": 1.0}, strength=0.0)
    job = RenderJob(
        items=(Item(source=clip, paint=((0, 2), (16, 18)), look=look, reading=SLOW),),
        output=Output(directory=tmp_path),
        pack=str(tiny_pack),
    )
    assert run_job(job).exit_code == 0
    wanted = decoded_md5s(clip, "rgb24", filters="fps=25")
    read = decoded_md5s(tmp_path / "a.red.sparse.mov", "rgb24")
    assert len(read) == len(wanted) == 19
    assert [k for k in range(19) if read[k] == wanted[k]] == [0, 1, 2, 16, 17, 18]


def test_another_reading_is_another_render(tiny_pack: Path, tmp_path: Path) -> None:
    """It never takes the place of frames that mean other times; the default is not in the key."""
    clip = make(tmp_path / "a.mp4", frames=10, size="64x48")
    plain = render(tiny_pack, clip, tmp_path, frames=(0, 4))
    slow = render(tiny_pack, clip, tmp_path, frames=(0, 4), conform="24")
    same = render(tiny_pack, clip, tmp_path, frames=(0, 4), conform="25")
    assert plain.plan is not None
    assert slow.plan is not None
    assert same.plan is not None
    assert "reading" not in plain.plan.facts
    assert slow.plan.facts["reading"] == {"conform": "24"}
    assert plain.plan.destination != slow.plan.destination
    assert (same.plan.destination, same.plan.facts) == (plain.plan.destination, plain.plan.facts)


def test_interlaced(tiny_pack: Path, tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mov", rate=Fraction(50), frames=12, size="64x48",
                filters=f"tinterlace=interleave_bottom,{TAGS}",
                codec=("-c:v", "mpeg2video", "-flags", "+ildct+ilme"))  # fmt: skip
    refused = render(tiny_pack, clip, tmp_path)
    assert isinstance(refused.error, MediaError)
    assert "Give --interlaced deinterlace (in a job: reading:" in str(refused.error)
    written = delivered(tiny_pack, clip, tmp_path, interlaced="deinterlace")
    wanted = decoded_md5s(clip, "rgb24", filters="bwdif=mode=send_frame")
    assert md5s(written)[1:] == wanted[1:]  # of the first: test_deinterlace.py
    assert (written.frame_count, written.rate) == (12, Fraction(25))
    assert not written.interlaced
    with av.open(str(written.path)) as container:
        assert container.streams.video[0].codec_context.field_order in (0, 1)


def _phone(path: Path) -> Path:
    times = "setpts='if(lt(N,8),N*3003+(mod(N*7+2,5)-2)*120,24024+(N-8)*6006)'"
    return make(path, "-fps_mode", "vfr", "-video_track_timescale", 90000,
                "-enc_time_base", "1/90000", "-c:a", "aac", frames=16, size="64x48",
                filters=f"settb=1/90000,{times},{TAGS}", sound=CLICK)  # fmt: skip


def _times(path: Path) -> list[Fraction]:
    text = ffmpeg("-i", path, "-map", "0:v", "-fps_mode", "passthrough",
                  "-enc_time_base", "1/90000", "-f", "framemd5", "-").decode()  # fmt: skip
    ticks = [int(line.split(",")[2]) for line in text.splitlines() if line[0] != "#"]
    return [Fraction(tick - ticks[0], 90000) for tick in ticks]
