"""FCP7 XML: 180 clips come back with a diff in nothing but paths; shared files with two looks."""

from __future__ import annotations

import difflib
import re
from pathlib import Path

import opentimelineio as otio
import pytest

from nle_style.timeline.patch import PatchResult, Replacement, patch_fcp7
from nle_style.timeline.patch.edits import Change, Untouched
from tests.timeline.patch.xml_cuts import CLIPS, MEDIA, element, fcp7_cut, place_of, rush


def out(number: int, look: str = "blue") -> Path:
    return Path(f"/renders/rush {number:02}.{look}.mov")


def url(path: Path | str) -> str:
    return "file://localhost" + str(path).replace(" ", "%20")


def patched(text: str, *replacements: Replacement) -> PatchResult:
    return patch_fcp7(text.encode(), replacements, Path("/"))


def shown(data: bytes) -> dict[str, str]:
    """Clip id -> path, by ElementTree: a file with contents defines its id for all after it."""
    root = element(data)
    defined: dict[str, str] = {}
    paths = {}
    for clip in root.iter("clipitem"):
        file = clip.find("file")
        assert file is not None
        if len(file):
            assert file.attrib["id"] not in defined
            defined[file.attrib["id"]] = file.findtext("pathurl") or ""
        paths[clip.attrib["id"]] = defined[file.attrib["id"]]
    return paths


def test_the_diff_of_180_clips_is_in_nothing_but_paths() -> None:
    text = fcp7_cut()
    assert (text.count("<clipitem"), text.count("<generatoritem")) == (2 * CLIPS, 30)
    assert (text.count(">timeremap<"), text.count("<keyframe>")) == (36, 90)
    result = patched(text, *(Replacement(Path(rush(m)), out(m)) for m in range(MEDIA)))
    diff = list(
        difflib.unified_diff(
            text.splitlines(), result.data.decode().splitlines(), "cut.xml", "cut.blue.xml", n=0
        )
    )
    print("\n".join(diff))
    removed = [line for line in diff[2:] if line.startswith("-")]
    added = [line for line in diff[2:] if line.startswith("+")]
    assert len(diff) == 2 + 3 * MEDIA  # for each file one @@, one - and one +
    for m in range(MEDIA):
        assert removed[m] == f"-          <pathurl>{url(rush(m))}</pathurl>"
        assert added[m] == f"+          <pathurl>{url(out(m))}</pathurl>"
    assert [c.line for c in result.changed] == [
        n for n, line in enumerate(text.splitlines(), 1) if "<pathurl>" in line
    ]
    assert result.untouched == ()


def test_opentimelineio_reads_the_same_cut_with_other_media() -> None:
    text = fcp7_cut(24, 6)
    result = patched(text, *(Replacement(Path(rush(m)), out(m)) for m in range(6)))
    reader = otio.adapters.from_name("fcp_xml").module()
    before = reader.read_from_string(text).find_clips()
    after = reader.read_from_string(result.data.decode()).find_clips()
    assert len(before) == len(after) == 24 + 4 + 24
    seen = set()
    for one, other in zip(before, after, strict=True):
        media = other.media_reference
        if isinstance(media, otio.schema.ExternalReference):
            number = int(re.findall(r"rush%20(\d\d)", media.target_url)[0])
            assert one.media_reference.target_url == url(rush(number))
            assert media.target_url == url(out(number))
            media.target_url = one.media_reference.target_url
            seen.add(number)
        assert one.is_equivalent_to(other)
    assert seen == set(range(6))


def test_one_medium_of_two() -> None:
    text = fcp7_cut(4, 2)
    result = patched(text, Replacement(Path(rush(1)), out(1)))
    assert result.data.decode() == text.replace(url(rush(1)), url(out(1)))
    line = text.splitlines().index('        <file id="file-0">') + 1
    assert result.untouched == (Untouched(line, url(rush(0)), "nothing was rendered for it"),)


