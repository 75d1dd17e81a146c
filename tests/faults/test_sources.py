"""Sources that are torn, damaged, replaced or taken away while they are rendered."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from tests.faults.nights import FAST, FRAMES, at_frame, files, names, refusals, render
from tests.helpers.clips import frame_md5s, make_clip
from tests.helpers.command import nle_style
from tests.helpers.media_factory import make, write_pixels


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ "one.mp4" and "two.mp4", of one length and size, other pictures and other sound."""
    folder = tmp_path_factory.mktemp("clips")
    make_clip(folder / "one.mp4", frames=FRAMES)
    sound = ("-f", "lavfi", "-i", "sine=frequency=880:duration=0.6", "-c:a", "aac")
    make(folder / "two.mp4", frames=FRAMES, size="64x48", sound=sound)
    return folder


@pytest.fixture
def clip(clips: Path) -> Iterator[Path]:
    """ "one.mp4", put back afterwards: a render's key has the source's path in it."""
    path, kept = clips / "one.mp4", clips / "kept.mp4"
    shutil.copy2(path, kept)
    yield path
    kept.replace(path)


@pytest.fixture(scope="module")
def plain(clips: Path, tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both rendered, left alone."""
    folder = tmp_path_factory.mktemp("plain")
    assert render(clips / "one.mp4", folder, tiny_pack, clips / "two.mp4", *FAST)[0] == 0
    return folder


def _renamed_over(clip: Path, other: Path) -> None:
    copy = clip.with_name("arriving")
    shutil.copy(other, copy)
    copy.replace(clip)


def _grown(clip: Path, other: Path) -> None:
    with clip.open("ab") as file:
        file.write(other.read_bytes())


def _same_size_and_time(clip: Path, other: Path) -> None:
    """Bytes of the picture changed, as by a bad disk or a clever tool."""
    times = clip.stat()
    with clip.open("r+b") as file:
        file.seek(clip.stat().st_size // 2)
        file.write(b"\x55" * 64)
    os.utime(clip, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("change", [_renamed_over, _grown, _same_size_and_time])
def test_a_source_replaced_meanwhile(
    change: Callable[[Path, Path], None],
    clip: Path,
    clips: Path,
    plain: Path,
    tiny_pack: Path,
    tmp_path: Path,
) -> None:
    """It is refused, the next item comes; put back, its good units count and no other."""
    out, kept = tmp_path / "out", tmp_path / "one.mp4"
    shutil.copy2(clip, kept)
    hear = at_frame(11, lambda: change(clip, clips / "two.mp4"))
    code, events = render(clip, out, tiny_pack, clips / "two.mp4", *FAST, hear=hear)
    assert code == 3
    (why,) = refusals(events)
    assert why.startswith(f"{clip}: was changed or replaced while")
    assert "run it again" in why
    assert not (out / "one.red.mov").exists()
    assert (out / "two.red.mov").read_bytes() == (plain / "two.red.mov").read_bytes()
    kept.replace(clip)
    code, events = render(clip, out, tiny_pack, *FAST)
    assert code == 0
    assert 0 < sum(event["event"] == "progress" for event in events) <= FRAMES - 8
    assert (out / "one.red.mov").read_bytes() == (plain / "one.red.mov").read_bytes()
    assert not list(out.glob(".*"))


def test_the_sound_is_not_of_another_file(
    clip: Path, clips: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """Replaced when a farm's tasks have painted all: the sound is read last, by Assemble."""
    bundle = tmp_path / "bundle"
    words = ("--style", "red", "--pack", tiny_pack, *FAST)
    assert nle_style("farm", clip, "-o", bundle, *words).code == 0
    assert nle_style("run", bundle / "farm.json", "--step", "render").code == 0
    shutil.copy2(clip, tmp_path / "kept.mp4")
    _renamed_over(clip, clips / "two.mp4")
    done = nle_style("run", bundle / "farm.json", "--step", "assemble")
    assert done.code == 2
    assert f"{clip}: is not the file that it was when the bundle was made" in done.err
    assert not list((bundle / "output").glob("*.mov"))
    (tmp_path / "kept.mp4").replace(clip)
    assert nle_style("run", bundle / "farm.json", "--step", "assemble").code == 0
    assert len(frame_md5s(bundle / "output" / "one.red.mov")) == FRAMES


def test_a_source_that_is_backed_up_goes_on(
    clip: Path, plain: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """A backup changes what the system says of a file, not the file."""

    def back_up() -> None:
        os.link(clip, clip.with_name("backup"))
        os.utime(clip)

    code, _ = render(clip, tmp_path, tiny_pack, *FAST, hear=at_frame(11, back_up))
    assert code == 0
    assert (tmp_path / "one.red.mov").read_bytes() == (plain / "one.red.mov").read_bytes()


def test_a_folder_of_frames_that_vanishes_and_comes_back(tiny_pack: Path, tmp_path: Path) -> None:
    """What comes into their folder meanwhile does not show: a header has its own file's date."""
    folder, away = tmp_path / "plate", tmp_path / "away"
    folder.mkdir()
    for frame in range(6):
        pixels = np.random.default_rng(frame).uniform(0, 1, (32, 48, 3)).astype(np.float32)
        write_pixels(folder / f"plate.{frame:04d}.png", pixels, "uint16")
        os.utime(folder / f"plate.{frame:04d}.png", (1_600_000_000 + 60 * frame,) * 2)
    os.utime(folder, (1_500_000_000, 1_500_000_000))
    source = folder / "plate.%04d.png"
    words = ("--format", "exr", *FAST)
    assert render(source, tmp_path / "plain", tiny_pack, *words)[0] == 0
    out = tmp_path / "out"
    hear = at_frame(3, lambda: folder.rename(away))
    code, events = render(source, out, tiny_pack, *words, hear=hear)
    assert code == 2
    (why,) = refusals(events)
    assert why.startswith(str(folder))
    assert "mount its volume" in why.lower()
    assert any("unit-000002" in name for name in names(out)), "what is finished stays"
    away.rename(folder)
    (folder / "notes.txt").write_text("the folder's own time changes")
    assert render(source, out, tiny_pack, *words)[0] == 0
    assert files(out) == files(tmp_path / "plain")


def _packets(path: Path) -> list[tuple[int, int]]:
    with av.open(str(path)) as movie:
        packets = [each for each in movie.demux(movie.streams.video[0]) if each.size]
        return [(each.pos, each.size) for each in packets if each.pos is not None]


def test_bytes_overwritten_in_the_middle(clips: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """Frames up to the damage are kept; the damage is named, and no frame made from it comes."""
    codec = ("-c:v", "mpeg2video", "-g", "12", "-bf", "0", "-q:v", "3")
    clip = make(tmp_path / "clip.mov", frames=FRAMES, size="64x48", codec=codec)
    at, size = _packets(clip)[13]
    with clip.open("r+b") as file:
        file.seek(at + size // 2)
        file.write(b"\x5a" * 16)
    out = tmp_path / "out"
    code, events = render(clip, out, tiny_pack, clips / "two.mp4", *FAST)
    assert code == 3
    (why,) = refusals(events)
    assert why.startswith(f"{clip}: frame 13 of {FRAMES} cannot be decoded")
    assert "The file is truncated or damaged; copy it again from the original" in why
    assert [path.name for path in out.glob("*.mov")] == ["two.red.mov"]
    assert "unit-000000" in str(names(out)), "what comes before it stays"
    # What begins behind the damage, in the same group of pictures, is made from it too.
    code, events = render(clip, tmp_path / "late", tiny_pack, *FAST, "--frames", "15-17")
    assert code == 2
    assert "frame 15 of 18 cannot be decoded" in refusals(events)[0]


def test_a_truncated_source(clips: Path, tiny_pack: Path, tmp_path: Path) -> None:
    clip = make(tmp_path / "cut.mov", frames=FRAMES, size="64x48",
                codec=("-c:v", "png"), pixels="rgb24", filters="")  # fmt: skip
    with av.open(str(clip)) as movie:
        assert movie.format.name.startswith("mov")
    front = make(tmp_path / "front.mov", "-movflags", "+faststart", frames=FRAMES, size="64x48")
    clip.write_bytes(clip.read_bytes()[:-1000])  # its index stood at the end
    at, _ = _packets(front)[10]
    front.write_bytes(front.read_bytes()[: at + 5])
    code, events = render(clip, tmp_path / "out", tiny_pack, front, clips / "two.mp4", *FAST)
    assert code == 3
    headless, short = refusals(events)
    assert headless.startswith(str(clip))
    assert "Check the file in a player, or export it again" in headless
    assert short.startswith(str(front))
    assert "of 18 cannot be decoded" in short
    assert "copy it again" in short
    assert [path.name for path in (tmp_path / "out").glob("*.mov")] == ["two.red.mov"]


def test_a_frame_that_is_still_being_copied(tiny_pack: Path, tmp_path: Path) -> None:
    """Half an EXR at the end of a sequence: named, and rendered once it is whole."""
    for frame in range(3):
        pixels = np.full((32, 48, 3), frame / 4, np.float32)
        write_pixels(tmp_path / f"p.{frame}.exr", pixels, "half")
    last = tmp_path / "p.2.exr"
    data = last.read_bytes()
    last.write_bytes(data[: len(data) // 2])
    words: tuple[Any, ...] = ("--format", "exr", *FAST)
    code, events = render(tmp_path / "p.%d.exr", tmp_path / "out", tiny_pack, *words)
    assert code == 2
    assert str(last) in refusals(events)[0]
    assert not (tmp_path / "out" / "p.red").exists()
    last.write_bytes(data)
    assert render(tmp_path / "p.%d.exr", tmp_path / "out", tiny_pack, *words)[0] == 0
    assert len(list((tmp_path / "out" / "p.red").iterdir())) == 3
