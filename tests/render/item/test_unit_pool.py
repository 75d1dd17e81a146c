"""Units written in threads: order, errors in their place, bounds, nothing left running."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from nle_style.errors import MediaError, VerificationError
from nle_style.media.write import Unit, UnitRecord
from nle_style.render.item.unit_pool import write_units

UNITS = [Unit(index, 4 * index, 4 * index + 3) for index in range(6)]


def frames(until: int = 24) -> Iterator[np.ndarray]:
    """Frame n holds n."""
    return (np.full(1, number) for number in range(until))


def record(unit: Unit, given: Iterable[np.ndarray]) -> UnitRecord:
    hashes = tuple(str(int(frame[0])) for frame in given)
    return UnitRecord(unit.index, unit.first, unit.last, "", 0, "", hashes)


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_every_unit_gets_its_frames_and_comes_in_order(at_once: int) -> None:
    def slow_at_first(unit: Unit, given: Iterable[np.ndarray]) -> UnitRecord:
        made = record(unit, given)
        time.sleep(0.1 / (1 + unit.index))
        return made

    before = threading.active_count()
    done = list(write_units(slow_at_first, UNITS, frames(), at_once))
    assert [unit for unit, _ in done] == UNITS
    for unit, made in done:
        assert made.frame_hashes == tuple(map(str, range(unit.first, unit.last + 1)))
    assert threading.active_count() == before


def test_a_unit_is_read_back_while_the_next_one_is_encoded() -> None:
    """Each ends when the next one has its first frame: with turns taken, it would wait for ever."""
    begun = [threading.Event() for _ in range(len(UNITS) + 1)]
    begun[-1].set()

    def noticed(unit: Unit, given: Iterable[np.ndarray]) -> Iterator[np.ndarray]:
        for frame in given:
            begun[unit.index].set()
            yield frame

    def waits(unit: Unit, given: Iterable[np.ndarray]) -> UnitRecord:
        made = record(unit, noticed(unit, given))
        assert begun[unit.index + 1].wait(20)
        return made

    assert len(list(write_units(waits, UNITS, frames(), 2))) == len(UNITS)


def test_no_more_than_the_bound_and_one_frame_ahead() -> None:
    running, most, released = 0, 0, 0
    lock = threading.Lock()
    made: list[int] = []

    def counted() -> Iterator[np.ndarray]:
        for frame in frames():
            made.append(int(frame[0]))
            yield frame

    def write(unit: Unit, given: Iterable[np.ndarray]) -> UnitRecord:
        nonlocal running, most, released
        with lock:
            running += 1
            most = max(most, running)
        for _ in given:
            time.sleep(0.01)
            with lock:
                assert len(made) <= released + running + 1  # held, and the one that waits
                released += 1
        with lock:
            running -= 1
        return UnitRecord(unit.index, unit.first, unit.last, "", 0, "", ())

    list(write_units(write, UNITS, counted(), 3))
    assert most <= 3


@pytest.mark.parametrize("at_once", [1, 3])
def test_an_error_of_the_frames_comes_after_the_units_before(at_once: int) -> None:
    def failing() -> Iterator[np.ndarray]:
        yield from frames(10)
        raise MediaError("frame 10 is damaged")

    written = write_units(record, UNITS, failing(), at_once)
    assert [next(written)[0].index for _ in range(2)] == [0, 1]
    with pytest.raises(MediaError, match="frame 10"):
        next(written)


@pytest.mark.parametrize("at_once", [1, 3])
def test_an_error_of_the_writer_ends_it(at_once: int) -> None:
    """In the middle of a unit: frames that wait for that writer must not wait for ever."""

    def failing(unit: Unit, given: Iterable[np.ndarray]) -> UnitRecord:
        if unit.index == 2:
            next(iter(given))
            raise VerificationError("frame 8 differs when decoded back")
        return record(unit, given)

    written = write_units(failing, UNITS, frames(), at_once)
    assert [next(written)[0].index for _ in range(2)] == [0, 1]
    with pytest.raises(VerificationError, match="frame 8"):
        next(written)


def test_closing_it_leaves_no_thread_behind() -> None:
    before = threading.active_count()
    written = write_units(record, UNITS, frames(), 2)
    next(written)
    written.close()
    assert threading.active_count() == before


def test_a_unit_is_finished_before_the_fourth_frame_of_the_next() -> None:
    """So that a kill there costs only the frames that are not in it."""
    log: list[str] = []

    def told() -> Iterator[np.ndarray]:
        for frame in frames():
            log.append(f"frame {frame[0]}")
            yield frame

    def slow(unit: Unit, given: Iterable[np.ndarray]) -> UnitRecord:
        made = record(unit, given)
        time.sleep(0.05)
        return made

    for unit, _ in write_units(slow, UNITS, told(), 4):
        log.append(f"unit {unit.index}")
    for index in range(5):
        assert log.index(f"unit {index}") < log.index(f"frame {4 * (index + 1) + 3}")
