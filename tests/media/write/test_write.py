"""Intermediates against the ffmpeg program, and what happens when writing goes wrong."""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import json
import os
import struct
import subprocess
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from nle_style.errors import Cancelled, InputError, MediaError, OutputError, VerificationError
from nle_style.media import resolve_format
from nle_style.media.base import MediaInfo
from nle_style.media.source import decoded_rgb, probe_media, read_frames
from nle_style.media.write import IntermediateWriter
from nle_style.media.write.likeness import frame_hash
from tests.helpers.media_factory import TAGS, decoded_md5s, ffmpeg, make, rendered, rgb_md5

FFV1 = ("-c:v", "ffv1")
NTSC, FILM = Fraction(30000, 1001), Fraction(24000, 1001)
SOURCES: dict[str, dict[str, object]] = {
    "h264": {"rate": NTSC, "frames": 30},
    "prores-like": {"pixels": "yuv422p10le", "codec": FFV1, "rate": FILM, "frames": 5},
    "odd": {"size": "101x77", "pixels": "yuv444p", "codec": FFV1, "frames": 5},
    "rgb": {"pixels": "bgr0", "codec": FFV1, "filters": "", "size": "101x77", "frames": 5},
    "gray": {"pixels": "gray", "codec": FFV1, "frames": 5},
    "turned": {"frames": 5, "rate": NTSC},
}


def source_of(folder: Path, name: str) -> Path:
    clip = make(folder / f"{name}.mkv", **SOURCES[name])  # type: ignore[arg-type]
    if name != "turned":
        return clip
    ffmpeg("-display_rotation", "90", "-i", clip, "-c", "copy", folder / "t.mov")
    return folder / "t.mov"


@pytest.mark.parametrize("format", ["png-mov", "ffv1", "exr", "dpx"])
@pytest.mark.parametrize("name", SOURCES)
def test_exact_formats_give_back_the_source(tmp_path: Path, name: str, format: str) -> None:
    clip = source_of(tmp_path, name)
    info = probe_media(clip)
    deep = info.bit_depth > 8
    wanted = decoded_md5s(clip, "rgb48le" if deep else "rgb24")
    published = rendered(clip, tmp_path, format)
    written = probe_media(published.path)
    assert (written.frame_count, written.rate) == (info.frame_count, info.rate) or format == "dpx"
    if written.kind == "movie":
        assert decoded_md5s(published.path, "rgb48le" if deep else "rgb24") == wanted
    else:
        top, kind = (65535, np.uint16) if deep else (255, np.uint8)
        read = [np.rint(frame * np.float32(top)).astype(kind) for frame in read_frames(written)]
        assert [rgb_md5(pixels) for pixels in read] == wanted


def test_dpx_by_the_other_program(tmp_path: Path) -> None:
    """The ffmpeg program decodes the 8-bit codes scaled by exactly 257."""
    clip = make(tmp_path / "a.mkv", codec=FFV1, pixels="bgr0", filters="", frames=2)
    dpx = rendered(clip, tmp_path, "dpx")
    wanted = [rgb_md5(x.astype("<u2") * 257) for x in decoded_rgb(probe_media(clip))]
    assert decoded_md5s(dpx.path, "rgb48le", "-start_number", "0") == wanted
    header = (tmp_path / "a.copy" / "a.copy.000001.dpx").read_bytes()
    assert header[36:136].rstrip(b"\0") == b"a.copy.000001.dpx"
    assert header[:4] == b"SDPX"


@pytest.mark.parametrize("format", ["prores4444", "dnxhr444"])
def test_lossy_formats_are_close_and_tagged(tmp_path: Path, format: str) -> None:
    quiet = {"filters": f"gblur=8,{TAGS}", "pixels": "yuv422p10le", "codec": FFV1}
    clip = make(tmp_path / "a.mkv", size="256x144", frames=3, **quiet)  # type: ignore[arg-type]
    published = rendered(clip, tmp_path, format)
    given = np.stack(list(read_frames(probe_media(clip))))
    raw = ffmpeg("-i", published.path, "-pix_fmt", "rgb48le", "-f", "rawvideo", "-")
    read = np.frombuffer(raw, "<u2").reshape(given.shape) / 65535
    assert -10 * np.log10(np.mean((read - given) ** 2)) > 40
    colour = probe_media(published.path).colour
    assert (colour.primaries, colour.transfer) == (1, 1)


