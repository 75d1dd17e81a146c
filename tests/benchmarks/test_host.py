"""benchmarks/host.py runs: it reaches into a render, and would rot unseen."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from nle_style.media.base import INTERMEDIATES

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def test_a_render_without_a_network_beside_ffmpeg() -> None:
    command = [sys.executable, str(BENCHMARKS / "host.py"), "--size", "64x48", "--frames", "3"]
    command += ["--cores", "1", "--format", "exr:half", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    (row,) = json.loads(done.stdout)["rows"]
    assert (row["size"], row["format"], row["cores"]) == ("64x48", "exr:half", 1)
    assert 0 < row["ours"]["busy"] <= 1.05
    assert row["ours"]["fps"] > 0 < row["ffmpeg"]["fps"]


def test_ffmpeg_has_its_words_for_every_format_of_images(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from host import IMAGES

    wanted = {
        f"{n}:{d}" for n, entry in INTERMEDIATES.items() if entry.of_images for d in entry.depths
    }
    assert set(IMAGES) == wanted
