"""The memory budget by hand, and what is said when it is too small."""

from __future__ import annotations

from dataclasses import replace

import pytest

from nle_style.apply.engine import Budget, automatic_memory, memory, one_slice, parse_memory
from nle_style.apply.engine.openvino_graph import large_slices, slices
from nle_style.errors import InputError

MIB, GIB = 2**20, 2**30


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("auto", None),
        ("2GiB", 2 * GIB),
        ("1.5 gib", 3 * GIB // 2),
        ("1500MB", 1_500_000_000),
        ("800000000", 800_000_000),
        ("640 MiB", 640 * MIB),
    ],
)
def test_parse(text: str, expected: int | None) -> None:
    assert parse_memory(text) == expected


@pytest.mark.parametrize("text", ["", "much", "2TiB", "-1GiB", "1,5GiB"])
def test_not_an_amount(text: str) -> None:
    with pytest.raises(InputError, match=r"not an amount of memory.*2GiB"):
        parse_memory(text)


def test_automatic_is_2_gib_and_more_only_if_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 24 * GIB // 4096}
    monkeypatch.setattr("os.sysconf", machine.__getitem__)
    assert automatic_memory() == 2 * GIB
    assert automatic_memory(needed=GIB) == 2 * GIB
    assert automatic_memory(needed=5 * GIB) == 5 * GIB
    assert automatic_memory(needed=20 * GIB) == 12 * GIB
    machine["SC_PHYS_PAGES"] = 3 * GIB // 4096
    assert automatic_memory() == 3 * GIB // 2


@pytest.mark.parametrize(("width", "height"), [(7680, 4320), (1920, 1080), (8, 8)])
def test_what_is_needed_is_enough(width: int, height: int) -> None:
    frame = 7680 * 4320 * 12
    budget = Budget(Budget(0, frame).needed(height, width), frame)
    assert budget.depth == 0
    rows, columns = budget.frozen_tile(height, width)
    assert min(rows, columns) >= min(400, height)
    rows = budget.unfrozen_rows(height, width)
    assert rows is None or rows >= 160


@pytest.mark.parametrize(
    ("width", "height", "depth"),
    [(1920, 1080, 2), (3840, 2160, 1), (7680, 4320, 0), (8, 8, 2)],
)
def test_queues_by_hand(width: int, height: int, depth: int) -> None:
    """A twentieth of 2 GiB is 107 MB: four frames of 25 MB, one of 99.5 MB, none of 398 MB."""
    assert Budget(2 * GIB, width * height * 12).depth == depth


def test_a_gpu_by_hand() -> None:
    """840 MiB of reserve, and 7 frames of 99.5 MB for each picture in flight. Looks are painted in
    turn, in the same memory. 4 GiB leave 2.7 GB for one, a picture of 1.66 GB; for two 1.01 GB."""
    frame = 3840 * 2160 * 12
    budget = Budget(4 * GIB, frame, networks=3, converted=True, on_gpu=True)
    assert budget.network() == 4 * GIB - 840 * MIB - 7 * frame
    assert budget.network(2) == (4 * GIB - 840 * MIB - 14 * frame) // 2
    assert budget.in_flight(2160, 3840) == 1
    assert budget.frozen_tile(2160, 3840) == (2160, 3840)
    assert budget.unfrozen_rows(2160, 3840) is None
    assert replace(budget, total=6 * GIB).in_flight(2160, 3840) == 2
    small = replace(budget, total=2 * GIB)
    rows, columns = small.frozen_tile(2160, 3840)
    assert rows * columns <= small.network() // 200
    with pytest.raises(InputError, match=r"1.00 GiB of a GPU are too little.*--device cpu"):
        replace(budget, total=GIB).frozen_tile(2160, 3840)


def test_what_fits_is_painted_in_one_piece() -> None:
    budget = Budget(2 * GIB, frame=1920 * 1080 * 12)
    assert budget.frozen_tile(1080, 1920) == (1080, 1920)
    assert budget.in_flight(1080, 1920) == 2
    assert budget.unfrozen_rows(1080, 1920) is None


def test_pieces_by_hand() -> None:
    """840 MiB for the process, 12 bytes a pixel for the picture without its grain, 200 of a tile;
    where norms are not frozen, 32 bytes a pixel are kept whole."""
    copy = 12 * 2160 * 3840
    assert Budget(840 * MIB + copy + 200 * 1_300_000).frozen_tile(2160, 3840) == (1140, 1052)
    assert Budget(840 * MIB + copy + 400 * 1_300_000).frozen_tile(2160, 3840, 2) == (1140, 1052)
    kept = 32 * 1000 * 1000
    assert Budget(840 * MIB + kept + 101 * 200 * 1000).unfrozen_rows(1000, 1000) == 100


