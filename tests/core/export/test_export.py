"""The live network beside the offline renderer, and the files that carry it.

The offline side is what renders: `Stylizer` with the frame's own statistics, inside `FramePainter`
with `SceneColour` for scene-linear light; where the styles are in question it is `StyleNetwork`
with weights that the test has put together. The live side is always the file, loaded again.
"""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nle_style.apply import Look, Stylizer
from nle_style.apply.stroke_scale import REFERENCE_SIDE
from nle_style.core import StyleNetwork, load_pack
from nle_style.core.export import export_nuke
from nle_style.core.network import NetworkConfig
from nle_style.core.overscan import paint_with_overscan
from nle_style.core.style_pack import Weights, save_pack
from nle_style.errors import InputError, LookError, OutputError
from nle_style.media.colour import SceneColour
from nle_style.media.colour.source_space import SourceColour
from nle_style.render.item import FramePainter

pytestmark = pytest.mark.filterwarnings(r"ignore:`torch\.jit")

LINEAR = SceneColour(SourceColour("linear", lambda rgb: rgb, lambda rgb: rgb))
SIZES = [(48, 64), (33, 47), (9, 10), (8, 8), (12, REFERENCE_SIDE), (11, 2301), (65, 1001)]


@pytest.fixture(scope="module")
def file(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("live") / "NLEStyle_red.pt"
    export_nuke(load_pack(tiny_pack), {"red": 1.0}, path)
    return path


@pytest.fixture
def live(file: Path) -> Any:
    return torch.jit.load(file)


def light(height: int, width: int, brightest: float = 40.0) -> np.ndarray:
    """A frame of light: most of it below 1, some negative, some up to `brightest`."""
    random = np.random.default_rng(height * width)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    smooth = np.stack([rows / height, columns / width, np.sin(rows + columns) ** 2], -1)
    frame = (smooth + 0.1 * random.standard_normal((height, width, 3))).astype(np.float32)
    frame[random.random((height, width)) < 0.05] *= brightest
    return np.ascontiguousarray(np.clip(frame, -0.5, brightest), np.float32)


def run(network: Any, frame: np.ndarray, dtype: torch.dtype = torch.float32) -> np.ndarray:
    image = torch.from_numpy(frame).permute(2, 0, 1)[None].to(dtype)
    with torch.no_grad():
        result = network(image)
    assert result.dtype == dtype
    assert result.shape == image.shape
    assert result.is_contiguous()
    return result[0].float().permute(1, 2, 0).numpy()


def offline(pack: Path, frame: np.ndarray, styles: dict[str, float], **look: Any) -> np.ndarray:
    """What the renderer makes of a float frame, scene-linear unless `linear=False` is given."""
    colour = LINEAR if look.pop("linear", True) else None
    stylizer = Stylizer(
        load_pack(pack), Look(styles, statistics="frame", **look), torch.device("cpu")
    )
    return FramePainter([stylizer], is_float=True, colour=colour).frame(frame).pixels


def relative(got: np.ndarray, wanted: np.ndarray) -> float:
    """The largest difference, as a part of the value above 1 and absolute below."""
    return float((np.abs(got - wanted) / np.maximum(np.abs(wanted), 1)).max())


@pytest.mark.parametrize("linear", [True, False])
@pytest.mark.parametrize(("height", "width"), SIZES)
def test_the_frame_that_the_renderer_makes(
    height: int, width: int, linear: bool, live: Any, tiny_pack: Path
) -> None:
    frame = light(height, width)
    live.linear = linear
    wanted = offline(tiny_pack, frame, {"red": 1.0}, linear=linear)
    assert relative(run(live, frame), wanted) < 2e-5
    assert relative(frame, wanted) > 0.1


@pytest.mark.parametrize(
    ("knobs", "styles", "look"),
    [
        ({"style": 2}, {"blue": 1.0}, {}),
        ({"second_style": 1, "blend": 0.3}, {"red": 0.7, "green": 0.3}, {}),
        ({"second_style": 2, "blend": 1.0}, {"blue": 1.0}, {}),
        ({"strength": 0.25}, {"red": 1.0}, {"strength": 0.25}),
        ({"stroke_scale": 2.5}, {"red": 1.0}, {"stroke_scale": 2.5}),
        ({"stroke_scale": 0.5}, {"red": 1.0}, {"stroke_scale": 0.5}),
        # Out of range is the end of the range: a knob can be animated anywhere.
        ({"style": 9, "second_style": -4, "blend": -1.0}, {"blue": 1.0}, {}),
        ({"strength": 3.0, "stroke_scale": 99.0}, {"red": 1.0}, {"stroke_scale": 4.0}),
    ],
)
def test_every_knob_does_what_the_look_does(
    knobs: dict[str, Any],
    styles: dict[str, float],
    look: dict[str, Any],
    live: Any,
    tiny_pack: Path,
) -> None:
    frame = light(20, 300)  # large enough for every stroke scale to have a size of its own
    plain = run(live, frame)
    for name, value in knobs.items():
        assert type(getattr(live, name)) is type(value)
        setattr(live, name, value)
    got = run(live, frame)
    assert relative(got, offline(tiny_pack, frame, styles, **look)) < 2e-5
    assert relative(got, plain) > 0.01


def painted_by(config: NetworkConfig, weights: Weights, frame: np.ndarray) -> np.ndarray:
    """What a network with these weights paints of a frame that is painted at its own size."""
    network = StyleNetwork(config).eval()
    network.load_state_dict({name: value.float() for name, value in weights.items()})
    with torch.no_grad():
        result = paint_with_overscan(network, torch.from_numpy(frame).permute(2, 0, 1)[None])
    return result[0].permute(1, 2, 0).numpy()


def test_every_style_is_the_network_of_its_weights(live: Any, tiny_pack: Path) -> None:
    pack = load_pack(tiny_pack)
    frame = np.random.default_rng(1).random((40, 56, 3), np.float32)
    live.linear = False
    pictures = []
    for row, weights in enumerate(pack.weights.values()):
        live.style = row
        pictures.append(run(live, frame))
        wanted = painted_by(pack.config, weights, frame)
        np.testing.assert_allclose(pictures[-1], wanted, rtol=0, atol=1e-5)
    assert len(pictures) == 3
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert np.abs(pictures[one] - pictures[other]).max() > 0.01


@pytest.mark.parametrize(
    ("knobs", "shares"),
    [
        ((0, 2, 0.0), {"red": 1.0}),
        ((0, 2, 0.3), {"red": 0.7, "blue": 0.3}),
        ((2, 0, 0.3), {"blue": 0.7, "red": 0.3}),
        ((1, 2, 0.95), {"green": 0.05, "blue": 0.95}),
        ((0, 2, 1.0), {"blue": 1.0}),
        ((1, 1, 0.6), {"green": 1.0}),
    ],
)
def test_a_blend_is_the_network_of_the_mean_weights(
    knobs: tuple[int, int, float], shares: Mapping[str, float], live: Any, tiny_pack: Path
) -> None:
    """Sum of share · weight, Wang et al. 2019, equation 2."""
    pack = load_pack(tiny_pack)
    frame = np.random.default_rng(2).random((40, 56, 3), np.float32)
    live.linear = False
    live.style, live.second_style, live.blend = knobs
    mean = {
        name: sum(pack.weights[style][name].double() * share for style, share in shares.items())
        for name in pack.parent
    }
    wanted = painted_by(pack.config, mean, frame)
    np.testing.assert_allclose(run(live, frame), wanted, rtol=0, atol=1e-5)


def test_a_mean_of_weights_is_no_mean_of_pictures(live: Any) -> None:
    """Or the test above could not tell the two apart."""
    frame = np.random.default_rng(2).random((40, 56, 3), np.float32)
    live.linear = False
    live.second_style = 2
    pictures = []
    for blend in (0.0, 0.5, 1.0):
        live.blend = blend
        pictures.append(run(live, frame))
    assert np.abs(pictures[1] - (pictures[0] + pictures[2]) / 2).max() > 1e-3


def test_old_packs_keep_their_precision(tiny_pack: Path, tmp_path: Path) -> None:
    """A pack of format 1 is stored in float32: its values are none that half precision has."""
    pack = load_pack(tiny_pack)
    odd = {name: value.float() * (1 + 2**-13) for name, value in pack.weights["green"].items()}
    rest = {name: {n: v.float() for n, v in pack.weights[name].items()} for name in ("red", "blue")}
    old = dataclasses.replace(pack, weights={"green": odd, **rest})
    export_nuke(old, {"green": 1.0}, tmp_path / "Old.pt")
    network = torch.jit.load(tmp_path / "Old.pt")
    network.linear = False
    frame = np.random.default_rng(3).random((24, 32, 3), np.float32)
    wanted = painted_by(pack.config, odd, frame)
    np.testing.assert_allclose(run(network, frame), wanted, rtol=0, atol=1e-6)


def test_the_file_is_the_weights_and_little_more(tmp_path: Path) -> None:
    """Ten networks of width 16, as a pack of posters has them."""
    config = NetworkConfig(width=16)
    with torch.random.fork_rng():
        torch.manual_seed(1)
        styles = {f"style_{number}": StyleNetwork(config).state_dict() for number in range(10)}
    save_pack(tmp_path / "ten.safetensors", config, styles, styles["style_0"])
    pack = load_pack(tmp_path / "ten.safetensors")
    export_nuke(pack, {"style_7": 1.0}, tmp_path / "Ten.pt")
    network = torch.jit.load(tmp_path / "Ten.pt")
    (weights,) = network.parameters()
    values = sum(tensor.numel() for each in pack.weights.values() for tensor in each.values())
    assert weights.numel() == values
    assert weights.dtype == torch.half
    size = (tmp_path / "Ten.pt").stat().st_size
    assert 2 * values < size < 2 * values + 64 * 1024


@pytest.mark.parametrize("linear", [True, False])
def test_half_precision_is_near_the_renderer(linear: bool, live: Any, tiny_pack: Path) -> None:
    """The network in half (10 bits of mantissa, 1e-3 a step below 2), colour in float32."""
    half = live.half()
    half.linear = linear
    for height, width in ((48, 64), (33, 47)):
        # Half's own rounding of the input is on both sides.
        frame = light(height, width).astype(np.float16).astype(np.float32)
        wanted = offline(tiny_pack, frame, {"red": 1.0}, linear=linear)
        assert relative(run(half, frame, torch.half), wanted) < 8e-3


def test_half_stays_finite_at_the_end_of_its_range(live: Any) -> None:
    frame = light(16, 16, brightest=65504.0)
    frame[0, 0], frame[0, 1], frame[1, 0] = 65504.0, np.inf, np.nan
    assert np.isfinite(run(live.half(), frame, torch.half)).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.half])
