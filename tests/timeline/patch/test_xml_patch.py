"""Byte-exact patching: what is found, what changes, what is refused, whatever the encoding."""

from __future__ import annotations

import resource
import time
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from urllib.parse import unquote

import pytest

from nle_style.errors import TimelineError, VerificationError
from nle_style.timeline.files import url_like
from nle_style.timeline.patch import Replacement, fcp7_clips, patch_fcp7, patch_fcpxml
from nle_style.timeline.patch.edits import (
    Edit,
    apply_edits,
    set_attribute,
    set_content,
    verify_patch,
)
from nle_style.timeline.patch.fingerprint import fingerprint
from nle_style.timeline.patch.scan import Node, Scan, scan
from tests.timeline.patch.xml_cuts import element, fcp7_cut, fcpxml_cut, rush

OUT = Path("/out/rush 00.blue.mov")
SMALL = (
    '<?xml version="1.0" encoding="{encoding}"?>\r\n<!-- ü --><a  k = \'1\'\tid="x&#65;">'
    "é<p >o&amp;l<![CDATA[<d>]]></p><e/>\n\t <f></f></a>\r\n<?pi end?>\n"
)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "iso-8859-1"])
def test_places_are_found_in_every_encoding(codec: str) -> None:
    encoding = codec.removesuffix("-sig").removesuffix("-le")
    data = SMALL.format(encoding=encoding).encode(codec)
    found = scan(data, ["a", "p", "e", "f"])
    a, p, e, f = found.nodes
    assert found.text(a.start, a.head_end) == "<a  k = '1'\tid=\"x&#65;\">"
    assert found.text(p.start, p.head_end) == "<p >"
    assert found.text(p.head_end, p.close) == "o&amp;l<![CDATA[<d>]]>"
    assert found.text(p.close, p.end) == "</p>"
    assert found.text(e.start, e.end) == "<e/>"
    assert found.text(f.start, f.end) == "<f></f>"
    assert (f.head_end, e.close) == (f.close, e.end)
    assert found.text(a.start, a.end).endswith("</f></a>")
    assert found.text(found.space_before(f.start), f.start) == "\n\t "
    assert (p.text, a.attributes, a.elements, a.line, f.line) == (
        *("ol<d>".replace("l", "&l"), {"k": "1", "id": "xA"}, 3),
        *(2, 3),
    )
    space, value, end = found.attribute(a, "id")
    assert found.text(space, end) == '\tid="x&#65;"'
    assert found.text(value, end) == 'x&#65;"'
    assert [node.name for node in p.ancestors()] == ["a"]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_bytes_outside_the_path_stay_whatever_the_encoding(codec: str, newline: str) -> None:
    text = fcp7_cut(4, 2).replace("UTF-8", codec.removesuffix("-sig")).replace("rush", "Fluß")
    original = text.replace("\n", newline).encode(codec)
    source = Path(rush(0).replace("rush", "Fluß"))
    result = patch_fcp7(original, [Replacement(source, Path("/out/Ü.mov"))], Path("/"))
    old = "file://localhost/media/day%20one/Fluß%2000.mov"
    # The file mixes escapes with letters that are not escaped, and so does the new path.
    expected = text.replace(old, "file://localhost/out/Ü.mov").replace("\n", newline)
    assert result.data == expected.encode(codec)
    assert [(c.old, c.new) for c in result.changed] == [(old, "file://localhost/out/Ü.mov")]


def test_letters_that_the_encoding_lacks_become_references() -> None:
    text = fcp7_cut(1, 1).replace("UTF-8", "ISO-8859-1").replace("file://localhost", "")
    original = text.replace("%20", " ").encode("latin-1")
    result = patch_fcp7(original, [Replacement(Path(rush(0)), Path("/out/雪.mov"))], Path("/"))
    assert b"<pathurl>/out/&#38634;.mov</pathurl>" in result.data
    assert result.changed[0].line == 13


AWKWARD = [
    "a&b.mov",
    "\"double\" 'single'.mov",
    "100% <sure>.mov",
    "50%20.mov",
    "two\nlines\tand\rtabs.mov",
    "Ünï雪😀.mov",
    "hash#1?x=y;z.mov",
    "take ##2 %04d.mov",
]


