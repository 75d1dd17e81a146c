"""The proxy carries the source's frame above and the painted one below, of the same number."""

from __future__ import annotations

import io
import subprocess
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation's name)
import pytest
from PIL import Image

from nle_style.desk.review import Entry, proxy_name, read_entries, still, write_proxy
from nle_style.desk.review.proxy import _fitted
from nle_style.errors import Cancelled, InputError, MediaError
from tests.desk.review.cuts import entry_of, render_cut, write_cut
from tests.helpers.stamps import HEIGHT, WIDTH, Stamp, make_clip, make_sequence, read_stamp

FILM = Fraction(24000, 1001)


def _entry(folder: Path, rate: Fraction = Fraction(24), first: int = 0) -> Entry:
    """Frames 5 to 12 of clip 1; the intermediate is clip 2, from the source's frame `first` on."""
    return entry_of(
        source=make_clip(folder / "a.mov", 1, 40, rate),
        intermediate=make_clip(folder / "b.mov", 2, 20, rate),
        first=first,
        rate=rate,
    )


def _halves(path: Path) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Source and painting of every frame, as PyAV decodes it."""
    with av.open(str(path)) as container:
        for frame in container.decode(video=0):
            rgb = frame.to_ndarray(format="rgb24")
            yield rgb[: len(rgb) // 2], rgb[len(rgb) // 2 :]


def _stamps(path: Path) -> list[tuple[Stamp | None, Stamp | None]]:
    return [(read_stamp(above), read_stamp(below)) for above, below in _halves(path)]


@pytest.mark.parametrize("first", [0, 3])
def test_every_frame_has_its_source_above_and_its_painting_below(
    first: int, tmp_path: Path
) -> None:
    write_proxy(_entry(tmp_path, first=first), tmp_path / "p.webm")
    expected = [((1, number), (2, number - first)) for number in range(5, 13)]
    assert _stamps(tmp_path / "p.webm") == expected


def test_ffmpeg_sees_the_same(tmp_path: Path) -> None:
    write_proxy(_entry(tmp_path), tmp_path / "p.webm")
    command = ["ffmpeg", "-v", "error", "-i", tmp_path / "p.webm", "-f", "rawvideo"]
    raw = subprocess.run([*command, "-pix_fmt", "rgb24", "-"], capture_output=True, check=True)
    frames = np.frombuffer(raw.stdout, np.uint8).reshape(-1, 2, HEIGHT, WIDTH, 3)
    assert [read_stamp(pair[0]) for pair in frames] == [(1, number) for number in range(5, 13)]
    assert [read_stamp(pair[1]) for pair in frames] == [(2, number) for number in range(5, 13)]


@pytest.mark.parametrize("rate", [Fraction(24), FILM, Fraction(60000, 1001)], ids=str)
def test_its_rate_is_the_clips(rate: Fraction, tmp_path: Path) -> None:
    write_proxy(_entry(tmp_path, rate), tmp_path / "p.webm")
    with av.open(str(tmp_path / "p.webm")) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == pytest.approx(float(rate), abs=0.1)
        times = [Fraction(frame.pts * frame.time_base) for frame in container.decode(stream)]
    # WebM counts milliseconds: what a player finds by the nearest frame.
    assert [round(time * rate) for time in times] == list(range(8))
    assert max(abs(time - Fraction(n) / rate) for n, time in enumerate(times)) <= Fraction(1, 2000)


def test_key_frames_are_close_together(tmp_path: Path) -> None:
    entry = _entry(tmp_path)
    write_proxy(entry_of(**vars(entry) | {"frames": (0, 19)}), tmp_path / "p.webm")
    with av.open(str(tmp_path / "p.webm")) as container:
        keys = [n for n, packet in enumerate(container.demux(video=0)) if packet.is_keyframe]
    assert keys[:3] == [0, 8, 16]


def test_a_source_is_read_as_it_was_rendered(tmp_path: Path) -> None:
    entry = _entry(tmp_path, Fraction(24))
    half = entry_of(
        **vars(entry)
        | {"reading": {"conform": "12"}, "rate": Fraction(12), "frames": (3, 6)}
        | {"intermediate": make_clip(tmp_path / "c.mov", 2, 20, Fraction(12))}
    )
    write_proxy(half, tmp_path / "p.webm")
    stamps = _stamps(tmp_path / "p.webm")
    assert [below for _, below in stamps] == [(2, number) for number in range(3, 7)]
    assert {above[1] - 2 * below[1] for above, below in stamps if above and below} == {0}


def _grey_sequence(folder: Path, name: str, values: list[float]) -> Path:
    folder.mkdir()
    for number, value in enumerate(values):
        picture = oiio.ImageBuf(np.full((32, 64, 3), value, np.float32))
        assert picture.write(str(folder / f"{name}.{1001 + number:04d}.exr"), "half")
    return folder / f"{name}.%04d.exr"


def test_a_linear_sequence_is_shown_in_display_colours(tmp_path: Path) -> None:
    entry = entry_of(
        source=_grey_sequence(tmp_path / "a", "a", [0.02, 0.18, 0.18, 0.18]),
        intermediate=_grey_sequence(tmp_path / "b", "b", [0.0, 1.0]),
        frames=(1, 2),
        first=1,
        size=(64, 32),
    )
    write_proxy(entry, tmp_path / "p.webm")
    (grey, black), (again, white) = _halves(tmp_path / "p.webm")
    # sRGB of 0.18 is 117.6; diffuse white is shown at 0.75, which is code 224.6: docs/colour.md.
    for half, code in ((grey, 118), (again, 118), (black, 0), (white, 225)):
        assert abs(half.astype(int) - code).max() <= 3
    picture = Image.open(io.BytesIO(still(entry, 2, "source")))
    assert (picture.size, picture.mode) == ((64, 32), "RGB")
    assert picture.getextrema() == ((118, 118),) * 3
    assert Image.open(io.BytesIO(still(entry, 2, "painted"))).getextrema() == ((225, 225),) * 3


def test_a_sequence_is_numbered_as_its_files(tmp_path: Path) -> None:
    entry = entry_of(
        source=make_sequence(tmp_path / "a", "a", 1, 16, 1001),
        intermediate=make_sequence(tmp_path / "b", "b", 2, 9, 1001 + 4),
        first=4,
    )
    write_proxy(entry, tmp_path / "p.webm")
    assert _stamps(tmp_path / "p.webm") == [((1, n), (2, n - 4)) for n in range(5, 13)]


@pytest.mark.parametrize("rate", [Fraction(24), FILM], ids=str)
def test_at_strength_0_both_halves_are_the_same_picture(
    rate: Fraction, tiny_pack: Path, tmp_path: Path
) -> None:
    render_cut(write_cut(tmp_path, rate), tiny_pack, tmp_path / "out", {"red": 1.0}, handles=2)
    for entry in read_entries(tmp_path / "out", tmp_path / "cut.otio"):
        path = tmp_path / proxy_name(entry)
        write_proxy(entry, path)
        assert [above for above, _ in _stamps(path)] == [
            (1 if entry.name == "flower field" else 2, number)
            for number in range(entry.frames[0], entry.frames[1] + 1)
        ]
        for above, below in _halves(path):
            assert np.abs(above.astype(int) - below).mean() < 2
        stills = [still(entry, entry.frames[0], side) for side in ("source", "painted")]
        assert stills[0] == stills[1]


def test_a_still_is_that_frame_at_full_size(tmp_path: Path) -> None:
    entry = _entry(tmp_path, first=3)
    pictures = {
        side: np.asarray(Image.open(io.BytesIO(still(entry, 9, side))))
        for side in ("source", "painted")
    }
    assert read_stamp(pictures["source"]) == (1, 9)
    assert read_stamp(pictures["painted"]) == (2, 6)
    assert set(np.unique(pictures["source"])) == {0, 255}
    with pytest.raises(InputError, match=r"flower.: does not show frame 13\. It shows frames 5 to"):
        still(entry, 13, "source")


def test_transparent_pixels_are_shown_over_black(tmp_path: Path) -> None:
    pixels = np.zeros((32, 64, 4), np.uint8)
    pixels[:, :32] = (200, 100, 50, 128)
    pixels[:, 32:] = (200, 100, 50, 0)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    entry = entry_of(source=tmp_path / "a.png", frames=(0, 0))
    shown = np.asarray(Image.open(io.BytesIO(still(entry, 0, "source"))))
    assert shown[0, 0].tolist() == [100, 50, 25]
    assert not shown[:, 32:].any()


@pytest.mark.parametrize(
    ("size", "aspect", "fitted"),
    [
        ((1920, 1080), 1, (960, 540)),
        ((1080, 1920), 1, (540, 960)),
        ((640, 361), 1, (640, 360)),
        ((720, 576), 64 / 45, (960, 540)),
        ((720, 480), 8 / 9, (720, 540)),
        ((3, 1), 1, (4, 2)),
    ],
)
def test_it_has_square_pixels_and_even_sides(
    size: tuple[int, int], aspect: float, fitted: tuple[int, int]
) -> None:
    assert _fitted(size, aspect) == fitted


def test_one_that_is_given_up_leaves_nothing(tmp_path: Path) -> None:
    entry, stop = _entry(tmp_path), threading.Event()
    stop.set()
    with pytest.raises(Cancelled):
        write_proxy(entry, tmp_path / "out" / "p.webm", stop=stop)
    entry.source.unlink()
    with pytest.raises(MediaError, match="no such file"):
        write_proxy(entry, tmp_path / "out" / "p.webm")
    assert list((tmp_path / "out").glob("*")) == []


def test_the_name_is_that_of_what_is_seen() -> None:
    assert proxy_name(entry_of()) == proxy_name(entry_of(name="rose", notes=("new",)))
    others = [{"painting": "88"}, {"frames": (5, 11)}, {"source": Path("/media/rose.mov")}]
    assert len({proxy_name(entry_of(**other)) for other in [{}, *others]}) == 4
