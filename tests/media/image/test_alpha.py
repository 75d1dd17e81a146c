"""Alpha, read and written: against the ffmpeg program, OpenImageIO, and codes counted by hand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest
from PIL import Image

from nle_style.errors import MediaError, VerificationError
from nle_style.media import resolve_format
from nle_style.media.source import decoded_rgb, probe_media, read_frames
from nle_style.media.write import IntermediateWriter
from nle_style.media.write.likeness import frame_hash, likeness_of
from tests.helpers.media_factory import ffmpeg, make, movie_of, rendered, write_pixels

FFV1 = ("-c:v", "ffv1")
WIDTH, HEIGHT = 96, 64


def with_alpha(
    path: Path, pixels: str, top: int, codec: tuple[object, ...] = FFV1, frames: int = 3
) -> Path:
    """A clip of noise whose alpha runs through its codes; planes or interleaved, alpha last."""
    random = np.random.default_rng(5)
    wide = WIDTH // 2 if "422" in pixels or "420" in pixels else WIDTH
    high = HEIGHT // 2 if "420" in pixels else HEIGHT
    shapes = [(HEIGHT, WIDTH), (high, wide), (high, wide)]
    planes = [random.integers(0, top + 1, shape) for shape in shapes]
    pictures = [[*planes, counted(top, frame)] for frame in range(frames)]
    return movie_of(path, pixels, pictures, *codec)


def counted(top: int, frame: int) -> np.ndarray:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    return (y * WIDTH + x + frame * 100) % (top + 1)


@pytest.mark.parametrize(
    ("pixels", "top"),
    [("yuva420p", 255), ("yuva444p10le", 1023), ("yuva422p10le", 1023), ("yuva444p12le", 4095),
     ("yuva444p16le", 65535), ("bgra", 255), ("gbrap10le", 1023), ("gbrap12le", 4095),
     ("gbrap16le", 65535)],
)  # fmt: skip
def test_movies_alpha_is_every_code(tmp_path: Path, pixels: str, top: int) -> None:
    """Alpha has no limited range: code k of b bits is k / (2^b - 1), opaque is 1."""
    clip = with_alpha(tmp_path / "a.mkv", pixels, top)
    info = probe_media(clip)
    assert info.pixel_format == pixels
    assert info.alpha == "straight"
    for frame, (plain, full) in enumerate(
        zip(read_frames(info), read_frames(info, alpha=True), strict=True)
    ):
        assert plain.shape == (HEIGHT, WIDTH, 3)
        assert np.array_equal(full[:, :, :3], plain)
        alpha = full[:, :, 3]
        assert np.array_equal(np.rint(alpha * top), counted(top, frame))
        assert np.abs(alpha - counted(top, frame) / top).max() < 0.51 / (
            255 if top == 255 else 65535
        )
    assert top == 65535 or alpha.max() == 1


def test_opaque_is_one_in_limited_range(tmp_path: Path) -> None:
    """swscale alone gives 65520: it shifts 12 bits to 16."""
    clip = with_alpha(tmp_path / "a.mkv", "yuva444p12le", 4095,
                      (*FFV1, "-color_range", "tv"), frames=1)  # fmt: skip
    raw = ffmpeg("-i", clip, "-pix_fmt", "rgba64le", "-f", "rawvideo", "-")
    assert np.frombuffer(raw, "<u2").reshape(-1, 4)[:, 3].max() == 65520
    (codes,) = decoded_rgb(probe_media(clip), alpha=True)
    assert codes.dtype == np.uint16
    assert codes[:, :, 3].max() == 65535


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_alpha_turns_with_the_picture(tmp_path: Path, turn: int) -> None:
    flat = with_alpha(tmp_path / "a.mov", "rgba", 255, ("-c:v", "png"))
    ffmpeg("-display_rotation", turn, "-i", flat, "-c", "copy", tmp_path / "b.mov")
    info = probe_media(tmp_path / "b.mov")
    raw = ffmpeg("-i", tmp_path / "b.mov", "-pix_fmt", "rgba", "-f", "rawvideo", "-")
    wanted = np.frombuffer(raw, "u1").reshape(3, info.height, info.width, 4)
    assert np.array_equal(np.stack(list(decoded_rgb(info, alpha=True))), wanted)
    assert np.array_equal(wanted[0, ..., 3], np.rot90(counted(255, 0), turn // 90))


def test_prores_4444_of_a_camera(tmp_path: Path) -> None:
    """As the ffmpeg program decodes its alpha, whatever depth its decoder takes."""
    clip = with_alpha(tmp_path / "a.mov", "yuva444p10le", 1023,
                      ("-c:v", "prores_ks", "-profile:v", "4444", "-alpha_bits", "16"))  # fmt: skip
    info = probe_media(clip)
    for frame, full in enumerate(read_frames(info, alpha=True)):
        assert np.array_equal(np.rint(full[:, :, 3] * 1023), counted(1023, frame))


@pytest.mark.parametrize(
    ("suffix", "kind", "attributes", "carried"),
    [
        (".png", "uint8", {"oiio__UnassociatedAlpha": 1}, "straight"),
        (".png", "uint16", {"oiio__UnassociatedAlpha": 1}, "straight"),
        (".tga", "uint8", {"oiio__UnassociatedAlpha": 1}, "straight"),
        (".tif", "uint8", {"oiio__UnassociatedAlpha": 1}, "straight"),
        (".tif", "uint16", {}, "premultiplied"),
        (".tif", "float", {}, "premultiplied"),
        (".dpx", "uint16", {}, "straight"),
        (".sgi", "uint8", {}, "straight"),
        (".sgi", "uint16", {}, "straight"),
        (".jxl", "uint8", {"compression": "jpegxl:100", "jpegxl__distance": 0.0}, "straight"),
        (".iff", "uint8", {}, "premultiplied"),
        (".exr", "half", {}, "premultiplied"),
        (".exr", "float", {}, "premultiplied"),
    ],
)
def test_images_as_stored(
    tmp_path: Path, suffix: str, kind: str, attributes: dict[str, object], carried: str
) -> None:
    types = {"uint8": "u1", "uint16": "u2", "half": "f2", "float": "f4"}
    values = np.random.default_rng(1).random((9, 7, 4))
    if kind.startswith("uint"):
        values = np.rint(values * np.iinfo(types[kind]).max)
    pixels = values.astype(types[kind])
    for number in (1, 2):
        write_pixels(tmp_path / f"a.{number:02d}{suffix}", pixels, kind, **attributes)
    still = probe_media(tmp_path / f"a.01{suffix}")
    sequence = probe_media(tmp_path / f"a.##{suffix}")
    assert still.alpha == sequence.alpha == carried
    for info in (still, sequence):
        for codes in decoded_rgb(info, alpha=True):
            assert np.array_equal(codes, pixels)
        for codes in decoded_rgb(info):
            assert np.array_equal(codes, pixels[:, :, :3])


@pytest.mark.parametrize("suffix", [".bmp", ".jp2"])
def test_straight_alpha_of_another_writer(tmp_path: Path, suffix: str) -> None:
    """The colours of transparent pixels come back, as they would not if they were divided."""
    pixels = np.random.default_rng(2).integers(0, 256, (9, 8, 4)).astype(np.uint8)
    pixels[:4, :, 3] = (0, 1, 20, 90, 128, 200, 254, 255)
    Image.fromarray(pixels).save(tmp_path / f"a{suffix}")
    assert probe_media(tmp_path / f"a{suffix}").alpha == "straight"
    copy = rendered(tmp_path / f"a{suffix}", tmp_path / "out", "png").path
    with Image.open(copy) as image:
        assert np.array_equal(np.asarray(image), pixels)


def test_a_tga_that_says_nothing_of_its_alpha(tmp_path: Path) -> None:
    """Its first version, 32 bits a pixel, none of them called alpha in the image descriptor."""
    pixels = np.random.default_rng(2).integers(0, 256, (9, 8, 4)).astype(np.uint8)
    header = bytes((0, 0, 2)) + bytes(9) + bytes((8, 0, 9, 0, 32, 0x20))
    (tmp_path / "a.tga").write_bytes(header + pixels[:, :, (2, 1, 0, 3)].tobytes())
    assert probe_media(tmp_path / "a.tga").alpha == "straight"
    with Image.open(rendered(tmp_path / "a.tga", tmp_path / "out", "png").path) as image:
        opaque = pixels[:, :, 3] > 0
        assert np.array_equal(np.asarray(image)[opaque], pixels[opaque])
    data = (tmp_path / "a.tga").read_bytes()
    for kind, carried in ((3, "straight"), (4, "premultiplied")):  # of the extension area
        area = (495).to_bytes(2, "little") + bytes(492) + bytes((kind,))
        footer = len(data).to_bytes(4, "little") + bytes(4) + b"TRUEVISION-XFILE.\0"
        (tmp_path / "b.tga").write_bytes(data + area + footer)
        assert probe_media(tmp_path / "b.tga").alpha == carried


def test_the_reserved_byte_of_a_bmp(tmp_path: Path) -> None:
    """Screens are saved with 32 bits a pixel of which 8 are 0: no transparent picture."""
    pixels = np.random.default_rng(2).integers(1, 256, (9, 8, 4)).astype(np.uint8)
    pixels[:, :, 3] = 0
    Image.fromarray(pixels).save(tmp_path / "a.bmp")
    info = probe_media(tmp_path / "a.bmp")
    assert info.alpha == "none"
    (read,) = decoded_rgb(info, alpha=True)
    rgba = ffmpeg("-i", tmp_path / "a.bmp", "-f", "rawvideo", "-pix_fmt", "rgba", "-")
    assert set(rgba[3::4]) == {255}
    assert np.array_equal(read, np.frombuffer(rgba, "u1").reshape(9, 8, 4)[:, :, :3])


def test_grey_with_alpha_and_one_frame_without(tmp_path: Path) -> None:
    pixels = np.arange(30, dtype=np.uint8).reshape(5, 3, 2) * 8
    spec = oiio.ImageSpec(3, 5, 2, "uint8")
    spec.channelnames, spec.alpha_channel = ("Y", "A"), 1
    spec.attribute("oiio:UnassociatedAlpha", 1)
    writer = oiio.ImageOutput.create(str(tmp_path / "a.png"))
    assert writer.open(str(tmp_path / "a.png"), spec)
    assert writer.write_image(pixels)
    assert writer.close()
    (codes,) = decoded_rgb(probe_media(tmp_path / "a.png"), alpha=True)
    assert np.array_equal(codes, pixels[:, :, [0, 0, 0, 1]])
    write_pixels(tmp_path / "s.1.png", np.ones((4, 4, 4), "u1"), "uint8")
    write_pixels(tmp_path / "s.2.png", np.ones((4, 4, 3), "u1"), "uint8")
    frames = decoded_rgb(probe_media(tmp_path / "s.#.png"), alpha=True)
    assert next(frames).shape == (4, 4, 4)
    with pytest.raises(MediaError, match="has no alpha, the first image of the sequence does"):
        next(frames)


def test_outside_the_data_window_is_transparent(tmp_path: Path) -> None:
    spec = oiio.ImageSpec(4, 3, 4, "half")
    spec.alpha_channel = 3
    spec.x, spec.y, spec.full_width, spec.full_height = 2, -1, 5, 6
    path = tmp_path / "a.exr"
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), spec)
    assert writer.write_image(np.ones((3, 4, 4), np.float32))
    assert writer.close()
    (pixels,) = read_frames(probe_media(path), alpha=True)
    expected = np.zeros((6, 5, 4), np.float32)
    expected[0:2, 2:5] = 1
    assert np.array_equal(pixels, expected)


@pytest.mark.parametrize("format", ["png-mov", "ffv1", "prores4444"])
def test_written_alpha_by_the_other_program(tmp_path: Path, format: str) -> None:
    quiet = "geq=r='r(X,Y)':g='g(X,Y)':b='b(X,Y)':a='mod(X*3+Y*7,256)',gblur=4:planes=7"
    clip = make(tmp_path / "a.mkv", frames=2, pixels="bgra", codec=FFV1, filters=quiet)
    published = rendered(clip, tmp_path, format)
    wanted = ffmpeg("-i", clip, "-vf", "alphaextract", "-pix_fmt", "gray", "-f", "rawvideo", "-")
    back = probe_media(published.path)
    assert back.alpha == "straight"
    if format == "prores4444":  # 8-bit codes k as rint(k * 1023 / 255)
        kept = [np.rint(frame[..., 3] * 255) for frame in read_frames(back, alpha=True)]
        assert np.stack(kept).astype("u1").tobytes() == wanted
        ten = ffmpeg("-i", published.path, "-vf", "alphaextract", "-f", "rawvideo", "-")
        codes = np.frombuffer(wanted, "u1")
        assert np.array_equal(np.frombuffer(ten, "<u2"), np.rint(codes * (1023 / 255)))
        return
    for pixels in ("gray", "rgb24"):
        how = ("-vf", "alphaextract") if pixels == "gray" else ()
        a, b = (ffmpeg("-i", path, *how, "-pix_fmt", pixels, "-f", "rawvideo", "-")
                for path in (clip, published.path))  # fmt: skip
        assert a == b


def test_three_channels_for_a_format_with_alpha_are_refused(tmp_path: Path) -> None:
    clip = with_alpha(tmp_path / "a.mkv", "bgra", 255)
    info = probe_media(clip)
    spec = resolve_format("png-mov", "auto", info)
    assert spec.alpha
    writer = IntermediateWriter(tmp_path / "b.mov", spec, info, 0, 2, work=tmp_path / "w",
                                metadata={})  # fmt: skip
    with pytest.raises(VerificationError, match=r"shape \(64, 96, 3\), not \(64, 96, 4\)"):
        writer.write_unit(writer.units[0], read_frames(info))


@pytest.mark.parametrize("format", ["png-mov", "ffv1", "prores4444"])
def test_sparse_fill_has_alpha_too(tmp_path: Path, format: str) -> None:
    info = probe_media(with_alpha(tmp_path / "a.mkv", "bgra", 255, frames=20))
    spec = resolve_format(format, "auto", info)
    target = tmp_path / f"b{spec.extension}"
    writer = IntermediateWriter(target, spec, info, 0, 19, work=tmp_path / "w", metadata={},
                                painted=[(0, 2)])  # fmt: skip
    flat = np.full((HEIGHT, WIDTH, 4), 0.5, np.float32)
    black = np.zeros_like(flat)
    records = [writer.write_unit(writer.units[0], [flat] * 3 + [black] * 5)]
    written = probe_media(writer.publish(records).path)
    frames = list(read_frames(written, alpha=True))
    assert len(frames) == 20
    assert all(abs(frame[..., 3] - 0.5).max() < 0.003 for frame in frames[:3])
    assert all(frame[..., 3].max() == 0 for frame in frames[3:])


def test_a_wrong_alpha_is_seen_in_lossy_codecs(tmp_path: Path) -> None:
    info = probe_media(with_alpha(tmp_path / "a.mkv", "bgra", 255))
    spec = resolve_format("prores4444", "auto", info)
    pixels = np.full((16, 16, 4), 30000, np.uint16)
    likeness = likeness_of(pixels, spec)
    digest = frame_hash(pixels)
    assert likeness.matches(pixels, digest)
    pixels[4, 8, 3] += 65  # one 10-bit code in one pixel that is sampled
    assert not likeness.matches(pixels, frame_hash(pixels))
