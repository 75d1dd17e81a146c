"""`--input-colour` and `--ocio`, on `render` and on `batch`."""

from __future__ import annotations

import json
from pathlib import Path

import opentimelineio as otio
import pytest

from tests.helpers.clips import make_clip
from tests.helpers.command import nle_style
from tests.timeline.building import clip, timeline, track

ACESCG = "ocio://studio-config-v5.0.0_aces-v2.1_ocio-v2.6: ACEScg"


@pytest.fixture(scope="module")
def movie(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4", frames=4, sound=False)


def _commands(movie: Path, folder: Path, pack: Path) -> dict[str, tuple[object, ...]]:
    cut = folder / "cut.otio"
    shot = clip("one", (0, 4), (0, 4), url=movie.as_uri(), rate=24)
    otio.adapters.write_to_file(timeline(track(shot)), str(cut))
    common = ("--style", "red", "--pack", pack, "-o", folder / "out")
    return {"render": ("render", movie, *common), "batch": ("batch", cut, *common)}


@pytest.mark.parametrize("command", ["render", "batch"])
def test_a_named_space_is_used(command: str, movie: Path, tiny_pack: Path, tmp_path: Path) -> None:
    words = _commands(movie, tmp_path, tiny_pack)[command]
    done = nle_style(*words, "--input-colour", "acescg")
    assert done.code == 0, done.err
    reports = (tmp_path / "out").glob("clip.red*.report.json")
    assert [json.loads(path.read_text())["colour"] for path in reports] == [ACESCG]


@pytest.mark.parametrize("command", ["render", "batch"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--input-colour", "slog3"), "unknown colour space 'slog3'. Did you mean 'S-Log3"),
        (("--ocio", "nothing.ocio"), "nothing.ocio: the OpenColorIO configuration cannot be read"),
        (("--input-colour", " "), "the name of the colour space is empty"),
    ],
)
def test_what_is_wrong_is_said(
    command: str,
    options: tuple[str, ...],
    message: str,
    movie: Path,
    tiny_pack: Path,
    tmp_path: Path,
) -> None:
    done = nle_style(*_commands(movie, tmp_path, tiny_pack)[command], *options)
    assert done.code == 2
    assert message in " ".join((done.err + done.out).split())
    assert not list((tmp_path / "out").glob("*.mov"))


def test_a_dry_run_refuses_alike(movie: Path, tiny_pack: Path, tmp_path: Path) -> None:
    words = _commands(movie, tmp_path, tiny_pack)["batch"]
    done = nle_style(*words, "--dry-run", "--json", "--input-colour", "slog3")
    assert "unknown colour space 'slog3'" in done.out
