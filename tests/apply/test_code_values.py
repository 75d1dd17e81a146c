"""Frames that go to a GPU and come back in code values, on the CPU with a fake of CUDA: no GPU was
there.

The code values are those of the CPU's path, bit for bit.
"""

from __future__ import annotations

import dataclasses
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_flatten

from nle_style.apply import CodeValues, Look, Stylizer, stylizer
from nle_style.apply.gpu import bits_of, codes_of, picture_of
from nle_style.core import StylePack, load_pack
from nle_style.errors import LookError
from nle_style.media import OutputSpec, resolve_format
from nle_style.media.source import as_floats
from nle_style.media.write import added_thresholds
from nle_style.media.write.quantising import quantise
from tests.helpers.fake_cuda import FakeCuda
from tests.helpers.media_infos import EIGHT_BITS

CPU, META = torch.device("cpu"), torch.device("meta")
SOURCE = dataclasses.replace(EIGHT_BITS, kind="still", pixel_format="uint16", bit_depth=16)
SPECS = {
    "8": resolve_format("png", "8", SOURCE),
    "10": resolve_format("dpx", "10", SOURCE),
    "16": resolve_format("png", "16", SOURCE),
}


@pytest.fixture
def pack(tiny_pack: Path) -> StylePack:
    return load_pack(tiny_pack)


def into(spec: OutputSpec) -> CodeValues:
    return CodeValues(int(spec.depth), added_thresholds(spec))


