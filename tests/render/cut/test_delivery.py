"""A batch gives each kind of timeline back in its own form: the real renderer, at strength 0."""

from __future__ import annotations

import csv
import difflib
import zipfile
from fractions import Fraction
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.apply import Look
from nle_style.cli.commands.timelines import revert
from nle_style.cli.options import parse_path_map, parse_rate
from nle_style.errors import InputError, LookError, OutputError
from nle_style.render import Output, events
from nle_style.render.cut import BatchOptions, BatchResult, plan_batch, run_batch
from tests.helpers.stamps import frames_of, make_clip, read_stamp
from tests.timeline.building import clip, timeline, track
from tests.timeline.patch.xml_cuts import fcp7_cut, fcpxml_cut

RATE = Fraction(25)
LENGTH = 5000  # what the cuts of xml_cuts say of their media


def _run(
    cut: Path, pack: Path, look: Look | None = None, options: BatchOptions | None = None
) -> tuple[BatchResult, list[str]]:
    told: list[events.Event] = []
    planned = plan_batch(
        cut,
        look or Look({"red": 1.0}, 0.0),
        Output(directory=cut.parent / "out"),
        options=options,
        pack=str(pack),
    )
    result = run_batch(planned, told.append)
    return result, [event.message for event in told if isinstance(event, events.Warned)]


def _rushes(folder: Path, count: int) -> None:
    for number in range(count):
        path = folder / f"rush {number:02}.mov"
        make_clip(path, number + 1, LENGTH // 50, RATE, timecode="01:00:00:00")


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".xml", ".fcpxml"])
def test_an_xml_differs_in_its_media_alone(suffix: str, tiny_pack: Path, tmp_path: Path) -> None:
    _rushes(tmp_path, 2)
    cut = tmp_path / f"cut{suffix}"
    text = fcp7_cut(4, 2) if suffix == ".xml" else fcpxml_cut(4, 2)
    # Half speed from the media's own first frame, so that the clip's frames are in the file.
    text = text.replace('time="0s" value="0s"', 'time="3600s" value="3600s"')
    text = text.replace('time="100s" value="50s"', 'time="3700s" value="3650s"')
    cut.write_text(text, encoding="utf-8")
    folder = tmp_path.as_posix()
    options = BatchOptions(path_maps=(("/media/day one", folder),))
    result, told = _run(cut, tiny_pack, options=options)
    assert result.exit_code == 0, told
    made = tmp_path / "out" / f"cut.red{suffix}"
    assert made in result.timelines
    lines = list(
        difflib.unified_diff(
            text.splitlines(), made.read_text(encoding="utf-8").splitlines(), n=0, lineterm=""
        )
    )
    changed = [line for line in lines if line[0] in "+-" and line[:3] not in ("+++", "---")]
    named = ("<pathurl>",) if suffix == ".xml" else ("<media-rep", "<asset ", "<bookmark>")
    assert changed
    assert all(line[1:].strip().startswith(named) for line in changed)
    assert sum("/out/rush%20" in line for line in changed if line[0] == "+") == 2
    for number in range(2):
        movie = tmp_path / "out" / f"rush {number:02}.red.sparse.mov"
        stamps = [read_stamp(frame) for frame in frames_of(movie)]
        # As long as its source, each painted frame in its own place, black elsewhere.
        assert len(stamps) == LENGTH // 50
        assert any(stamps)
        assert all(s in (None, (number + 1, place)) for place, s in enumerate(stamps))


def test_an_edl_comes_back_as_otio_with_a_list(tiny_pack: Path, tmp_path: Path) -> None:
    make_clip(tmp_path / "crowd.mov", 3, 40, RATE, timecode="01:00:00:00")
    cut = tmp_path / "cut.edl"
    cut.write_text(
        "TITLE: cut\nFCM: NON-DROP FRAME\n\n"
        "001  AX       V     C        01:00:00:05 01:00:00:15 00:00:00:00 00:00:00:10\n"
        "* FROM CLIP NAME: crowd.mov\n"
    )
    options = BatchOptions(rate=RATE, media=(tmp_path,))
    result, told = _run(cut, tiny_pack, options=options)
    assert result.exit_code == 0, told
    listed = tmp_path / "out" / "cut.red.relink.csv"
    assert listed in result.timelines
    assert any("an EDL names reels" in message for message in told)
    (row,) = csv.DictReader(listed.read_text(encoding="utf-8").splitlines())
    # 01:00:00:05 is the file's frame 5, its timecode being 01:00:00:00.
    assert (row["first"], row["last"], row["record_out_s"]) == ("5", "14", "0.400000")
    assert [read_stamp(f) for f in frames_of(Path(row["intermediate"]))] == [
        (3, number) for number in range(5, 15)
    ]


