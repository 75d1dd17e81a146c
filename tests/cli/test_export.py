"""`export nuke` beside `render`, the script that makes the .cat, and `export onnx`.

Nuke is on no machine of ours: a strict stand-in for its module takes what make_cat.py asks of it,
and the network it is given is loaded by torch.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import OpenImageIO as oiio  # noqa: N813  (its own documentation calls it so)
import pytest
import torch

from nle_style.apply import Look, Stylizer
from nle_style.apply.stroke_scale import REFERENCE_SIDE, working_size
from nle_style.core import load_pack
from nle_style.media.source import decoded_rgb, probe_media
from tests.helpers.client import load_file
from tests.helpers.command import nle_style
from tests.helpers.media_factory import ffmpeg, write_pixels

ROOT = Path(__file__).resolve().parents[2]
MAKE_CAT = ROOT / "plugins" / "nuke" / "cat" / "make_cat.py"

pytestmark = pytest.mark.filterwarnings(r"ignore:`torch\.jit")


@pytest.fixture(scope="module")
def exported(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exported")
    done = nle_style(
        *("export", "nuke", "--style", "blue:0.75,red:0.25", "--pack", tiny_pack),
        *("-o", folder / "NLEStyle_blue.pt"),
    )
    assert done.code == 0, done.err
    assert sorted(path.name for path in folder.iterdir()) == [
        ".nle_style.jsonl",
        "NLEStyle_blue.json",
        "NLEStyle_blue.pt",
        "NLEStyle_blue_make_cat.py",
    ]
    assert "Nuke --nukex -i --gpu 0 --safe NLEStyle_blue_make_cat.py" in done.out
    return folder


def test_the_node_paints_what_render_paints(
    exported: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """One scene-linear EXR through the command line, and its pixels through the exported file."""
    random = np.random.default_rng(3)
    frame = random.gamma(1.0, 0.4, (37, 61, 3)).astype(np.float32)
    frame[5:9, 10:30] = 12.5
    source = write_pixels(tmp_path / "plate.exr", frame, "float")
    done = nle_style(
        *("render", source, "--style", "blue:0.75,red:0.25", "--statistics", "frame"),
        *("--format", "exr", "--depth", "float", "--pack", tiny_pack, "-o", tmp_path / "out"),
    )
    assert done.code == 0, done.err
    (file,) = (tmp_path / "out").rglob("*.exr")
    wanted = oiio.ImageBuf(str(file)).get_pixels(oiio.FLOAT)
    image = torch.from_numpy(frame).permute(2, 0, 1)[None]
    network = torch.jit.load(exported / "NLEStyle_blue.pt")
    got = network(image)[0].permute(1, 2, 0).numpy()
    assert float((np.abs(got - wanted) / np.maximum(np.abs(wanted), 1)).max()) < 2e-5
    assert np.abs(wanted - frame).max() > 1


def test_with_the_statistics_of_a_shot_it_paints_what_render_paints(
    tiny_pack: Path, tmp_path: Path
) -> None:
    """Frames 2 to 7 of a clip that gets darker, in a mix of three, against `--statistics shot`."""
    picture = "testsrc2=s=64x48:r=25,fade=out:0:10"
    clip = tmp_path / "clip.mkv"
    ffmpeg("-f", "lavfi", "-i", picture, "-frames:v", 10, "-c:v", "ffv1", "-pix_fmt", "gbrp", clip)
    look = ("--style", "red:0.5,green:0.3,blue:0.2", "--pack", tiny_pack)
    shot = (*look, "--frames", "2-7")
    done = nle_style(
        *("render", clip, *shot, "--statistics", "shot", "--format", "exr", "--depth", "float"),
        *("-o", tmp_path / "out"),
    )
    assert done.code == 0, done.err
    done = nle_style(
        *("export", "nuke", *shot, "--shot", clip, "--display", "-o", tmp_path / "live.pt")
    )
    assert done.code == 0, done.err
    card = json.loads((tmp_path / "live.json").read_text())
    assert (card["statistics"], [knob["name"] for knob in card["knobs"]]) == (
        "shot",
        ["strength", "stroke_scale", "linear"],
    )
    network = torch.jit.load(tmp_path / "live.pt")
    pictures = decoded_rgb(probe_media(clip), 2, 7)
    files = sorted((tmp_path / "out").rglob("*.exr"))
    for source, file in zip(pictures, files, strict=True):
        image = torch.from_numpy(source.astype(np.float32) / 255).permute(2, 0, 1)[None]
        wanted = oiio.ImageBuf(str(file)).get_pixels(oiio.FLOAT)
        assert np.abs(network(image)[0].permute(1, 2, 0).numpy() - wanted).max() < 2e-5
    done = nle_style("export", "nuke", *shot, "-o", tmp_path / "other.pt")
    assert (done.code, "Give --shot" in done.err) == (2, True)


def test_what_is_wrong_is_said(tiny_pack: Path, tmp_path: Path) -> None:
    done = nle_style(
        "export", "nuke", "--pack", tiny_pack, "--style", "re", "-o", tmp_path / "a.pt"
    )
    assert done.code == 2
    assert "unknown style 're'" in done.err
    done = nle_style("export", "nuke", "--style", "red", "--style", "blue", "-o", tmp_path / "a.pt")
    assert done.code == 2
    assert "--style is given 2 times" in done.err
    assert list(tmp_path.iterdir()) == []


class Knob:
    """A knob that has what make_cat.py may ask of one."""

    def __init__(self, name: str = "", label: str = "") -> None:
        self.name, self.label = name, label
        self.value: Any = None
        self.range: tuple[float, float] | None = None

    def setValue(self, value: Any) -> None:  # noqa: N802  (Nuke's name)
        self.value = value

    def setRange(self, low: float, high: float) -> None:  # noqa: N802  (Nuke's name)
        self.range = (low, high)


class Int(Knob):
    """Int_Knob."""


class Double(Knob):
    """Double_Knob."""


class Boolean(Knob):
    """Boolean_Knob."""


class Creator(dict):  # type: ignore[type-arg]
    """CatFileCreator with the knobs that it has; its button writes a .cat, or does not."""

    def __init__(self, works: bool) -> None:
        names = ("torchScriptFile", "catFile", "channelsIn", "channelsOut", "modelId")
        super().__init__({name: Knob(name) for name in (*names, "outputScale")})
        self.added: list[Knob] = []
        self.works = works
        self["createCatFile"] = types.SimpleNamespace(execute=self.execute)

    def addKnob(self, knob: Knob) -> None:  # noqa: N802  (Nuke's name)
        self.added.append(knob)

    def execute(self) -> None:
        network = torch.jit.load(self["torchScriptFile"].value)
        for knob in self.added:
            # A knob drives the attribute of its name, of its type.
            assert type(getattr(network, knob.name)) is type(knob.value), knob.name
            setattr(network, knob.name, knob.value)
        if self.works:
            Path(self["catFile"].value).write_bytes(b"cat")


class Nuke:
    """Nuke's module as far as make_cat.py uses it; any other name is an AttributeError."""

    Int_Knob, Double_Knob, Boolean_Knob = Int, Double, Boolean

    def __init__(self, major: int = 16, minor: int = 0, works: bool = True) -> None:
        self.NUKE_VERSION_MAJOR, self.NUKE_VERSION_MINOR = major, minor
        self.creator = Creator(works)

    def createNode(self, kind: str, inpanel: bool) -> Creator:  # noqa: N802  (Nuke's name)
        assert (kind, inpanel) == ("CatFileCreator", False)
        return self.creator


