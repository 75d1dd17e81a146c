"""EXR to EXR: everything but the picture stays, compared byte by byte by a reader of our own.

The header reader below follows the OpenEXR file layout document; it shares nothing with the
library that writes.
"""

from __future__ import annotations

import struct
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import OpenImageIO as oiio  # noqa: N813
import pytest

from nle_style.errors import MediaError, VerificationError
from nle_style.media import resolve_format
from nle_style.media.image import exr as exr_write
from nle_style.media.source import probe_media, read_frames
from nle_style.media.write import IntermediateWriter
from tests.helpers.media_factory import rendered

HEIGHT, WIDTH = 12, 16
LOSSLESS = ["NO", "RLE", "ZIPS", "ZIP", "PIZ"]


def headers(path: Path) -> list[dict[str, tuple[str, bytes]]]:
    """(type, bytes) of every attribute of every part."""
    data = path.read_bytes()
    many = struct.unpack("<I", data[4:8])[0] & 0x1000
    place, parts = 8, []

    def text() -> str:
        nonlocal place
        end = data.index(b"\0", place)
        found, place = data[place:end].decode(), end + 1
        return found

    while True:
        part = {}
        while name := text():
            kind = text()
            size = struct.unpack("<i", data[place : place + 4])[0]
            part[name] = kind, data[place + 4 : place + 4 + size]
            place += 4 + size
        if part:
            parts.append(part)
        if not part or not many:
            return parts


def noise(kind: str, seed: int, height: int = HEIGHT, width: int = WIDTH) -> np.ndarray:
    return np.random.default_rng(seed).normal(0.5, 0.4, (height, width)).astype(kind)


def any_bits(seed: int) -> np.ndarray:
    """Float bit patterns as a cryptomatte has them: some are NaN."""
    bits = np.random.default_rng(seed).integers(0, 2**32, (HEIGHT, WIDTH), dtype=np.uint32)
    bits[0, :2] = 0x7FC12345, 0xFF812345
    return bits.view(np.float32)


def identifiers() -> np.ndarray:
    return np.random.default_rng(9).integers(0, 2**32, (HEIGHT, WIDTH), dtype=np.uint32)


CHANNELS = {
    "R": noise("f2", 1), "G": noise("f2", 2), "B": noise("f2", 3), "A": noise("f2", 4),
    "Z": noise("f4", 5), "crypto00.R": any_bits(6), "crypto00.A": any_bits(7),
    "diffuse.R": noise("f2", 8), "diffuse.A": noise("f2", 9), "id": identifiers(),
}  # fmt: skip
HEADER = {
    "type": OpenEXR.scanlineimage,
    "compression": OpenEXR.PIZ_COMPRESSION,
    "chromaticities": (0.713, 0.293, 0.165, 0.83, 0.128, 0.044, 0.32168, 0.33767),
    "framesPerSecond": Fraction(24000, 1001),
    "timeCode": OpenEXR.TimeCode(1, 2, 3, 4, 1, *[0] * 5, 1, 2, 3, 4, 5, 6, 7, 8),
    "keyCode": OpenEXR.KeyCode(1, 2, 3, 4, 5, 4, 64),
    "reelName": "A001",
    "cryptomatte/abc/name": "crypto",
    "worldToCamera": np.arange(16, dtype="f4").reshape(4, 4),
    "isoSpeed": 800.0,
    "views": ["left", "right"],
    "count": 5,
    "pixelAspectRatio": 2.0,
}


def layered(path: Path, **changes: object) -> Path:
    part = OpenEXR.Part(HEADER | changes, dict(CHANNELS), "rgba")
    shared = {name: HEADER[name] for name in ("chromaticities", "timeCode", "pixelAspectRatio")}
    box = (np.array([-2, -3], "i4"), np.array([13, 8], "i4"))
    depth = {
        "type": OpenEXR.tiledimage, "tiles": OpenEXR.TileDescription(), "dataWindow": box,
        "compression": OpenEXR.ZIPS_COMPRESSION, **shared,
    }  # fmt: skip
    depth_part = OpenEXR.Part(depth, {"depth.Z": noise("f4", 10)}, "depth")
    OpenEXR.File([part, depth_part]).write(str(path))
    return path


