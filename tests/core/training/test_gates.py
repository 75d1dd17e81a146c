"""The gates on made-up paintings: strokes and ramps pass; spots, holes and grain do not."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from torch import Tensor

from nle_style.core import StyleNetwork, load_pack
from nle_style.core.network import NetworkConfig
from nle_style.core.training.gates import (
    BLOB_LIMIT,
    Fault,
    blob,
    examine,
    plain_frames,
    speckle,
    speckle_limit,
)

SIDE = 256
REPOSITORY = Path(__file__).resolve().parents[3]


def plane(value: tuple[float, float, float] = (0.3, 0.6, 0.2)) -> Tensor:
    return torch.tensor(value).view(1, 3, 1, 1).expand(1, 3, SIDE, SIDE).clone()


def disc(painting: Tensor, y: int, x: int, radius: int, value: tuple[float, ...]) -> Tensor:
    down, right = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    inside = (down - y) ** 2 + (right - x) ** 2 < radius**2
    return torch.where(inside, torch.tensor(value).view(1, 3, 1, 1), painting)


def strokes(width: int) -> Tensor:
    """Oblique light and dark strokes of that width, 0.6 apart."""
    down, right = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    on = ((down + right) // width % 2).float()
    return plane((0.2, 0.3, 0.1)) + 0.6 * on


def salted(painting: Tensor, share: float) -> Tensor:
    chance = torch.Generator().manual_seed(5)
    hit = torch.rand(1, 1, SIDE, SIDE, generator=chance) < share
    return torch.where(hit, torch.ones(1), painting)


def test_frames_are_the_same_at_every_call_and_what_their_names_say() -> None:
    frames, again = plain_frames(), plain_frames()
    assert list(frames) == ["flat", "gradient", "dark", "over-exposed"]
    for name, frame in frames.items():
        assert frame.shape == (3, 256, 256)
        assert torch.equal(frame, again[name])
        assert 0 <= float(frame.min()) <= float(frame.max()) <= 1
    flat = frames["flat"]
    assert flat.mean(dim=(1, 2)).tolist() == pytest.approx([0.46, 0.50, 0.54], abs=1e-3)
    assert float(flat.std(dim=(1, 2)).mean()) == pytest.approx(1.5 / 255, rel=0.02)
    assert float(frames["dark"].max()) < 0.13
    # Red reaches 1 at 0.45 / 0.95 of the diagonal; so more than half of the frame is clipped. The
    # noise takes half of the clipped pixels a little below 1.
    assert float((frames["over-exposed"][0] > 0.97).float().mean()) > 0.5
    ends = frames["gradient"][:, :8, :8].mean(), frames["gradient"][:, -8:, -8:].mean()
    assert ends[0] < 0.2 < 0.75 < ends[1]


def test_a_plane_has_neither_blob_nor_speckle() -> None:
    assert float(blob(plane())) == pytest.approx(0, abs=1e-5)
    assert float(speckle(plane())) == 0


def test_blob_of_a_square_by_hand() -> None:
    """A grey square of 40 pixels, 0.4 above grey ground, in the middle of its surroundings.

    Around its middle the mean over 132 x 132 is 0.4 x 40² / 132² above the ground. Over the square
    of 28 pixels in it, which 33 cells see whole from every cell of it, that is the same everywhere.
    """
    painting = plane((0.3, 0.3, 0.3))
    painting[..., 100:140, 100:140] = 0.7
    expected = 0.4 * (1 - (40 / 132) ** 2)
    assert float(blob(painting)) == pytest.approx(expected, abs=1e-5)
    assert float(blob(1 - painting)) == pytest.approx(expected, abs=1e-5)


def test_chroma_counts_one_and_a_half_times() -> None:
    """Green that turns to the grey of its own luminance: 0.7152 g; only chroma changes."""
    painting = plane((0.0, 0.5, 0.0))
    painting[..., 100:140, 100:140] = 0.5 * 0.7152
    # Chroma of green is 0.5 - 0.3576 in G and -0.3576 in R and B; of grey, 0.
    expected = 1.5 * 0.3576 * (1 - (40 / 132) ** 2)
    assert float(blob(painting)) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("value", [(1.0, 1.0, 1.0), (0.0, 0.1, 0.0), (0.5, 0.5, 0.5)])
@pytest.mark.parametrize("at", [(128, 128), (60, 200), (250, 10)])
def test_spots_and_holes_are_blobs(value: tuple[float, ...], at: tuple[int, int]) -> None:
    radius = 28 if at == (128, 128) else 34
    painting = disc(plane((0.25, 0.75, 0.2)), *at, radius, value)
    assert float(blob(painting)) > BLOB_LIMIT
    assert float(speckle(painting)) < speckle_limit(0)


@pytest.mark.parametrize("width", [2, 6, 12, 20])
def test_strokes_are_no_blobs(width: int) -> None:
    assert float(blob(strokes(width))) < BLOB_LIMIT
    assert float(speckle(strokes(width))) < speckle_limit(0)


def test_small_dabs_are_no_blobs() -> None:
    painting = plane()
    for number in range(12):
        y, x = 40 + 60 * (number // 4), 30 + 64 * (number % 4)
        painting = disc(painting, y, x, 10, (0.9, 0.9, 0.9))
    assert float(blob(painting)) < BLOB_LIMIT


def test_a_ramp_from_black_to_white_is_no_blob() -> None:
    ramp = torch.linspace(0, 1, SIDE)
    corner = (ramp[:, None] + ramp[None]) / 2
    for plain in (ramp.expand(SIDE, SIDE), corner):
        assert float(blob(plain.expand(1, 3, SIDE, SIDE))) < BLOB_LIMIT


def test_salt_by_hand() -> None:
    """Three single pixels, one of them in one channel only and one on the edge, of 256 x 256."""
    painting = plane()
    painting[0, :, 50, 50] = 1.0
    painting[0, 2, 80, 90] = 0.2 - 0.05
    painting[0, :, 0, 100] = 1.0
    assert float(speckle(painting)) == pytest.approx(3 / SIDE**2)
    # Two pixels side by side are a mark, and a step of 0.03 is below what counts.
    painting[0, :, 50, 51] = 1.0
    painting[0, 2, 80, 90] = 0.2 - 0.03
    assert float(speckle(painting)) == pytest.approx(1 / SIDE**2)


def test_salt_is_speckle_unless_the_poster_has_as_much() -> None:
    noisy = float(speckle(salted(plane(), 0.05)))
    # Isolated unless one of eight neighbours was hit: 0.05 x 0.95^8 = 3.3 %.
    assert noisy == pytest.approx(0.05 * 0.95**8, rel=0.1)
    assert noisy > speckle_limit(0)
    assert noisy < speckle_limit(noisy)
    assert speckle_limit(0.1) == pytest.approx(0.15)


def _faults(networks: Mapping[str, StyleNetwork], *grains: float) -> list[Fault]:
    """Of several styles, one after the other."""
    pairs = zip(networks.items(), grains, strict=True)
    return [fault for (name, network), grain in pairs for fault in examine(name, network, grain)]


def test_what_is_no_number_fails() -> None:
    torch.manual_seed(3)
    broken = StyleNetwork(NetworkConfig(4, 1)).eval().requires_grad_(False)
    broken.convolutions[-1].weight.fill_(math.nan)  # type: ignore[union-attr]
    faults = examine("one", broken, 1.0)
    assert {fault.frame for fault in faults if fault.figure == "blob"} == set(plain_frames())


class _Painter(StyleNetwork):
    """Paints the frame itself, with a black seam beyond its edges, which no render shows, and, if
    it is told to, a spot on the gradient and white pixels everywhere."""

    spotted = False
    salt = 0.0

    def forward(self, image: Tensor, *_: object, **__: object) -> Tensor:
        painted = torch.zeros_like(image)
        inner = salted(image[..., 16:-16, 16:-16], self.salt)
        painted[..., 16:-16, 16:-16] = inner
        if self.spotted:
            painted[1:2, :, 16:-16, 16:-16] = disc(inner[1:2], 200, 200, 30, (0.1, 0.1, 0.1))
        return painted


@pytest.fixture
def salting() -> dict[str, StyleNetwork]:
    painters = {name: _Painter(NetworkConfig(4, 1)).eval() for name in ("one", "two")}
    for painter in painters.values():
        painter.salt = 0.05
    return dict(painters)


def test_a_network_that_salts_fails_for_speckle(salting: dict[str, StyleNetwork]) -> None:
    faults = _faults(salting, 0.0, 0.0)
    assert {fault.style for fault in faults} == {"one", "two"}
    assert ("one", "flat", "speckle") in {(f.style, f.frame, f.figure) for f in faults}
    first = faults[0]
    assert str(first) == f"one on flat: speckle {first.value:.3f} > 0.020"


def test_each_style_has_its_own_posters_grain(salting: dict[str, StyleNetwork]) -> None:
    """A poster that is all grain excuses its own style's speckle, not the other's."""
    faults = _faults(salting, 1.0, 0.0)
    assert {fault.style for fault in faults if fault.figure == "speckle"} == {"two"}


def test_the_failing_style_and_frame_are_named() -> None:
    painters = {name: _Painter(NetworkConfig(4, 1)).eval() for name in ("clean", "spotted")}
    painters["spotted"].spotted = True
    faults = _faults(painters, 0.0, 0.0)
    assert [(f.style, f.frame, f.figure) for f in faults] == [("spotted", "gradient", "blob")]


@pytest.mark.slow
def test_the_shipped_pack_passes() -> None:
    pack = load_pack(REPOSITORY / "models" / "posters.safetensors")
    # The speckle of posters/colour/*.png at 512 pixels, the size at which training sees them.
    grains = {
        "blue": 0.091,
        "red": 0.043,
        "green": 0.067,
        "orange": 0.007,
        "snow": 0.028,
        "colorful": 0.025,
        "yellow": 0.044,
        "pink": 0.013,
        "fire": 0.046,
        "dark": 0.001,
    }
    networks = {style: pack.network({style: 1.0}) for style in pack.styles}
    assert [str(fault) for fault in _faults(networks, *(grains[s] for s in networks))] == []


def test_examining_draws_nothing_from_the_runs_generator(salting: dict[str, StyleNetwork]) -> None:
    before = torch.get_rng_state()
    _faults(salting, 0.0, 0.0)
    assert torch.equal(torch.get_rng_state(), before)
