"""Real exports: nothing asked for, nothing changed; all media replaced, only their lines differ."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nle_style.errors import TimelineError
from nle_style.timeline.patch import PatchResult, Replacement, patch_fcp7, patch_fcpxml

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


def patched(sample: Path, urls: dict[str, Path]) -> PatchResult:
    patch = patch_fcp7 if sample.suffix == ".xml" else patch_fcpxml
    replacements = [Replacement(path, Path(f"/out/{path.name}")) for path in urls.values()]
    return patch(sample.read_bytes(), replacements, sample.parent, locate=urls.get)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_nothing_asked_for_is_nothing_changed(sample: Path) -> None:
    result = patched(sample, {})
    assert result.data == sample.read_bytes()
    assert result.changed == ()


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_all_media_replaced_changes_their_lines_alone(sample: Path) -> None:
    original = sample.read_bytes()
    texts = [text.decode() for text in re.findall(PATHS[sample.suffix], original)]
    urls = {text: Path(f"/source/{n}.mov") for n, text in enumerate(dict.fromkeys(texts))}
    result = patched(sample, urls)
    for n, text in enumerate(urls):
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
    media = Path("/m/sc01_sh010_anim.mov")
    text = "file://localhost/D%3a/media/sc01_sh010_anim.mov"
    result = patch_fcp7(
        sample.read_bytes(),
        [Replacement(media, Path("/out/blue.mov"), frozenset({"clipitem-2", "clipitem-6"}))],
        sample.parent,
        locate={text: media}.get,
    )
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
