"""The media linker reads the manifests that the renderer really writes."""

from __future__ import annotations

import subprocess
from fractions import Fraction
from pathlib import Path

import imageio_ffmpeg
import opentimelineio as otio

from nle_style.apply import Look
from nle_style.render import Item, LookJob, Output, RenderJob
from nle_style.render.cut import plan_batch, run_batch
from nle_style.render.item import run_job
from nle_style.timeline import read_timeline
from nle_style.timeline.relink import link_media_reference
from nle_style.timeline.relink.intermediates import find_intermediates
from tests.helpers.stamps import make_clip
from tests.timeline.building import clip, timeline, track, transition

RATE = Fraction(24000, 1001)
LOOK = Look({"red": 0.7, "blue": 0.3}, strength=0.0)


def with_timecode(plain: Path, path: Path) -> Path:
    """The movie, starting at an hour."""
    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    copy = ["-i", str(plain), "-c", "copy", "-timecode", "01:00:00:00", str(path)]
    subprocess.run([ffmpeg, "-v", "error", *copy], check=True)
    return path


def test_it_links_a_cut_as_the_batch_did(tiny_pack: Path, tmp_path: Path) -> None:
    """One clip has a media range with the file's timecode, the other none: the file decides."""
    path = with_timecode(make_clip(tmp_path / "plain.mov", 1, 40, RATE), tmp_path / "field one.mov")
    hour = 86400
    shots = [
        clip("a", (hour + 5, 8), available, url=path.as_uri(), rate=float(RATE))
        for available in ((hour, 40), None)
    ]
    cut = tmp_path / "cut.otio"
    lower = track(shots[0], transition(2, 3, float(RATE)), shots[1])
    otio.adapters.write_to_file(timeline(lower), str(cut))
    planned = plan_batch(cut, LOOK, Output(directory=tmp_path / "out"), pack=str(tiny_pack))
    result = run_batch(planned)
    assert result.exit_code == 0
    expected = read_timeline(result.timelines[0]).timeline
    linked = read_timeline(cut).timeline
    for item in linked.find_clips():
        arguments = {"folder": str(tmp_path / "out"), "look": "blue:3,red:7 strength 0"}
        assert link_media_reference(item, arguments) is item.media_reference
    assert linked.tracks.to_json_string() == expected.tracks.to_json_string()


def test_it_knows_a_rendered_sequence_by_its_files(tiny_pack: Path, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "field.mov", 1, 12, Fraction(25))
    job = RenderJob(
        items=(Item(source=source, frames=(3, 6), look=LookJob.of(LOOK)),),
        output=Output(directory=tmp_path / "out", format="exr"),
        pack=str(tiny_pack),
    )
    assert run_job(job).exit_code == 0
    (found,) = find_intermediates(tmp_path / "out")
    names = found.rendered.sequence
    assert names is not None
    files = [
        f"{names.prefix}{number:0{names.padding}d}{names.suffix}"
        for number in range(names.start_frame, names.start_frame + 4)
    ]
    assert sorted(file.name for file in names.folder.iterdir()) == files
    assert (found.rendered.first, found.rendered.last, found.painted) == (3, 6, ((3, 6),))
    assert (found.rendered.rate, found.source_frames) == (25, 12)