def written(tmp_path: Path, source: Path, gain: float = 1.0, **metadata: str) -> Path:
    """The one published file of a still, its colours multiplied."""
    info = probe_media(source)
    spec = resolve_format("exr", "auto", info)
    file = tmp_path / "out.exr"
    writer = IntermediateWriter(file, spec, info, 0, 0, work=tmp_path / "work", metadata=metadata)
    (frame,) = read_frames(info, alpha=spec.alpha)
    frame[:, :, :3] *= np.float32(gain)
    writer.publish([writer.write_unit(writer.units[0], [frame])])
    return file


def test_a_mip_map_is_written_as_its_first_level(tmp_path: Path) -> None:
    """Its header lists levels that the library does not write: a file that nothing can read."""
    source = tmp_path / "a.exr"
    picture = oiio.ImageBuf(oiio.ImageSpec(96, 64, 3, "half"))
    picture.set_pixels(oiio.ROI(), np.random.default_rng(1).random((64, 96, 3), "f4"))
    settings = oiio.ImageSpec(96, 64, 3, "half")
    assert oiio.ImageBufAlgo.make_texture(oiio.MakeTxTexture, picture, str(source), settings)
    assert oiio.ImageBuf(str(source)).nmiplevels > 1
    copy = oiio.ImageBuf(str(written(tmp_path, source)))
    assert copy.nmiplevels == 1
    assert np.array_equal(copy.get_pixels("half"), oiio.ImageBuf(str(source)).get_pixels("half"))


def test_everything_but_the_picture_stays(tmp_path: Path) -> None:
    source = layered(tmp_path / "a.exr")
    info = probe_media(source)
    assert (info.pixel_format, info.alpha) == ("half", "premultiplied")  # Z and crypto are float
    assert (info.timecode, info.reel, info.rate) == ("01:02:03;04", "A001", Fraction(24000, 1001))
    copy = written(tmp_path, source, 0.5, nle_style="k", nle_style_look='{"styles": {"blue": 1}}')
    before, after = headers(source), headers(copy)
    stamps = {"nle_style/key": ("string", b"k"),
              "nle_style/look": ("string", b'{"styles": {"blue": 1}}')}  # fmt: skip
    assert after == [before[0] | stamps, before[1]]
    old, new = (OpenEXR.File(str(path), separate_channels=True) for path in (source, copy))
    assert [part.name() for part in new.parts] == ["rgba", "depth"]
    for a, b in zip(old.parts, new.parts, strict=True):
        assert list(a.channels) == list(b.channels)
        for name, channel in a.channels.items():
            meant = channel.pixels
            if name in ("R", "G", "B"):
                meant = (meant.astype("f4") * np.float32(0.5)).astype("f2")
            assert b.channels[name].pixels.dtype == meant.dtype
            assert b.channels[name].pixels.tobytes() == meant.tobytes(), name


@pytest.mark.parametrize("compression", [*LOSSLESS, "PXR24", "B44", "B44A", "DWAA", "DWAB"])
def test_compression_is_kept_if_it_loses_nothing(tmp_path: Path, compression: str) -> None:
    source = layered(tmp_path / "a.exr", compression=getattr(OpenEXR, f"{compression}_COMPRESSION"))
    copy = written(tmp_path, source)
    name = compression if compression in LOSSLESS else "ZIP"
    assert OpenEXR.File(str(copy)).header()["compression"] == getattr(
        OpenEXR, f"{name}_COMPRESSION"
    )
    old, new = (OpenEXR.File(str(path), separate_channels=True) for path in (source, copy))
    for channel, pixels in old.parts[0].channels.items():
        assert new.parts[0].channels[channel].pixels.tobytes() == pixels.pixels.tobytes()


