"""The manifest: what has been rendered, one JSON line a fact, appended and synced to disk.

`NAME.manifest.jsonl` lies beside its intermediate. Every line carries the key of the render that it
is about: a hash over the source, the look, the pack's weights, the range and the output. Lines with
another key are of an earlier render, from which `reuse` keeps frames that are still right. A crash
can leave a last line that is cut off: lines that are not valid are passed over.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from nle_style.apply.shot import PairChange
from nle_style.durable import append_lines
from nle_style.errors import MediaError
from nle_style.media.write import UnitRecord
from nle_style.render.record.sources import known_fingerprint

__all__ = [
    "MANIFEST_SUFFIX",
    "FinishedUnit",
    "Made",
    "Manifest",
    "ManifestFile",
    "UnitMeasurement",
    "comparable_facts",
    "render_key",
]

MANIFEST_SUFFIX = ".manifest.jsonl"
"""What a manifest's name has beyond its intermediate's stem."""

_PLACE = ("source",)
_LINE = b'{"key": "'


class UnitMeasurement(NamedTuple):
    """What was measured while a unit was made; noted with it, so that a resumed render reports it.

    Attributes:
        seconds: from the end of the unit before to the end of this one, all stages overlapping.
        pairs: what changed up to each of its frames; see `apply.shot.steadiness`.
    """

    seconds: float
    pairs: tuple[PairChange, ...]


class Made(NamedTuple):
    """How a unit was made: rendered, or kept from an earlier render; and why."""

    kept: bool
    why: str


class FinishedUnit(NamedTuple):
    """A finished unit as the manifest has it; version 0.1.0 noted only the record."""

    record: UnitRecord
    measured: UnitMeasurement | None = None
    made: Made | None = None


def render_key(facts: Mapping[str, Any]) -> str:
    """The key of a render: SHA-256 over its facts as canonical JSON, without the places of its
    sources: they are known by their contents, wherever they lie."""
    of_contents = comparable_facts(facts, _PLACE, _PLACE)
    return hashlib.sha256(json.dumps(of_contents, sort_keys=True).encode()).hexdigest()


def comparable_facts(
    facts: Mapping[str, Any], without: Collection[str] = (), of_mattes: Collection[str] = ()
) -> dict[str, Any]:
    """A render's facts in the form in which a manifest gives them back, to be compared.

    Args:
        without: names of facts to leave out.
        of_mattes: names to leave out of every matte, that of the look and those of its layers.
    """
    kept: dict[str, Any] = json.loads(
        json.dumps({name: fact for name, fact in facts.items() if name not in without})
    )
    for bearer in (kept, *kept.get("layers", ())):
        for name in of_mattes:
            bearer.get("matte", {}).pop(name, None)
    return kept


@dataclass
class _Notes:
    """What the lines of one key say: the first `render` line, and the last about all else."""

    render: dict[str, Any] | None = None
    shots: list[tuple[int, int]] | None = None
    units: dict[int, FinishedUnit] = field(default_factory=dict)
    published: dict[str, Any] | None = None


class _State(NamedTuple):
    """What changes when a file is written to."""

    inode: int
    size: int
    modified_ns: int

    @classmethod
    def of(cls, facts: os.stat_result) -> _State:
        return cls(facts.st_ino, facts.st_size, facts.st_mtime_ns)


class ManifestFile:
    """A manifest on disk. It is read when something is asked of it, and again only if another
    process has written to it since.

    Args:
        path: the file; it need not be there yet.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state: _State | None = None  # of the file when it was read
        self._clear()

    def notes(self, key: str) -> _Notes:
        """What is noted under a key."""
        self._read()
        return self._notes.get(key) or _Notes()

    def last_facts(self) -> dict[str, Any] | None:
        """What the last render noted here was of, whatever its key; None without one."""
        self._read()
        return self._last_facts

    def last_published(self) -> Manifest | None:
        """The manifest under the key of what was published last; None if nothing was."""
        self._read()
        return None if self._last_published is None else Manifest(self, self._last_published)

    def is_foreign(self) -> bool:
        """Whether a file stands under the name that is no manifest, whole or cut off."""
        try:
            self._read()
        except OSError:
            return self.path.is_symlink() or self.path.exists()
        return self.path.is_symlink() or not (self._notes or _LINE.startswith(self._head))

    def has_published(self, files: Collection[Path]) -> bool:
        """Whether files are, all of them and unchanged, what was once published from here."""
        self._read()
        with suppress(OSError, MediaError):
            return bool(self._published) and known_fingerprint(files) in self._published
        return False

    def hashes(self) -> dict[int, set[str]]:
        """The SHA-256 of the files of the sequences published from here, by the number in their
        names."""
        self._read()
        found: dict[int, set[str]] = {}
        for notes in self._notes.values():
            shift = ((notes.published or {}).get("source") or {}).get("first_number") or 0
            for unit in notes.units.values():
                found.setdefault(unit.record.first + shift, set()).add(unit.record.sha256)
        return found

    def has_written(self, report: Path) -> bool:
        """Whether a report is what was written for a render noted here. Earlier versions noted no
        hash: then it must be of such a render."""
        self._read()
        try:
            data = report.read_bytes()
            if self._reports:
                return hashlib.sha256(data).hexdigest() in self._reports
            return json.loads(data)["key"] in self._notes
        except (OSError, ValueError, LookupError, TypeError, RecursionError):
            return False

    def append(self, entries: Iterable[Mapping[str, Any]]) -> None:
        """Add lines, and wait until they are on the disk.

        Raises: OutputError if the folder or the disk refuses.
        """
        lines = [json.dumps(entry, ensure_ascii=False) for entry in entries]
        if not lines:
            return
        before, after = map(_State.of, append_lines(self.path, lines))
        if before.size == 0:
            self._clear()
        if before.size == 0 or before == self._state:  # else others wrote to it: read it again
            for line in lines:
                self._take(line)
            self._state = after

    def _read(self) -> None:
        try:
            state = _State.of(self.path.stat())
        except (FileNotFoundError, NotADirectoryError):
            self._clear()
            return
        if state == self._state:
            return
        self._clear()
        with self.path.open("rb") as file:
            state = _State.of(os.fstat(file.fileno()))
            data = file.read()
        self._head = data[: len(_LINE)].strip(b"\0")
        for line in data.decode(errors="replace").split("\n"):
            self._take(line)
        self._state = state

    def _clear(self) -> None:
        self._state = None
        self._head = b""
        self._notes: dict[str, _Notes] = {}
        self._last_facts: dict[str, Any] | None = None
        self._last_published: str | None = None
        self._published: set[str] = set()
        self._reports: set[str] = set()

    def _take(self, line: str) -> None:
        """Note what a line says, if it is one of ours."""
        try:
            entry = json.loads(line)
            key, kind = entry["key"], entry["type"]
            if not isinstance(key, str):
                return
            notes = self._notes.get(key) or _Notes()
            if kind == "unit":
                unit = _unit_of(entry)
                notes.units[unit.record.index] = unit
            elif kind == "shots":
                notes.shots = [(int(first), int(last)) for first, last in entry["shots"]]
            elif kind == "render":
                entry["facts"].keys()
                self._last_facts = entry["facts"]
                notes.render = notes.render or entry
            elif kind == "published" and isinstance(entry.get("fingerprint", ""), str):
                self._last_published = key
                notes.published = entry
                self._published.add(entry.get("fingerprint", ""))
            elif kind == "publishing":
                self._published.add(str(entry["fingerprint"]))
            elif kind == "report":
                self._reports.add(str(entry["sha256"]))
            self._notes[key] = notes
        # Whatever else stands there counts as little as a line cut off by a crash.
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            return


