"""The manifest: keys, torn lines, fingerprints."""

from __future__ import annotations

from pathlib import Path

from nle_style.media.write import UnitRecord
from nle_style.render.record import Manifest, fingerprint, last_facts, render_key


def _record(index: int, sha: str = "00") -> UnitRecord:
    return UnitRecord(index, index, index, f"{index}.mov", 10, sha, ("aa",))


def test_only_lines_of_the_own_key_count(tmp_path: Path) -> None:
    path = tmp_path / "clip.manifest.jsonl"
    old, new = Manifest(path, render_key({"a": 1})), Manifest(path, render_key({"a": 2}))
    old.begin({"a": 1})
    old.add_unit(_record(0))
    old.add_published({"path": "x"})
    new.begin({"a": 2})
    new.begin({"a": 2})
    new.add_unit(_record(1))
    assert list(old.units()) == [0]
    assert new.units() == {1: _record(1)}
    assert new.published() is None
    assert old.published() is not None
    assert last_facts(path) == {"a": 2}
    assert len(path.read_text().splitlines()) == 5


def test_the_last_line_for_a_unit_counts(tmp_path: Path) -> None:
    manifest = Manifest(tmp_path / "m.jsonl", "k")
    manifest.add_unit(_record(3, "11"))
    manifest.add_unit(_record(3, "22"))
    assert manifest.units()[3].sha256 == "22"


def test_a_torn_line_is_passed_over_and_not_glued_to(tmp_path: Path) -> None:
    path = tmp_path / "m.jsonl"
    manifest = Manifest(path, "k")
    manifest.add_unit(_record(0))
    with path.open("ab") as file:
        file.write(b'{"key": "k", "type": "unit", "uni')
    manifest.add_unit(_record(1))
    assert sorted(manifest.units()) == [0, 1]


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
