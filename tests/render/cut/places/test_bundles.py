"""`--bundle otioz`: a bundle with the intermediates in it, whatever form the cut came in."""

from __future__ import annotations

import zipfile
from fractions import Fraction
from pathlib import Path

import numpy as np
import OpenEXR
import opentimelineio as otio
import pytest

from nle_style.apply import Look
from nle_style.errors import InputError
from nle_style.render import Output, Reading
from nle_style.render.cut import BatchOptions, check_batch, plan_batch, run_batch
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, timeline, track

EDL = """TITLE: cut
FCM: NON-DROP FRAME
001  A        V     C        00:00:00:05 00:00:00:15 01:00:00:00 01:00:00:10
* FROM CLIP NAME: a.mov
"""


@pytest.fixture
def media(tmp_path: Path) -> Path:
    return make_clip(tmp_path / "a.mov", 1, 40, Fraction(25), still=True)


def _cut(media: Path, kind: str) -> Path:
    path = media.with_name(f"cut{kind}")
    if kind == ".edl":
        path.write_text(EDL)
    else:
        shot = clip("a", (5, 10), (0, 40), url=media.as_uri(), rate=25)
        otio.adapters.write_to_file(timeline(track(shot)), str(path))
    return path


@pytest.mark.parametrize("kind", [".otio", ".edl"])
def test_the_bundle_holds_the_cut_and_its_intermediates(
    kind: str, media: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    options = BatchOptions(Fraction(25), (tmp_path,), bundle=True)
    output = Output(directory=tmp_path / "out")
    look = Look({"red": 1.0}, 0.0)
    planned = plan_batch(_cut(media, kind), look, output, options=options, pack=str(tiny_pack))
    result = run_batch(planned)
    assert result.exit_code == 0
    bundle = tmp_path / "out" / "cut.red.otioz"
    assert bundle in result.timelines
    assert (tmp_path / "out" / "cut.red.otio") in result.timelines
    assert (kind == ".edl") == ((tmp_path / "out" / "cut.red.relink.csv") in result.timelines)
    with zipfile.ZipFile(bundle) as archive:
        assert "media/a.red.mov" in archive.namelist()
        made = (tmp_path / "out" / "a.red.mov").read_bytes()
        assert archive.read("media/a.red.mov") == made
        inside = otio.adapters.read_from_string(archive.read("content.otio").decode())
    (shot,) = inside.find_clips()
    assert shot.media_reference.target_url == "media/a.red.mov"


def test_the_same_command_again_writes_the_same(
    media: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    options, output = BatchOptions(bundle=True), Output(directory=tmp_path / "out")
    cut = _cut(media, ".otio")
    for _ in range(2):
        look = Look({"red": 1.0}, 0.0)
        planned = plan_batch(cut, look, output, options=options, pack=str(tiny_pack))
        assert run_batch(planned).exit_code == 0
    assert (tmp_path / "out" / "cut.red.otioz").is_file()


def test_image_files_are_refused_before_anything_is_painted(
    media: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    output = Output(directory=tmp_path / "out", format="exr")
    cut, options = _cut(media, ".otio"), BatchOptions(bundle=True)
    planned = plan_batch(cut, Look({"red": 1.0}), output, options=options, pack=str(tiny_pack))
    with pytest.raises(InputError, match="a bundle holds movies, and this becomes image files"):
        run_batch(planned)
    assert not (tmp_path / "out").exists()


def test_two_originals_of_one_name_are_refused_before_anything_is_painted(
    media: Path, tiny_pack: Path, tmp_path: Path
) -> None:
    """They stay in the cut, and a bundle has one folder for all media."""
    (tmp_path / "b").mkdir()
    other = make_clip(tmp_path / "b" / "a.mov", 2, 40, Fraction(25), still=True)
    shots = [
        clip(name, (0, 5), (0, 40), url=path.as_uri(), rate=25)
        for name, path in (("x", media), ("y", other), ("z", media))
    ]
    otio.adapters.write_to_file(timeline(track(*shots)), str(tmp_path / "cut.otio"))

    def check(only: str) -> None:
        options = BatchOptions(bundle=True, only=(only,))
        cut, output = tmp_path / "cut.otio", Output(directory=tmp_path / "out")
        look = Look({"red": 1.0}, 0.0)
        check_batch(plan_batch(cut, look, output, options=options, pack=str(tiny_pack)))

    check("y")  # x and z show the same
    with pytest.raises(InputError, match=r"two media named a\.mov stay in the cut"):
        check("z")


def test_a_sequence_is_known_by_the_layer_that_is_asked_for(
    tiny_pack: Path, tmp_path: Path
) -> None:
    """It is float, and stays images. No name of its layers says which is the main one."""
    names = (f"{layer}.{channel}" for layer in ("one", "two") for channel in "RGB")
    channels = {name: np.full((32, 48), 0.5, "f2") for name in names}
    for number in range(4):
        file = OpenEXR.File({"type": OpenEXR.scanlineimage}, channels)
        file.write(str(tmp_path / f"s.{number:04d}.exr"))
    shot = clip("a", (0, 4), (0, 4), url=(tmp_path / "s.%04d.exr").as_uri(), rate=25)
    otio.adapters.write_to_file(timeline(track(shot)), str(tmp_path / "cut.otio"))
    options = BatchOptions(bundle=True, reading=Reading(layer="two"))
    cut, output, look = tmp_path / "cut.otio", Output(directory=tmp_path / "out"), Look({"red": 1})
    planned = plan_batch(cut, look, output, options=options, pack=str(tiny_pack))
    assert planned.job is not None
    assert [item.format for item in planned.job.items] == [None]
    with pytest.raises(InputError, match="a bundle holds movies, and this becomes image files"):
        check_batch(planned)