def test_movie_keeps_times_tags_timecode_and_pixel_shape(tmp_path: Path) -> None:
    tags = "setparams=color_primaries=smpte170m:color_trc=smpte170m:colorspace=smpte170m:range=tv"
    clip = make(tmp_path / "a.mov", "-timecode", "00:00:59;20", "-metadata:s:d", "reel_name=A001",
                rate=NTSC, frames=30, filters=f"{tags},setsar=8/9")  # fmt: skip
    published = rendered(clip, tmp_path, "png-mov", first=12, last=29, look="blue")
    assert (published.frame_count, published.warnings) == (18, ())
    info = probe_media(published.path)
    assert (info.rate, info.pixel_aspect) == (NTSC, Fraction(8, 9))
    assert dataclasses.astuple(info.colour) == (6, 6, 0, True)
    assert info.timecode == "00:01:00;04"  # ten frames on ;00 and ;01 are left out, then two more
    times = ffmpeg("-copyts", "-i", published.path, "-map", "0:v", "-c", "copy",
                   "-f", "framehash", "-").decode().splitlines()  # fmt: skip
    assert "#tb 0: 1/30000" in times
    rows = [line.split(",") for line in times if line[0] != "#"]
    assert [int(row[2]) for row in rows] == [k * 1001 for k in range(18)]
    assert {int(row[3]) for row in rows} == {1001}
    data = published.path.read_bytes()
    clock = data.index(b"mvhd") + 16  # ISO/IEC 14496-12, 8.2.2: version, two dates, then these
    assert struct.unpack(">2I", data[clock : clock + 8]) == (30000, 18 * 1001)
    text = subprocess.run(
        [*_exe(), "-i", str(published.path)], capture_output=True, text=True, check=False
    ).stderr
    assert "rgb24(pc, gbr/smpte170m/smpte170m)" in text
    assert "SAR 8:9" in text
    assert "timecode        : 00:01:00;04" in text
    assert "blue" in text


def _exe() -> list[str]:
    from imageio_ffmpeg import get_ffmpeg_exe

    return [get_ffmpeg_exe(), "-hide_banner"]


def test_variable_rate_keeps_the_sources_times(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mp4", "-fps_mode", "vfr", frames=20,
                filters=f"setpts='if(lt(N,10),N,N*3-20)/25/TB',{TAGS}")  # fmt: skip
    published = rendered(clip, tmp_path, "png-mov", first=5, last=15)
    text = ffmpeg("-i", published.path, "-map", "0:v", "-c", "copy", "-f", "framehash", "-")
    ticks = [int(line.split(b",")[2]) for line in text.splitlines() if line[:1] != b"#"]
    shown = [*range(5, 10), *(k * 3 - 20 for k in range(10, 16))]
    tick = ticks[1]
    assert ticks == [(k - 5) * tick for k in shown]