def test_a_sequence_keeps_each_frames_own(tmp_path: Path) -> None:
    for number in range(101, 104):
        at = OpenEXR.TimeCode(1, 0, 0, number - 101, 0, *[0] * 13)
        layered(tmp_path / f"a.{number:04d}.exr", timeCode=at, count=number)
    published = rendered(tmp_path / "a.%04d.exr", tmp_path, "exr", first=1, last=2)
    files = sorted(published.path.parent.iterdir())
    assert [file.name for file in files] == ["a.copy.000102.exr", "a.copy.000103.exr"]
    for number, file in zip((102, 103), files, strict=True):
        assert headers(file) == headers(tmp_path / f"a.{number:04d}.exr")


@pytest.mark.parametrize(
    ("corner", "shown", "placed", "taken"),
    [  # overscan of two columns at the left and one row at the top; three columns are missing
        ((-2, -1), (0, 0, 16, 10), (slice(0, 11), slice(0, 14)), (slice(1, 12), slice(2, 16))),
        # a window that begins at 5, 5, of a picture that begins three rows and one column further
        ((6, 8), (5, 5, 24, 14), (slice(3, 10), slice(1, 17)), (slice(0, 7), slice(0, 16))),
        # nothing of it is shown
        ((90, 90), (0, 0, 7, 7), (slice(0, 0), slice(0, 0)), (slice(0, 0), slice(0, 0))),
    ],
)
def test_painted_part_is_cut_to_the_display_window(
    tmp_path: Path, corner: tuple[int, int], shown: tuple[int, int, int, int],
    placed: tuple[slice, slice], taken: tuple[slice, slice],
) -> None:  # fmt: skip
    """Of 16 columns and 12 rows; corners and windows are x before y, slices rows first."""
    left, top, right, bottom = shown
    data = (np.array(corner, "i4"), np.array(corner, "i4") + np.array([15, 11], "i4"))
    window = (np.array([left, top], "i4"), np.array([right, bottom], "i4"))
    channels = {"R": noise("f4", 1), "G": noise("f4", 2), "B": noise("f4", 3), "id": identifiers()}
    header = {"type": OpenEXR.scanlineimage, "dataWindow": data, "displayWindow": window}
    OpenEXR.File(header, dict(channels)).write(str(tmp_path / "a.exr"))
    copy = OpenEXR.File(str(written(tmp_path, tmp_path / "a.exr")), separate_channels=True)
    assert np.array_equal(copy.header()["dataWindow"], window)
    for name, plane in channels.items():
        expected = np.zeros((bottom - top + 1, right - left + 1), plane.dtype)
        expected[placed] = plane[taken]
        assert copy.channels()[name].pixels.tobytes() == expected.tobytes(), name


def test_the_picture_is_found(tmp_path: Path) -> None:
    """In the first part that has R, G and B; else in a layer's channels, which keep their names."""
    beauty = {"R": noise("f2", 1), "G": noise("f2", 2), "B": noise("f2", 3)}
    parts = [OpenEXR.Part({"type": OpenEXR.scanlineimage}, {"Z": noise("f4", 4)}, "depth"),
             OpenEXR.Part({"type": OpenEXR.scanlineimage},
                          beauty | {"diffuse.A": noise("f4", 8)}, "beauty")]  # fmt: skip
    OpenEXR.File(parts).write(str(tmp_path / "a.exr"))
    info = probe_media(tmp_path / "a.exr")
    assert (info.pixel_format, info.alpha) == ("half", "none")
    (frame,) = read_frames(info)
    assert np.array_equal(frame, np.dstack(list(beauty.values())).astype("f4"))
    copy = OpenEXR.File(str(written(tmp_path, tmp_path / "a.exr", 2.0)), separate_channels=True)
    assert np.array_equal(copy.parts[0].channels["Z"].pixels, noise("f4", 4))
    assert np.array_equal(copy.parts[1].channels["G"].pixels, beauty["G"] * 2)

    layer = {f"beauty.{name}": plane for name, plane in beauty.items()}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, dict(layer)).write(str(tmp_path / "b.exr"))
    copy = OpenEXR.File(str(written(tmp_path / "b", tmp_path / "b.exr", 2.0)),
                        separate_channels=True)  # fmt: skip
    assert sorted(copy.channels()) == sorted(layer)
    assert np.array_equal(copy.channels()["beauty.R"].pixels, beauty["R"] * 2)

    luminance = {"Y": noise("f2", 5), "A": noise("f2", 6), "Z": noise("f4", 7)}
    OpenEXR.File({"type": OpenEXR.scanlineimage}, dict(luminance)).write(str(tmp_path / "c.exr"))
    copy = OpenEXR.File(str(written(tmp_path / "c", tmp_path / "c.exr")), separate_channels=True)
    assert sorted(copy.channels()) == ["A", "B", "G", "R", "Z"]
    assert np.array_equal(copy.channels()["B"].pixels, luminance["Y"])
    assert np.array_equal(copy.channels()["A"].pixels, luminance["A"])


