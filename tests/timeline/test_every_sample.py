"""Every file of ../shared/timelines reads as it should, or is refused with what to do about it.

The numbers of EDL, FCP7 XML, .otio and of all transitions were counted in the files, without the
readers; those of Kdenlive agree with the adapter's; many of FCPXML were taken from a first reading
and checked against the elements of some of the files:
- EDL: `grep -cE '^[0-9]+ .* V +C '` less the zero-length halves of dissolves, `V +D`, `^M2`;
- FCP7 XML: <clipitem> and <generatoritem> below <video>, <transitionitem>, video timeremaps;
- FCPXML: clips, titles and videos of the spine and its lanes with a picture asset, contents of a
  compound clip at every use; <timeMap>, scaled <conform-rate>, <transition>;
- Kdenlive: <entry> of the playlists that are no audio tracks, <transition> with a mixcut;
- .otio: "Clip." schemas outside audio tracks, time effects, transitions;
- AAF: what Media Composer shows is not at hand, so the adapter's own tests are (one track each).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from xml.etree import ElementTree

import opentimelineio as otio
import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import ReadTimeline, read_timeline

SAMPLES = Path(__file__).parents[3] / "shared" / "timelines"
FILES = sorted(p for p in SAMPLES.glob("*/*") if p.is_file())
RATES = {"25fps.edl": Fraction(25)}

# file: (clips with a picture, time effects, transitions, nests, warnings)
READ: dict[str, tuple[int, int, int, int, int]] = {
    "2997fps-DFTC.aaf": (1, 0, 0, 0, 1),
    "2997fps.aaf": (2, 0, 0, 0, 0),
    "30fps.aaf": (2, 0, 0, 0, 0),
    "duplicates.aaf": (4, 0, 0, 0, 0),
    "nesting_test.aaf": (4, 0, 0, 0, 0),
    "nesting_test_preflattened.aaf": (4, 0, 0, 0, 0),
    "no_metadata.otio": (1, 0, 0, 0, 0),
    "not_aaf.otio": (1, 0, 0, 0, 0),
    "precheckfail.otio": (1, 0, 0, 0, 0),
    "timecode_test.aaf": (2, 0, 0, 0, 0),
    "25fps.edl": (4, 0, 0, 0, 0),
    "cdl.edl": (2, 0, 0, 0, 0),
    "dissolve_test.edl": (3, 0, 1, 0, 0),
    # Its dissolve is from Clip_B, and the clip before is Clip_A.
    "dissolve_test_3.edl": (4, 0, 0, 0, 2),
    # Both dissolves name another reel than the clip before, and go on at its timecode.
    "dissolve_test_4.edl": (6, 0, 2, 0, 2),
    # Its halves have different numbers; the adapter fails on it.
    "dissolve_test_fail.edl": (3, 0, 1, 0, 0),
    "enabled.otio": (3, 0, 0, 0, 0),
    "no_spaces_test.edl": (9, 0, 0, 0, 0),
    "nucoda_example.edl": (2, 0, 0, 0, 0),
    "premiere_example.edl": (2, 0, 0, 0, 0),
    "screening_example.edl": (9, 0, 0, 0, 0),
    "transition_duration.edl": (4, 0, 1, 0, 0),
    # M2 -024.0 with one source frame for 12 of the record: reverse, with a warning.
    "079_HA_006.edl": (56, 1, 0, 0, 1),
    "079_HA_V05.edl": (57, 1, 0, 0, 1),
    "090PC_091MJ_100TC_V05_TURNOVER_20150123.edl": (115, 2, 0, 0, 2),
    "090PC_091MJ_100TC_V06_TURNOVER_20150206.edl": (115, 8, 0, 0, 2),
    "20200121_BB_R1_FF3_v2_TEST.edl": (32, 16, 0, 0, 0),
    "ER_00119_with_comments.edl": (6, 0, 0, 0, 0),
    "FINALSCHECK_EDL_TEST_140318-2.edl": (245, 0, 0, 0, 0),
    "FINALSCHECK_EDL_TEST_140318.edl": (245, 0, 0, 0, 0),
    # 006 END: no source frame for 240 of the record, and no M2.
    "JA_DIEDL_SG_TEST_140212.edl": (6, 1, 0, 0, 1),
    "R7v26.0_Turnover001_WiP_VFX__1_.edl": (32, 0, 0, 0, 0),
    "SR002.edl": (1, 0, 0, 0, 0),
    "SR_010.edl": (39, 0, 0, 0, 0),
    "audio-at-end.edl": (2, 0, 0, 0, 0),
    "audio-follows-video.edl": (2, 0, 0, 0, 0),
    "black_slug_avid1.edl": (7, 0, 0, 0, 0),
    # 8 M2 lines, one of them the outgoing half of event 8's.
    "black_slug_avid2.edl": (601, 7, 7, 0, 1),
    # 466 + 18 lines of V, less 18 zero-length ones, less 413 and 435, which end before they
    # start; 18 dissolves on channel NONE; 003 overlaps 002; 346 dissolves from a still that is
    # nowhere else. The adapter fails on it.
    "black_slug_fcp.edl": (465, 0, 17, 0, 22),
    "jrun_demo_absolute_frames1.edl": (3, 0, 0, 0, 0),
    "jrun_demo_absolute_frames2.edl": (3, 0, 0, 0, 0),
    "jrun_demo_relative_frames1.edl": (3, 0, 0, 0, 0),
    "konmari_relative1.edl": (2, 0, 0, 0, 0),
    "media_cutter.edl": (6, 0, 0, 0, 0),
    # Its speed is 0.25, a factor where the format has a percentage.
    "hiero_xml_export.xml": (2, 1, 0, 0, 1),
    "img_seq_media_reference.otio": (1, 0, 0, 0, 0),
    "premiere_enable_property.xml": (6, 0, 0, 0, 0),
    # 8 items, one of them a nest of 2 clips on one of its three video tracks.
    "premiere_example.xml": (9, 0, 2, 1, 0),
    "premiere_generators.xml": (6, 0, 0, 0, 0),
    "blue_frame_5_to_25.xml": (1, 0, 0, 0, 0),
    # 20 asset-clips and 2 uses of a compound clip with one; 5 timeMaps, 7 scaled rates.
    "24.fcpxml": (22, 12, 4, 2, 0),
    "24With25Media.fcpxml": (2, 2, 0, 0, 0),
    "25i.fcpxml": (12, 2, 0, 2, 0),
    "29.97.fcpxml": (12, 2, 0, 2, 0),
    "29.97d.fcpxml": (12, 2, 0, 2, 0),
    "30.fcpxml": (22, 12, 4, 2, 0),
    "50.fcpxml": (20, 12, 4, 1, 0),
    "60.fcpxml": (22, 12, 4, 2, 0),
    # An audition counts once: the first of its clips is the one in the edit.
    "AuditionMarkers.fcpxml": (1, 0, 0, 0, 0),
    "AuditionMarkers2.fcpxml": (1, 0, 0, 0, 0),
    "AuditionMarkers3.fcpxml": (2, 1, 1, 0, 0),
    "ClipMetadata.fcpxml": (3, 0, 0, 0, 0),
    # 2 pictures, 2 titles, 1 generator; two asset-clips are sound.
    "Complex.fcpxml": (5, 0, 0, 0, 0),
    # 5 clips of picture assets in three sync-clips, 4 titles.
    "Occlusion3.fcpxml": (9, 0, 0, 3, 0),
    "RolesList.fcpxml": (21, 0, 0, 0, 0),
    # No project: the only compound clip is the edit.
    "StandaloneLibraryEventClip.fcpxml": (5, 0, 0, 0, 0),
    "StandaloneRefClip.fcpxml": (1, 0, 0, 0, 0),
    "SyncClip.fcpxml": (1, 0, 0, 1, 0),
    "SyncClipRoles.fcpxml": (3, 0, 0, 1, 0),
    "SyncClipRoles2.fcpxml": (3, 0, 0, 1, 0),
    "TitlesRoles.fcpxml": (3, 1, 0, 0, 0),
    "TransitionMarkers2.fcpxml": (2, 0, 2, 0, 0),
    "TwoClipsMarkers.fcpxml": (2, 0, 0, 0, 0),
    # Its clips overlap by half a second under each transition.
    "fcpx_transitions.fcpxml": (3, 0, 2, 0, 2),
    "fcpx_clips.fcpxml": (4, 0, 0, 0, 0),
    # 8 clips and 2 seen uses of a compound clip of 4; a third use is sound alone.
    "fcpx_project.fcpxml": (16, 0, 3, 2, 0),
    "generator_reference_test.otio": (1, 0, 0, 0, 0),
    "image_sequence_example.otio": (1, 0, 0, 0, 0),
    # One clip at 500.012 %; a second timeremap is of its sound.
    "kdenlive_example_from_fcp.xml": (64, 1, 0, 0, 0),
    "kdenlive_example_v191180.kdenlive": (6, 0, 0, 0, 0),
    "kdenlive_example_v221170.kdenlive": (6, 0, 0, 0, 0),
    "kdenlive_mixes_markers.kdenlive": (16, 0, 5, 0, 0),
    "multiinstance.otio": (2, 0, 0, 0, 0),
    "Timeline_23.98.otio": (2, 0, 0, 0, 0),
    "big_int.otio": (1, 0, 0, 0, 0),
    "effects.otio": (20, 0, 1, 0, 0),
    "multiple_track.otio": (5, 0, 0, 0, 0),
    "multitrack.otio": (5, 0, 0, 0, 0),
    "preflattened.otio": (5, 0, 0, 0, 0),
    "simple_cut.otio": (4, 0, 0, 0, 0),
    "transition.otio": (4, 0, 1, 0, 0),
    "transition_test.otio": (3, 0, 3, 0, 0),
    "example.otio": (5, 0, 0, 0, 0),
    "timecode_rates.otio": (6, 0, 0, 0, 0),
    "ColorSpace.otio": (3, 0, 0, 0, 0),
    "CompositeTracks.otio": (3, 0, 0, 0, 0),
    "Filter.otio": (6, 0, 0, 0, 0),
    "Gap.otio": (2, 0, 0, 0, 0),
    "LinearTimeWarp.otio": (2, 2, 0, 0, 0),
    "Markers.otio": (2, 0, 0, 0, 0),
    "MissingMedia.otio": (1, 0, 0, 0, 0),
    "MissingMedia2.otio": (2, 0, 0, 0, 0),
    "MultipleEffects.otio": (2, 0, 0, 0, 0),
    "Transition2.otio": (2, 0, 1, 0, 0),
}

# file: (a part of what is wrong, a part of what to do)
REFUSED = {
    "gaps.otio": ("no clips", "Export the sequence"),
    "one_audio_clip.aaf": ("only sound", "Export the sequence"),
    "multi_audio.edl": ("only sound", "Export the sequence"),
    "sample2.ale": ("'.ale' is not supported", "An ALE lists clips"),
    "sampleUHD.ale": ("'.ale' is not supported", "An ALE lists clips"),
    "sample_cdl.ale": ("'.ale' is not supported", "An ALE lists clips"),
    "premiere_example_filter.xml": ("root element is <filter>", "Final Cut Pro XML"),
    "sample_just_track.xml": ("no clips", "Export the sequence"),
    "fcpx_event.fcpxml": ("'OpenTimeline_Project', 'OpenTimeline_Project 1'", "on its own"),
    "fcpx_example.fcpxml": ("'OpenTimeline_Project', 'OpenTimeline_Project 1'", "on its own"),
    "fcpx_library.fcpxml": ("'OpenTimeline_Project', 'OpenTimeline_Project 1'", "on its own"),
    "premiere_example.otio": ("Marker.3", "OpenTimelineIO 0.18"),
    "screening_example.otio": ("Marker.3", "OpenTimelineIO 0.18"),
}


@pytest.fixture(autouse=True)
def _need_samples() -> None:
    if not FILES:
        pytest.skip(f"no sample timelines at {SAMPLES}")


def short(path: Path) -> str:
    return path.name.split("__", 1)[1]


def opened(path: Path) -> ReadTimeline:
    return read_timeline(path, rate=RATES.get(short(path), Fraction(24)))


def seen(read: ReadTimeline, kind: type[otio.core.Composable]) -> list[otio.core.Composable]:
    """Everything of a kind outside audio tracks, those inside nests included."""

    def below(parent: otio.core.Composition) -> Iterator[otio.core.Composable]:
        for child in parent:
            if isinstance(child, kind):
                yield child
            is_sound = getattr(child, "kind", "") == otio.schema.TrackKind.Audio
            if isinstance(child, otio.core.Composition) and not is_sound:
                yield from below(child)

    return list(below(read.timeline.tracks))


def test_the_table_names_every_sample() -> None:
    names = {short(path) for path in FILES if path.suffix != ".md"}
    assert names == set(READ) | set(REFUSED)
    assert not set(READ) & set(REFUSED)


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.name.partition("__")[2] in READ], ids=lambda p: p.name
)
def test_a_sample_reads_with_what_is_in_it(path: Path) -> None:
    read = opened(path)
    clips, nests = seen(read, otio.schema.Clip), seen(read, otio.schema.Stack)
    effects = [e for c in (*clips, *nests) for e in c.effects]
    found = (
        len(clips),
        sum(isinstance(e, otio.schema.TimeEffect) for e in effects),
        len(seen(read, otio.schema.Transition)),
        len(nests),
        len(read.warnings),
    )
    assert found == READ[short(path)], read.warnings


@pytest.mark.parametrize(
    "path", [p for p in FILES if p.name.partition("__")[2] in REFUSED], ids=lambda p: p.name
)
def test_a_sample_is_refused_with_advice(path: Path) -> None:
    with pytest.raises(TimelineError) as caught:
        opened(path)
    what, remedy = REFUSED[short(path)]
    assert what in caught.value.what
    assert remedy in caught.value.remedy
    assert str(path) in caught.value.where


# Counts by other means than the readers'.


def recorded(path: Path) -> list[otio.schema.Clip]:
    """The clips of an EDL's events, without those that are only dissolved from."""
    lines = path.read_bytes().decode("utf-8", errors="replace").splitlines()
    clips = seen(opened(path), otio.schema.Clip)
    times = {c: lines[c.metadata["nle_style_source"]["line"] - 1].split()[-2:] for c in clips}
    return [clip for clip in clips if len(set(times[clip])) == 2]


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".edl"], ids=lambda p: p.name)
def test_edl_events_by_a_regular_expression(path: Path) -> None:
    if short(path) in REFUSED:
        pytest.skip("refused: sound alone")
    text = path.read_bytes().decode("utf-8", errors="replace").replace("\r", "\n")
    lines = re.findall(r"^ *\d+ +\S+ +(\S+) +[CD] .*?(\S+) +(\S+) *$", text, re.MULTILINE)
    shown = [(a, b) for channel, a, b in lines if "V" in channel and b > a]
    assert len(recorded(path)) == len(shown)


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".xml"], ids=lambda p: p.name)
def test_fcp7_items_by_their_elements(path: Path) -> None:
    if short(path) in REFUSED:
        pytest.skip("refused: no clips")
    root = ElementTree.parse(path).getroot()  # noqa: S314  (a file of our own folder)
    top = root.find(".//sequence")
    assert top is not None
    items = [
        item
        for tag in ("clipitem", "generatoritem")
        for item in top.iterfind(f"./media/video/track/{tag}")
    ]
    nested = [
        item
        for sequence in top.iterfind("./media/video/track/clipitem/sequence")
        for item in sequence.iterfind("./media/video/track/clipitem")
    ]
    nests = [item for item in items if item.find("./sequence") is not None]
    clips = seen(opened(path), otio.schema.Clip)
    assert len(clips) == len(items) - len(nests) + len(nested)
    ids = {c.metadata["nle_style_source"].get("id") for c in clips}
    assert ids == {i.get("id") for i in (*items, *nested) if i not in nests}