@pytest.mark.parametrize("strength", [0.0, -1.0])
def test_strength_0_is_the_input_bit_for_bit(
    dtype: torch.dtype, strength: float, live: Any
) -> None:
    network = live.to(dtype)
    network.strength = strength
    image = torch.from_numpy(light(13, 17)).permute(2, 0, 1)[None].to(dtype)
    image[0, 0, 0, :3] = torch.tensor([float("nan"), float("inf"), -0.0], dtype=dtype)
    integers = torch.int32 if dtype == torch.float32 else torch.int16
    assert torch.equal(network(image).view(integers), image.contiguous().view(integers))


@pytest.mark.parametrize(
    ("height", "width"), [(1, 1), (1, 9), (7, 1), (3, 2), (1, REFERENCE_SIDE), (5, 2500)]
)
def test_sizes_below_the_networks_own(height: int, width: int, live: Any) -> None:
    """The renderer refuses them; a compositor's node must not, for a crop may be that small."""
    for network, dtype in ((live, torch.float32), (live.half(), torch.half)):
        result = run(network, light(height, width), dtype)
        assert np.isfinite(result).all()


def test_it_loads_where_there_is_no_nle_style(file: Path, tiny_pack: Path, tmp_path: Path) -> None:
    frame = light(21, 34)
    np.save(tmp_path / "in.npy", frame)
    code = (
        "import sys, warnings; warnings.simplefilter('ignore'); sys.modules['nle_style'] = None\n"
        "import numpy, torch\n"
        "live, source, result = sys.argv[1:]\n"
        "network = torch.jit.load(live)\n"
        "image = torch.from_numpy(numpy.load(source)).permute(2, 0, 1)[None]\n"
        "numpy.save(result, network(image)[0].permute(1, 2, 0).numpy())\n"
    )
    subprocess.run(
        [sys.executable, "-c", code, file, tmp_path / "in.npy", tmp_path / "out.npy"],
        check=True,
        cwd=tmp_path,
        timeout=300,
    )
    wanted = offline(tiny_pack, frame, {"red": 1.0})
    assert relative(np.load(tmp_path / "out.npy"), wanted) < 2e-5