def test_the_cattery_folder(exported: Path, tmp_path: Path) -> None:
    nuke = Nuke()
    folder = Path(
        load_file(MAKE_CAT).make(str(exported / "NLEStyle_blue.json"), str(tmp_path), nuke)
    )
    assert folder == tmp_path / "NLEStyle_blue"
    names = ["NLEStyle_blue.cat", "NLEStyle_blue.gizmo", "cat.json"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert nuke.creator["channelsIn"].value == "rgba.red,rgba.green,rgba.blue"
    assert nuke.creator["channelsOut"].value == "rgba.red,rgba.green,rgba.blue"
    assert (nuke.creator["modelId"].value, nuke.creator["outputScale"].value) == (
        "NLEStyle_blue",
        1,
    )
    knobs = [(type(k).__name__, k.name, k.value, k.range) for k in nuke.creator.added]
    assert knobs == [
        ("Int", "style", 2, None),
        ("Int", "second_style", 0, None),
        ("Double", "blend", 0.25, (0, 1)),
        ("Double", "strength", 1.0, (0, 1)),
        ("Double", "stroke_scale", 1.0, (0.25, 4)),
        ("Boolean", "linear", True, None),
    ]
    described = json.loads((folder / "cat.json").read_text())
    assert described["minimum_nuke_version_required"] == 14.0
    assert described["category"] == "Stylisation"
    assert described["cats"] == [{"filepath": names[1], "name": "NLEStyle_blue", "icon": ""}]


def test_the_cattery_is_under_home_where_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows too, where Python takes %USERPROFILE% for ~."""
    module = load_file(MAKE_CAT)
    monkeypatch.setattr(os.path, "expanduser", lambda path: path.replace("~", "/profile"))
    assert module.cattery_folder({"HOME": "/home"}) == "/home/.nuke/Cattery"
    assert module.cattery_folder({}) == "/profile/.nuke/Cattery"
    assert module.cattery_folder({"HOME": "/home", "NLE_STYLE_CATTERY": "/shared"}) == "/shared"


def balanced(text: str) -> bool:
    """Whether braces match, outside of quoted words."""
    bare = re.sub(r'"(?:\\.|[^"\\])*"', "", text)
    return bare.count("{") == bare.count("}") and '"' not in bare


def test_the_gizmo_has_every_knob_and_sets_them_on_the_inference(exported: Path) -> None:
    module = load_file(MAKE_CAT)
    card = module.read_card(exported / "NLEStyle_blue.json")
    text = module.gizmo_text(card)
    assert balanced(text)
    knobs = {name: kind for kind, name in re.findall(r"addUserKnob \{(\d+) (\w+)", text)}
    wanted = {"style": "4", "second_style": "4", "blend": "7", "strength": "7"}
    wanted |= {"stroke_scale": "7", "linear": "6", "halfPrecision": "6", "premultiplied": "6"}
    assert wanted.items() <= knobs.items()
    assert re.search(r"^ addUserKnob \{4 style .* M \{red green blue\}\}$", text, re.MULTILINE)
    for value in ("style blue", "second_style red", "blend 0.25", "strength 1.0", "linear true"):
        assert f"\n {value}\n" in text
    serialised = re.search(r"^  serialiseKnob \{(.*)\}$", text, re.MULTILINE)
    assert serialised is not None
    set_there = re.findall(r"(\w+):\{parent\.(\w+)\};", serialised[1])
    assert set_there == [(knob["name"], knob["name"]) for knob in card["knobs"]]
    assert 'modelFile "\\[lsearch -inline \\[plugins -all NLEStyle_blue.cat] *.cat]"' in text
    nodes = re.findall(r"^ (\w+) \{$", text, re.MULTILINE)
    assert nodes == ["Input", "Unpremult", "Inference", "Premult", "Output"]


def test_text_in_tcls_quotes() -> None:
    assert load_file(MAKE_CAT)._quoted('a "b" [c] $d \\e') == '"a \\"b\\" \\[c] \\$d \\\\e"'


def test_no_cat_is_made_where_it_cannot_be(exported: Path, tmp_path: Path) -> None:
    module, card = load_file(MAKE_CAT), str(exported / "NLEStyle_blue.json")
    with pytest.raises(ValueError, match=r"Nuke 13\.2 cannot load it: it needs 14\.0"):
        module.make(card, str(tmp_path), Nuke(13, 2))
    with pytest.raises(RuntimeError, match="CatFileCreator made no file"):
        module.make(card, str(tmp_path), Nuke(works=False))
    shutil.copy(card, tmp_path / "alone.json")
    with pytest.raises(ValueError, match="belongs beside the card"):
        module.make(str(tmp_path / "alone.json"), str(tmp_path), Nuke())
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(ValueError, match="not the card"):
        module.read_card(tmp_path / "other.json")


def test_the_copy_finds_its_card_when_it_is_run(exported: Path, tmp_path: Path) -> None:
    """As a program, with a stand-in for Nuke on its path that is too old: one line, exit 1."""
    (tmp_path / "nuke.py").write_text("NUKE_VERSION_MAJOR, NUKE_VERSION_MINOR = 13, 2\n")
    done = subprocess.run(
        [sys.executable, exported / "NLEStyle_blue_make_cat.py"],
        env={**os.environ, "PYTHONPATH": str(tmp_path), "NLE_STYLE_CATTERY": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 1
    assert done.stderr == ""
    said = "nle_style: no .cat was made: Nuke 13.2 cannot load it: it needs 14.0\n"
    assert done.stdout == said


@pytest.mark.slow
def test_onnx_paints_what_the_renderer_paints_at_any_size(tiny_pack: Path, tmp_path: Path) -> None:
    """The file is read by OpenVINO, which nobody here wrote."""
    pytest.importorskip("onnx", reason="the extra [onnx] is not installed")
    openvino = pytest.importorskip("openvino", reason="the extra [fast] is not installed")
    path = tmp_path / "red.onnx"
    mix = {"red": 0.75, "blue": 0.25}
    done = nle_style("export", "onnx", "--style", "red:3,blue:1", "--pack", tiny_pack, "-o", path)
    assert done.code == 0, done.err
    model = openvino.Core().compile_model(path, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
    for height, width in ((50, 480), (33, REFERENCE_SIDE - 1), (9, 902), (8, 8), (270, 202)):
        assert working_size(height, width, 1.0) == (height, width)
        frame = np.random.default_rng(height).random((height, width, 3), np.float32)
        look = Look(mix, statistics="frame")
        wanted = Stylizer(load_pack(tiny_pack), look, torch.device("cpu")).frame(frame)
        got = model(frame.transpose(2, 0, 1)[None])[0][0].transpose(1, 2, 0)
        np.testing.assert_allclose(got, wanted, rtol=0, atol=2e-5)


def test_onnx_without_its_libraries_is_one_message(
    tiny_pack: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if name == "onnx" else find(name)
    )
    done = nle_style("export", "onnx", "--style", "red", "--pack", tiny_pack, "-o", tmp_path / "a")
    assert done.code == 2
    assert "onnx" in done.err
    assert "pip install 'nle-style[onnx]'" in done.err
    assert list(tmp_path.iterdir()) == []