def pictures(node: object, audio: bool = False) -> Iterator[dict[str, object]]:
    """Clips of a parsed .otio outside audio tracks."""
    if isinstance(node, list):
        for child in node:
            yield from pictures(child, audio)
    elif isinstance(node, dict):
        schema = str(node.get("OTIO_SCHEMA", ""))
        if schema.startswith("Clip.") and not audio:
            yield node
        if schema.startswith(("Timeline.", "Stack.", "Track.", "Sequence.")):
            sound = audio or node.get("kind") == "Audio"
            yield from pictures(node.get("children") or node.get("tracks"), sound)


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".otio"], ids=lambda p: p.name)
def test_otio_clips_by_their_json(path: Path) -> None:
    if short(path) in REFUSED:
        pytest.skip("refused: a newer schema, or no clips")
    # OpenTimelineIO writes infinity as Inf, Python's json reads Infinity.
    document = json.loads(re.sub(r"\bInf\b", "Infinity", path.read_text(encoding="utf-8")))
    assert len(seen(opened(path), otio.schema.Clip)) == len(list(pictures(document)))


@pytest.mark.parametrize("path", [p for p in FILES if p.suffix == ".edl"], ids=lambda p: p.name)
def test_edl_ranges_as_the_adapter_has_them(path: Path) -> None:
    """otio-cmx3600-adapter as an independent reader, where it reads the list at all."""
    module = otio.adapters.from_name("cmx_3600").module()
    text = path.read_bytes().decode("utf-8", errors="replace")
    try:
        theirs = module.read_from_string(text, rate=float(RATES.get(short(path), Fraction(24))))
    except (otio.exceptions.OTIOError, AttributeError, ValueError):
        pytest.skip("the adapter does not read it")
    if short(path) in REFUSED:
        pytest.skip("refused: sound alone")
    expected = [
        c.source_range
        for t in theirs.video_tracks()
        for c in t.find_clips()
        # It leaves a reverse speed's in-point where the list has it; ours is the lowest frame.
        if not any(getattr(e, "time_scalar", 1) < 0 for e in c.effects)
    ]
    ours = [
        c.source_range
        for c in recorded(path)
        if not any(getattr(e, "time_scalar", 1) < 0 for e in c.effects)
    ]
    assert ours == expected