def code_frame(seed: int, dtype: Any, height: int = 100, width: int = 132) -> np.ndarray:
    """Noise with every code of a black and a white corner."""
    top = np.iinfo(dtype).max
    frame = np.random.default_rng(seed).integers(0, top + 1, (height, width, 3), dtype)
    frame[:8, :8], frame[-8:, -8:] = 0, top
    return frame


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_code_is_the_float_that_it_is_on_the_cpu(dtype: type) -> None:
    top = np.iinfo(dtype).max
    codes = np.arange(top + 1, dtype=dtype)
    codes = np.stack([codes, codes[::-1], np.roll(codes, 7)], axis=1)[None]
    picture = picture_of(bits_of(codes))
    assert picture.shape == (1, 3, 1, top + 1)
    assert picture[0].permute(1, 2, 0).numpy().tobytes() == as_floats(codes).tobytes()


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_codes_are_divided_and_not_multiplied(dtype: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a number of Python's, CUDA multiplies with its reciprocal, which for hundreds of codes is
    another float; by a tensor on the device it divides."""
    top = np.float32(np.iinfo(dtype).max)
    codes = np.arange(top + 1, dtype=np.float32)
    assert (codes * (np.float32(1) / top) != codes / top).sum() >= 100
    divide, divisors = torch.Tensor.div_, []

    def watched(values: torch.Tensor, by: torch.Tensor) -> torch.Tensor:
        divisors.append((by.device, by.shape, float(by)))
        return divide(values, by)

    monkeypatch.setattr(torch.Tensor, "div_", watched)
    picture_of(bits_of(np.zeros((2, 2, 3), dtype)))
    assert divisors == [(CPU, (), top)]


def test_frames_that_may_not_be_written_to_and_lie_otherwise_in_memory() -> None:
    codes = code_frame(1, np.uint16)
    for given in (codes[::-1, ::-1], codes[::2], np.asfortranarray(codes)):
        given.flags.writeable = False
        assert np.array_equal(bits_of(given).numpy().view(np.uint16), given)


@pytest.mark.parametrize("depth", SPECS)
@pytest.mark.parametrize("size", [(5, 7), (64, 64), (130, 201)])
@pytest.mark.parametrize("planar", [False, True])
def test_floats_are_quantised_as_on_the_cpu(
    depth: str, size: tuple[int, int], planar: bool
) -> None:
    """Values beyond the range, on codes, half-way between two, and an ulp beside each."""
    spec, top = SPECS[depth], 2 ** int(depth) - 1
    rng = np.random.default_rng(3)
    rows, columns = size
    frame = rng.uniform(-0.1, 1.1, (rows, columns, 3)).astype(np.float32)
    on = (rng.integers(0, 2 * top + 1, frame.shape) / 2).astype(np.float32) / np.float32(top)
    beside = np.nextafter(on, rng.choice(np.float32([0, 1]), on.shape))
    kind = rng.integers(0, 3, frame.shape)
    frame = np.choose(kind, [frame, on, beside]).astype(np.float32)
    frame[0, :3] = [[-0.0, 0, 1], [1e-30, -1e30, 1e30], [0.5, 2, -1]]
    picture = torch.from_numpy(frame).permute(2, 0, 1)[None]
    if planar:
        picture = picture.contiguous()
    bits, thresholds = into(spec)
    mask = None if thresholds is None else torch.from_numpy(thresholds)
    codes = codes_of(picture, bits, mask)
    assert codes.is_contiguous()
    assert np.array_equal(codes.numpy().view(spec.dtype), quantise(frame, spec))
    assert np.array_equal(picture[0].permute(1, 2, 0).numpy(), frame), "not changed"


def test_every_code_comes_back_from_its_float() -> None:
    for depth, dtype in (("8", np.uint8), ("16", np.uint16)):
        codes = np.arange(2 ** int(depth), dtype=dtype).repeat(3).reshape(-1, 8, 3)
        bits, thresholds = into(SPECS[depth])
        mask = None if thresholds is None else torch.from_numpy(thresholds)
        made = codes_of(picture_of(bits_of(codes)), bits, mask).numpy().view(dtype)
        assert np.array_equal(made, codes)


def _measured(pack: StylePack, look: Look, frames: list[np.ndarray]) -> Stylizer:
    painter = Stylizer(pack, look, CPU, dtype=torch.float32)
    if painter.needs_measuring:
        painter.measure_shot(map(as_floats, frames))
    return painter


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("depth", ["8", "16"])
@pytest.mark.parametrize("strength", [0.5, 1.0])
@pytest.mark.parametrize("stroke_scale", [0.5, 1.0])
@pytest.mark.parametrize("colour", ["poster", "source"])
@pytest.mark.parametrize("statistics", ["hybrid", "frame"])
def test_code_values_are_those_of_the_cpu(
    dtype: type,
    depth: str,
    strength: float,
    stroke_scale: float,
    colour: Any,
    statistics: Any,
    pack: StylePack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    look = Look({"red": 1}, strength, statistics, stroke_scale, colour)
    frames, spec = [code_frame(seed, dtype) for seed in range(3)], SPECS[depth]
    frames[2] //= 2  # half as bright as what is measured: its exposure is taken out
    monkeypatch.setattr(stylizer, "openvino_version", lambda: None)
    floats = _measured(pack, look, frames[:2]).frame(as_floats(frames[2]))
    cuda = FakeCuda()
    cuda.take(monkeypatch, CPU)
    painter = _measured(pack, look, frames[:2])
    cuda.uploads.clear()
    made = painter.coded(frames[2], 0, into(spec), 2)
    assert made.codes.dtype == spec.dtype
    assert np.array_equal(made.codes, quantise(floats, spec))
    assert made.sample.tobytes() == floats[::2, ::2].tobytes()
    assert made.is_finite
    bits = {np.uint8: torch.uint8, np.uint16: torch.int16}[dtype]
    assert (bits, 100 * 132 * 3) in cuda.uploads, "as it was decoded"
    assert len(cuda.uploads) == (2 if depth == "8" else 1), "the frame, and the dither's mask"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_not_a_number_is_told(
    value: float, pack: StylePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    FakeCuda().take(monkeypatch, CPU)
    painter = Stylizer(pack, Look({"red": 1}, statistics="frame"), CPU, dtype=torch.float32)

    def spoilt(source: torch.Tensor, seen: np.ndarray) -> torch.Tensor:
        picture = source.clone()
        picture[0, 1, 50, 61] = value  # not in the sample
        return picture

    frame = code_frame(1, np.uint8)
    monkeypatch.setattr(painter, "_painted", spoilt)
    made = painter.coded(frame, 0, into(SPECS["8"]), 2)
    assert not made.is_finite
    assert np.isfinite(made.sample).all()
    monkeypatch.setattr(painter, "_painted", lambda source, seen: source)
    assert painter.coded(frame, 0, into(SPECS["8"]), 2).is_finite


def test_what_cannot_be_painted(pack: StylePack, monkeypatch: pytest.MonkeyPatch) -> None:
    look = Look({"red": 1}, statistics="frame")
    assert not Stylizer(pack, look, CPU).takes_codes
    with pytest.raises(ValueError, match="GPU"):
        Stylizer(pack, look, CPU).coded(code_frame(1, np.uint8), 0, into(SPECS["8"]), 2)
    FakeCuda().take(monkeypatch, CPU)
    small = code_frame(1, np.uint8, 7, 40)
    with pytest.raises(LookError, match="40x7 is too small"):
        Stylizer(pack, look, CPU).coded(small, 0, into(SPECS["8"]), 2)


@pytest.mark.parametrize(("dtype", "depth"), [(np.uint8, "8"), (np.uint16, "16")])
@pytest.mark.parametrize("statistics", ["hybrid", "frame"])
def test_what_crosses_the_bus(
    dtype: type,
    depth: str,
    statistics: Any,
    pack: StylePack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """On a device that has shapes and no values, where all that mixes it with the CPU fails: up
    come the frame's integers; down come integers, a quarter of the pixels as floats, and the
    least and the largest value."""
    cuda = FakeCuda()
    cuda.take(monkeypatch, META)
    fetched, downloads = torch.Tensor.cpu, []

    def fetch(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.device != META:
            return fetched(tensor)
        downloads.append((tensor.dtype, tuple(tensor.shape)))
        return torch.ones(tensor.shape, dtype=tensor.dtype)

    monkeypatch.setattr(torch.Tensor, "cpu", fetch)
    look = Look({"red": 1}, 0.5, statistics, 0.5, "source")
    painter = Stylizer(pack, look, META, dtype=torch.float32)
    if painter.needs_measuring:
        painter.measure_shot([as_floats(code_frame(1, dtype))])
    downloads.clear()
    cuda.uploads.clear()
    made = painter.coded(code_frame(2, dtype), 0, into(SPECS[depth]), 2)
    bits = torch.uint8 if depth == "8" else torch.int16
    frame = (bits, 100 * 132 * 3)
    mask = (torch.float32, 64 * 64 * 3)
    assert sorted(cuda.uploads, key=str) == sorted([frame, mask][: 1 + (depth == "8")], key=str)
    large = [each for each in downloads if len(each[1]) == 3 or each[1] == (2,)]
    assert large == [(bits, (100, 132, 3)), (torch.float32, (3, 50, 66)), (torch.float32, (2,))]
    assert made.codes.shape == (100, 132, 3)
    assert made.sample.shape == (50, 66, 3)


class _Live(TorchDispatchMode):
    """Counts the bytes of the tensors that operations make, as long as they live.

    Attributes:
        most: bytes at the same time.
    """

    def __init__(self) -> None:
        super().__init__()
        self.most = 0
        self._sizes: dict[weakref.ref[Any], int] = {}

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kw: Any = None) -> Any:
        made = function(*args, **(kw or {}))
        for each in tree_flatten(made)[0]:
            if isinstance(each, torch.Tensor):
                storage = each.untyped_storage()
                self._sizes[weakref.ref(storage, self._freed)] = storage.nbytes()
        self.most = max(self.most, sum(self._sizes.values()))
        return made

    def _freed(self, storage: weakref.ref[Any]) -> None:
        self._sizes.pop(storage, None)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("depth", SPECS)
@pytest.mark.parametrize("colour", ["poster", "source"])
def test_memory_beside_the_network(
    dtype: type, depth: str, colour: Any, pack: StylePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Less than the seven frames in float32 that `Budget` counts on a GPU."""
    FakeCuda().take(monkeypatch, CPU)
    painter = Stylizer(pack, Look({"red": 1}, 0.5, "frame", 1.0, colour), CPU, dtype=torch.float32)
    monkeypatch.setattr(painter, "_painted", lambda source, seen: source + 0)
    frame, target = code_frame(1, dtype, 720, 1280), into(SPECS[depth])
    with _Live() as live:
        painter.coded(frame, 0, target, 2)
    assert 4 <= live.most / (frame.size * 4) < 7
