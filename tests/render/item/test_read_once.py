"""Sources are probed once and manifests read once, however many ranges of one clip a job has."""

from __future__ import annotations

import io
import os
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import opentimelineio as otio
import pytest

from nle_style.apply import Look, Stylizer
from nle_style.apply.engine import Budget
from nle_style.apply.shot import sample_frames
from nle_style.errors import MediaError
from nle_style.media.source import decoded_rgb, frame_reader, probe, probe_media
from nle_style.render import Control, Item, LookJob, Output, RenderJob
from nle_style.render.cut import plan_batch, run_batch
from nle_style.render.item import run_job
from nle_style.render.record import Sources
from tests.helpers.media_factory import write_pixels
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip as shot
from tests.timeline.building import timeline, track

SUFFIX = ".manifest.jsonl"
RANGES = tuple((10 * index, 10 * index + 1) for index in range(6))
FRAMES = 60


class Reads:
    """How often each file was probed, and how often each manifest was opened to be read."""

    def __init__(self) -> None:
        self.probes: Counter[str] = Counter()
        self.manifests: Counter[str] = Counter()

    def clear(self) -> None:
        self.probes.clear()
        self.manifests.clear()


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> Iterator[Reads]:
    found = Reads()
    plain_open = io.open

    def counting_open(file: Any, mode: str = "r", *more: Any, **options: Any) -> Any:
        opened = plain_open(file, mode, *more, **options)
        if isinstance(file, Path) and file.name.endswith(SUFFIX) and "r" in mode:
            found.manifests[file.name] += 1
        return opened

    def counting_probe(path: Path, stream: int | None) -> Any:
        found.probes[path.name] += 1
        return plain_probe(path, stream)

    plain_probe = probe._probe_movie
    monkeypatch.setattr(probe, "_probe_movie", counting_probe)
    monkeypatch.setattr(io, "open", counting_open)
    return found


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mov", 1, FRAMES, Fraction(24))


def _job(pack: Path, folder: Path, clip: Path, strength: float = 0.0) -> RenderJob:
    look = LookJob(styles={"red": 1.0}, strength=strength)
    return RenderJob(
        items=tuple(Item(source=clip, frames=frames, look=look) for frames in RANGES),
        output=Output(directory=folder),
        control=Control(device="cpu"),
        pack=str(pack),
    )


def test_six_ranges_of_one_clip(tiny_pack: Path, tmp_path: Path, clip: Path, reads: Reads) -> None:
    out = tmp_path / "out"
    assert run_job(_job(tiny_pack, out, clip)).exit_code == 0
    assert reads.probes[clip.name] == 1
    assert not reads.manifests, "what this job wrote itself need not be read"
    for strength in (0.0, 0.5):  # all of it is there; all of it is replaced
        reads.clear()
        assert run_job(_job(tiny_pack, out, clip, strength)).exit_code == 0
        assert reads.probes[clip.name] == 1
        assert len(reads.manifests) == len(RANGES)
        assert set(reads.manifests.values()) == {1}


def test_six_clips_of_one_source_in_a_cut(
    tiny_pack: Path, tmp_path: Path, clip: Path, reads: Reads
) -> None:
    """Planned and rendered: both read what the source is, and the report reads the manifests."""
    shots = [
        shot(clip.stem, (first, 2), (0, FRAMES), url=clip.as_uri(), rate=24.0)
        for first, _ in RANGES
    ]
    cut, out = tmp_path / "cut.otio", Output(directory=tmp_path / "out")
    otio.adapters.write_to_file(timeline(track(*shots)), str(cut))
    for reading in (0, 1):
        reads.clear()
        result = run_batch(plan_batch(cut, Look({"red": 1.0}, 0.0), out, pack=str(tiny_pack)))
        assert result.exit_code == 0
        assert result.job is not None
        assert len(result.job.items) == len(RANGES)
        assert reads.probes[clip.name] == 1
        assert sum(reads.manifests.values()) == reading * len(RANGES)


def test_a_source_that_has_changed_is_probed_again(clip: Path, tmp_path: Path) -> None:
    """Replaced by one of another length, and given another time by a backup."""
    source, sources = shutil.copy(clip, tmp_path / "a.mov"), Sources()
    before = sources.probe(source)
    assert sources.probe(source) is before
    os.utime(source)
    touched = sources.probe(source)
    assert touched == before
    assert touched is not before
    make_clip(tmp_path / "b.mov", 1, 12, Fraction(24)).replace(source)
    assert (before.frame_count, sources.probe(source).frame_count) == (FRAMES, 12)
    source.unlink()
    with pytest.raises(MediaError, match="no such file"):
        sources.probe(source)


def test_a_sequence_that_has_grown_is_probed_again(tmp_path: Path) -> None:
    for number in range(3):
        write_pixels(tmp_path / f"p.{number}.exr", np.zeros((32, 32, 3), np.float32), "half")
    pattern, sources = tmp_path / "p.%d.exr", Sources()
    assert sources.probe(pattern) is sources.probe(pattern)
    write_pixels(tmp_path / "p.3.exr", np.zeros((32, 32, 3), np.float32), "half")
    assert sources.probe(pattern).frame_count == 4
    write_pixels(tmp_path / "p.0.exr", np.zeros((32, 48, 3), np.float32), "half")
    assert sources.probe(pattern).width == 48


def test_what_is_probed_is_what_is_hashed(clip: Path, tmp_path: Path) -> None:
    source, sources = shutil.copy(clip, tmp_path / "a.mov"), Sources()
    sources.probe(source)
    make_clip(tmp_path / "b.mov", 1, 12, Fraction(24)).replace(source)
    with pytest.raises(MediaError, match="was changed or replaced"):
        sources.hash_of(source)


@pytest.mark.parametrize("room", [True, False])
def test_what_is_decoded_for_the_cuts_is_painted(
    tiny_pack: Path,
    tmp_path: Path,
    clip: Path,
    monkeypatch: pytest.MonkeyPatch,
    room: bool,
) -> None:
    """With memory for it: scan, samples and painting need each of the 60 frames once. Without, all
    are decoded again, and the samples once more."""
    decoded: Counter[int] = Counter()
    honest = frame_reader._movie_rgb

    def counted(info: Any, numbers: Iterable[int], alpha: bool) -> Iterator[np.ndarray]:
        decoded.update(numbers := list(numbers))
        return honest(info, numbers, alpha)

    monkeypatch.setattr(frame_reader, "_movie_rgb", counted)
    if not room:
        monkeypatch.setattr(Budget, "spare", lambda self, height, width: 0)
    monkeypatch.setattr(Stylizer, "measure", lambda self, frames: list(frames))
    monkeypatch.setattr(Stylizer, "freeze", lambda self, statistics: None)
    monkeypatch.setattr(Stylizer, "frame", lambda self, rgb, number: rgb.copy())
    job = RenderJob(
        items=(Item(source=clip, look=LookJob(styles={"red": 1.0})),),
        output=Output(directory=tmp_path / "out"),
        control=Control(device="cpu"),
        pack=str(tiny_pack),
    )
    (result,) = run_job(job).items
    assert result.error is None
    assert sorted(decoded) == list(range(FRAMES))
    assert result.plan is not None
    shots = result.plan.manifest.shots() or []
    samples = sum(len(sample_frames(*shot)) for shot in shots)
    assert sum(decoded.values()) == (FRAMES if room else 2 * FRAMES + samples)
    found, source = (
        list(decoded_rgb(probe_media(path))) for path in (result.plan.destination, clip)
    )
    assert len(found) == FRAMES
    assert all(map(np.array_equal, found, source))
