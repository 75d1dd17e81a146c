"""Real exports: nothing asked for, nothing changed; all media replaced, only their lines differ."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from nle_style.errors import TimelineError
from nle_style.timeline.patch import PatchResult, Replacement, patch_fcp7, patch_fcpxml
from nle_style.timeline.patch.targets import ClipKey
from nle_style.timeline.safe_xml import XmlDocument, parse_xml

FOLDER = Path(__file__).parents[4] / "shared" / "timelines"
# Pieces of XML for a unit test of the adapter, not documents of an editor.
PIECES = {"otio-fcp-adapter__premiere_example_filter.xml"}
SAMPLES = [
    path
    for pattern in ("*/*.xml", "*/*.fcpxml")
    for path in sorted(FOLDER.glob(pattern))
    if path.name not in PIECES
]
PATHS = {".xml": rb"<pathurl>([^<]+)<", ".fcpxml": rb'(?:<asset|<media-rep)\s[^>]*?src="([^"]*)"'}
CHANGING = {".xml": rb"<pathurl>", ".fcpxml": rb"<asset |<media-rep |<bookmark>"}


@pytest.fixture(autouse=True)
def _need_samples() -> None:
    if not SAMPLES:
        pytest.skip(f"no sample timelines at {FOLDER}")


def patched(sample: Path, outputs: dict[str, Path]) -> PatchResult:
    """Every use of a medium, sound too, shows what `outputs` has for the text of its path."""
    patch, clips = (patch_fcp7, fcp7) if sample.suffix == ".xml" else (patch_fcpxml, fcpxml)
    keys: dict[str, set[ClipKey]] = {}
    for text, key in clips(parse_xml(sample)):
        keys.setdefault(text, set()).add(key)
    wanted = [Replacement(Path(), path, frozenset(keys[text])) for text, path in outputs.items()]
    return patch(sample.read_bytes(), wanted, sample.parent)


def fcp7(document: XmlDocument) -> Iterator[tuple[str, ClipKey]]:
    """The text of every file's path, and the byte at which the clip around it starts."""
    inside = {child: parent for parent in document.root.iter() for child in parent}
    texts: dict[str | None, str] = {}
    for file in document.root.iter("file"):
        texts.setdefault(file.get("id"), file.findtext("pathurl") or "")
        around = file
        while around.tag not in ("clip", "clipitem"):
            around = inside[around]
        yield (file.findtext("pathurl") or texts[file.get("id")]), document.places[around]


def fcpxml(document: XmlDocument) -> Iterator[tuple[str, ClipKey]]:
    """The text of every asset's path, and its id."""
    for asset in document.root.iter("asset"):
        holders = [rep for rep in asset.findall("media-rep") if rep.get("kind") != "proxy-media"]
        yield (holders[0] if holders else asset).get("src", ""), asset.get("id", "")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_nothing_asked_for_is_nothing_changed(sample: Path) -> None:
    result = patched(sample, {})
    assert result.data == sample.read_bytes()
    assert result.changed == ()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_all_media_replaced_changes_their_lines_alone(sample: Path) -> None:
    original = sample.read_bytes()
    texts = [text.decode() for text in re.findall(PATHS[sample.suffix], original)]
    outputs = {text: Path(f"/out/{n}.mov") for n, text in enumerate(dict.fromkeys(texts))}
    result = patched(sample, outputs)
    for n, text in enumerate(outputs):
        assert text.encode() not in re.findall(PATHS[sample.suffix], result.data)
        new = [new for new in re.findall(PATHS[sample.suffix], result.data) if b"/out/" in new]
        assert sum(new.endswith(f"/out/{n}.mov".encode()) for new in new) == texts.count(text)
    # Final Cut's own line ends, or a break after every tag where a file has none.
    lines = [re.split(rb"\r\n|\r|\n|(?<=>)(?=<)", data) for data in (original, result.data)]
    kept, left = ([x for x in side if not re.search(CHANGING[sample.suffix], x)] for side in lines)
    assert kept == left
    if sample.suffix == ".xml":
        assert len(result.changed) == len(texts)
    assert bool(result.changed) == bool(texts)


@pytest.mark.parametrize("name", sorted(PIECES))
def test_a_piece_of_xml_is_refused(name: str) -> None:
    data = (FOLDER / "fcp_xml" / name).read_bytes()
    with pytest.raises(TimelineError, match="its root element is <filter>"):
        patch_fcp7(data, [], FOLDER)


def test_two_clips_of_a_premiere_sequence_alone() -> None:
    """Read off the file: clipitems 1, 2, 6 and 12 show file-1, defined in lines 67 to 109.

    clipitem-6 stands in a nested sequence; 8, 9, 13 to 16, 24 and 26 are sound of file-1.
    """
    sample = FOLDER / "fcp_xml" / "otio-fcp-adapter__premiere_example.xml"
    text = "file://localhost/D%3a/media/sc01_sh010_anim.mov"
    both = frozenset({"clipitem-2", "clipitem-6"})
    wanted = [Replacement(Path(), Path("/out/blue.mov"), both)]
    result = patch_fcp7(sample.read_bytes(), wanted, sample.parent)
    definition = "\n".join(sample.read_text().splitlines()[66:109]).strip()
    copy = definition.replace('"file-1"', '"file-1-nle1"').replace(
        text, "file://localhost/out/blue.mov"
    )
    assert [(c.line, c.old, c.new) for c in result.changed] == [
        (145, "masterclip-1", "masterclip-1-nle1"),
        (160, '<file id="file-1"/>', copy),
        (421, "masterclip-1", "masterclip-1-nle1"),
        (436, "file-1", "file-1-nle1"),
    ]
