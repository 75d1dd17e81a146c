"""What a source is taken for: by its header, by name, by a configuration file."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import numpy as np
import OpenImageIO as oiio  # noqa: N813
import pytest

from nle_style.errors import InputError, MediaError
from nle_style.media import resolve_format
from nle_style.media.colour import ColourSettings, SceneColour, scene_colour
from nle_style.media.colour.transfer import srgb_to_linear
from nle_style.media.image import write_image
from nle_style.media.source import probe_media
from tests.helpers.media_factory import make, rendered

AP1 = (0.713, 0.293, 0.165, 0.830, 0.128, 0.044, 0.32168, 0.33767)
STUDIO = "ocio://studio-config-v5.0.0_aces-v2.1_ocio-v2.6"
CONFIG = """ocio_profile_version: 2
roles: {default: show_linear, scene_linear: show_linear, aces_interchange: aces}
file_rules: [!<Rule> {name: Default, colorspace: default}]
displays: {screen: [!<View> {name: raw, colorspace: aces}]}
colorspaces:
  - !<ColorSpace> {name: aces, encoding: scene-linear}
  - !<ColorSpace>
    name: show_linear
    aliases: [Show Plate]
    encoding: scene-linear
    from_scene_reference: !<MatrixTransform>
      matrix: [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]