def _unit_of(entry: Mapping[str, Any]) -> FinishedUnit:
    """Raises: one of several errors if the line does not say what a unit's line must."""
    unit = dict(entry["unit"])
    unit["frame_hashes"] = tuple(map(str, unit["frame_hashes"]))
    record = UnitRecord(**unit)
    numbers = (record.index, record.first, record.last, record.bytes)
    if not all(isinstance(number, int) for number in numbers):
        raise TypeError("not an integer")
    if Path(record.file).name != record.file:
        raise ValueError("a unit's file lies in the work folder")
    measured, made = None, None
    if "measured" in entry:
        pairs = tuple(PairChange(*pair) for pair in entry["measured"]["pairs"])
        measured = UnitMeasurement(entry["measured"]["seconds"] + 0.0, pairs)
    if "made" in entry:
        made = Made(**entry["made"])
    return FinishedUnit(record, measured, made)


class Manifest:
    """The manifest of one intermediate and one key.

    Args:
        file: the file, or where it is; it need not be there yet.
        key: see `render_key`.
        also: files whose lines are read as if they stood before this one's own; nothing is written
            to them. So the tasks of a farm, each with a file of its own, know of one another.
    """

    def __init__(self, file: Path | ManifestFile, key: str, also: Iterable[Path] = ()) -> None:
        self.file = ManifestFile(file) if isinstance(file, Path) else file
        self.key = key
        self._also = tuple(map(ManifestFile, also))

    @property
    def path(self) -> Path:
        """Of the file that is written to."""
        return self.file.path

    def _notes(self) -> Iterator[_Notes]:
        return (file.notes(self.key) for file in (*self._also, self.file))

    def units(self) -> dict[int, FinishedUnit]:
        """The finished units of this key, by index; the last line about a unit counts."""
        return {index: unit for notes in self._notes() for index, unit in notes.units.items()}

    def render(self) -> dict[str, Any] | None:
        """What `begin` noted: `facts`, and `inputs` where there are any."""
        return next((notes.render for notes in self._notes() if notes.render), None)

    def published(self) -> dict[str, Any] | None:
        """What was published last under this key (`path`, `fingerprint`, `frames`, …)."""
        found = [notes.published for notes in self._notes() if notes.published]
        return found[-1] if found else None

    def shots(self) -> list[tuple[int, int]] | None:
        """The first and the last frame of every shot of this key's range; None before they are
        found."""
        found = [notes.shots for notes in self._notes() if notes.shots is not None]
        return found[-1] if found else None

    def begin(self, facts: Mapping[str, Any], inputs: Mapping[str, Any] | None = None) -> None:
        """Note, once, what this key stands for and what each frame is made from; and where the
        source lies now, if it was moved."""
        entry = {"type": "render", "facts": facts}
        if self.render() is None:
            self._append(entry if inputs is None else {**entry, "inputs": inputs})
        elif (self.file.last_facts() or facts).get("source") != facts.get("source"):
            self._append(entry)

    def add_units(self, units: Iterable[FinishedUnit]) -> None:
        """Note finished units."""
        entries = []
        for record, measured, made in units:
            entry: dict[str, Any] = {"type": "unit", "unit": asdict(record)}
            if measured is not None:
                entry["measured"] = measured._asdict()
            if made is not None:
                entry["made"] = made._asdict()
            entries.append(entry)
        self._append(*entries)

    def add_shots(self, shots: Iterable[tuple[int, int]]) -> None:
        """Note the first and the last frame of every shot: a resumed render need not search."""
        self._append({"type": "shots", "shots": [list(shot) for shot in shots]})

    def take_over(self) -> None:
        """Copy the shots and units that only `also` has into this file."""
        own, shots = self.file.notes(self.key), self.shots()
        if own.shots is None and shots is not None:
            self.add_shots(shots)
        units = self.units()
        self.add_units(units[index] for index in sorted(units.keys() - own.units.keys()))

    def add_publishing(self, fingerprint: str) -> None:
        """Note what is about to get its name, so that it is known after a kill in between."""
        self._append({"type": "publishing", "fingerprint": fingerprint})

    def add_report(self, data: bytes) -> None:
        """Note the bytes of a report that is about to be written."""
        self._append({"type": "report", "sha256": hashlib.sha256(data).hexdigest()})

    def add_published(self, facts: Mapping[str, Any]) -> None:
        """Note the published intermediate."""
        self._append({"type": "published", **facts})

    def _append(self, *entries: Mapping[str, Any]) -> None:
        self.file.append({"key": self.key, **entry} for entry in entries)
