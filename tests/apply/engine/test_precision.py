"""Half precision beside float32, on the CPU, where it is slow but works: on smooth pictures, on
which it was off by .02 to .9, and on natural ones."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch

import nle_style
from nle_style.apply import Look, Stylizer
from nle_style.apply.engine import FoldedEngine, FrameEngine, arrange, trusted
from nle_style.apply.engine.kernels import Layer
from nle_style.apply.engine.precision import HALF_BOUND, check_pictures
from nle_style.core import NormStatistics, StylePack, load_pack

CPU = torch.device("cpu")
PICTURES = ("gradient", "grey", "white", "natural")


@pytest.fixture(scope="module")
def shipped() -> StylePack:
    """The pack that is shipped: what a GPU paints with."""
    return load_pack(Path(nle_style.__file__).parents[1] / "models" / "posters.safetensors")


@pytest.fixture(scope="module", params=["measured", "not measured"])
def layers(shipped: StylePack, request: pytest.FixtureRequest) -> tuple[Layer, ...]:
    """Of a pack that knows what its norms meet in photographs, and of one that does not: there a
    norm makes noise of half a code as large as a picture."""
    layers = arrange(shipped.network({"green": 1}))
    return layers if request.param == "measured" else tuple(map(_unmeasured, layers))


def _unmeasured(layer: Layer) -> Layer:
    if layer.typical is None:
        return layer
    mean, variance = (torch.zeros_like(value) for value in layer.typical)
    return replace(layer, typical=(mean, variance))


def _seen(layers: tuple[Layer, ...], picture: torch.Tensor) -> list[NormStatistics]:
    seen: list[NormStatistics] = []
    FrameEngine(layers)(picture, seen=seen)
    return seen


def test_the_pictures_are_what_they_are_called() -> None:
    pictures = check_pictures()
    assert tuple(pictures) == PICTURES
    assert all(each.shape == (1, 3, 128, 128) for each in pictures.values())
    gradient, grey, white, natural = pictures.values()
    assert torch.equal(gradient[0, 0, 5], torch.linspace(0, 1, 128))
    half_a_code = 0.5 / 255
    assert 0.9 * half_a_code < float((grey - 0.5).abs().max()) <= half_a_code + 1e-7
    assert 0.9 * half_a_code < float(1 - white.min()) <= half_a_code + 1e-7
    assert float(white.max()) == 1
    # A photograph's neighbours are alike: of white noise the difference would be 1.4 deviations.
    apart = float((natural[..., 1:] - natural[..., :-1]).std() / natural.std())
    assert 0.05 < apart < 0.5
    assert float(natural.std()) == pytest.approx(0.2, abs=0.02)


@pytest.mark.parametrize("name", PICTURES)
def test_float16_holds_on(name: str, layers: tuple[Layer, ...]) -> None:
    """With the statistics of a natural picture frozen, and with the picture's own."""
    picture = check_pictures()[name]
    norms = _seen(layers, check_pictures()["natural"])
    frozen = [FoldedEngine(layers, norms, CPU, dtype)(picture) for dtype in _BOTH]
    assert float((frozen[0] - frozen[1]).abs().max()) < HALF_BOUND
    own = [FrameEngine(layers, CPU, dtype)(picture) for dtype in _BOTH]
    assert float((own[0] - own[1]).abs().max()) < 2 * HALF_BOUND


_BOTH = torch.float32, torch.float16


def test_half_is_taken_where_it_holds(layers: tuple[Layer, ...]) -> None:
    make = partial(FoldedEngine, layers, _seen(layers, check_pictures()["natural"]), CPU)
    picture = check_pictures()["natural"]
    in_half = make(torch.float16)(picture)
    assert not torch.equal(in_half, make(torch.float32)(picture))
    assert torch.equal(trusted(make, torch.float16)(picture), in_half)


@pytest.mark.parametrize("wrong", [HALF_BOUND * 1.01, float("nan"), float("inf")])
def test_what_is_not_within_the_bound_is_not_taken(wrong: float) -> None:
    def make(dtype: torch.dtype) -> object:
        off = wrong if dtype == torch.float16 else 0.0
        return lambda picture: picture + off

    picture = torch.zeros(1)
    assert float(trusted(make, torch.float16)(picture)) == 0  # type: ignore[arg-type]
    assert float(trusted(make, torch.bfloat16)(picture)) == 0  # type: ignore[arg-type]


@pytest.mark.slow
def test_every_shipped_style_holds(shipped: StylePack) -> None:
    for style in shipped.styles:
        layers = arrange(shipped.network({style: 1}))
        norms = _seen(layers, check_pictures()["natural"])
        for kind, make in (
            ("frozen", partial(FoldedEngine, layers, norms, CPU)),
            ("own", partial(FrameEngine, layers, CPU)),
        ):
            exact = make(torch.float32)
            # The statistics of a shot, the default, hold in half precision; a frame's own may not,
            # as orange's on the gradient, and are left then.
            half = make(torch.float16) if kind == "frozen" else trusted(make, torch.float16)
            apart = {
                name: float((half(picture) - exact(picture)).abs().max())
                for name, picture in check_pictures().items()
            }
            print(f"{style}, {kind}:", *(f"{name} {off:.4f}" for name, off in apart.items()))
            assert max(apart.values()) <= HALF_BOUND


def test_a_stylizer_measures_in_float32_and_falls_back(shipped: StylePack) -> None:
    look = Look({"blue": 1}, stroke_scale=1.0)
    frame = check_pictures()["natural"][0].permute(1, 2, 0).numpy()
    painted = {}
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        painter = Stylizer(shipped, look, CPU, dtype=dtype)
        painter.measure_shot([frame])
        painted[dtype] = painter.frame(frame)
    apart = np.abs(painted[torch.float16] - painted[torch.float32]).max()
    assert 0 < apart < HALF_BOUND
    # OpenVINO paints float32 where it is installed, torch what half precision falls back to.
    np.testing.assert_allclose(painted[torch.bfloat16], painted[torch.float32], atol=5e-5)
