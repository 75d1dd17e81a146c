"""The manifest: keys, torn lines, fingerprints."""

from __future__ import annotations

from pathlib import Path

from nle_style.media.write import UnitRecord
from nle_style.render.record import (
    FinishedUnit,
    Manifest,
    ManifestFile,
    fingerprint,
    render_key,
)


def _unit(index: int, sha: str = "00") -> FinishedUnit:
    return FinishedUnit(UnitRecord(index, index, index, f"{index}.mov", 10, sha, ("aa",)))


def test_only_lines_of_the_own_key_count(tmp_path: Path) -> None:
    path = tmp_path / "clip.manifest.jsonl"
    old, new = Manifest(path, render_key({"a": 1})), Manifest(path, render_key({"a": 2}))
    old.begin({"a": 1})
    old.add_units([_unit(0)])
    old.add_published({"path": "x"})
    new.begin({"a": 2})
    new.begin({"a": 2})
    new.add_units([_unit(1)])
    assert list(old.units()) == [0]
    assert new.units() == {1: _unit(1)}
    assert new.published() is None
    assert old.published() is not None
    assert ManifestFile(path).last_facts() == {"a": 2}
    assert len(path.read_text().splitlines()) == 5


def test_the_last_line_for_a_unit_counts(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "m.jsonl", "k")
    manifest.add_units([_unit(3, "11")])
    manifest.add_units([_unit(3, "22")])
    assert manifest.units()[3].record.sha256 == "22"


def test_a_torn_line_is_passed_over_and_not_glued_to(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    manifest = Manifest(path, "k")
    manifest.add_units([_unit(0)])
    with path.open("ab") as file:
        file.write(b'{"key": "k", "type": "unit", "uni')
    manifest.add_units([_unit(1)])
    assert sorted(manifest.units()) == [0, 1]


def test_lines_of_another_process_are_read(tmp_path: Path) -> None:
    """Whether it writes before, between or after our own lines, or replaces the file."""
    path = tmp_path / "m.jsonl"
    ours, theirs = Manifest(path, "k"), Manifest(path, "k")
    assert ours.units() == theirs.units() == {}
    for index in range(0, 4, 2):
        ours.add_units([_unit(index)])
        theirs.add_units([_unit(index + 1)])
        assert ours.units() == theirs.units() == {i: _unit(i) for i in range(index + 2)}
    path.unlink()
    assert ours.units() == {}
    theirs.add_units([_unit(7)])
    assert ours.units() == theirs.units() == {7: _unit(7)}


def test_what_only_other_files_have_is_taken_over(tmp_path: Path) -> None:
    """Of a unit that both have this file's own line counts."""
    own, other = (Manifest(tmp_path / name, "k") for name in ("own.jsonl", "other.jsonl"))
    other.begin({"a": 1})
    other.add_shots([(0, 3)])
    other.add_units([_unit(0, "11"), _unit(1, "22")])
    own.add_units([_unit(1, "33")])
    Manifest(own.path, "k", [other.path, tmp_path / "none.jsonl"]).take_over()
    assert own.units() == {0: _unit(0, "11"), 1: _unit(1, "33")}
    assert (own.shots(), own.render()) == ([(0, 3)], None)
    lines = own.path.read_text()
    Manifest(own.path, "k", [other.path]).take_over()
    assert own.path.read_text() == lines


def test_the_key_depends_on_the_facts_and_not_on_their_order() -> None:
    assert render_key({"a": 1, "b": 2}) == render_key({"b": 2, "a": 1})
    assert render_key({"a": 1}) != render_key({"a": 2})


def test_fingerprint_sees_a_change_in_the_middle(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"x" * 5_000_000)
    before = fingerprint([path])
    assert fingerprint([path]) == before
    data = bytearray(path.read_bytes())
    data[2_500_000] = 0
    path.write_bytes(data)
    assert fingerprint([path]) != before