def test_a_new_exr_says_what_it_is(tmp_path: Path) -> None:
    """Of a source that is no EXR; the rate stands under its standard name, which is lower case."""
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 3, "uint8")
    writer = oiio.ImageOutput.create(str(tmp_path / "a.png"))
    assert writer.open(str(tmp_path / "a.png"), spec)
    assert writer.write_image(np.zeros((HEIGHT, WIDTH, 3), np.uint8))
    assert writer.close()
    (header,) = headers(written(tmp_path, tmp_path / "a.png", nle_style_pack="posters"))
    assert header["framesPerSecond"] == ("rational", struct.pack("<iI", 24, 1))
    assert header["compression"] == ("compression", b"\x03")
    assert header["nle_style/pack"] == ("string", b"posters")
    assert "not scene-linear" in header["comments"][1].decode()


def test_a_layer_that_changes_on_the_way_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The picture is compared by its hash; nothing but this looks at the other channels."""
    source = layered(tmp_path / "a.exr")
    honest = OpenEXR.File.write

    def careless(file: OpenEXR.File, name: str) -> None:
        honest(file, name)
        again = OpenEXR.File(name, separate_channels=True)
        again.parts[0].channels["id"].pixels[3, 3] ^= 1
        honest(again, name)

    monkeypatch.setattr(exr_write.OpenEXR.File, "write", careless)
    with pytest.raises(VerificationError, match="channel id differs when read back"):
        written(tmp_path, source)
    assert not [path for path in (tmp_path / "work").iterdir() if ".part-" in path.name]


def deep_part(path: Path, *flat: OpenEXR.Part) -> Path:
    """Two samples in one pixel, none elsewhere."""
    spec = oiio.ImageSpec(WIDTH, HEIGHT, 4, "half")
    spec.channelnames, spec.deep = ("R", "G", "B", "A"), True
    data = oiio.DeepData()
    data.init(WIDTH * HEIGHT, 4, [oiio.TypeDesc("half")] * 4, ["R", "G", "B", "A"])
    data.set_samples(5, 2)
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), spec)
    assert writer.write_deep_image(data)
    assert writer.close()
    if flat:
        (deep,) = OpenEXR.File(str(path), separate_channels=True).parts
        named = OpenEXR.Part(dict(deep.header), dict(deep.channels), "deep")
        OpenEXR.File([*flat, named]).write(str(path))
    return path


def test_deep_images_and_parts_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaError, match="is a deep image"):
        probe_media(deep_part(tmp_path / "a.exr"))
    beauty = {"R": noise("f2", 1), "G": noise("f2", 2), "B": noise("f2", 3)}
    flat = OpenEXR.Part({"type": OpenEXR.scanlineimage}, beauty, "beauty")
    path = deep_part(tmp_path / "b.exr", flat)
    assert probe_media(path).pixel_format == "half"
    with pytest.raises(MediaError, match="its part deep is deep and cannot be kept"):
        written(tmp_path, path)


def test_unreadable_layers_are_a_media_error(tmp_path: Path) -> None:
    source = layered(tmp_path / "a.exr")
    info = probe_media(source)
    spec = resolve_format("exr", "auto", info)
    frames = list(read_frames(info, alpha=True))
    source.write_bytes(source.read_bytes()[:-40])  # the last part's pixels
    writer = IntermediateWriter(tmp_path / "out", spec, info, 0, 0, work=tmp_path / "work",
                                metadata={})  # fmt: skip
    with pytest.raises(MediaError, match="not all of its layers can be read"):
        writer.write_unit(writer.units[0], frames)