def test_every_picture_of_a_file_takes_its_sound_along() -> None:
    """All clips with a picture are named: the file is repointed, and no clip changes."""
    text = fcp7_cut(4, 2)
    clips = frozenset({"clipitem-0", "clipitem-2"})
    result = patched(text, Replacement(Path(rush(0)), out(0), clips))
    assert result.data.decode() == text.replace(url(rush(0)), url(out(0)))
    assert shown(result.data)["sound-2"] == url(out(0))


def test_a_clip_left_alone_keeps_the_file() -> None:
    """The second of two clips is styled: it gets a copy of the definition, and nothing else."""
    text = fcp7_cut(2, 1)
    definition = text[text.index("<file id=") : text.index("</file>") + len("</file>")]
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset({"clipitem-1"})))
    copy = definition.replace('"file-0"', '"file-0-nle1"').replace(url(rush(0)), url(out(0)))
    head, _, tail = text.partition('<clipitem id="clipitem-1">')
    tail = tail.replace("masterclip-0<", "masterclip-0-nle1<", 1)
    tail = tail.replace('<file id="file-0"/>', copy, 1)
    assert result.data.decode() == f'{head}<clipitem id="clipitem-1">{tail}'
    line = text[: text.index('<clipitem id="clipitem-1">')].count("\n") + 1
    assert result.changed == (
        Change(line + 1, "masterclip-0", "masterclip-0-nle1"),
        Change(line + 4, '<file id="file-0"/>', copy),
    )


def test_the_clip_that_defines_the_file_leaves_it() -> None:
    """The definition goes with the styled clip; the next clip defines the original again."""
    text = fcp7_cut(3, 1)
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset({"clipitem-0"})))
    assert shown(result.data) == {
        "clipitem-0": url(out(0)),
        **{f"clipitem-{n}": url(rush(0)) for n in (1, 2)},
        **{f"sound-{n}": url(rush(0)) for n in (0, 1, 2)},
    }
    definition = text[text.index("<file id=") : text.index("</file>") + len("</file>")]
    new = result.data.decode()
    assert new.count(definition) == 1
    assert new.index(definition) > new.index('<clipitem id="clipitem-1">')
    assert [(c.old, c.new) for c in result.changed] == [
        ("masterclip-0", "masterclip-0-nle1"),
        ("file-0", "file-0-nle1"),
        (url(rush(0)), url(out(0))),
        ('<file id="file-0"/>', definition),
    ]


@pytest.mark.parametrize("by_place", [False, True])
def test_two_looks_on_one_file(by_place: bool) -> None:
    text = fcp7_cut(12, 2)

    def clip(number: int) -> str | int:
        name = f"clipitem-{number}"
        return place_of(text, f'<clipitem id="{name}">') if by_place else name

    fire = frozenset({clip(2), clip(6), clip(8)})
    result = patched(
        text,
        Replacement(Path(rush(0)), out(0, "fire"), fire),
        Replacement(Path(rush(0)), out(0)),
        Replacement(Path(rush(1)), out(1)),
    )
    for name, path in shown(result.data).items():
        number = int(name.partition("-")[2])
        look = "fire" if name in ("clipitem-2", "clipitem-6", "clipitem-8") else "blue"
        assert path == url(out(number % 2, look)), name
    assert result.data.count(b"<pathurl>") == 3
    assert result.data.count(b'<file id="file-0-nle1"/>') == 2


def test_two_looks_and_a_clip_without_one() -> None:
    text = fcp7_cut(4, 1)
    result = patched(
        text,
        Replacement(Path(rush(0)), out(0), frozenset({"clipitem-0", "clipitem-3"})),
        Replacement(Path(rush(0)), out(0, "fire"), frozenset({"clipitem-1"})),
    )
    paths = shown(result.data)
    assert [paths[f"clipitem-{n}"] for n in range(4)] == [
        *(url(out(0)), url(out(0, "fire")), url(rush(0)), url(out(0))),
    ]
    assert {paths[f"sound-{n}"] for n in range(4)} == {url(rush(0))}
    masters = re.findall(r"<masterclipid>(.*?)<", result.data.decode())
    assert len({masters[0], masters[1], masters[2]}) == 3
    assert masters[3] == masters[0]
    assert set(masters[4:]) == {masters[2]} == {"masterclip-0"}


