"""A batch of forty clips, three missing and one corrupt; killed, and started again."""

from __future__ import annotations

import json
import re
import signal
from collections import Counter
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest

from tests.helpers.command import Outcome, events_of, nle_style, start
from tests.helpers.media_factory import ffmpeg
from tests.helpers.stamps import frames_of, make_clip, read_stamp
from tests.timeline.building import clip, timeline, track

CLIPS, FRAMES, RATE = 40, 12, Fraction(25)
MISSING, CORRUPT = (3, 17, 31), 22

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cut(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty clips of twelve frames in a row, each of a movie of its own."""
    folder = tmp_path_factory.mktemp("forty")
    shots = []
    for number in range(CLIPS):
        path = folder / f"shot{number:02d}.mov"
        shots.append(clip(path.stem, (0, FRAMES), (0, FRAMES), url=path.as_uri(), rate=25.0))
        if number in MISSING:
            continue
        make_clip(path, number + 1, FRAMES, RATE)
        if number == CORRUPT:  # its index is whole and its last frames are not there
            whole = path.rename(folder / "whole.mov")
            ffmpeg("-i", whole, "-c", "copy", "-movflags", "faststart", path)
            data = path.read_bytes()
            path.write_bytes(data[: len(data) * 3 // 4])
    made = folder / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*shots)), str(made))
    return made


def _words(cut: Path, folder: Path, pack: Path) -> list[object]:
    look = ["--style", "red", "--strength", 0, "--pack", pack]
    return ["batch", cut, "-o", folder, *look, "--events"]


def _messages(told: list[dict[str, Any]]) -> list[str]:
    refused = [event["message"] for event in told if event.get("status") == "refused"]
    return refused + [event["message"] for event in told if event["event"] == "warning"]


def _check(done: Outcome, folder: Path) -> None:
    """What stands at the end, whether or not a kill came between."""
    told = events_of(done.out)
    assert done.code == 3
    messages = _messages(told)
    assert len(messages) == 4
    for number in MISSING:
        (message,) = [text for text in messages if f"shot{number:02d}.mov" in text]
        assert "no such file" in message
        assert "Check the path" in message
    (message,) = [text for text in messages if f"shot{CORRUPT:02d}.mov" in text]
    assert re.search(r"frame \d+ of 12 cannot be decoded.*truncated or damaged", message)
    movies = sorted(folder.glob("*.mov"))
    good = [n for n in range(CLIPS) if n not in (*MISSING, CORRUPT)]
    assert [path.name for path in movies] == [f"shot{n:02d}.red.mov" for n in good]
    for number, path in zip(good, movies, strict=True):
        stamps = [read_stamp(frame) for frame in frames_of(path)]
        assert stamps == [(number + 1, k) for k in range(FRAMES)]
    made = otio.adapters.read_from_file(str(folder / "cut.red.otio"))
    styled = [c for c in made.find_clips() if c.active_media_reference_key == "nle_style"]
    assert [c.name for c in styled] == [f"shot{n:02d}" for n in good]
    report = json.loads((folder / "cut.red.report.json").read_text())
    assert report["totals"]["styled"] == report["totals"]["intermediates"] == 36
    assert report["totals"]["refused"] == 4
    assert report["totals"]["frames_checked"] == 36 * FRAMES
    refused = [c["name"] for c in report["clips"] if c["status"] == "refused"]
    assert sorted(refused) == sorted(f"shot{n:02d}" for n in (*MISSING, CORRUPT))
    assert all(c["remedy"] for c in report["clips"] if c["status"] == "refused")


def _units_noted(folder: Path) -> Counter[tuple[str, int]]:
    """How often each unit of each intermediate was rendered, by the manifests."""
    noted: Counter[tuple[str, int]] = Counter()
    for path in folder.glob("*.manifest.jsonl"):
        for line in path.read_text().splitlines():
            entry = json.loads(line)
            if entry["type"] == "unit":
                noted[path.name, entry["unit"]["index"]] += 1
    return noted


def test_thirty_six_are_delivered_and_four_named(
    cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    done = nle_style(*_words(cut, tmp_path, tiny_pack))
    _check(done, tmp_path)
    again = nle_style(*_words(cut, tmp_path, tiny_pack))
    _check(again, tmp_path)
    told = events_of(again.out)
    assert Counter(e["status"] for e in told if e["event"] == "item") == {
        "present": 36,
        "refused": 1,
    }
    assert {e["item"] for e in told if e["event"] == "progress"} <= {CORRUPT - 2}


@pytest.mark.parametrize("item", [0, 27])
def test_killed_and_started_again_nothing_is_rendered_twice(
    item: int, cut: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    before = []
    with start(*_words(cut, tmp_path, tiny_pack)) as process:
        assert process.stdout is not None
        for line in process.stdout:
            before.append(json.loads(line))
            if (before[-1].get("item"), before[-1].get("frame")) == (item, 10):
                process.send_signal(signal.SIGKILL)  # its first unit of eight is done
        assert process.wait() == -signal.SIGKILL
    assert not list(tmp_path.glob("cut.red*"))
    delivered = {e["item"] for e in before if e.get("status") == "delivered"}
    assert len(delivered) == item - (item > CORRUPT)
    done = nle_style(*_words(cut, tmp_path, tiny_pack))
    _check(done, tmp_path)
    told = events_of(done.out)
    present = {e["item"] for e in told if e.get("status") == "present"}
    assert delivered <= present
    assert not present & {e["item"] for e in told if e["event"] == "progress"}
    twice = {unit: count for unit, count in _units_noted(tmp_path).items() if count != 1}
    corrupt = f"shot{CORRUPT:02d}.red.manifest.jsonl"
    assert not {name for name, _ in twice} - {corrupt}
    assert not twice, "not even of the one that never gets whole"