"""


def _image(path: Path, kind: str = "half", **attributes: object) -> Path:
    spec = oiio.ImageSpec(16, 8, 3, kind)
    for name, value in attributes.items():
        if isinstance(value, tuple):
            spec.attribute(name, f"float[{len(value)}]", value)
        else:
            spec.attribute(name.replace("__", ":"), value)
    writer = oiio.ImageOutput.create(str(path))
    assert writer.open(str(path), spec)
    assert writer.write_image(np.full((8, 16, 3), 0.25, np.float32))
    writer.close()
    return path


def _scene(path: Path, name: str = "auto", file: Path | None = None) -> SceneColour | None:
    return scene_colour(probe_media(path), ColourSettings(name, file))


@pytest.mark.parametrize(
    ("suffix", "kind", "attributes", "expected"),
    [
        ("exr", "half", {}, "linear, Rec.709 primaries"),
        ("exr", "float", {"oiio__ColorSpace": "lin_rec709_scene"}, f"{STUDIO}: Linear Rec.709"),
        ("exr", "half", {"oiio__ColorSpace": "lin_ap1_scene"}, f"{STUDIO}: ACEScg"),
        ("exr", "half", {"chromaticities": AP1}, "linear, primaries 0.713 0.293 0.165"),
        # The colours themselves say more than a name that many writers put there unasked.
        ("exr", "half", {"chromaticities": AP1, "oiio__ColorSpace": "lin_rec709_scene"},
         "linear, primaries 0.713 0.293"),
        ("exr", "half", {"colorInteropID": "ocio:slog3_sgamut3_scene"}, f"{STUDIO}: S-Log3"),
        ("exr", "half", {"oiio__ColorSpace": "srgb_rec709_display"}, None),
        ("exr", "half", {"oiio__ColorSpace": "g22_rec709_scene"}, None),
        ("exr", "half", {"oiio__ColorSpace": "pq_rec2020_display"}, "ST 2084 (PQ), prim"),
        ("exr", "half", {"oiio__ColorSpace": "hlg_rec2020_display"}, "HLG, primaries 0.708"),
        ("hdr", "float", {}, f"{STUDIO}: Linear Rec.709"),
        ("tif", "float", {}, "linear, Rec.709 primaries"),
        ("tif", "uint16", {}, None),
        ("png", "uint16", {}, None),
        ("png", "uint16", {"oiio__ColorSpace": "pq_rec2020_display"}, "ST 2084 (PQ)"),
        ("dpx", "uint16", {"dpx__Transfer": "Linear"}, f"{STUDIO}: Linear Rec.709"),
        ("dpx", "uint16", {"dpx__Transfer": "Printing density"}, None),
    ],
)  # fmt: skip
def test_what_an_image_header_says(
    suffix: str, kind: str, attributes: dict[str, object], expected: str | None, tmp_path: Path
) -> None:
    scene = _scene(_image(tmp_path / f"a.{suffix}", kind, **attributes))
    assert (scene is None) == (expected is None)
    if scene is not None:
        assert scene.name.startswith(str(expected))


def test_a_sequence_goes_by_its_first_file(tmp_path: Path) -> None:
    _image(tmp_path / "a.0007.exr", chromaticities=AP1)
    _image(tmp_path / "a.0008.exr")
    scene = _scene(tmp_path / "a.%04d.exr")
    assert scene is not None
    assert "0.713" in scene.name


@pytest.mark.parametrize("depth", ["half", "float"])
def test_our_own_display_referred_exr_is_known_again(depth: str, tmp_path: Path) -> None:
    clip = make(tmp_path / "clip.mov", frames=1, filters="")
    info = probe_media(clip)
    assert info.colour.transfer == 2  # untagged: only the description tells
    spec = resolve_format("exr", depth, info)
    write_image(tmp_path / "a.exr", np.zeros((64, 96, 3), spec.dtype), spec, info, 0, "a.exr", {})
    assert _scene(tmp_path / "a.exr") is None
    assert _scene(tmp_path / "a.exr", "linear") is not None


def test_a_linear_image_becomes_a_linear_exr(tmp_path: Path) -> None:
    source = _image(tmp_path / "a.tif", "float")
    scene = _scene(rendered(source, tmp_path / "out", "exr").path)
    assert scene is not None
    assert scene.name == f"{STUDIO}: Linear Rec.709 (sRGB)"


def test_an_aces_container_is_ap0(tmp_path: Path) -> None:
    scene = _scene(_image(tmp_path / "a.exr", acesImageContainerFlag=1, compression="none"))
    assert scene is not None
    assert "0.7347 0.2653" in scene.name or "ACES2065-1" in scene.name


def test_chromaticities_are_used(tmp_path: Path) -> None:
    scene = _scene(_image(tmp_path / "a.exr", chromaticities=AP1))
    assert scene is not None
    # The ACES 1.3 matrix AP1 to Rec.709: its green column is -0.62179, 1.14080, -0.12897; times
    # 0.2, without the negative ones, is what the network sees.
    seen = srgb_to_linear(scene.encode(np.array([[[0, 0.2, 0]]], np.float32)))
    np.testing.assert_allclose(seen[0, 0], [0, 0.22816, 0], atol=2e-5)
    plate = np.array([[[0.1, 0.5, 2], [7, 0.3, 0.2]]], np.float32)
    display = scene.encode(plate)
    result = scene.decode(display, np.nextafter(display, np.float32(0)), plate)
    np.testing.assert_allclose(result, plate, rtol=1e-5)


def test_pq_without_primaries_is_bt2020(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mkv", frames=1, pixels="yuv420p10le", codec=("-c:v", "ffv1"),
                filters="setparams=color_trc=smpte2084")  # fmt: skip
    scene = _scene(clip)
    assert scene is not None
    assert scene.name == "ST 2084 (PQ), primaries 0.708 0.292 0.17 0.797 0.131 0.046 0.3127 0.329"


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("color_primaries=bt2020:color_trc=smpte2084:colorspace=bt2020nc", "ST 2084 (PQ), prim"),
        ("color_primaries=bt2020:color_trc=arib-std-b67:colorspace=bt2020nc", "HLG, primaries"),
        ("color_primaries=bt709:color_trc=linear:colorspace=bt709", "linear, Rec.709 primaries"),
        ("color_primaries=bt2020:color_trc=bt2020-10:colorspace=bt2020nc", None),
        ("color_primaries=bt709:color_trc=bt709:colorspace=bt709", None),
        ("", None),
    ],
)
def test_what_a_movies_tags_say(tags: str, expected: str | None, tmp_path: Path) -> None:
    filters = f"setparams={tags}" if tags else ""
    clip = make(tmp_path / "a.mkv", frames=1, pixels="yuv420p10le", filters=filters,
                codec=("-c:v", "ffv1"))  # fmt: skip
    scene = _scene(clip)
    assert (scene is None) == (expected is None)
    if scene is not None:
        assert scene.name.startswith(str(expected))
    assert _scene(clip, "rec709") is None
    assert _scene(clip, "sRGB") is None


@pytest.mark.parametrize(("trc", "code"), [("smpte2084", 16), ("arib-std-b67", 18)])
def test_hdr_is_tagged_as_it_came(trc: str, code: int, tmp_path: Path) -> None:
    clip = make(
        tmp_path / "a.mkv", frames=2, pixels="yuv420p10le", codec=("-c:v", "ffv1"),
        filters=f"setparams=color_primaries=bt2020:color_trc={trc}:colorspace=bt2020nc:range=tv",
    )  # fmt: skip
    movie = probe_media(rendered(clip, tmp_path / "mov", "png-mov").path)
    assert (movie.colour.primaries, movie.colour.transfer, movie.bit_depth) == (9, code, 16)
    exr = rendered(clip, tmp_path / "exr", "exr").path
    name = {16: "pq_rec2020_display", 18: "hlg_rec2020_display"}[code]
    spec = oiio.ImageInput.open(str(exr).replace("%06d", "000001")).spec()
    assert spec.get_string_attribute("oiio:ColorSpace") == name
    before, after = _scene(clip), _scene(exr)
    assert before is not None
    assert after is not None
    assert after.name == before.name


def test_primaries_that_are_not_supported(tmp_path: Path) -> None:
    clip = make(tmp_path / "a.mkv", frames=1, pixels="yuv420p10le", codec=("-c:v", "ffv1"),
                filters="setparams=color_primaries=film:color_trc=smpte2084")  # fmt: skip
    with pytest.raises(MediaError, match=r"a\.mkv.*primaries 8 of"):
        _scene(clip)


def test_names_aliases_and_case(tmp_path: Path) -> None:
    exr = _image(tmp_path / "a.exr")
    for name in ("ACEScg", "acescg", "lin_ap1", "ACES - ACEScg", "scene_linear"):
        scene = _scene(exr, name)
        assert scene is not None
        assert scene.name == f"{STUDIO}: ACEScg"
    # What is made for an SDR screen is fed as it is.
    assert _scene(exr, "Gamma 2.2 Encoded AdobeRGB") is None


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("slog3", "S-Log3 S-Gamut3.Cine"), ("LogC", "ARRI LogC3"), ("acesgc", "ACEScg"),
     ("V Log", "V-Log V-Gamut"), ("applelog", "Apple Log")],
)  # fmt: skip
def test_an_unknown_name_brings_close_ones(typed: str, meant: str, tmp_path: Path) -> None:
    exr = _image(tmp_path / "a.exr")
    with pytest.raises(InputError, match=f"unknown colour space '{typed}'") as caught:
        _scene(exr, typed)
    assert caught.value.where == str(exr)
    assert meant in caught.value.remedy
    assert "Did you mean" in caught.value.remedy


def test_a_name_like_nothing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="takes auto, srgb, rec709, linear, or a name of ocio://"):
        _scene(_image(tmp_path / "a.exr"), "qqqqqq")


def test_a_name_in_a_header_that_means_nothing_here(tmp_path: Path) -> None:
    exr = _image(tmp_path / "a.exr", colorInteropID="house:film_scene")
    with pytest.raises(MediaError, match=r"a\.exr.*'house:film_scene'.*--input-colour"):
        _scene(exr)
    assert _scene(exr, "srgb") is None
    assert _scene(_image(tmp_path / "b.exr", colorInteropID="data")) is None


def test_data_is_not_colour(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"'Raw' of ocio://.* is data, not colour"):
        _scene(_image(tmp_path / "a.exr"), "Raw")


def test_a_configuration_of_ones_own(tmp_path: Path) -> None:
    file = tmp_path / "show.ocio"
    file.write_text(CONFIG)
    exr = _image(tmp_path / "a.exr")
    for name in ("show plate", "auto", "linear"):  # a plain EXR is in its scene_linear
        scene = _scene(exr, name, file)
        assert scene is not None
        digest = hashlib.sha256(file.read_bytes()).hexdigest()[:12]
        assert scene.name.startswith(f"show.ocio, sha256 {digest}, transform ")
        assert scene.name.endswith(": show_linear")
        # show_linear is ACES2065-1 times 2, and grey stays grey: 0.36 is 0.18
        grey = srgb_to_linear(scene.encode(np.full((1, 1, 3), 0.36, np.float32)))
        np.testing.assert_allclose(grey, 0.18, rtol=1e-4)
    before = scene.name
    file.write_text(CONFIG.replace("[2, 0, 0, 0, 0, 2,", "[3, 0, 0, 0, 0, 2,"))
    changed = _scene(exr, "auto", file)
    assert changed is not None
    assert changed.name != before
    with pytest.raises(InputError, match="unknown colour space 'ACEScg'"):
        _scene(exr, "ACEScg", file)


def test_an_archived_configuration(tmp_path: Path) -> None:
    file = tmp_path / "show.ocioz"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("config.ocio", CONFIG)
    scene = _scene(_image(tmp_path / "a.exr"), "show_linear", file)
    assert scene is not None
    assert scene.name.startswith("show.ocioz, sha256 ")


@pytest.mark.parametrize(
    ("text", "fault"),
    [(None, "cannot be read"), ("not: [a config", "is not an OpenColorIO configuration"),
     ("", "is not an OpenColorIO configuration")],
)  # fmt: skip
def test_what_is_no_configuration(text: str | None, fault: str, tmp_path: Path) -> None:
    file = tmp_path / "bad.ocio"
    if text is not None:
        file.write_text(text)
    for name in ("auto", "srgb", "ACEScg"):
        with pytest.raises(InputError, match=rf"bad\.ocio: .*{fault}"):
            _scene(_image(tmp_path / "a.exr"), name, file)


def test_a_configuration_without_a_way_to_rec709(tmp_path: Path) -> None:
    file = tmp_path / "show.ocio"
    file.write_text(CONFIG.replace(", aces_interchange: aces", "").replace(" aces", " house"))
    with pytest.raises(InputError, match=r"cannot convert.*aces_interchange"):
        _scene(_image(tmp_path / "a.exr"), "show_linear", file)


@pytest.mark.parametrize(("version", "rec709"), [(1, "linear"), (2, "lin_rec709")])
def test_a_configuration_with_its_own_linear_rec709(
    version: int, rec709: str, tmp_path: Path
) -> None:
    file = tmp_path / "show.ocio"
    file.write_text(
        f"ocio_profile_version: {version}\n"
        f"roles: {{default: {rec709}}}\n"
        f"displays: {{screen: [!<View> {{name: raw, colorspace: {rec709}}}]}}\n"
        "colorspaces:\n"
        f"  - !<ColorSpace> {{name: {rec709}}}\n"
        "  - !<ColorSpace>\n"
        "    name: plate\n"
        f"    {'from_reference' if version == 1 else 'from_scene_reference'}: !<MatrixTransform>\n"
        "      matrix: [2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 2, 0, 0, 0, 0, 1]\n"
        + ("file_rules: [!<Rule> {name: Default, colorspace: default}]\n" if version == 2 else "")
    )
    scene = _scene(_image(tmp_path / "a.exr"), "plate", file)
    assert scene is not None
    seen = srgb_to_linear(scene.encode(np.array([[[0.4, 0.2, 0.1]]], np.float32)))
    np.testing.assert_allclose(seen[0, 0], [0.2, 0.1, 0.05], rtol=1e-4)


def test_the_environment_is_not_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OCIO", str(tmp_path / "nothing.ocio"))
    assert _scene(_image(tmp_path / "a.exr"), "ACEScg") is not None
