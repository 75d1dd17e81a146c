"""Where a source's colours and alpha are found, beside its pixel format."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from nle_style.errors import MediaError
from nle_style.media.base import ColourTags, HdrLevels
from nle_style.media.source import decoded_rgb, probe_media
from tests.helpers.media_factory import decoded_md5s, ffmpeg, make, rendered, rgb_md5

PATH = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
PRORES = ("-c:v", "prores_ks", "-profile:v", "2")


def with_boxes(path: Path, entry: bytes, **boxes: bytes) -> Path:
    """A MOV or MP4 with these boxes at the end of its first sample entry, in place of others of
    the same name; the header stands at the end of the file."""
    data = bytearray(path.read_bytes())
    places = []
    place = 0
    for name in (*PATH, entry):
        place = data.index(name, place)
        places.append(place - 4)
        place += 4
    assert data.index(b"mdat") < places[0]
    begin = places[-1]
    end = begin + int.from_bytes(data[begin : begin + 4], "big")
    inner, more = begin + 86, b""
    while inner < end:
        size = int.from_bytes(data[inner : inner + 4], "big")
        if bytes(data[inner + 4 : inner + 8]).decode("latin1") not in boxes:
            more += data[inner : inner + size]
        inner += size
    for name, contents in boxes.items():
        more += struct.pack(">I", 8 + len(contents)) + name.encode() + contents
    change = len(more) - (end - begin - 86)
    data[begin + 86 : end] = more
    for each in places:
        size = int.from_bytes(data[each : each + 4], "big")
        data[each : each + 4] = struct.pack(">I", size + change)
    path.write_bytes(data)
    return path


def nclx(primaries: int, transfer: int, matrix: int, full: bool) -> bytes:
    return b"nclx" + struct.pack(">3HB", primaries, transfer, matrix, full << 7)


def test_an_unspecified_frame_header_leaves_it_to_the_container(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mov", frames=2, pixels="yuv422p10le", filters="", codec=PRORES)
    info = probe_media(clip)
    assert (info.colour.matrix, dict(info.found).get("colour", "")) == (2, "")
    with_boxes(clip, b"apcn", colr=b"nclc" + struct.pack(">3H", 9, 16, 9))
    info = probe_media(clip)
    assert info.colour == ColourTags(9, 16, 9, False)
    assert (dict(info.found).get("colour", ""), info.notes) == ("the container", ())
    expected = decoded_md5s(clip, "rgb48le", filters="setparams=colorspace=bt2020nc:range=tv")
    assert [rgb_md5(frame) for frame in decoded_rgb(info)] == expected


def test_frames_are_believed_before_the_container(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mp4", frames=2, codec=("-c:v", "libx264"))
    with_boxes(clip, b"avc1", colr=nclx(9, 16, 9, False))
    info = probe_media(clip)
    assert info.colour == ColourTags(1, 1, 1, False)
    assert info.notes == (
        "a.mp4: its frames and its container state other colours (H.273: primaries 1 and 9, "
        "transfer 1 and 16, matrix 1 and 9); the frames are believed",
    )
    assert [rgb_md5(frame) for frame in decoded_rgb(info)] == decoded_md5s(clip, "rgb24")


def test_matroska_states_them_too(tmp_path: Path) -> None:
    plain = make(tmp_path / "a.mov", frames=2, pixels="yuv422p10le", filters="", codec=PRORES)
    clip = tmp_path / "a.mkv"
    ffmpeg("-i", plain, "-c", "copy", "-color_primaries", "bt2020", "-color_trc", "arib-std-b67",
           "-colorspace", "bt2020nc", "-color_range", "tv", clip)  # fmt: skip
    info = probe_media(clip)
    assert (info.colour, dict(info.found).get("colour", "")) == (
        ColourTags(9, 18, 9, False),
        "the container",
    )


@pytest.mark.parametrize(
    ("profile", "compatible", "refused"),
    [(5, 0, True), (8, 1, False), (8, 4, False), (10, 0, True), (7, 6, False)],
)
def test_dolby_vision_without_a_base_of_its_own(
    tmp_path: Path, profile: int, compatible: int, refused: bool
) -> None:
    codec = ("-c:v", "libx265", "-x265-params", "log-level=none", "-tag:v", "hvc1")
    clip = make(tmp_path / "a.mp4", frames=2, codec=codec)
    record = bytes((1, 0)) + struct.pack(">H", profile << 9 | 3 << 3 | 0b101)
    record += bytes((compatible << 4, *[0] * 19))
    with_boxes(clip, b"hvc1", **{"dvcC" if profile < 8 else "dvvC": record})
    if refused:
        with pytest.raises(MediaError, match=f"is Dolby Vision of profile {profile}"):
            probe_media(clip)
    else:
        assert probe_media(clip).width == 96


@pytest.mark.parametrize("codec", ["libvpx", "libvpx-vp9"])
def test_alpha_beside_the_packets_of_a_webm(tmp_path: Path, codec: str) -> None:
    ramp = "nullsrc=s=64x36:r=25,format=rgba,geq=r='X*4':g='Y*7':b='N*9':a='mod(X*4+N*20,256)'"
    clip = tmp_path / "a.webm"
    ffmpeg("-f", "lavfi", "-i", ramp, "-frames:v", "20", "-vf", "format=yuva420p", "-c:v", codec,
           "-auto-alt-ref", "0", "-g", "5", "-b:v", "2M", clip)  # fmt: skip
    info = probe_media(clip)
    assert (info.alpha, info.pixel_format) == ("straight", "yuva420p")
    assert info.otherwise == ("with alpha from a stream of its own",)
    raw = ffmpeg("-c:v", codec, "-i", clip, "-pix_fmt", "yuva420p", "-f", "rawvideo", "-")
    alpha = np.frombuffer(raw, np.uint8).reshape(20, -1)[:, -64 * 36 :].reshape(20, 36, 64)
    frames = list(decoded_rgb(info, alpha=True))
    assert np.array_equal([frame[..., 3] for frame in frames], alpha)
    assert alpha.min() < 30 < 220 < alpha.max()
    (late,) = decoded_rgb(info, 13, 13, alpha=True)
    assert np.array_equal(late, frames[13])
    published = rendered(clip, tmp_path, "png-mov")
    assert probe_media(published.path).alpha == "straight"


def paletted(path: Path, alphas: list[list[int]]) -> Path:
    """A PNG in MOV for each list: the alpha of the four colours of its palette, in columns."""
    for number, values in enumerate(alphas):
        image = Image.fromarray(np.repeat(np.arange(4, dtype=np.uint8)[None], 4, axis=0), "P")
        image.putpalette([30, 0, 0, 0, 60, 0, 0, 0, 90, 120, 120, 120])
        extra = {"transparency": bytes(values)} if min(values) < 255 else {}
        image.resize((32, 16)).save(path.with_name(f"{number}.png"), **extra)
    ffmpeg("-framerate", "25", "-i", path.with_name("%d.png"), "-c", "copy", path)
    return path


def test_a_palette_with_alpha(tmp_path: Path) -> None:
    clip = paletted(tmp_path / "a.mov", [[0, 80, 160, 255], [255, 80, 7, 0]])
    info = probe_media(clip)
    assert (info.alpha, info.pixel_format) == ("straight", "pal8")
    frames = [rgb_md5(frame) for frame in decoded_rgb(info, alpha=True)]
    assert frames == decoded_md5s(clip, "rgba")
    opaque = paletted(tmp_path / "b.mov", [[255] * 4, [255, 9, 9, 9]])
    info = probe_media(opaque)
    assert info.alpha == "none"
    with pytest.raises(MediaError, match="frame 1 has alpha, its first frame has none"):
        list(decoded_rgb(info))


def test_a_paletted_png_with_alpha(tmp_path: Path) -> None:
    paletted(tmp_path / "a.mov", [[0, 80, 160, 255]])
    info = probe_media(tmp_path / "0.png")
    assert info.alpha == "straight"
    (frame,) = decoded_rgb(info, alpha=True)
    assert np.array_equal(frame, np.asarray(Image.open(tmp_path / "0.png").convert("RGBA")))


@pytest.mark.parametrize(("clap", "edges"), [((80, 48), (8, 8)), ((90, 60), (3, 2))])
def test_clean_aperture(tmp_path: Path, clap: tuple[int, int], edges: tuple[int, int]) -> None:
    clip = make(tmp_path / "a.mp4", frames=3, codec=("-c:v", "libx264"))
    width, height = clap
    with_boxes(clip, b"avc1", clap=struct.pack(">IIIIiIiI", width, 1, height, 1, 0, 1, 0, 1))
    info = probe_media(clip)
    left, top = edges
    assert info.crop == (left, top, left, top)
    frames = list(decoded_rgb(info))
    assert [rgb_md5(frame) for frame in frames] == decoded_md5s(clip, "rgb24")
    assert frames[0].shape == (info.height, info.width, 3)
    (note,) = info.notes
    assert f"its clean aperture of {info.width}x{info.height} of 96x64 is read" in note
    assert probe_media(rendered(clip, tmp_path, "png-mov").path).width == info.width


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p"])
def test_half_a_column_of_a_clean_aperture(tmp_path: Path, pixels: str) -> None:
    """61x41 of 96x64, 5 to the right and 3 down, begins at 22.5, 14.5: from column 22, row 14 on as
    many as there are."""
    clip = make(tmp_path / "a.mp4", frames=2, codec=("-c:v", "libx264"), pixels=pixels)
    with_boxes(clip, b"avc1", clap=struct.pack(">IIIIiIiI", 61, 1, 41, 1, 5, 1, 3, 1))
    info = probe_media(clip)
    assert info.crop == (22, 14, 13, 9)
    whole = pixels == "yuv444p"
    assert (info.width, info.height) == ((61, 41) if whole else (60, 40))
    assert [rgb_md5(frame) for frame in decoded_rgb(info)] == decoded_md5s(clip, "rgb24")


def test_columns_that_a_matroska_cuts_off(tmp_path: Path) -> None:
    """ffmpeg copies `clap` as PixelCrop; which of two tracks has it counts."""
    clip = make(tmp_path / "a.mp4", frames=2, codec=("-c:v", "libx264"))
    with_boxes(clip, b"avc1", clap=struct.pack(">IIIIiIiI", 62, 1, 40, 1, 5, 1, 2, 1))
    other = make(tmp_path / "b.mkv", frames=2, codec=("-c:v", "libx264"))
    path = tmp_path / "c.mkv"
    ffmpeg("-i", other, "-i", clip, "-map", 0, "-map", 1, "-c", "copy", path)
    info = probe_media(path, stream=1)
    assert (info.crop, info.width, info.height) == ((22, 14, 12, 10), 62, 40)
    assert [rgb_md5(frame) for frame in decoded_rgb(info)] == decoded_md5s(clip, "rgb24")
    assert probe_media(path, stream=0).crop is None


def test_the_xyz_of_a_digital_cinema(tmp_path: Path) -> None:
    """Codes are 4095 XYZ^(1/2.6) (SMPTE ST 428-1, with 1 for ffmpeg's white). The RGB that ffmpeg
    makes of it is tagged as what it is, and not as the X'Y'Z' that the container states."""
    light = np.array([[0.2, 0.2, 0.2], [0.3, 0.15, 0.05]])  # linear Rec.709
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722],
                       [0.0193, 0.1192, 0.9505]])  # fmt: skip
    codes = np.rint(4095 * (light @ to_xyz.T) ** (1 / 2.6)).astype("<u2") << 4
    raw = tmp_path / "a.raw"
    raw.write_bytes(np.repeat(codes, 32 * 16, axis=0).tobytes())
    clip = tmp_path / "a.nut"
    ffmpeg("-f", "rawvideo", "-pix_fmt", "xyz12le", "-s", "32x32", "-i", raw, "-vf",
           "setparams=color_primaries=smpte428:color_trc=smpte428", "-c:v", "rawvideo",
           "-pix_fmt", "xyz12le", "-color_primaries", "smpte428", clip)  # fmt: skip
    info = probe_media(clip)
    assert info.colour == ColourTags(1, 4, 0, True)
    (note,) = info.notes
    assert "is converted to RGB of Rec.709 primaries" in note
    (frame,) = decoded_rgb(info)
    assert rgb_md5(frame) == decoded_md5s(clip, "rgb48le")[0]
    linear = (frame[::31, 0] / 65535.0) ** 2.2
    assert np.allclose(linear, light, atol=0.003)
    made = probe_media(rendered(clip, tmp_path, "png-mov").path).colour
    assert (made.primaries, made.transfer) == (1, 4)