def test_exr_header(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mov", "-timecode", "01:00:00:00", rate=FILM, frames=4)
    published = rendered(clip, tmp_path, "exr", first=2, last=3, look="blue")
    assert published.path == tmp_path / "a.copy" / "a.copy.%06d.exr"
    assert published.first_frame_number == 2
    header = oiio.ImageInput.open(str(tmp_path / "a.copy" / "a.copy.000003.exr")).spec()
    assert header.getattribute("FramesPerSecond") == (24000, 1001)
    assert header.getattribute("smpte:TimeCode")[0] == 0x01000003
    assert header.getattribute("oiio:ColorSpace") == "g24_rec709_display"
    assert header.getattribute("compression") == "zip"
    assert "not scene-linear" in header.getattribute("ImageDescription")
    assert header.getattribute("nle_style/look") == "blue"
    info = probe_media(published.path)
    assert (info.timecode, info.rate, info.first_frame_number) == ("01:00:00:02", FILM, 2)


def all_bytes(path: Path) -> list[tuple[str, str]]:
    files = sorted(path.parent.glob("*")) if "%" in path.name else [path]
    return [(file.name, hashlib.sha256(file.read_bytes()).hexdigest()) for file in files]


@pytest.mark.parametrize("format", ["png-mov", "ffv1", "exr", "dpx", "prores4444"])
def test_resumed_is_the_same_bytes(tmp_path: Path, format: str) -> None:
    sound = ("-f", "lavfi", "-i", "sine=r=48000:d=2")
    clip = make(tmp_path / "a.mov", "-shortest", "-c:a", "aac", sound=sound, frames=30)
    info = probe_media(clip)
    spec = resolve_format(format, "auto", info)
    results = []
    for run in ("straight", "resumed"):
        folder = tmp_path / run
        target = folder / f"out{spec.extension if not spec.sequence else ''}"

        def writer(target: Path = target, folder: Path = folder) -> IntermediateWriter:
            work = folder / "work"
            return IntermediateWriter(target, spec, info, 0, 29, work=work, metadata={"b": "1"})

        first = writer()
        half = len(first.units) // 2 if run == "resumed" else len(first.units)
        records = [
            first.write_unit(u, read_frames(info, u.first, u.last)) for u in first.units[:half]
        ]
        records = [_through_json(record) for record in records]
        second = writer()
        assert all(map(second.check_unit, second.units, records))
        for unit in second.units[half:]:
            records.append(second.write_unit(unit, read_frames(info, unit.first, unit.last)))
        results.append(all_bytes(second.publish(records).path))
    assert results[0] == results[1]


def _through_json(record: object) -> object:
    values = json.loads(json.dumps(dataclasses.asdict(record)))  # type: ignore[call-overload]
    values["frame_hashes"] = tuple(values["frame_hashes"])
    return type(record)(**values)


def small(tmp_path: Path, format: str = "png-mov") -> tuple[MediaInfo, IntermediateWriter]:
    info = probe_media(make(tmp_path / "a.mkv", codec=FFV1, frames=3))
    spec = resolve_format(format, "auto", info)
    target = tmp_path / "out" / f"a.copy{'' if spec.sequence else spec.extension}"
    writer = IntermediateWriter(target, spec, info, 0, 2, work=tmp_path / "work", metadata={})
    return info, writer


def test_record_describes_the_file(tmp_path: Path) -> None:
    info, writer = small(tmp_path)
    record = writer.write_unit(writer.units[0], read_frames(info))
    file = tmp_path / "work" / record.file
    assert record.bytes == file.stat().st_size
    assert record.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    expected = [hashlib.blake2b(x.tobytes(), digest_size=16) for x in decoded_rgb(info)]
    assert list(record.frame_hashes) == [digest.hexdigest() for digest in expected]
    assert writer.check_unit(writer.units[0], record)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    assert not writer.check_unit(writer.units[0], record)
    with pytest.raises(VerificationError, match="not all units are there"):
        writer.publish([record])
    assert not writer.destination.exists()


def test_units_are_chunks_of_movies_and_single_frames_of_sequences(tmp_path: Path) -> None:
    info = probe_media(make(tmp_path / "a.mkv", frames=60))
    spans = {}
    for format in ("png-mov", "exr"):
        spec = resolve_format(format, "auto", info)
        writer = IntermediateWriter(
            tmp_path / "x", spec, info, 10, 59, work=tmp_path / format, metadata={}
        )
        spans[format] = [(unit.first, unit.last) for unit in writer.units]
    assert spans["png-mov"] == [(k, min(k + 7, 59)) for k in range(10, 60, 8)]
    assert spans["exr"] == [(k, k) for k in range(10, 60)]


def test_a_wrong_encode_is_caught(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info, writer = small(tmp_path)
    from nle_style.media.write import intermediate as write

    honest = write.encode_chunk

    def off_by_one(path: Path, frames: Iterator[np.ndarray], *rest: object) -> None:
        honest(path, (frame ^ np.uint8(1) for frame in frames), *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(write, "encode_chunk", off_by_one)
    with pytest.raises(VerificationError, match="frame 0 differs when decoded back"):
        writer.write_unit(writer.units[0], read_frames(info))
    assert list((tmp_path / "work").iterdir()) == []


def test_failing_and_short_frames_leave_nothing(tmp_path: Path) -> None:
    info, writer = small(tmp_path)

    def failing(error: Exception) -> Iterator[np.ndarray]:
        yield from read_frames(info, 0, 1)
        raise error

    for error in (MediaError("bad frame"), Cancelled("stopped")):
        with pytest.raises(type(error)):
            writer.write_unit(writer.units[0], failing(error))
    with pytest.raises(VerificationError, match="was given 2 frames for 0-2"):
        writer.write_unit(writer.units[0], read_frames(info, 0, 1))
    with pytest.raises(VerificationError, match=r"shape \(1, 1, 3\), not \(64, 96, 3\)"):
        writer.write_unit(writer.units[0], [np.zeros((1, 1, 3), np.float32)])
    assert list((tmp_path / "work").iterdir()) == []


def test_sources_are_never_written_to(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mov", frames=2)
    info = probe_media(clip)
    os.link(clip, tmp_path / "linked.mov")
    spec = resolve_format("png-mov", "auto", info)
    for target in (clip, tmp_path / "linked.mov", tmp_path, tmp_path / "x" / ".." / "a.mov"):
        with pytest.raises(InputError, match="would replace its own source"):
            IntermediateWriter(target, spec, info, 0, 1, work=tmp_path / "w", metadata={})
    assert not (tmp_path / "w").exists()


def test_published_again_and_foreign_files(tmp_path: Path) -> None:
    info, writer = small(tmp_path, "exr")
    records = [writer.write_unit(u, read_frames(info, u.first, u.last)) for u in writer.units]
    for _ in range(2):
        writer.publish(records)
    assert len(list(writer.destination.iterdir())) == 3
    (writer.destination / "notes.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"not frames of this output \(notes.txt\)"):
        writer.publish(records)
    assert (writer.destination / "notes.txt").read_text() == "mine"


def mounted(folder: Path, options: str) -> Iterator[Path]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"no tmpfs can be mounted here: {error}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def tiny_volume(tmp_path: Path) -> Iterator[Path]:
    yield from mounted(tmp_path / "tiny", "size=64k")


@pytest.fixture
def read_only_volume(tmp_path: Path) -> Iterator[Path]:
    yield from mounted(tmp_path / "locked", "ro")


@pytest.mark.parametrize("format", ["png-mov", "ffv1", "exr", "dpx"])
def test_disk_full(tmp_path: Path, tiny_volume: Path, format: str) -> None:
    info = probe_media(make(tmp_path / "a.mkv", frames=8, size="160x120"))
    spec = resolve_format(format, "auto", info)
    target = tiny_volume / "out"
    writer = IntermediateWriter(target, spec, info, 0, 7, work=tiny_volume / "w", metadata={})

    def write_all() -> None:
        for unit in writer.units:
            writer.write_unit(unit, read_frames(info, unit.first, unit.last))

    with pytest.raises(OutputError) as caught:
        write_all()
    assert str(tiny_volume) in caught.value.where
    assert "Free some space" in caught.value.remedy
    assert not [path for path in (tiny_volume / "w").iterdir() if ".part-" in path.name]


def test_read_only(tmp_path: Path, read_only_volume: Path) -> None:
    info = probe_media(make(tmp_path / "a.mkv", frames=2))
    spec = resolve_format("png-mov", "auto", info)
    with pytest.raises(OutputError, match="read-only") as caught:
        IntermediateWriter(
            read_only_volume / "a.mov", spec, info, 0, 1, work=read_only_volume / "w", metadata={}
        )
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EROFS


def test_frame_hash_is_of_little_endian_bytes() -> None:
    pixels = np.arange(12, dtype=np.uint16).reshape(2, 2, 3)
    assert frame_hash(pixels) == frame_hash(pixels.astype(">u2"))
    assert frame_hash(pixels) == hashlib.blake2b(pixels.tobytes(), digest_size=16).hexdigest()


def test_primaries_of_the_same_chromaticities_without_a_transfer(tmp_path: Path) -> None:
    """PNG has no other word for SMPTE 240M than the chromaticities, which are those of 170M."""
    tags = "setparams=color_primaries=smpte240m:color_trc=unknown:colorspace=smpte170m:range=tv"
    clip = make(tmp_path / "a.mp4", frames=2, filters=tags)
    assert probe_media(clip).colour.primaries == 7
    copy = rendered(clip, tmp_path, "png-mov").path
    assert probe_media(copy).colour.primaries == 6