@pytest.mark.parametrize("name", AWKWARD)
@pytest.mark.parametrize("folder", ["plain", 'a & "b" 100% é'])
def test_awkward_names_come_back_as_they_are(name: str, folder: str) -> None:
    """Read back by ElementTree and urllib, which know nothing of the patcher."""
    target = Path("/out") / folder / name
    done = patch_fcp7(
        fcp7_cut(1, 1, folder).encode(), [Replacement(Path(rush(0, folder)), target)], Path("/")
    )
    url = element(done.data).findtext(".//pathurl") or ""
    assert unquote(url.removeprefix("file://localhost")) == str(target)
    done = patch_fcpxml(
        fcpxml_cut(1, 1, folder).encode(), [Replacement(Path(rush(0, folder)), target)], Path("/")
    )
    representation = element(done.data).find(".//media-rep")
    assert representation is not None
    assert unquote(representation.attrib["src"].removeprefix("file://")) == str(target)
    plain = fcpxml_cut(1, 1).replace("%20", " ")
    done = patch_fcpxml(plain.encode(), [Replacement(Path(rush(0)), target)], Path("/"))
    representation = element(done.data).find(".//media-rep")
    assert representation is not None
    assert unquote(representation.attrib["src"]) == f"file://{target}"
    bare = fcp7_cut(1, 1).replace("file://localhost", "").replace("%20", " ")
    done = patch_fcp7(bare.encode(), [Replacement(Path(rush(0)), target)], Path("/"))
    assert element(done.data).findtext(".//pathurl") == str(target)


@pytest.mark.parametrize(
    ("old", "target", "new"),
    [
        ("file://localhost/a.mov", PurePosixPath("/o/b c.mov"), "file://localhost/o/b%20c.mov"),
        ("file:///a.mov", PurePosixPath("/o/b c&d.mov"), "file:///o/b%20c%26d.mov"),
        ("file:///a b.mov", PurePosixPath("/o/b c.mov"), "file:///o/b c.mov"),
        ("file:///a b.mov", PurePosixPath("/o/9% b%20.mov"), "file:///o/9% b%2520.mov"),
        ("file:///ä%20b.mov", PurePosixPath("/ö c.mov"), "file:///ö%20c.mov"),
        ("file:///a%c3%a4.mov", PurePosixPath("/ö.mov"), "file:///%c3%b6.mov"),
        ("file:///a%C3%A4.mov", PurePosixPath("/ö.mov"), "file:///%C3%B6.mov"),
        ("file:///T%20(1).mov", PurePosixPath("/T (2)!.mov"), "file:///T%20(2)!.mov"),
        ("/bare/a.mov", PurePosixPath("/o/b c%20.mov"), "/o/b c%20.mov"),
        ("C:\\media\\a.mov", PureWindowsPath("D:\\o\\b c.mov"), "D:\\o\\b c.mov"),
        ("C:/media/a.mov", PureWindowsPath("D:\\o\\b c.mov"), "D:/o/b c.mov"),
        (
            "file://localhost/C%3a/a%20b.mov",
            PureWindowsPath("D:/o/ü.mov"),
            "file://localhost/D%3a/o/%c3%bc.mov",
        ),
        ("file:///C:/a.mov", PureWindowsPath("D:/o/b c.mov"), "file:///D:/o/b%20c.mov"),
        ("file://nas/a.mov", PureWindowsPath("//nas/v/b c.mov"), "file://nas/v/b%20c.mov"),
        ("/seq/x.%04d.exr", PurePosixPath("/o/y.%06d.exr"), "/o/y.%06d.exr"),
        ("file:///x.%04d.exr", PurePosixPath("/o p/y.%06d.exr"), "file:///o%20p/y.%2506d.exr"),
        ("file:///x.%06d.exr", PurePosixPath("/o p/y.%06d.exr"), "file:///o%20p/y.%06d.exr"),
    ],
)
def test_paths_keep_the_form_of_the_file(old: str, target: PurePath, new: str) -> None:
    assert url_like(old, target) == new


def test_a_relative_source_becomes_a_url_where_only_urls_are_allowed() -> None:
    assert url_like("./m/a.mov", PurePosixPath("/o/b c.mov"), always_url=True) == (
        "file:///o/b%20c.mov"
    )