HDR = HdrLevels((34000, 16000, 13250, 34500, 7500, 3000, 15635, 16450, 10_000_000, 50), (1000, 400))


def hdr10(path: Path) -> Path:
    levels = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)"
    levels += "L(10000000,50):max-cll=1000,400:log-level=none"
    tags = "setparams=color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc:range=tv"
    return make(path, "-tag:v", "hvc1", frames=3, pixels="yuv420p10le", filters=tags,
                codec=("-c:v", "libx265", "-x265-params", levels))  # fmt: skip


@pytest.mark.parametrize("format", ["png-mov", "prores4444"])
def test_hdr10_levels_are_carried(tmp_path: Path, format: str) -> None:
    info = probe_media(hdr10(tmp_path / "a.mp4"))
    assert info.hdr == HDR
    published = rendered(tmp_path / "a.mp4", tmp_path, format)
    assert published.warnings == ()
    assert probe_media(published.path).hdr == HDR
    told = ffmpeg(
        "-i", published.path, "-vf", "showinfo", "-frames:v", "1", "-f", "null", "-", loud=True
    ).decode()
    assert "r(0.6800,0.3200) g(0.2650,0.6900) b(0.1500 0.0600)" in told
    assert "max_luminance=1000.000000" in told
    assert "MaxCLL=1000, MaxFALL=400" in told