def test_8k_is_refused_with_what_it_takes() -> None:
    """840 MiB, 5 frames of 398 MB, the copy without grain and a tile of 152 x 152 are 3.28 GB, 3.05
    GiB."""
    frame = 7680 * 4320 * 12
    with pytest.raises(InputError, match=r"2.00 GiB.*too little to paint 7680x4320\. Give 3\.1GiB"):
        Budget(2 * GIB, frame).frozen_tile(4320, 7680)
    Budget(round(3.1 * GIB), frame).frozen_tile(4320, 7680)
    rows, columns = Budget(round(3.4 * GIB), frame).frozen_tile(4320, 7680)
    assert 152 <= rows < 4320
    assert 152 <= columns < 7680


def test_too_little() -> None:
    with pytest.raises(InputError, match=r"0.73 GiB of memory are too little to paint 7680x4320"):
        Budget(750 * MIB).frozen_tile(4320, 7680)


def test_uhd_is_painted_in_two_tiles_at_once() -> None:
    """2 GiB less 840 MiB and 7.5 frames of 99.5 MB leave 520.5 MB: two tiles of 1.3 million pixels;
    2 x 4 of 1140 x 1052, 1.2 million, it is. In slices, 44 bytes a pixel and 79 MB, two tiles of
    4.13 million: the halves, with 60 columns of each other, have 4.28, so it is quarters."""
    budget = Budget(2 * GIB, 3840 * 2160 * 12)
    assert budget.in_flight(2160, 3840) == 1
    assert budget.tiles_at_once(2160, 3840) == 2
    assert budget.frozen_tile(2160, 3840, 2) == (1140, 1052)
    sliced = replace(budget, sliced=True)
    assert sliced.in_flight(2160, 3840) == 1
    assert sliced.tiles_at_once(2160, 3840) == 2
    assert sliced.frozen_tile(2160, 3840, 2) == (1140, 1980)


def test_slices_by_hand_fit_exactly() -> None:
    """Up to 393,216 pixels 244 bytes each; to 4.92 million 44, and 79 MB; then 60."""
    for pixels, needed in (
        (1000 * 380, 244 * 380_000),
        (1000 * 4000, 44 * 4_000_000 + 200 * 3 * 2**17),
        (1000 * 8000, 60 * 8_000_000),
    ):
        size = (pixels // 1000, 1000)
        room = 840 * MIB + 12 * pixels + needed
        assert Budget(room, sliced=True).frozen_tile(*size) == size
        assert Budget(room - 61, sliced=True).frozen_tile(*size) != size


@pytest.mark.parametrize(
    ("size", "total", "expected"),
    [
        ((1080, 1920), 2 * GIB, (2, one_slice)),  # 496 MB each, of which 415 are taken
        ((2160, 3840), 2 * GIB, (1, large_slices)),  # 620 MB, of which 531
        ((2160, 3840), 3 * GIB, (1, one_slice)),  # 1.69 GB, of which 1.66; not twice
        ((2160, 3840), round(1.74 * GIB), (0, large_slices)),  # 490 MB, for there are no queues
    ],
)
def test_what_openvino_measures(
    size: tuple[int, int], total: int, expected: tuple[int, object]
) -> None:
    budget = Budget(total, size[0] * size[1] * 12, sliced=True)
    assert budget.measuring(*size) == expected
    assert budget.cut(*size) == (one_slice if expected[0] == 2 else slices)(*size)


def test_uhd_with_alpha_fits_too() -> None:
    """A frame of 133 MB waits nowhere; 2 GiB less 840 MiB and 7 of them leave 338 MB: 265 for the
    maps that are kept whole while a shot is measured beside strips of 94 rows, in whole strides 92;
    less 100 for the copy without grain, two tiles of 595,000 pixels."""
    budget = Budget(2 * GIB, 3840 * 2160 * 16, converted=True)
    assert budget.depth == 0
    assert budget.network() == 2 * GIB - 840 * MIB - 7 * 3840 * 2160 * 16
    assert budget.unfrozen_rows(2160, 3840) == 92
    assert budget.frozen_tile(2160, 3840, 2) == (800, 740)


@pytest.mark.parametrize(
    ("size", "total", "cores", "writers"),
    [
        ((1080, 1920), 2 * GIB, 16, 4),  # a 16th, 134 MB, holds three more of 1.5 frames
        ((1080, 1920), 2 * GIB, 2, 3),
        ((2160, 3840), 2 * GIB, 16, 2),  # it holds none, but two always fit
        ((4320, 7680), 2 * GIB, 16, 1),  # the stages take turns
        ((1080, 1920), 8 * GIB, 64, 15),
    ],
)
def test_how_many_units_are_written_at_once(
    size: tuple[int, int], total: int, cores: int, writers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "_cores", lambda: cores)
    assert Budget(total, size[0] * size[1] * 12).writers == writers


def test_what_is_spare() -> None:
    """2 GiB less 840 MiB, 5 frames, 3 in queues, 3 of a second picture and 3 of two more writers
    are 918.3 MB; two pictures of 784x1344 at 212 bytes a pixel take 446.8 of them."""
    assert Budget(2 * GIB, 1920 * 1080 * 12).spare(784, 1344) == pytest.approx(471.5e6, abs=1e5)
    assert Budget(2 * GIB, 3840 * 2160 * 12).spare(2160, 3840) == 0
