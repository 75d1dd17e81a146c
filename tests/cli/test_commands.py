"""The command line: what it makes, what it says, and its exit codes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import pytest
from PIL import Image

from nle_style.media.source import probe_media
from tests.helpers.clips import frame_md5s, make_clip
from tests.helpers.command import events_of, nle_style
from tests.helpers.media_factory import ffmpeg
from tests.timeline.building import timeline, track


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_clip(tmp_path_factory.mktemp("clip") / "clip.mp4")


def test_help_never_loads_torch() -> None:
    code = (
        "import gc, sys; sys.argv = ['nle-style', '--help']\n"
        "from nle_style.cli.main import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('torch' in sys.modules, gc.get_threshold()[0])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False 10000"
    for command in (
        "render",
        "batch",
        "run",
        "demo",
        "styles",
        "sheet",
        "train",
        "add-style",
        "doctor",
    ):
        assert command in done.stdout


def test_render(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    done = nle_style(
        "render", clip, "--style", "red", "--frames", "2-9", "-o", tmp_path, "--pack", tiny_pack
    )
    assert done.code == 0, done.err
    assert len(frame_md5s(tmp_path / "clip.red.mov")) == 8
    assert str(tmp_path / "clip.red.mov") in done.err


def test_the_controls_of_a_look_are_rendered(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    def frames(name: str, *options: object) -> list[str]:
        words = ("render", clip, "--style", "red", "--frames", "0", "--pack", tiny_pack)
        done = nle_style(*words, "-o", tmp_path / name, *options)
        assert done.code == 0, done.err
        return frame_md5s(tmp_path / name / "clip.red.mov")

    controls = ("--stroke-scale", 4, "--colour", "source")
    assert frames("as it is") != frames("other", *controls)
    assert frames("source", *controls, "--strength", 0) == frame_md5s(clip)[:1]


def test_how_movies_are_read(tiny_pack: Path, tmp_path: Path) -> None:
    woven = ("-vf", "tinterlace=interleave_top", "-frames:v", 12, "-c:v", "ffv1")
    source = tmp_path / "a.mkv"
    ffmpeg("-f", "lavfi", "-i", "testsrc2=s=64x48:r=50", *woven, source)
    words = ("render", source, "--style", "red", "--strength", 0, "--pack", tiny_pack)
    refused = nle_style(*words, "-o", tmp_path)
    assert refused.code == 2
    assert "Give --interlaced deinterlace" in refused.err
    reading = ("--interlaced", "deinterlace", "--conform", "23.976", "--frames", "2-9")
    done = nle_style(*words, *reading, "-o", tmp_path)
    assert done.code == 0, done.err
    info = probe_media(tmp_path / "a.red.mov")
    assert (info.frame_count, info.rate) == (8, Fraction(24000, 1001))
    wrong = nle_style(*words, "--conform", "slow", "-o", tmp_path)
    assert wrong.code == 2
    assert "'slow'" in wrong.err


def test_events_are_one_json_object_a_line(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    done = nle_style(
        *("render", clip, "--style", "red:0.5,blue:0.5", "--frames", "0-1", "-o", tmp_path),
        *("--pack", tiny_pack, "--events"),
    )
    assert done.code == 0
    told = events_of(done.out)
    kinds = [event["event"] for event in told]
    assert kinds == ["started", "progress", "progress", "item", "done"]
    assert told[0] == {"event": "started", "items": 1, "frames": 2}
    assert told[-2]["path"] == str(tmp_path / "clip.blue50-red50.mov")
    assert told[-1]["exit_code"] == 0


def test_run_a_job_file(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    job = {
        "nle_style_job": 1,
        "items": [
            {"source": str(clip), "frames": [0, 1], "look": {"styles": {"red": 1}, "strength": 0}},
            {"source": str(tmp_path / "none.mp4"), "look": {"styles": {"red": 1}}},
        ],
        "output": {"directory": str(tmp_path / "out")},
        "pack": str(tiny_pack),
    }
    path = tmp_path / "job.json"
    path.write_text(json.dumps(job))
    done = nle_style("run", path, "--events")
    assert done.code == 3
    assert frame_md5s(tmp_path / "out" / "clip.red.mov") == frame_md5s(clip)[:2]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--style", "bleu"), "Did you mean 'blue'"),
        (("--style", "red", "--style", "blue"), "--style is given 2 times"),
        (("--style", "red", "--strength", "2"), "strength 2 is not between 0 and 1"),
        (("--style", "red", "--frames", "9-3"), "not a range of frames"),
        (("--style", "red", "--frames", "0-99"), "Its frames are 0-19"),
        (("--style", "red", "--format", "png-mow"), "Did you mean png-mov"),
        (("--style", "red", "--depth", "12"), "12"),
        (("--style", "red", "--device", "gpu"), "unknown device 'gpu'"),
        (("--style", "red", "--device", "cuda:99"), "there is no cuda"),
        (("--style", "red", "--device", "cuda:99", "--workers", "2"), "there is no cuda"),
        (("--style", "red", "--pack", "nowhere.safetensors"), "no such style pack"),
        (("--style", "red", "--statistics", "frames"), "frames"),
        (("--style", "red", "--stroke-scale", "5"), "stroke scale 5 is not between 0.25 and 4"),
        (("--style", "red", "--colour", "clip"), "clip"),
    ],
)
def test_bad_options_are_one_message_and_exit_2(
    tiny_pack: Path, clip: Path, tmp_path: Path, options: tuple[str, ...], said: str
) -> None:
    pack = () if "--pack" in options else ("--pack", tiny_pack)
    done = nle_style("render", clip, *options, *pack, "-o", tmp_path / "out")
    assert done.code == 2, done.err
    assert said in done.err
    assert "Traceback" not in done.err
    assert not list((tmp_path / "out").glob("*.mov")) if (tmp_path / "out").exists() else True


def test_bad_sources_are_one_message_and_exit_2(tiny_pack: Path, tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("not a film\n")
    empty = tmp_path / "empty.mov"
    empty.touch()
    for source, said in (
        (tmp_path / "none.mp4", "no such file"),
        (text, "not a movie or image"),
        (empty, "the file is empty"),
        (tmp_path, "is a folder"),
    ):
        done = nle_style("render", source, "--style", "red", "-o", tmp_path, "--pack", tiny_pack)
        assert done.code == 2
        assert said in done.err
        assert str(source) in done.err.replace("\n", "")


def test_a_truncated_source_names_the_frame_before_painting_any(
    tiny_pack: Path, tmp_path: Path
) -> None:
    whole = make_clip(tmp_path / "whole.mp4", frames=40, sound=False)
    cut = tmp_path / "cut.mp4"
    ffmpeg("-i", whole, "-c", "copy", "-movflags", "+faststart", cut)  # the index comes first
    data = cut.read_bytes()
    cut.write_bytes(data[: len(data) * 3 // 4])
    lost = []
    for statistics in ("frame", "hybrid"):
        folder = tmp_path / statistics
        words = ("render", cut, "--style", "red", "-o", folder, "--statistics", statistics)
        done = nle_style(*words, "--pack", tiny_pack)
        said = " ".join(done.err.split())
        assert done.code == 2, said
        found = re.search(r"frame (\d+) of 40 cannot be decoded", said)
        assert found is not None, said
        lost.append(int(found[1]))
        assert str(cut) in said
        assert not (folder / "cut.red.mov").exists()
        assert not list(folder.rglob("unit-*"))
    assert 8 < lost[0] == lost[1] < 39
    words = ("render", cut, "--style", "red", "-o", tmp_path, "--frames", f"0-{lost[0] - 1}")
    done = nle_style(*words, "--strength", 0, "--pack", tiny_pack)
    assert done.code == 0, "what is whole can be rendered"


def test_an_output_folder_that_is_a_file(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    done = nle_style(
        "render", clip, "--style", "red", "-o", tmp_path / "file" / "out", "--pack", tiny_pack
    )
    assert done.code == 2
    assert "output folder" in done.err


def test_an_empty_timeline(tiny_pack: Path, tmp_path: Path) -> None:
    import opentimelineio as otio

    cut = tmp_path / "empty.otio"
    otio.adapters.write_to_file(timeline(track()), str(cut))
    done = nle_style("batch", cut, "--style", "red", "-o", tmp_path / "out", "--pack", tiny_pack)
    assert done.code == 2
    assert "no clips" in done.err


def test_styles_and_sheet(tiny_pack: Path, clip: Path, tmp_path: Path) -> None:
    done = nle_style("styles", "--pack", tiny_pack, "--json")
    (listed,) = json.loads(done.out)
    assert listed["styles"] == ["red", "green", "blue"]
    assert "green" in nle_style("styles", "--pack", tiny_pack).out
    path = tmp_path / "sheet.png"
    assert nle_style("sheet", clip, "-o", path, "--pack", tiny_pack).code == 0
    with Image.open(path) as sheet:
        assert sheet.width == 4 * (480 + 6) + 6  # the source and three styles
    usual = path.read_bytes()
    coarse = ("sheet", clip, "-o", path, "--pack", tiny_pack, "--stroke-scale", 4)
    assert nle_style(*coarse).code == 0
    assert path.read_bytes() != usual
    done = nle_style("sheet", clip, "-o", path, "--pack", tiny_pack, "--frame", 20)
    assert done.code == 2
    assert "frames are 0-19" in done.err


def test_styles_show_the_figures_of_a_card(tiny_pack: Path, tmp_path: Path) -> None:
    from nle_style.core.card import write_card, write_figures

    pack = tmp_path / "tiny.safetensors"
    pack.write_bytes(tiny_pack.read_bytes())
    card = {"artwork": "Wave", "licence": "CC0"}
    write_card(pack, {"red": card, "green": {}, "blue": {}}, {"image_steps": 12345})
    assert "noise gain" not in nle_style("styles", "--pack", pack).out
    figures = {
        "held_out_style_loss": 0.7114,
        "held_out_content_loss": 1.2226,
        "noise_gain": 0.4331,
        "e_warp_1_pan": 0.0449,
    }
    write_figures(pack, {"red": figures}, {"pictures": 32})

    (listed,) = json.loads(nle_style("styles", "--pack", pack, "--json").out)
    assert listed["image_steps"] == 12345
    assert listed["figures"] == {"red": figures}
    said = nle_style("styles", "--pack", pack).out
    assert "12,345 image-steps" in said
    (red,) = (line for line in said.splitlines() if "red" in line.split())
    for text in ("Wave", "CC0", "0.711", "1.223", "0.433", "0.045"):
        assert text in red

    # Trained further, and not measured again: the old figures are not these weights'.
    path = pack.with_suffix(".yaml")
    path.write_text(path.read_text().replace("quality:\n  weights: ", "quality:\n  weights: 0"))
    assert "0.433" not in nle_style("styles", "--pack", pack).out
    assert json.loads(nle_style("styles", "--pack", pack, "--json").out)[0]["figures"] == {}


def test_doctor_finds_this_installation_well() -> None:
    done = nle_style("doctor")
    assert done.code == 0, done.out
    assert "wrong" not in done.out
