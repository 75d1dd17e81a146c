"""FCPXML: the diff of 180 clips, copies of assets for other looks, and what must go with a path."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from urllib.parse import quote, unquote

import pytest

from nle_style.errors import TimelineError
from nle_style.timeline import read_timeline
from nle_style.timeline.patch import PatchResult, Replacement, patch_fcpxml
from nle_style.timeline.patch.edits import Change
from tests.timeline.patch.xml_cuts import CLIPS, MEDIA, element, fcpxml_cut, place_of, rush


def out(number: int, look: str = "blue") -> Path:
    return Path(f"/renders/rush {number:02}.{look}.mov")


def url(path: Path | str) -> str:
    return f"file://{quote(str(path))}"


def patched(text: str, *replacements: Replacement) -> PatchResult:
    return patch_fcpxml(text.encode(), replacements, Path("/"))


def shown(data: bytes) -> list[str]:
    """The path behind every reference to an asset, by ElementTree."""
    root = element(data)
    paths = {}
    for asset in root.iter("asset"):
        representation = asset.find("media-rep")
        holder = asset if representation is None else representation
        assert asset.attrib["id"] not in paths
        paths[asset.attrib["id"]] = unquote(holder.attrib["src"].removeprefix("file://"))
    tags = ("asset-clip", "video", "audio")
    return [paths[node.attrib["ref"]] for node in root.iter() if node.tag in tags]


def line_of(text: str, part: str) -> int:
    return text[: text.index(part)].count("\n") + 1


def without_identity(text: str, *numbers: int) -> str:
    """By regular expression: no uid, sig and bookmark on these media."""
    for m in numbers:
        text = text.replace(f' uid="{m:032X}"', "").replace(f' sig="{m:032X}"', "")
        text = re.sub(rf"\n *<bookmark>Ym9va4wEAAAAAAQQMAAAA{m}==</bookmark>", "", text)
    return text


def test_the_diff_of_180_clips_is_in_nothing_but_paths_and_file_identity() -> None:
    text = fcpxml_cut()
    assert (text.count("<asset-clip"), text.count("<title")) == (CLIPS, 30)
    assert (text.count("<timeMap"), text.count("<keyframe ")) == (36, 90)
    result = patched(text, *(Replacement(Path(rush(m)), out(m)) for m in range(MEDIA)))
    diff = list(
        difflib.unified_diff(
            text.splitlines(), result.data.decode().splitlines(), "cut", "cut.blue", n=0
        )
    )
    print("\n".join(diff))
    removed = [line[1:].strip() for line in diff[2:] if line.startswith("-")]
    added = [line[1:].strip() for line in diff[2:] if line.startswith("+")]
    for m in range(MEDIA):
        asset, representation, bookmark = removed[3 * m : 3 * m + 3]
        assert added[2 * m] == asset.replace(f' uid="{m:032X}"', "")
        assert representation == (
            f'<media-rep kind="original-media" sig="{m:032X}" src="{url(rush(m))}">'
        )
        assert added[2 * m + 1] == f'<media-rep kind="original-media" src="{url(out(m))}">'
        assert bookmark.startswith("<bookmark>")
    assert (len(removed), len(added)) == (3 * MEDIA, 2 * MEDIA)
    expected = without_identity(text, *range(MEDIA))
    for m in range(MEDIA):
        expected = expected.replace(url(rush(m)), url(out(m)))
    assert result.data.decode() == expected


def test_up_to_version_1_8_the_path_stands_on_the_asset() -> None:
    text = fcpxml_cut(CLIPS, MEDIA, version="1.8")
    result = patched(text, *(Replacement(Path(rush(m)), out(m)) for m in range(MEDIA)))
    old, new = text.splitlines(), result.data.decode().splitlines()
    changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
    assert len(changed) == MEDIA
    for m, (before, after) in enumerate(changed):
        assert before.startswith("    <asset id=")
        assert after == without_identity(before, m).replace(url(rush(m)), url(out(m)))


def test_a_bookmark_of_the_asset_goes_too() -> None:
    text = fcpxml_cut(1, 1, version="1.8").replace(
        'hasAudio="1"/>', 'hasAudio="1">\n      <bookmark>QUJD</bookmark>\n    </asset>'
    )
    result = patched(text, Replacement(Path(rush(0)), out(0)))
    expected = text.replace("\n      <bookmark>QUJD</bookmark>", "")
    assert result.data.decode() == without_identity(expected, 0).replace(url(rush(0)), url(out(0)))


def test_what_changed_is_named_with_its_line() -> None:
    text = fcpxml_cut(1, 1)
    line = line_of(text, "<asset id")
    result = patched(text, Replacement(Path(rush(0)), out(0)))
    assert result.changed == (
        Change(line, f' uid="{0:032X}"', ""),
        Change(line + 1, f' sig="{0:032X}"', ""),
        Change(line + 1, url(rush(0)), url(out(0))),
        Change(line + 1, "\n        <bookmark>Ym9va4wEAAAAAAQQMAAAA0==</bookmark>", ""),
    )


def test_a_proxy_of_the_old_picture_goes() -> None:
    proxy = '\n      <media-rep kind="proxy-media" sig="P" src="file:///p/proxy.mov"/>'
    text = fcpxml_cut(2, 1).replace("\n      <metadata>", f"{proxy}\n      <metadata>")
    result = patched(text, Replacement(Path(rush(0)), out(0)))
    expected = without_identity(text, 0).replace(proxy, "").replace(url(rush(0)), url(out(0)))
    assert result.data.decode() == expected


def test_an_asset_with_nothing_but_a_proxy_is_left_and_named() -> None:
    text = fcpxml_cut(1, 1).replace("original-media", "proxy-media")
    result = patched(text)
    assert [(u.media, u.reason) for u in result.untouched] == [("r10", "it has proxy media only")]
    with pytest.raises(TimelineError, match="no clip here shows"):
        patched(text, Replacement(Path(rush(0)), out(0)))


def test_one_clip_of_three_gets_an_asset_of_its_own() -> None:
    text = fcpxml_cut(3, 1)
    asset = text[text.index("\n    <asset ") : text.index("</asset>") + len("</asset>")]
    place = place_of(text, 'name="clip 1"')
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset({place})))
    copy = without_identity(asset, 0).replace(url(rush(0)), url(out(0)))
    copy = copy.replace('id="r10"', 'id="r10-nle1"')
    expected = text.replace(asset, asset + copy)
    head, middle, tail = expected.partition('<asset-clip ref="r10" offset="2s" name="clip 1"')
    assert result.data.decode() == head + middle.replace("r10", "r10-nle1") + tail
    assert shown(result.data) == [rush(0), str(out(0)), rush(0)]


@pytest.mark.parametrize("version", ["1.8", "1.11"])
def test_two_looks_and_clips_without_one(version: str) -> None:
    text = fcpxml_cut(8, 2, version=version)
    blue = frozenset({place_of(text, f'name="clip {n}"') for n in (0, 6)})
    fire = frozenset({place_of(text, f'name="clip {n}"') for n in (2, 4)})
    result = patched(
        text,
        Replacement(Path(rush(0)), out(0), blue),
        Replacement(Path(rush(0)), out(0, "fire"), fire),
    )
    # Nothing keeps the original, so the first look takes the asset and only one copy is made.
    assert result.data.count(b"<asset ") == 3
    expected = [str(out(0)), str(out(0, "fire")), str(out(0, "fire")), str(out(0))]
    assert shown(result.data)[::2] == expected
    assert shown(result.data)[1::2] == [rush(1)] * 4
    assert [u.media for u in result.untouched] == [url(rush(1))]


def test_an_asset_id_names_all_its_clips() -> None:
    text = fcpxml_cut(4, 2)
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset({"r10"})))
    assert shown(result.data) == [str(out(0)), rush(1), str(out(0)), rush(1)]
    assert result.data.count(b"<asset ") == 2


CLIP = (
    '<clip name="c" offset="90s" duration="2s"><video ref="r10" offset="0s" duration="9s">\n'
    '<audio ref="r10" lane="-1" offset="0s" duration="9s"/></video>'
    '\n<video ref="r10" lane="1" offset="0s" duration="1s" name="connected"/></clip>'
)


def test_a_clip_stands_for_the_video_in_it() -> None:
    text = fcpxml_cut(1, 1).replace("\n    </spine>", f"\n{CLIP}\n    </spine>")
    place = place_of(text, '<clip name="c"')
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset({place})))
    assert shown(result.data) == [rush(0), str(out(0)), rush(0), rush(0)]


def test_clips_of_the_event_and_sound_follow_or_stay() -> None:
    browser = '<asset-clip ref="r10" name="in the browser" duration="200s"/>'
    sound = '<asset-clip ref="r10" name="snd" srcEnable="audio" lane="-1" duration="1s"/>'
    text = fcpxml_cut(2, 1).replace("    <project", f"    {browser}\n    <project")
    text = text.replace("\n    </spine>", f"\n    {sound}\n    </spine>")
    places = [place_of(text, f'name="clip {n}"') for n in (0, 1)]
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset(places)))
    assert shown(result.data) == [str(out(0))] * 4
    assert result.data.count(b"<asset ") == 1
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset(places[:1])))
    assert shown(result.data) == [rush(0), str(out(0)), rush(0), rush(0)]


def test_an_asset_that_nothing_refers_to_is_replaced_with_the_rest() -> None:
    text = fcpxml_cut(1, 2)
    result = patched(text, Replacement(Path(rush(1)), out(1)))
    assert url(out(1)) in result.data.decode()
    assert shown(result.data) == [rush(0)]


def test_a_path_relative_to_the_file_becomes_absolute(tmp_path: Path) -> None:
    text = fcpxml_cut(1, 1).replace(url(rush(0)), "./Media/a%20b.mov")
    source = tmp_path / "Media" / "a b.mov"
    source.parent.mkdir()
    source.touch()
    result = patch_fcpxml(text.encode(), [Replacement(source, out(0))], tmp_path)
    assert [c.new for c in result.changed if c.new] == [url(out(0))]


def test_an_image_sequence_is_refused() -> None:
    with pytest.raises(TimelineError, match="which FCPXML cannot name"):
        patched(fcpxml_cut(1, 1), Replacement(Path(rush(0)), Path("/o/x.%06d.exr")))


def test_single_quotes_and_spaces_in_tags_stay() -> None:
    text = fcpxml_cut(1, 1, version="1.8")
    text = re.sub(r'src="([^"]*)" uid="([^"]*)"', r"src = '\1'\n\t uid= '\2'", text)
    result = patched(text, Replacement(Path(rush(0)), Path("/o/it's & so.mov")))
    expected = text.replace(f"\n\t uid= '{0:032X}'", "").replace(
        url(rush(0)), "file:///o/it&apos;s%20%26%20so.mov"
    )
    assert result.data.decode() == expected


PATHS = """<fcpxml><resources><asset id="a" src="file:///m/a.mov">
<pathurl>file://localhost/m/a.mov</pathurl><media-rep kind="original-media" src="file:///m/a.mov">
<pathurl> file:///m/a.mov</pathurl></media-rep>
<media-rep kind="proxy-media" src="file:///m/p.mov"><pathurl>file:///m/p.mov</pathurl></media-rep>
</asset></resources><project><sequence><spine><asset-clip ref="a"/></spine></sequence></project>
</fcpxml>"""


def test_every_path_of_an_asset_leads_to_the_intermediate() -> None:
    """Some programs write a second src and <pathurl>, and read them first."""
    data = patched(PATHS, Replacement(Path("/m/a.mov"), Path("/r/a b.mov"))).data.decode()
    assert "/m/" not in data
    assert data.count('src="file:///r/a%20b.mov"') == 2
    assert "<pathurl>file://localhost/r/a%20b.mov</pathurl>" in data
    assert "<pathurl>file:///r/a%20b.mov</pathurl>" in data


def test_a_path_may_stand_in_pathurl_alone(tmp_path: Path) -> None:
    text = re.sub(r' src="[^"]*"', ' hasVideo="1"', PATHS).replace("<asset-clip", _LONG)
    path = tmp_path / "cut.fcpxml"
    path.write_text(text)
    (clip,) = read_timeline(path).timeline.find_clips()
    assert clip.media_reference.target_url == "file:///m/a.mov"
    data = patched(text, Replacement(Path("/m/a.mov"), Path("/r/a.mov"))).data.decode()
    assert "<pathurl>file:///r/a.mov</pathurl>" in data


_LONG = '<asset-clip duration="2s"'