@pytest.mark.parametrize("old", ["file:///a.mov", "/a.mov", "file:///a%20d.mov"])
def test_a_sequence_cannot_stand_for_a_movie(old: str) -> None:
    with pytest.raises(TimelineError, match=r"y\.%06d\.exr is an image sequence"):
        url_like(old, PurePosixPath("/o/y.%06d.exr"))


def test_a_name_that_xml_cannot_hold_is_refused_as_a_bare_path() -> None:
    with pytest.raises(TimelineError, match="cannot be written into this XML"):
        url_like("/a.mov", PurePosixPath("/o/\x01.mov"))
    assert url_like("file:///a.mov", PurePosixPath("/o/\x01\udcff.mov")) == "file:///o/%01%FF.mov"


BOMB = (
    '<?xml version="1.0"?>\n<!DOCTYPE {root} [\n<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">\n]>\n'
    "<{root}>&b;</{root}>"
)


@pytest.mark.parametrize(("patch", "root"), [(patch_fcp7, "xmeml"), (patch_fcpxml, "fcpxml")])
@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "DOCTYPE declares entities"),
        ('<!DOCTYPE {root} SYSTEM "http://x/y.dtd"><{root}>&far;</{root}>', "not XML's own"),
        ("<{root}>" + "<x>" * 200 + "</x>" * 200 + "</{root}>", "nested deeper"),
        ("<{root}><file></{root}>", "not well-formed"),
        ("", "not well-formed"),
        ('<?xml version="1.0" encoding="no-such"?><{root}/>', "not well-formed"),
        ("<other/>", "its root element is <other>"),
    ],
)
def test_unsafe_broken_and_foreign_files_are_refused(
    patch: object, root: str, text: str, message: str
) -> None:
    assert callable(patch)
    with pytest.raises(TimelineError, match=message):
        patch(text.format(root=root).encode(), [], Path("/"))


def test_a_doctype_without_declarations_is_kept() -> None:
    data = b'<!DOCTYPE xmeml SYSTEM "xmeml.dtd">\n<xmeml/>'
    assert patch_fcp7(data, [], Path("/")).data == data


@pytest.mark.parametrize("patch", [patch_fcp7, patch_fcpxml])
def test_nothing_to_replace_is_nothing_changed(patch: object) -> None:
    assert callable(patch)
    original = (fcp7_cut() if patch is patch_fcp7 else fcpxml_cut()).encode()
    result = patch(original, [], Path("/"))
    assert result.data == original
    assert result.changed == ()
    assert len(result.untouched) == 30
    assert {u.reason for u in result.untouched} == {"nothing was rendered for it"}


@pytest.mark.parametrize(
    ("replacement", "where"),
    [
        (Replacement(Path("/nowhere.mov"), OUT), "no clip here shows /nowhere.mov"),
        (Replacement(Path(rush(0)), OUT, frozenset({"clipitem-9"})), "clip clipitem-9: no clip"),
        (Replacement(Path(rush(0)), OUT, frozenset({3})), "byte 3: no clip"),
    ],
)
def test_a_replacement_for_nothing_in_the_file_is_refused(
    replacement: Replacement, where: str
) -> None:
    with pytest.raises(TimelineError, match=where):
        patch_fcp7(fcp7_cut(4, 2).encode(), [replacement], Path("/"))


@pytest.mark.parametrize("codec", ["utf-8", "utf-16"])
def test_clips_are_told_apart_by_the_byte_at_which_they_start(codec: str) -> None:
    """Without line breaks, and after signs of several bytes."""
    joined = fcp7_cut(4, 2).replace("\n", " ").replace("exported", "Übung 雪😀")
    joined = joined.replace("UTF-8", codec)
    place = len(joined[: joined.index('<clipitem id="clipitem-2">')].encode(codec))
    wanted = Replacement(Path("/found/elsewhere.mov"), OUT, frozenset({place}))
    data = joined.encode(codec)
    root = element(patch_fcp7(data, [wanted], Path("/")).data)
    files = {clip.get("id"): clip.find("file") for clip in root.iter("clipitem")}
    assert {name: file.get("id") for name, file in files.items() if name.startswith("clip")} == {
        "clipitem-0": "file-0",
        "clipitem-1": "file-1",
        "clipitem-2": "file-0-nle1",
        "clipitem-3": "file-1",
    }
    assert fcp7_clips(data) >= {place}
    assert len(fcp7_clips(data)) == 4