def test_the_contract_of_the_node(live: Any) -> None:
    """Knobs are attributes of the module itself, nothing is a buffer, nothing is trained."""
    assert not list(live.named_buffers())
    assert not live.training
    for name in ("style", "second_style", "blend", "strength", "stroke_scale", "linear"):
        assert isinstance(getattr(live, name), (int, float, bool))
    schema = live.forward.schema
    assert [str(argument.type) for argument in schema.arguments[1:]] == ["Tensor"]
    assert [str(value.type) for value in schema.returns] == ["Tensor"]


def test_the_card_says_what_the_node_needs(tiny_pack: Path, tmp_path: Path) -> None:
    pack = load_pack(tiny_pack)
    styles = {"green": 0.25, "blue": 0.75}
    card = export_nuke(pack, styles, tmp_path / "Two.pt", stroke_scale=2, linear=False)
    data = json.loads(card.read_text())
    assert card == tmp_path / "Two.json"
    assert (data["name"], data["model"], data["pack_sha256"]) == ("Two", "Two.pt", pack.sha256)
    defaults = {knob["name"]: knob["default"] for knob in data["knobs"]}
    assert defaults == {
        "style": 2,
        "second_style": 1,
        "blend": 0.25,
        "strength": 1.0,
        "stroke_scale": 2.0,
        "linear": False,
    }
    network = torch.jit.load(tmp_path / "Two.pt")
    assert {name: getattr(network, name) for name in defaults} == defaults
    assert sorted(path.name for path in tmp_path.iterdir()) == ["Two.json", "Two.pt"]


