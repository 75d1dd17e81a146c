"""A clip, and the movie of a render of it that was left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.nights import FAST, FRAMES, render
from tests.helpers.clips import make_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """ "one.mp4", of `FRAMES` frames."""
    return make_clip(tmp_path_factory.mktemp("clip") / "one.mp4", frames=FRAMES)


@pytest.fixture(scope="module")
def plain(clip: Path, tiny_pack: Path, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The movie of its render."""
    folder = tmp_path_factory.mktemp("plain")
    assert render(clip, folder, tiny_pack, *FAST)[0] == 0
    return (folder / "one.red.mov").read_bytes()
