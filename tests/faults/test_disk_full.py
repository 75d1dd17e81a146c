"""A disk that is full at each write in turn, from the first unit to the last report."""

from __future__ import annotations

import hashlib
import shutil
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.faults.nights import FAST, files, names, small_disk, styled
from tests.helpers.command import events_of, nle_style
from tests.helpers.media_factory import make
from tests.timeline.building import clip, timeline, track

FRAMES = 9  # a unit of eight and one of one
PAGE = 4  # kB: what a tmpfs counts in


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cut")
    sound = ("-f", "lavfi", "-i", "sine=duration=0.36", "-c:a", "aac")
    movie = make(folder / "a.mp4", frames=FRAMES, size="32x32", rate=Fraction(25), sound=sound)
    shot = clip("one", (0, FRAMES), (0, FRAMES), url=movie.as_uri(), rate=25)
    otio.adapters.write_to_file(timeline(track(shot)), str(folder / "cut.otio"))
    return folder / "cut.otio"


def _sums(folder: Path) -> dict[str, str]:
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.iterdir()
        if path.is_file()
    }


@pytest.mark.parametrize("format_", ["png-mov", "exr"])
def test_full_at_every_write(format_: str, cut: Path, tiny_pack: Path, tmp_path: Path) -> None:
    """The same command again and again, each time with one page more: it refuses with one message
    each time, goes on from what fitted, and ends with the bits of a render that had room."""
    disk = tmp_path / "disk"
    more = (*FAST, "--format", format_)
    sources = _sums(cut.parent)
    said: set[str] = set()
    with small_disk(disk, f"{PAGE}k") as resize:
        # A timeline has the paths of its intermediates in it, so the plain one lies there too.
        resize("50m")
        assert nle_style(*styled("batch", cut, disk / "out", tiny_pack, *more)).code == 0
        whole, all_names = files(disk / "out"), names(disk / "out")
        shutil.rmtree(disk / "out")
        for pages in range(2, 100):
            resize(f"{pages * PAGE}k")
            # A run adds a page of its own to the log: the disk would never have room for more.
            (disk / "out" / "nle-style.log").unlink(missing_ok=True)
            done = nle_style(*styled("batch", cut, disk / "out", tiny_pack, *more))
            told = [each.get("message", "") for each in events_of(done.out)]
            assert done.code in (0, 2), done.out + done.err
            assert "Traceback" not in done.err
            assert _sums(cut.parent) == sources
            out = disk / "out"
            for name in files(out) if out.exists() else ():
                if "/" not in name.removeprefix(".") and not name.startswith("."):
                    assert files(out)[name] == whole[name], f"{name} is not whole, at {pages}"
            if done.code == 2:
                assert any("o space" in text for text in told), told
                said.update(text.split("(")[0] for text in told if "o space" in text)
            if done.code == 0 and names(out) == all_names:
                break
        assert files(out) == whole
        assert names(out) == all_names, "and no part of a file is left"
    print(pages, *sorted(said), sep="\n")
    assert pages > 8, "it was full several times"
