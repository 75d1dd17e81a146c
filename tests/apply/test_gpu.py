"""What a GPU does, on the CPU with a fake of torch's streams: no GPU was there.

On PyTorch's `meta` device, which has shapes and no values, everything that mixes it with the CPU
fails, as on a GPU.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from nle_style.apply import Look, Stylizer, parallel_map, stylizer
from nle_style.apply.engine import Budget
from nle_style.apply.gpu import WORKERS_ON_GPU, Gpu, gpu_of
from nle_style.core import StylePack, load_pack
from tests.helpers.fake_cuda import GIB, MIB, FakeCuda

CPU = torch.device("cpu")


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> FakeCuda:
    """Every stylizer made from now on takes the CPU for a GPU."""
    fake = FakeCuda()
    fake.take(monkeypatch, CPU)
    return fake


@pytest.fixture
def pack(tiny_pack: Path) -> StylePack:
    return load_pack(tiny_pack)


def _frame(seed: int, height: int = 40, width: int = 60) -> np.ndarray:
    return np.random.default_rng(seed).random((height, width, 3), np.float32)


def _painted(pack: StylePack, look: Look, dtype: torch.dtype) -> np.ndarray:
    painter = Stylizer(pack, look, CPU, dtype=dtype)
    if painter.needs_measuring:
        painter.measure_shot([_frame(1), _frame(2)])
    return painter.frame(_frame(3))


@pytest.mark.parametrize("statistics", ["hybrid", "frame"])
@pytest.mark.parametrize("colour", ["poster", "source"])
def test_paints_what_the_cpu_paints(
    statistics: Any, colour: Any, pack: StylePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = Look({"red": 1}, 0.75, statistics, 0.5, colour)
    monkeypatch.setattr(stylizer, "openvino_version", lambda: None)
    plain = _painted(pack, look, torch.float32)
    fake = FakeCuda()
    fake.take(monkeypatch, CPU)
    np.testing.assert_array_equal(_painted(pack, look, torch.float32), plain)
    assert len(fake.uploads) == (3 if statistics == "hybrid" else 1), "each frame crosses once"


def test_paints_in_half_precision_and_measures_in_float32(cuda: FakeCuda, pack: StylePack) -> None:
    look, frames = Look({"red": 1}), [_frame(1), _frame(2)]
    painter = Stylizer(pack, look, CPU)
    assert painter._dtype == torch.float16
    exact = Stylizer(pack, look, CPU, dtype=torch.float32)
    for one, other in zip(painter.measure(frames).norms, exact.measure(frames).norms, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


def test_two_streams_for_all_shots_looks_and_threads(cuda: FakeCuda, pack: StylePack) -> None:
    """Three shots of two looks, each shot in two new threads: 12 threads."""
    stylizers = [Stylizer(pack, Look({style: 1}), CPU) for style in ("red", "blue")]
    alone = None
    for _ in range(3):
        for each in stylizers:
            each.measure_shot([_frame(1)])
            painted = list(parallel_map(each.frame, [_frame(4)] * 5, 2))
            alone = painted[0] if alone is None else alone
            assert all(np.array_equal(one, painted[0]) for one in painted)
    assert len(cuda.made) == 2
    assert {number for _, number in cuda.log} == {0, 1}
    np.testing.assert_array_equal(stylizers[0].frame(_frame(4)), alone)


def test_what_is_made_in_a_stream_is_whole_when_another_reads_it(
    cuda: FakeCuda, pack: StylePack
) -> None:
    """Weights are laid out in one stream and read in the other: the first is waited for."""
    painter = Stylizer(pack, Look({"red": 1}), CPU)
    painter.freeze(painter.measure([_frame(1)]))
    painter.frame(_frame(2))
    number = cuda.log[0][1]
    assert cuda.log == [("use", number), ("wait", number), ("leave", number)] * 4


def test_frames_one_by_one_keep_to_one_stream_and_a_third_thread_waits(cuda: FakeCuda) -> None:
    gpu = Gpu(CPU)
    entered = threading.Event()

    def third() -> None:
        with gpu.stream():
            entered.set()

    with gpu.stream(), gpu.stream():
        thread = threading.Thread(target=third)
        thread.start()
        assert not entered.wait(0.05)
    thread.join(5)
    assert entered.is_set()
    cuda.log.clear()
    for _ in range(3):
        with gpu.stream():
            pass
    assert len({number for _, number in cuda.log}) == 1


def test_a_stream_is_given_back_after_an_error(cuda: FakeCuda) -> None:
    gpu = Gpu(CPU)
    with pytest.raises(ZeroDivisionError), gpu.stream():
        raise ZeroDivisionError
    assert gpu._free.qsize() == 2


def test_memory_by_hand(cuda: FakeCuda, monkeypatch: pytest.MonkeyPatch) -> None:
    """6 of 8 GiB are free, and of 3 that torch took, 2 are not used: 8, if all of it is ours."""
    monkeypatch.delenv(WORKERS_ON_GPU, raising=False)
    gpu = Gpu(CPU)
    assert gpu.memory == 6 * GIB
    cuda.free, cuda.reserved, cuda.allocated = 5 * GIB, 3 * GIB, 1 * GIB
    assert gpu.memory == 7 * GIB
    monkeypatch.setenv(WORKERS_ON_GPU, "2")
    assert gpu.memory == 4 * GIB
    cuda.free = 1 * GIB  # another program has the rest
    assert gpu.memory == 3 * GIB


def test_frames_in_flight_are_as_many_as_fit(
    cuda: FakeCuda, pack: StylePack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """840 MiB of reserve; 7 frames of 25 MB and 1312 x 752 pixels of 212 bytes, 383 MB, for each of
    two: 1.65 GB."""
    frame = 1920 * 1080 * 12
    monkeypatch.delenv(WORKERS_ON_GPU, raising=False)
    needed = 840 * MIB + 2 * (7 * frame + 212 * 1312 * 752)
    for free, count in ((needed, 2), (needed - 2, 1)):
        cuda.free = free
        for statistics in ("hybrid", "frame"):
            look = Look({"red": 1}, 1.0, statistics)  # type: ignore[arg-type]
            painter = Stylizer(pack, look, CPU, Budget(2 * GIB, frame, networks=3))
            assert painter.in_flight(1080, 1920) == count


def test_float32_is_not_tf32(cuda: FakeCuda) -> None:
    """TF32 has the ten bits of half precision, which float32 is to be compared with."""
    assert torch.backends.cudnn.allow_tf32 is False


def test_only_cuda_is_a_gpu() -> None:
    assert gpu_of(CPU) is None
    assert gpu_of(torch.device("mps")) is None


@pytest.mark.parametrize("statistics", ["hybrid", "frame"])
@pytest.mark.parametrize("free", [6 * GIB, 840 * MIB + 200 * 200 * 96])
def test_nothing_is_left_on_the_cpu(
    statistics: Any,
    free: int,
    cuda: FakeCuda,
    pack: StylePack,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A frame on a device of which only whole tensors can be fetched, in one piece and in several;
    and no float64 there, which Apple's MPS does not have."""
    meta = torch.device("meta")
    cuda.free = free
    cuda.take(monkeypatch, meta)
    fetched, widened = torch.Tensor.cpu, torch.Tensor.double
    downloads = []

    def fetch(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.device != meta:
            return fetched(tensor)
        downloads.append(tuple(tensor.shape))
        return torch.ones(tensor.shape, dtype=tensor.dtype)

    def widen(tensor: torch.Tensor) -> torch.Tensor:
        if tensor.device == meta:
            raise TypeError("Cannot convert to float64")
        return widened(tensor)

    monkeypatch.setattr(torch.Tensor, "cpu", fetch)
    monkeypatch.setattr(torch.Tensor, "double", widen)
    look = Look({"red": 1}, 0.5, statistics, 0.5, "source")
    painter = Stylizer(pack, look, meta, dtype=torch.float32)
    if painter.needs_measuring:
        painter.measure_shot([_frame(1, 300, 32)])
    downloads.clear()
    assert painter.frame(_frame(1, 300, 32)).shape == (300, 32, 3)
    pictures = [shape for shape in downloads if len(shape) == 4]
    assert pictures == [(1, 3, 300, 32)], "downloaded once, when all is done"