def test_a_bundle_comes_back_with_the_intermediates_in_it(tiny_pack: Path, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "crowd.mov", 3, 20, RATE)
    plain = timeline(track(clip("crowd", (4, 6), (0, 20), url=source.as_uri(), rate=25)))
    cut = tmp_path / "cut.otioz"
    otio.adapters.write_to_file(plain, str(cut))
    result, told = _run(cut, tiny_pack)
    assert result.exit_code == 0, told
    made = tmp_path / "out" / "cut.red.otioz"
    assert made in result.timelines
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
        (movie,) = [name for name in names if name.startswith("media/")]
        archive.extract(movie, tmp_path / "unpacked")
    stamps = [read_stamp(f) for f in frames_of(tmp_path / "unpacked" / movie)]
    assert stamps == [(3, number) for number in range(4, 10)]


def test_looks_per_clip_and_a_clip_that_asks_for_none(tiny_pack: Path, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "crowd.mov", 3, 20, RATE)
    clips = [
        clip(name, (first, 3), (0, 20), url=source.as_uri(), rate=25)
        for name, first in (("one", 2), ("two", 8), ("three", 14))
    ]
    clips[0].metadata["nle_style"] = {"style": "red strength 0"}
    clips[1].metadata["nle_style"] = {"style": "green strength 0"}
    cut = tmp_path / "cut.otio"
    otio.adapters.write_to_file(timeline(track(*clips)), str(cut))
    output = Output(directory=tmp_path / "out")
    result = run_batch(plan_batch(cut, None, output, pack=str(tiny_pack)))
    assert result.exit_code == 0
    assert [path.name for path in result.timelines] == ["cut.styled.otio", "cut.styled.baked.otio"]
    shown = otio.adapters.read_from_file(str(result.timelines[1])).find_clips()
    names = [Path(each.media_reference.target_url).name for each in shown]
    assert names == ["crowd.red.mov", "crowd.green.mov", "crowd.mov"]


def test_no_look_at_all_is_bad_input(tiny_pack: Path, tmp_path: Path) -> None:
    source = make_clip(tmp_path / "crowd.mov", 3, 20, RATE)
    plain = timeline(track(clip("crowd", (4, 6), (0, 20), url=source.as_uri(), rate=25)))
    cut = tmp_path / "cut.otio"
    otio.adapters.write_to_file(plain, str(cut))
    with pytest.raises(LookError, match="no clip asks for a look"):
        plan_batch(cut, None, Output(directory=tmp_path / "out"), pack=str(tiny_pack))


def test_another_look_adds_a_reference_and_revert_takes_all_out(
    tiny_pack: Path, tmp_path: Path
) -> None:
    source = make_clip(tmp_path / "crowd.mov", 3, 20, RATE)
    plain = timeline(track(clip("crowd", (4, 6), (0, 20), url=source.as_uri(), rate=25)))
    cut = tmp_path / "cut.otio"
    otio.adapters.write_to_file(plain, str(cut))
    first, _ = _run(cut, tiny_pack)
    again, _ = _run(cut, tiny_pack)
    assert first.timelines == again.timelines
    second, _ = _run(first.timelines[0], tiny_pack, Look({"green": 1.0}, 0.0))
    (shown,) = otio.adapters.read_from_file(str(second.timelines[0])).find_clips()
    assert set(shown.media_references()) == {"DEFAULT_MEDIA", "nle_style", "nle_style.red"}
    assert "green" in shown.media_reference.target_url
    target = tmp_path / "back.otio"
    revert(second.timelines[0], target)
    assert otio.adapters.read_from_file(str(target)).is_equivalent_to(
        otio.adapters.read_from_file(str(cut))
    )
    with pytest.raises(OutputError, match="already"):
        revert(second.timelines[0], target)


def test_options_are_parsed_or_refused() -> None:
    assert parse_rate("23.976") == Fraction(24000, 1001)
    assert parse_rate("30000/1001") == Fraction(30000, 1001)
    assert parse_rate("25") == 25
    for text in ("0", "fast", "1/0", "1000"):
        with pytest.raises(InputError, match="not a frame rate"):
            parse_rate(text)
    assert parse_path_map("D:/media=/mnt/media") == ("D:/media", "/mnt/media")
    for text in ("D:/media", "=x", "x="):
        with pytest.raises(InputError, match="maps no path"):
            parse_path_map(text)
