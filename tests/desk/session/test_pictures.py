"""Pictures of shots: the right frame, at the right size, and only those that are still wanted."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nle_style.desk.session import Desk
from nle_style.desk.session.wishes import Kept, Worker
from nle_style.errors import LookError, MediaError
from tests.desk.desks import desk_on
from tests.desk.review.cuts import write_cut
from tests.helpers.stamps import WIDTH, read_stamp


@pytest.fixture(scope="module")
def desk(tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("pictures")
    made = desk_on(write_cut(folder, Fraction(24)), tiny_pack, folder / "out")
    yield made
    made.close()


def opened(data: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))


def test_a_frame_is_the_one_that_is_asked_for(desk: Desk) -> None:
    second = desk.shot("s0002")
    assert second.frames == (20, 26)
    for number in (20, 23, 39):
        data = desk.pictures.frame(second, number, 90).result(60)
        assert read_stamp(opened(data)) == (2, number)
    with pytest.raises(MediaError, match="no frame 40"):
        desk.pictures.frame(second, 40, 90)


def test_a_painting_is_of_its_look(desk: Desk) -> None:
    shot = desk.shot("s0001")
    source = opened(desk.pictures.frame(shot, 5, 270).result(60)).astype(int)
    painted = {
        name: opened(desk.pictures.painted(shot, 5, 270, {name: 1.0}).result(60)).astype(int)
        for name in ("red", "blue")
    }
    assert all(each.shape == source.shape == (32, WIDTH, 3) for each in painted.values())
    assert np.abs(painted["red"] - painted["blue"]).mean() > 2
    assert np.abs(painted["red"] - source).mean() > 2
    with pytest.raises(LookError, match="unknown style 'nope'"):
        desk.pictures.painted(shot, 5, 270, {"nope": 1.0})


def test_the_newest_wish_comes_first_and_a_cancelled_one_never() -> None:
    made, hold, begun = [], threading.Event(), threading.Event()

    def note(name: str) -> bytes:
        made.append(name)
        return name.encode()

    def wait() -> bytes:
        begun.set()
        hold.wait(60)
        return note("first")

    worker = Worker("test", 100)
    worker.wish("first", wait)
    assert begun.wait(60)
    wishes = {name: worker.wish(name, lambda name=name: note(name)) for name in "abc"}  # type: ignore[misc]
    assert wishes["b"].cancel()
    hold.set()
    assert wishes["a"].result(60) == b"a"
    worker.close()
    assert made == ["first", "c", "a"]
    assert worker.wish("late", lambda: b"").cancelled()


def test_as_much_is_kept_as_there_is_room_for() -> None:
    kept = Kept(10, len)
    for name in ("a", "b", "a", "c"):
        kept.get_or(name, lambda: b"12345")
    assert list(kept) == ["a", "c"]
    kept.get_or("large", lambda: b"x" * 99)
    assert list(kept) == ["large"]