VERIFIED = b'<a>\n<p k="1" j="2">old</p><!-- c --><q/></a>'


@pytest.mark.parametrize(
    "other",
    [
        b'<a>\n<p k="3" j="2">new</p><!-- c --><q/>x</a>',
        b'<a>\n<p k="3" j="4">new</p><!-- c --><q/></a>',
        b'<a>\n<p j="2" k="3" l="">new</p><!-- c --><q/></a>',
        b'<a>\n<p k="3" j="2">new</p><!-- d --><q/></a>',
        b'<a>\n<p k="3" j="2">new</p><!-- c --><r/></a>',
        b'<a>\n<p k="3" j="2">new</p><!-- c --><q></q><q/></a>',
        b'<a>\n<p k="3" j="2">new</p><!-- c --><q><!-- x --></q></a>',
        b'<a>\n<p k="3" j="2">new</p><!-- c --><q/>',
    ],
)
def test_the_check_sees_any_other_change(other: bytes) -> None:
    found = scan(VERIFIED, ["p"])
    edits = [
        set_content(found, found.nodes[0], "new"),
        set_attribute(found, found.nodes[0], "k", "3"),
    ]
    meant = apply_edits(VERIFIED, edits)
    assert meant == b'<a>\n<p k="3" j="2">new</p><!-- c --><q/></a>'
    verify_patch(found, meant, edits)
    with pytest.raises(VerificationError):
        verify_patch(found, other, edits)


def test_a_clip_that_shows_another_file_than_was_meant_is_seen(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def wrong(found: Scan, node: Node, *text: str) -> Edit:
        real = set_content if len(text) == 1 else set_attribute
        return real(found, node, *(*text[:-1], f"{text[-1]}x"))

    monkeypatch.setattr("nle_style.timeline.patch.fcp7_in_place.set_content", wrong)
    monkeypatch.setattr("nle_style.timeline.patch.fcpxml_in_place.set_attribute", wrong)
    wanted = [Replacement(Path(rush(0)), OUT)]
    for patch, text in ((patch_fcp7, fcp7_cut(2, 1)), (patch_fcpxml, fcpxml_cut(2, 1))):
        with pytest.raises(VerificationError, match="another file than was meant"):
            patch(text.encode(), wanted, Path("/"))


def test_the_sum_counts_what_an_xml_file_says() -> None:
    """Quotes and spaces within a tag are the writer's; everything else is content."""
    one = fingerprint(b"<a k='1'><b></b></a>")
    assert one == fingerprint(b'<a  k="1" ><b/></a >')
    for other in (b"<a k='2'><b/></a>", b"<a k='1'><b/> </a>", b"<a k='1'/>", b"<ak1><b/></ak1>"):
        assert one != fingerprint(other)
    assert fingerprint(b"<a>x<![CDATA[y]]></a>") != fingerprint(b"<a>xy</a>")
    assert fingerprint(b"<a><b/>x</a>") != fingerprint(b"<a>x<b/></a>")


def _patched(megabytes: float) -> tuple[float, float]:
    """Processor seconds, and megabytes of memory more, to patch a cut of about some size."""
    one = (len(fcp7_cut(300, 100)) - len(fcp7_cut(200, 100))) / 100
    original = fcp7_cut(int(megabytes * 1e6 / one), 100).encode()
    assert len(original) > 0.9e6 * megabytes
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.process_time()
    result = patch_fcp7(original, [Replacement(Path(rush(7)), OUT)], Path("/"))
    seconds = time.process_time() - started
    assert [c.new for c in result.changed] == ["file://localhost/out/rush%2000.blue.mov"]
    return seconds, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


@pytest.mark.slow
def test_a_large_file_takes_as_much_longer_as_it_is_larger() -> None:
    """1 and 4 MB; the larger has 130,000 elements, in some 4,700 clips with sound."""
    small = min(_patched(1)[0] for _ in range(2))
    large, grown = _patched(4)
    large = min(large, _patched(4)[0])
    print(f"{small:.1f} s, four times as much {large:.1f} s, {grown:.0f} MB more")
    # Linear is 4, quadratic 16; a busy machine is slower for one of them.
    assert large < 7 * small
    assert large < 10, "processor seconds, with room for a slow machine"
    assert grown < 120
