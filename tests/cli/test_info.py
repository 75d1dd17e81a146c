"""`nle-style info`: what is said of clips, stills, sequences and timelines."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import opentimelineio as otio
import pytest
from PIL import Image

from tests.helpers.command import nle_style
from tests.helpers.media_factory import ffmpeg, make
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, timeline, track


def told(pack: Path, *words: object, code: int = 0) -> dict[str, Any]:
    done = nle_style("info", *words, "--pack", pack, "--json")
    assert done.code == code, done.err
    data: dict[str, Any] = json.loads(done.out)
    assert data["nle_style_info"] == 1
    return data


def test_a_movie(tiny_pack: Path, tmp_path: Path) -> None:
    path = make(
        tmp_path / "a.mov",
        *("-timecode", "01:00:00:00"),
        frames=30,
        size="96x64",
        sound=("-f", "lavfi", "-i", "sine=sample_rate=48000", "-c:a", "aac", "-shortest"),
    )
    before = sorted(tmp_path.rglob("*"))
    data = told(tiny_pack, path)
    assert (data["kind"], data["refused"]) == ("movie", None)
    media = data["media"]
    assert (media["size"], media["frames"], media["rate"]) == ([96, 64], 30, "25")
    assert (media["timecode"], media["pixel_format"]) == ("01:00:00:00", "yuv420p")
    assert media["colour"] == {"primaries": 1, "transfer": 1, "matrix": 1, "full_range": False}
    assert [stream["codec"] for stream in media["audio"]] == ["aac"]
    assert data["reading"]["frames"] == [0, 29]
    assert data["writing"]["format"] == "png-mov"
    assert data["writing"]["painted_at"] == [96, 64]
    said = nle_style("info", path, "--pack", tiny_pack).out
    for text in (
        "movie, 96 x 64, 30 frames, 25 a second, 1.20 s",
        "timecode: 01:00:00:00 by a track that counts 25 a second",
        "aac, 48000 Hz",
        "BT.709 primaries",
        "png-mov, 8 bit, exact",
    ):
        assert text in " ".join(said.split())
    assert sorted(tmp_path.rglob("*")) == before, "nothing is written"


def test_what_is_refused_is_what_render_refuses(tiny_pack: Path, tmp_path: Path) -> None:
    source = tmp_path / "a.mkv"
    woven = ("-vf", "tinterlace=interleave_top", "-frames:v", 6, "-c:v", "ffv1")
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=50", *woven, source)
    refused = told(tiny_pack, source, code=2)
    assert refused["media"]["interlaced"]
    words = ("render", source, "--style", "red", "--pack", tiny_pack, "-o", tmp_path / "out")
    rendering = " ".join(nle_style(*words).err.split())
    assert refused["refused"]["remedy"] in rendering
    read = told(tiny_pack, source, "--interlaced", "deinterlace")
    assert (read["refused"], read["reading"]["interlaced"]) == (None, "deinterlace")
    gone = told(tiny_pack, tmp_path / "none.mov", code=2)
    assert (gone["kind"], gone["media"]) == (None, None)
    assert gone["refused"]["outcome"] == "missing"
    assert "no such file" in gone["refused"]["reason"]


def test_stills_and_sequences(tiny_pack: Path, tmp_path: Path) -> None:
    for number in range(1001, 1004):
        Image.new("RGB", (32, 18)).save(tmp_path / f"plate.{number}.png")
    sequence = told(tiny_pack, tmp_path / "plate.%04d.png")
    assert (sequence["kind"], sequence["media"]["numbers"]) == ("sequence", [1001, 1003])
    assert sequence["writing"]["format"] == "png"
    still = told(tiny_pack, tmp_path / "plate.1002.png")
    assert (still["kind"], still["writing"]["format"]) == ("still", "png")
    assert any("plate.%04d.png" in note for note in still["notes"])


def test_a_timeline(tiny_pack: Path, tmp_path: Path) -> None:
    good = make_clip(tmp_path / "a.mov", 1, 20, Fraction(25))
    bad = tmp_path / "bad.mov"
    bad.write_bytes(b"no movie")
    shots = [
        clip(name, (first, 5), (0, 20), url=path.as_uri(), rate=25)
        for name, first, path in (("one", 0, good), ("two", 12, good), ("bad", 0, bad))
    ]
    cut = tmp_path / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*shots)), str(cut))
    before = sorted(tmp_path.rglob("*"))
    data = told(tiny_pack, cut, code=3)
    assert data["kind"] == "timeline"
    assert [each["name"] for each in data["clips"]] == ["one", "two"]
    assert [each["frames"] for each in data["clips"]] == [[0, 4], [12, 16]]
    assert [Path(each["source"]).name for each in data["media"]] == ["a.mov"]
    assert "frames" not in data["media"][0]["reading"], "those are the clips'"
    assert [each["clip_name"] for each in data["refusals"]] == ["bad"]
    done = nle_style("info", cut, "--pack", tiny_pack)
    assert done.code == 3
    assert "clip 'bad'" in done.out
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("option", [("--rate", "25"), ("--media", "."), ("--map", "looks.yaml")])
def test_options_of_a_timeline_are_no_options_of_a_clip(
    tiny_pack: Path, tmp_path: Path, option: tuple[str, str]
) -> None:
    done = nle_style("info", tmp_path / "a.mov", "--pack", tiny_pack, *option)
    assert done.code == 2
    assert "are for a timeline" in done.err