@pytest.mark.parametrize("format", ["ffv1", "exr"])
def test_hdr10_levels_that_are_left_out_are_named(tmp_path: Path, format: str) -> None:
    published = rendered(hdr10(tmp_path / "a.mp4"), tmp_path, format, last=0)
    assert published.warnings == (
        f"a.mp4: {format} has no place for the mastering display and light levels of HDR10; they "
        "were left out",
    )


def icc_png(path: Path, profile: bytes, **options: object) -> Path:
    Image.new("RGB", (8, 4), (200, 100, 50)).save(path, icc_profile=profile, **options)
    return path


def display_p3() -> bytes:
    """Made of sRGB's profile: the same curve, colorants of P3 as Apple's profile states them."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    colorants = {
        b"rXYZ": (0.51512, 0.24120, -0.00105),
        b"gXYZ": (0.29198, 0.69225, 0.04189),
        b"bXYZ": (0.15710, 0.06657, 0.78407),
    }
    for number in range(int.from_bytes(data[128:132], "big")):
        name, place, _ = struct.unpack(">4sII", data[132 + 12 * number : 144 + 12 * number])
        if name in colorants:
            values = [round(each * 65536) for each in colorants[name]]
            data[place + 8 : place + 20] = struct.pack(">3i", *values)
    return bytes(data)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
def test_icc_profiles_become_tags(tmp_path: Path, suffix: str) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    info = probe_media(icc_png(tmp_path / f"s{suffix}", srgb))
    assert (info.colour.primaries, info.colour.transfer, info.notes) == (1, 13, ())
    info = probe_media(icc_png(tmp_path / f"p{suffix}", display_p3()))
    assert (info.colour.primaries, info.colour.transfer, info.notes) == (12, 13, ())
    assert dict(info.found).get("colour", "").startswith("the ICC profile (")
    published = rendered(tmp_path / f"p{suffix}", tmp_path, "png-mov")
    assert probe_media(published.path).colour == ColourTags(12, 13, 0, True)


def test_an_icc_profile_without_a_tag_is_named(tmp_path: Path) -> None:
    odd = bytearray(display_p3())
    red = struct.pack(">i", round(0.51512 * 65536))
    odd = odd.replace(red, struct.pack(">i", 20000))
    info = probe_media(icc_png(tmp_path / "a.png", bytes(odd)))
    assert (info.colour.primaries, info.colour.transfer) == (2, 2)
    (note,) = info.notes
    assert note.startswith("a.png: its ICC profile (sRGB")
    assert "says what no tag of a movie can" in note


def test_a_cicp_chunk_comes_first(tmp_path: Path) -> None:
    plain = icc_png(tmp_path / "a.png", display_p3())
    data = plain.read_bytes()
    at = data.index(b"iCCP") - 4
    chunk = b"cICP" + bytes((9, 16, 0, 1))
    import zlib

    whole = struct.pack(">I", 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    plain.write_bytes(data[:at] + whole + data[at:])
    info = probe_media(plain)
    assert (info.colour, dict(info.found).get("colour", "")) == (
        ColourTags(9, 16, 0, True),
        "the cICP chunk",
    )


def test_a_copy_states_nothing_beside_its_profile(tmp_path: Path) -> None:
    """A PNG with a profile and sRGB's chunk is read as sRGB by what does not know profiles."""
    profile = display_p3()
    copy = rendered(icc_png(tmp_path / "p.png", profile), tmp_path, "png").path
    with Image.open(copy) as image:
        assert image.info["icc_profile"] == profile
    assert not {b"sRGB", b"gAMA", b"cHRM"} & set(chunks(copy))
    assert probe_media(copy).colour == ColourTags(12, 13, 0, True)


def chunks(path: Path) -> list[bytes]:
    data, place, found = path.read_bytes(), 8, []
    while place < len(data):
        found.append(data[place + 4 : place + 8])
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    return found


@pytest.mark.parametrize("format", ["png", "tiff"])
def test_a_profile_for_grey_is_left_out_of_rgb(tmp_path: Path, format: str) -> None:
    """PNG, third edition, 11.3.2.3, and TIFF: the profile is one for the picture's own kind."""
    grey = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    grey[16:20] = b"GRAY"
    source = tmp_path / "a.png"
    Image.new("L", (8, 4), 77).save(source, icc_profile=bytes(grey))
    (note,) = probe_media(source).notes
    assert "is one for GRAY" in note
    with Image.open(rendered(source, tmp_path, format).path) as image:
        assert (image.mode, image.info.get("icc_profile")) == ("RGB", None)
