"""MLT projects: every byte but those of paths stays, in all encodings and real projects."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from nle_style.errors import TimelineError
from nle_style.timeline.patch import Replacement, mlt_clips, mlt_slides, patch_mlt
from nle_style.timeline.safe_xml import parse_xml
from tests.helpers.players.mlt_projects import Bin, chain, entry, kdenlive_5, shotcut
from tests.timeline.patch.xml_cuts import element, place_of

SAMPLES = sorted((Path(__file__).parents[4] / "shared/timelines/kdenlive").glob("*.kdenlive"))
OUT = Path("/out/take 1.blue.mov")
CHANGING = (
    *("resource", "warp_resource", "kdenlive:originalurl", "kdenlive:proxy"),
    *("kdenlive:file_hash", "kdenlive:file_size"),
)


def clip_at(place: int, target: Path = OUT) -> Replacement:
    return Replacement(Path(), target, frozenset({place}))


def project(*bins: Bin, media: str = "", upper: str = "") -> str:
    lower = entry("c1", 5, 9, 2)
    media = media or chain("c1", "/m/take 1.mov", 40, kdenlive__id=2)
    return kdenlive_5(bins, media, [(lower, ""), (upper, "")], 10)


def names_changed(before: str, after: str) -> set[str]:
    """The names of the properties on the lines that only one of the texts has."""
    lines = [text.splitlines() for text in (before, after)]
    odd = set(lines[0]).symmetric_difference(lines[1])
    return {found[1] if (found := re.search(r'name="([^"]*)"', line)) else line for line in odd}


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", ""])
def test_bytes_outside_the_path_stay_whatever_the_encoding(codec: str, newline: str) -> None:
    text = shotcut(chain("c", "/m/Fluß 雪.mov", 40), [entry("c", 5, 9)], 5)
    text = text.replace('standalone="no"', f'encoding="{codec.removesuffix("-sig")}"').replace(
        "\n", newline
    )
    start = text.index('<entry producer="c"')
    place = len(text[:start].encode(codec))
    result = patch_mlt(text.encode(codec), [clip_at(place, Path("/out/Ü & 雪.mov"))], Path("/"))
    expected = text.replace("/m/Fluß 雪.mov", "/out/Ü &amp; 雪.mov")
    assert result.data == expected.encode(codec)
    assert [(c.old, c.new) for c in result.changed] == [("/m/Fluß 雪.mov", "/out/Ü &amp; 雪.mov")]


def test_a_file_may_be_named_without_a_service() -> None:
    """MLT opens it by its name, as melt does; what it then shows is the same."""
    text = (
        '<mlt><profile/><producer id="a"><property name="resource">/m/a.mov</property></producer>'
        '<playlist id="p"><entry producer="a" in="5" out="9"/></playlist>'
        '<tractor id="t"><track producer="p"/></tractor></mlt>'
    )
    place = place_of(text, '<entry producer="a"')
    data = patch_mlt(text.encode(), [clip_at(place)], Path("/")).data
    assert data.decode() == text.replace("/m/a.mov", str(OUT))


@pytest.mark.parametrize(
    "producer",
    [
        '<producer id="a"><property name="resource" value="/m/a.mov"/></producer>',
        "<producer id='a' mlt_service='avformat' resource='/m/a.mov'/>",
        '<producer id="a"><properties><property name="resource">/m/a.mov</property></properties>'
        '<properties name="x"><property name="resource">x</property></properties></producer>',
        '<producer id="a" mlt_service="timewarp" resource="2:/m/a.mov"><property '
        'name="warp_resource" value="/m/a.mov"></property></producer>',
    ],
)
def test_a_path_may_be_a_value_an_attribute_or_in_a_group(producer: str) -> None:
    entries = '<entry producer="a" in="5" out="9"/><entry producer="a" in="0" out="1"/>'
    text = f'<mlt>{producer}<playlist id="p">{entries}</playlist></mlt>'
    places = [match.start() for match in re.finditer("<entry", text)]
    data = patch_mlt(text.encode(), list(map(clip_at, places)), Path("/")).data.decode()
    assert data == text.replace("/m/a.mov", str(OUT))
    one = patch_mlt(text.encode(), [clip_at(places[1])], Path("/")).data.decode()
    assert one.count("/m/a.mov") == one.count(str(OUT)) == producer.count("/m/a.mov")


def test_a_speed_stays_before_the_path() -> None:
    warp = {"warp_speed": "-0.5", "warp_resource": "/m/a.mov", "kdenlive__id": 2}
    media = chain("c1", "-0.5:/m/a.mov", 40, tag="producer", service="timewarp", **warp)
    text = project(media=media)
    data = patch_mlt(
        text.encode(), [clip_at(place_of(text, '<entry producer="c1"'))], Path("/")
    ).data
    assert data.decode() == text.replace("/m/a.mov", str(OUT))


@pytest.mark.parametrize(
    ("streams", "moved"),
    [
        ({"video_index": 0, "audio_index": 1}, ("0", "1")),
        ({"video_index": 1, "audio_index": 0}, ("0", "1")),
        ({"video_index": 2, "audio_index": 1}, ("0", "2")),
        ({"video_index": -1, "audio_index": 1}, ("-1", "1")),
        ({"video_index": 1, "audio_index": -1}, ("0", "-1")),
        ({"video_index": 1, "audio_index": "all"}, ("0", "all")),
        # Picture, timecode, two of sound: the third stream is the first of sound.
        (
            {"video_index": 0, "audio_index": 2, "meta.media.nb_streams": 4}
            | {"meta.media.0.stream.type": "video", "meta.media.2.stream.type": "audio"},
            ("0", "1"),
        ),
    ],
)
def test_streams_are_counted_as_the_intermediate_has_them(
    streams: dict[str, object], moved: tuple[str, str]
) -> None:
    """Its picture is stream 0, and all sound of the source follows in its order."""
    text = project(media=chain("c1", "/m/a.mov", 40, kdenlive__id=2, **streams))
    data = patch_mlt(
        text.encode(), [clip_at(place_of(text, '<entry producer="c1"'))], Path("/")
    ).data
    by_name = {p.get("name"): p.text for p in element(data).iterfind("./chain/property")}
    assert (by_name["video_index"], by_name["audio_index"]) == moved


def test_what_belongs_to_the_old_file_goes_from_the_bin_too() -> None:
    more = {"kdenlive__proxy": "/p/x.mkv", "kdenlive__originalurl": "/m/take 1.mov"}
    text = project(Bin("b", 2, "/p/x.mkv", 40, more))
    result = patch_mlt(text.encode(), [clip_at(place_of(text, '<entry producer="c1"'))], Path("/"))
    after = result.data.decode()
    texts = [p.text for p in element(result.data).iterfind("./chain[@id='b']/property")]
    assert texts == ["40", "pause", str(OUT), "avformat-novalidate", "2", None, "-", str(OUT)]
    assert names_changed(text, after) == {*CHANGING} - {"warp_resource"}


@pytest.mark.parametrize(
    ("root", "after"), [("", "{}"), ("/gone", "{}"), ("D:/film", "D:/film"), ("{}", "{}")]
)
def test_relative_paths_start_where_they_did(root: str, after: str, tmp_path: Path) -> None:
    (tmp_path / "kept.mov").touch()
    kept = chain("kept", "kept.mov", 40) + chain("c1", "/m/a.mov", 40)
    text = shotcut(kept, [entry("c1", 5, 9)], 5, root=root.format(tmp_path))
    data = patch_mlt(
        text.encode(), [clip_at(place_of(text, '<entry producer="c1"'))], tmp_path
    ).data
    assert element(data).get("root") == after.format(tmp_path)


@pytest.mark.parametrize("hide", ["both", "video", "audio"])
def test_a_hidden_track_keeps_what_it_shows(hide: str) -> None:
    """It may be shown again, and frames that nothing asked for are black in an intermediate."""
    text = project(Bin("b", 2, "/m/take 1.mov", 40, {}), upper=entry("c1", 30, 34, 2))
    shown = '<track hide="audio" producer="playlist1_{}"/>'
    for half in (0, 1):
        text = text.replace(shown.format(half), shown.format(half).replace("audio", hide))
    data = patch_mlt(
        text.encode(), [clip_at(place_of(text, '<entry producer="c1"'))], Path("/")
    ).data
    root = element(data)
    upper = root.find("./playlist[@id='playlist1_0']/entry")
    assert upper is not None
    assert upper.get("producer") == "c1"
    kept = root.findtext("./chain[@id='c1']/property[@name='resource']")
    assert kept == "/m/take 1.mov"


def test_sound_follows_its_picture() -> None:
    sound = chain("s1", "/m/take 1.mov", 40, kdenlive__id=2)
    media = chain("c1", "/m/take 1.mov", 40, kdenlive__id=2) + sound
    text = kdenlive_5([], media, [(entry("c1", 5, 9, 2), "")], 5, sound=entry("s1", 5, 9, 2))
    data = patch_mlt(
        text.encode(), [clip_at(place_of(text, '<entry producer="c1"'))], Path("/")
    ).data
    assert data.decode() == text.replace("/m/take 1.mov", str(OUT))


def test_what_nothing_was_rendered_for_is_named() -> None:
    text = project(Bin("b", 2, "/m/take 1.mov", 40, {}))
    result = patch_mlt(text.encode(), [], Path("/"))
    assert (result.data, result.changed) == (text.encode(), ())
    assert [(u.media, u.reason) for u in result.untouched] == [
        ("/m/take 1.mov", "nothing was rendered for it")
    ]


def test_only_pictures_of_files_can_be_replaced() -> None:
    media = chain("c1", "/m/take 1.mov", 40, kdenlive__id=2)
    media += chain("sound", "/m/take 1.mov", 40, kdenlive__id=2, **{"set.test_image": 1})
    media += chain("title", "", 40, service="kdenlivetitle")
    media += chain("slow", "/m/im.%04d.png", 40, service="qimage", ttl=5)
    upper = entry("sound", 0, 3) + entry("title", 0, 3) + entry("slow", 0, 3)
    text = project(Bin("b", 2, "/m/take 1.mov", 40, {}), media=media, upper=upper)
    named = {name: place_of(text, f'<entry producer="{name}"') for name in ("c1", "slow")}
    assert mlt_clips(text.encode()) == set(named.values())
    assert mlt_slides(text.encode()) == {named["slow"]}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        (Path("/o/x.%06d.png"), "is an image sequence, and the project has a movie there"),
        (Path("/o/\x01.mov"), "cannot be written into this XML"),
    ],
)
def test_what_cannot_stand_there_is_refused(target: Path, message: str) -> None:
    text = project()
    wanted = clip_at(place_of(text, '<entry producer="c1"'), target)
    with pytest.raises(TimelineError, match=message):
        patch_mlt(text.encode(), [wanted], Path("/"))


def test_a_folder_with_a_percent_sign_holds_no_numbered_images() -> None:
    images = chain("c1", "/m/im.%04d.png", 40, service="qimage", kdenlive__id=2)
    text = project(media=images)
    wanted = clip_at(place_of(text, '<entry producer="c1"'), Path("/50%/x.%06d.png"))
    with pytest.raises(TimelineError, match="which MLT reads as a number"):
        patch_mlt(text.encode(), [wanted], Path("/"))


def test_a_place_without_a_clip_is_refused() -> None:
    with pytest.raises(TimelineError, match="byte 7: no clip here"):
        patch_mlt(project().encode(), [clip_at(7)], Path("/"))
    with pytest.raises(TimelineError, match="its root element is <xmeml>"):
        patch_mlt(b"<xmeml/>", [], Path("/"))


@pytest.mark.skipif(not SAMPLES, reason="no sample projects beside the repository")
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
@pytest.mark.parametrize("every", [1, 2])
def test_kdenlives_own_projects(sample: Path, every: int) -> None:
    """All clips, or every second one; which files the clips then show, by ElementTree."""
    original, document = sample.read_bytes(), parse_xml(sample)
    assert patch_mlt(original, [], sample.parent).data == original
    clips = sorted(mlt_clips(original))[::every]
    wanted = [clip_at(place, Path("/out/new.mov")) for place in clips]
    result = patch_mlt(original, wanted, sample.parent)
    before, after = shown(document.root), shown(element(result.data))
    assert len(after) == len(before)
    styled = [document.places[entry] in clips for entry, _ in before]
    assert sum(styled) == len(clips) > 0
    for is_styled, (_, old), (_, new) in zip(styled, before, after, strict=True):
        # If all pictures of a clip of the bin change, its sound follows.
        assert new == "/out/new.mov" if is_styled else new in (old, "/out/new.mov")
        assert is_styled or every == 1 or new == old
    if every == 1:
        assert names_changed(original.decode(), result.data.decode()) <= {*CHANGING}
    else:
        assert b"-nle1" in result.data


def shown(root: ElementTree.Element) -> list[tuple[ElementTree.Element, str | None]]:
    """Every entry outside the bin, and the path that it shows."""
    by_id = {each.get("id"): each for each in root}
    lists = [each for each in root.iterfind("./playlist") if each.get("id") != "main_bin"]
    entries = [entry for each in lists for entry in each.iterfind("./entry")]
    holders = [by_id[entry.get("producer")] for entry in entries]
    paths = [holder.findtext("./property[@name='resource']") for holder in holders]
    return list(zip(entries, paths, strict=True))