def test_clips_in_a_bin_follow_the_file_or_stay() -> None:
    """A bin's master clip defines the file, as Final Cut writes projects."""
    cut = fcp7_cut(2, 1)
    definition = cut[cut.index("<file id=") : cut.index("</file>") + len("</file>")]
    master = (
        '<clip id="masterclip-0"><media><video><track><clipitem id="m">'
        f"{definition}</clipitem></track></video></media></clip>"
    )
    text = cut.replace(definition, '<file id="file-0"/>').replace(
        '  <sequence id="sequence-1">', f'{master}\n  <sequence id="sequence-1">'
    )
    both = frozenset({"clipitem-0", "clipitem-1"})
    result = patched(text, Replacement(Path(rush(0)), out(0), both))
    assert result.data.decode() == text.replace(url(rush(0)), url(out(0)))
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset({"clipitem-1"})))
    assert shown(result.data) == {
        **{name: url(rush(0)) for name in ("m", "clipitem-0", "sound-0", "sound-1")},
        "clipitem-1": url(out(0)),
    }
    assert master in result.data.decode()


def test_a_definition_that_stands_twice_changes_twice() -> None:
    """Hiero writes every file in full at every clip."""
    text = fcp7_cut(2, 1)
    definition = text[text.index("<file id=") : text.index("</file>") + len("</file>")]
    text = text.replace('<file id="file-0"/>', definition, 1)
    result = patched(text, Replacement(Path(rush(0)), out(0)))
    assert result.data.decode() == text.replace(url(rush(0)), url(out(0)))
    assert len(result.changed) == 2
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset({"clipitem-1"})))
    assert shown(result.data)["clipitem-0"] == url(rush(0))
    assert shown(result.data)["clipitem-1"] == url(out(0))
    assert result.data.count(b"<pathurl>") == 2


def test_nested_sequences_titles_and_pathless_files_stay() -> None:
    inner = (
        '<clipitem id="nest"><sequence id="s2"><media><video><track><clipitem id="in">'
        '<file id="file-0"/></clipitem></track></video></media></sequence></clipitem>'
        '<clipitem id="slug"><file id="slug"><name>/</name></file></clipitem>'
    )
    text = fcp7_cut(2, 1).replace("\n    </track></video>", f"{inner}\n    </track></video>", 1)
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset({"in"})))
    changed = [c for c in result.changed if "pathurl" in c.new]
    assert len(changed) == len(result.changed) == 1
    assert changed[0].new.startswith('<file id="file-0-nle1">')
    assert result.data.decode() == text.replace(
        inner, inner.replace(changed[0].old, changed[0].new)
    )
    assert [(u.media, u.reason) for u in result.untouched] == [("slug", "it has no path")]


def test_ids_that_are_taken_are_not_used_again() -> None:
    text = fcp7_cut(2, 1).replace('"sequence-1"', '"file-0-nle1"')
    result = patched(text, Replacement(Path(rush(0)), out(0), frozenset({"clipitem-1"})))
    assert b'<file id="file-0-nle2">' in result.data


def test_media_found_elsewhere_are_replaced_by_what_the_timeline_says() -> None:
    """A path map or --media found the file; the caller knows which clip meant it."""
    text = fcp7_cut(1, 1).replace("file://localhost/media", "file://localhost/D%3a/media")
    named = frozenset({place_of(text, '<clipitem id="clipitem-0">')})
    result = patched(text, Replacement(Path("/mnt/d/rush 00.mov"), out(0), named))
    assert [c.new for c in result.changed] == [url(out(0))]