def test_equal_networks_are_equal_files(tiny_pack: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        export_nuke(load_pack(tiny_pack), {"red": 1.0}, tmp_path / f"{name}.pt")
    assert (tmp_path / "a.pt").read_bytes() == (tmp_path / "b.pt").read_bytes()


@pytest.mark.parametrize(
    ("export", "error", "message"),
    [
        (lambda pack, d: export_nuke(pack, {"red": 1}, d / "a b.pt"), InputError, "name of a node"),
        (lambda pack, d: export_nuke(pack, {"red": 1}, d / "a.cat"), InputError, "name of a node"),
        (lambda pack, d: export_nuke(pack, {"re": 1}, d / "a.pt"), LookError, "unknown style"),
        (
            lambda pack, d: export_nuke(pack, {"red": 1, "green": 1, "blue": 1}, d / "a.pt"),
            LookError,
            "3 styles are more than a live node blends",
        ),
        (
            lambda pack, d: export_nuke(pack, {"red": 1}, d / "a.pt", stroke_scale=9),
            LookError,
            "stroke scale 9",
        ),
        (lambda pack, d: export_nuke(pack, {"red": 1}, d / "f" / "a.pt"), OutputError, "a.pt"),
    ],
)
def test_what_is_wrong_is_said(
    export: Callable[[Any, Path], object],
    error: type[Exception],
    message: str,
    tiny_pack: Path,
    tmp_path: Path,
) -> None:
    (tmp_path / "f").write_text("a file where the folder would be")
    with pytest.raises(error, match=message):
        export(load_pack(tiny_pack), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["f"]
