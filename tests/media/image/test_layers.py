"""Which layer, part and view of an EXR is the picture, as its writers name them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import OpenEXR
import pytest
from PIL import Image

from nle_style.errors import MediaError
from nle_style.media.base import MediaInfo
from nle_style.media.source import probe_media, read_frames
from tests.helpers.media_factory import ffmpeg, rendered

HEIGHT, WIDTH = 4, 8
SCANLINES = {"type": OpenEXR.scanlineimage}


def planes(names: str, value: float, kind: str = "f2") -> dict[str, np.ndarray]:
    """Flat channels, each a tenth brighter than the one before."""
    return {
        name: np.full((HEIGHT, WIDTH), value + 0.1 * place, kind)
        for place, name in enumerate(names.split())
    }


def exr(path: Path, channels: dict[str, np.ndarray], **header: object) -> Path:
    OpenEXR.File(SCANLINES | header, channels).write(str(path))
    return path


def parts(path: Path, **channels: dict[str, np.ndarray]) -> Path:
    OpenEXR.File([OpenEXR.Part(dict(SCANLINES), each, name) for name, each in channels.items()]
                 ).write(str(path))  # fmt: skip
    return path


def first_pixel(info: MediaInfo) -> list[float]:
    (frame,) = read_frames(info)
    return [round(float(each), 1) for each in frame[0, 0]]


IDS = planes("id", 3, "u4")
AO = planes("ViewLayer.AO.R ViewLayer.AO.G ViewLayer.AO.B", 0.7)
COMBINED = planes("ViewLayer.Combined.R ViewLayer.Combined.G ViewLayer.Combined.B "
                  "ViewLayer.Combined.A", 0.1)  # fmt: skip


@pytest.mark.parametrize(
    ("channels", "layer", "pixel"),
    [
        (AO | COMBINED | planes("ViewLayer.Depth.Z", 9), "ViewLayer.Combined", [0.1, 0.2, 0.3]),
        (COMBINED | planes("Composite.Combined.R Composite.Combined.G Composite.Combined.B", 0.4),
         "Composite.Combined", [0.4, 0.5, 0.6]),
        # Arnold, V-Ray: the picture is plain, AOVs have names that sort before it
        (planes("R G B A", 0.2) | planes("N.R N.G N.B", 0.5) | IDS, "", [0.2, 0.3, 0.4]),
        (planes("C.R C.G C.B", 0.2) | planes("Albedo.R Albedo.G Albedo.B", 0.6), "C",
         [0.2, 0.3, 0.4]),
        (planes("Ci.r Ci.g Ci.b Ci.a", 0.2) | planes("Nn.r Nn.g Nn.b", 0.6), "Ci",
         [0.2, 0.3, 0.4]),
        (planes("beauty.red beauty.green beauty.blue", 0.2) | planes("a.red a.green a.blue", 0.6),
         "beauty", [0.2, 0.3, 0.4]),
        (planes("r g b a", 0.2), "", [0.2, 0.3, 0.4]),
        # the only one with colours, whatever its name
        (planes("key.R key.G key.B", 0.2) | planes("N.X N.Y N.Z", 0.5) | planes("Z", 7), "key",
         [0.2, 0.3, 0.4]),
        # whole numbers are identifiers, in the channels of a picture too
        (planes("ids.R ids.G ids.B", 1, "u4") | planes("x.R x.G x.B", 0.2), "x", [0.2, 0.3, 0.4]),
        (planes("Y A", 0.2) | planes("Z", 7) | IDS, "", [0.2, 0.2, 0.2]),
        (planes("mask", 0.2) | planes("Z", 7) | IDS, "", [0.2, 0.2, 0.2]),
    ],
)  # fmt: skip
def test_the_layer_that_its_writer_means(
    tmp_path: Path, channels: dict[str, np.ndarray], layer: str, pixel: list[float]
) -> None:
    info = probe_media(exr(tmp_path / "a.exr", dict(sorted(channels.items()))))
    assert (info.layer, first_pixel(info)) == (layer, pixel)
    assert info.has_alpha == any(name.rpartition(".")[::2] in ((layer, "A"), (layer, "a"))
                                 for name in channels)  # fmt: skip


def test_several_are_named_in_a_note(tmp_path: Path) -> None:
    info = probe_media(exr(tmp_path / "a.exr", AO | COMBINED))
    assert info.notes == (
        "a.exr: the layer ViewLayer.Combined of ViewLayer.AO, ViewLayer.Combined is painted; "
        "--layer takes another",
    )
    assert probe_media(exr(tmp_path / "b.exr", planes("R G B", 0.2))).notes == ()


def test_a_cryptomatte_is_no_picture(tmp_path: Path) -> None:
    crypto = planes("CryptoObject.R CryptoObject.G CryptoObject.B", 0.5)
    ranks = planes("CryptoObject00.R CryptoObject00.G CryptoObject00.B CryptoObject00.A", 0.6, "f4")
    header = {"cryptomatte/1a2b/name": "CryptoObject"}
    lit = planes("lit.R lit.G lit.B", 0.2)
    info = probe_media(exr(tmp_path / "a.exr", crypto | ranks | lit, **header))
    assert (info.layer, info.notes) == ("lit", ())
    with pytest.raises(MediaError, match="holds no picture in channels R, G and B"):
        probe_media(exr(tmp_path / "b.exr", crypto | ranks, **header))


@pytest.mark.parametrize(
    ("channels", "message"),
    [
        (planes("a.R a.G a.B", 0.2) | planes("b.R b.G b.B", 0.5), "no name says which is the main"),
        (planes("Fg.Combined.R Fg.Combined.G Fg.Combined.B", 0.2)
         | planes("Bg.Combined.R Bg.Combined.G Bg.Combined.B", 0.5), "Bg.Combined, Fg.Combined"),
        (planes("Z", 7), "holds no picture"),
        (IDS | planes("Z", 7), "holds no picture"),
        (planes("R G B", 1, "u4"), "holds no picture"),
        (planes("N.X N.Y N.Z", 0.5), "holds no picture"),
    ],
)  # fmt: skip
def test_without_a_rule_it_is_refused(
    tmp_path: Path, channels: dict[str, np.ndarray], message: str
) -> None:
    with pytest.raises(MediaError, match=message) as caught:
        probe_media(exr(tmp_path / "a.exr", channels))
    assert "--layer" in caught.value.remedy


def test_parts_go_by_their_names(tmp_path: Path) -> None:
    """Nuke's and Arnold's parts: plain channels in each of them, in any order."""
    path = parts(tmp_path / "a.exr", N=planes("R G B", 0.6), rgba=planes("R G B A", 0.2),
                 depth=planes("Z", 7))  # fmt: skip
    info = probe_media(path)
    assert (info.layer, info.alpha, first_pixel(info)) == ("rgba", "premultiplied", [0.2, 0.3, 0.4])
    assert first_pixel(probe_media(path, layer="N")) == [0.6, 0.7, 0.8]
    with pytest.raises(MediaError, match="no name says which is the main"):
        probe_media(parts(tmp_path / "b.exr", N=planes("R G B", 0.6), P=planes("R G B", 0.2)))


def test_the_default_view_is_taken_and_named(tmp_path: Path) -> None:
    right = planes("right.R right.G right.B", 0.6)
    depth = planes("diffuse.right.R diffuse.right.G diffuse.right.B", 0.7)
    path = exr(tmp_path / "a.exr", planes("R G B", 0.2) | right | depth,
               multiView=["left", "right"])  # fmt: skip
    info = probe_media(path)
    assert (info.layer, first_pixel(info)) == ("", [0.2, 0.3, 0.4])
    (note,) = info.notes
    assert note.startswith("a.exr: the view left of left, right is painted")
    other = probe_media(path, layer="right")
    assert (other.layer, first_pixel(other)) == ("right", [0.6, 0.7, 0.8])
    assert first_pixel(probe_media(path, layer="diffuse.right")) == [0.7, 0.8, 0.9]
    two = [OpenEXR.Part(SCANLINES | {"view": view}, planes("R G B", value), f"rgba.{view}")
           for view, value in (("right", 0.6), ("left", 0.2))]  # fmt: skip
    OpenEXR.File(two).write(str(tmp_path / "b.exr"))
    info = probe_media(tmp_path / "b.exr")  # without multiView the first part's is the default
    assert (info.layer, first_pixel(info)) == ("rgba", [0.6, 0.7, 0.8])
    assert "the view right of right, left" in info.notes[0]
    assert first_pixel(probe_media(tmp_path / "b.exr", layer="left")) == [0.2, 0.3, 0.4]


def test_a_layer_is_named(tmp_path: Path) -> None:
    path = exr(tmp_path / "a.exr", AO | COMBINED | planes("ViewLayer.N.X ViewLayer.N.Y "
                                                          "ViewLayer.N.Z", 0.4))  # fmt: skip
    for name in ("ViewLayer.AO", "viewlayer.ao", "AO"):
        assert first_pixel(probe_media(path, layer=name)) == [0.7, 0.8, 0.9]
    assert first_pixel(probe_media(path, layer="N")) == [0.4, 0.5, 0.6]
    with pytest.raises(MediaError, match=r"has no layer 'ViewLayer\.AP'") as caught:
        probe_media(path, layer="ViewLayer.AP")
    assert caught.value.remedy.startswith("Did you mean ViewLayer.AO? It has ViewLayer.AO,")


@pytest.mark.parametrize("layer", [None, "AO"])
def test_only_the_chosen_layer_is_painted(tmp_path: Path, layer: str | None) -> None:
    path = exr(tmp_path / "a.exr", AO | COMBINED)
    info = probe_media(path, layer=layer)
    published = rendered(path, tmp_path, "exr", info=info)
    copy = published.path
    channels = OpenEXR.File(str(copy), separate_channels=True).channels()
    assert sorted(channels) == sorted(AO | COMBINED)
    painted = probe_media(copy, layer=layer)
    assert (painted.layer, first_pixel(painted)) == (info.layer, first_pixel(info))


def test_every_file_of_a_sequence_has_the_layer(tmp_path: Path) -> None:
    exr(tmp_path / "a.1.exr", COMBINED | AO)
    exr(tmp_path / "a.2.exr", dict(AO))
    with pytest.raises(MediaError, match=r"has no layer 'ViewLayer.Combined'") as caught:
        list(read_frames(probe_media(tmp_path / "a.%d.exr")))
    assert caught.value.where.endswith("a.2.exr")


def test_pages_and_animations(tmp_path: Path) -> None:
    """The first page of a TIFF, with a note; a PNG that moves is a movie, a WebP is refused."""
    pages = [Image.new("RGB", (WIDTH, HEIGHT), (value, 0, 0)) for value in (10, 200, 90)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    info = probe_media(tmp_path / "a.tif")
    assert info.notes == ("a.tif: the first of its 3 pictures is painted",)
    pages[0].save(tmp_path / "a.png", save_all=True, append_images=pages[1:], duration=40)
    info = probe_media(tmp_path / "a.png")
    assert (info.kind, info.frame_count) == ("movie", 3)
    assert [round(float(frame[0, 0, 0]) * 255) for frame in read_frames(info)] == [10, 200, 90]
    pages[0].save(tmp_path / "a.webp", save_all=True, append_images=pages[1:], lossless=True)
    with pytest.raises(MediaError, match="is an animation"):
        probe_media(tmp_path / "a.webp")
    (tmp_path / "b.0001.png").write_bytes((tmp_path / "a.png").read_bytes())
    with pytest.raises(MediaError, match="is an animation"):
        probe_media(tmp_path / "b.%04d.png")
    pages[0].save(tmp_path / "one.webp", lossless=True)
    assert probe_media(tmp_path / "one.webp").notes == ()


def test_a_jpeg_xl_that_moves(tmp_path: Path) -> None:
    for name, frames in (("a.jxl", 3), ("one.jxl", 1)):
        ffmpeg("-f", "lavfi", "-i", "testsrc2=s=32x16", "-frames:v", frames,
               *("-c:v", "libjxl_anim" if frames > 1 else "libjxl", "-distance", 0),
               *("-f", "image2pipe", tmp_path / name))  # fmt: skip
    with pytest.raises(MediaError, match="is an animation"):
        probe_media(tmp_path / "a.jxl")
    assert probe_media(tmp_path / "one.jxl").notes == ()


def test_luminance_and_differences_of_colour(tmp_path: Path) -> None:
    """They are no grey picture: its colours are in RY and BY (OpenEXR, ImfRgbaYca.h)."""
    file = exr(tmp_path / "a.exr", planes("Y RY BY", 0.2))
    with pytest.raises(MediaError, match=r"\(Y, RY, BY\), which are not converted"):
        probe_media(file)
