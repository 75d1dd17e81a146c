"""The manifest: what has been rendered, one JSON line a fact, appended and synced to disk.

`NAME.manifest.jsonl` lies beside its intermediate. Every line carries the key of what it is about:
a hash over the source, the look, the pack's weights, the range and the output. A line with another
key belongs to an earlier render: `reuse` looks there for frames that are still right. A torn last
line is what a crash leaves.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from nle_style.apply.shot import PairChange
from nle_style.durable import sync
from nle_style.errors import OutputError
from nle_style.media.write import UnitRecord

__all__ = [
    "MANIFEST_SUFFIX",
    "WHOLE_BYTES",
    "Made",
    "Manifest",
    "UnitMeasurement",
    "comparable_facts",
    "fingerprint",
    "last_facts",
    "render_key",
]

MANIFEST_SUFFIX = ".manifest.jsonl"
"""What a manifest's name has beyond its intermediate's stem."""

WHOLE_BYTES = 64 * 2**20
"""Of larger files a fingerprint takes only the ends."""

_EDGE = 2**20


@dataclass(frozen=True)
class UnitMeasurement:
    """What was measured while a unit was made; kept with it, so that a resumed render reports it.

    Attributes:
        seconds: from the unit before to this one's end, all stages overlapping.
        pairs: what changed up to each of its frames; see `apply.stability`.
    """

    seconds: float
    pairs: tuple[PairChange, ...]


@dataclass(frozen=True)
class Made:
    """How a unit came to be: rendered, or kept from an earlier render; and why."""

    kept: bool
    why: str


def fingerprint(files: Iterable[Path], *, times: bool = True) -> str:
    """A hash that changes when the files do: their names, sizes and contents.

    Of files beyond `WHOLE_BYTES` only a megabyte at each end and the time of change are taken: a
    whole hash of camera masters would take longer than many a render.

    Args:
        times: take the times of change; without them a copy on another machine has the same hash.
    """
    digest = hashlib.sha256()
    for path in files:
        facts = path.stat()
        digest.update(f"{path.name}\0{facts.st_size}\0".encode(errors="surrogateescape"))
        with path.open("rb") as file:
            if facts.st_size <= WHOLE_BYTES:
                while block := file.read(_EDGE):
                    digest.update(block)
            else:
                digest.update(file.read(_EDGE))
                file.seek(-_EDGE, os.SEEK_END)
                digest.update(file.read(_EDGE))
                if times:
                    digest.update(str(facts.st_mtime_ns).encode())
    return digest.hexdigest()


def render_key(facts: Mapping[str, Any]) -> str:
    """The key of a render: SHA-256 over its facts as canonical JSON."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def comparable_facts(
    facts: Mapping[str, Any], without: Collection[str] = (), of_mattes: Collection[str] = ()
) -> dict[str, Any]:
    """A render's facts in the form that a manifest gives them back, to be compared.

    Args:
        without: names of facts that are not compared.
        of_mattes: names of what is not compared of every matte, that of the look and of its layers.
    """
    kept: dict[str, Any] = json.loads(
        json.dumps({name: fact for name, fact in facts.items() if name not in without})
    )
    for bearer in (kept, *kept.get("layers", ())):
        for name in of_mattes:
            bearer.get("matte", {}).pop(name, None)
    return kept


def last_facts(path: Path) -> dict[str, Any] | None:
    """What the last render noted in a manifest was of, whatever its key; None without one."""
    facts = [entry["facts"] for entry in _entries(path) if entry.get("type") == "render"]
    return facts[-1] if facts else None


def _entries(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            entry = json.loads(line)
            _check(entry)
        # Whatever else stands there is as good as a line torn by a crash.
        except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
            continue
        found.append(entry)
    return found


def _check(entry: Any) -> None:
    """Raise any of a handful of errors if a line has not what the readers below take from it."""
    if not isinstance(entry["key"], str):
        raise TypeError("the key is no text")
    kind = entry["type"]
    if kind == "unit":
        _record(entry)
        pairs = entry.get("measured", {"seconds": 0.0, "pairs": []})
        UnitMeasurement(pairs["seconds"] + 0.0, tuple(PairChange(*p) for p in pairs["pairs"]))
        Made(**entry.get("made", {"kept": False, "why": ""}))
    elif kind == "shots":
        [(int(first), int(last)) for first, last in entry["shots"]]
    elif kind == "render":
        entry["facts"].keys()
    elif kind == "published" and not isinstance(entry.get("fingerprint", ""), str):
        raise TypeError("the fingerprint is no text")


def _record(entry: Mapping[str, Any]) -> UnitRecord:
    unit = dict(entry["unit"])
    unit["frame_hashes"] = tuple(map(str, unit["frame_hashes"]))
    record = UnitRecord(**unit)
    numbers = (record.index, record.first, record.last, record.bytes)
    if not all(isinstance(number, int) for number in numbers):
        raise TypeError("a number is none")
    if Path(record.file).name != record.file:
        raise ValueError("a unit's file lies in the work folder")
    return record


class Manifest:
    """The manifest of one intermediate and one key.

    Args:
        path: the file; it need not be there yet.
        key: see `render_key`.
        also: files whose lines are read as if they stood before this one's own; nothing is written
            to them. So the tasks of a farm, each with a file of its own, know of one another.
    """

    def __init__(self, path: Path, key: str, also: Iterable[Path] = ()) -> None:
        self.path, self.key, self._also = path, key, tuple(also)

    @classmethod
    def last_published(cls, path: Path) -> Manifest | None:
        """The manifest under the key of what was published last; None if nothing was."""
        keys = [entry["key"] for entry in _entries(path) if entry.get("type") == "published"]
        return cls(path, keys[-1]) if keys else None

    def _lines(self) -> list[dict[str, Any]]:
        entries = (entry for path in (*self._also, self.path) for entry in _entries(path))
        return [entry for entry in entries if entry.get("key") == self.key]

    def _unit_lines(self) -> dict[int, dict[str, Any]]:
        """By a unit's index the last line about it: what it says counts alone."""
        units = (entry for entry in self._lines() if entry.get("type") == "unit")
        return {int(entry["unit"]["index"]): entry for entry in units}

    def units(self) -> dict[int, UnitRecord]:
        """The finished units of this key, by index; the last line for an index counts."""
        return {index: _record(entry) for index, entry in self._unit_lines().items()}

    def measurements(self) -> dict[int, UnitMeasurement]:
        """What was measured of the units, by index; manifests of version 0.1.0 hold none."""
        found = {}
        for index, entry in self._unit_lines().items():
            if "measured" in entry:
                measured = entry["measured"]
                pairs = tuple(PairChange(*pair) for pair in measured["pairs"])
                found[index] = UnitMeasurement(measured["seconds"], pairs)
        return found

    def made(self) -> dict[int, Made]:
        """How the units came to be, by index; of those whose maker noted it."""
        lines = self._unit_lines().items()
        return {index: Made(**entry["made"]) for index, entry in lines if "made" in entry}

    def render(self) -> dict[str, Any] | None:
        """What `begin` noted: `facts`, and `inputs` where there are any."""
        return next((entry for entry in self._lines() if entry.get("type") == "render"), None)

    def published(self) -> dict[str, Any] | None:
        """What was published last under this key (`path`, `fingerprint`, `frames`, …)."""
        entries = [e for e in self._lines() if e.get("type") == "published"]
        return entries[-1] if entries else None

    def shots(self) -> list[tuple[int, int]] | None:
        """The shots that were found in this key's range; None before they were."""
        entries = [e for e in self._lines() if e.get("type") == "shots"]
        return [(first, last) for first, last in entries[-1]["shots"]] if entries else None

    def begin(self, facts: Mapping[str, Any], inputs: Mapping[str, Any] | None = None) -> None:
        """Note what this key stands for, and what each frame is made from, once."""
        if self.render() is None:
            entry = {"type": "render", "facts": facts}
            self._append(entry if inputs is None else {**entry, "inputs": inputs})

    def add_unit(
        self,
        record: UnitRecord,
        measured: UnitMeasurement | None = None,
        made: Made | None = None,
    ) -> None:
        """Note a finished unit, what was measured while it was made, and why it was."""
        self.add_units([(record, measured, made)])

    def add_units(
        self, units: Iterable[tuple[UnitRecord, UnitMeasurement | None, Made | None]]
    ) -> None:
        """Note several units, as `add_unit` does one, and wait for the disk once."""
        entries = []
        for record, measured, made in units:
            entry = {"type": "unit", "unit": asdict(record)}
            if measured is not None:
                entry["measured"] = {"seconds": measured.seconds, "pairs": measured.pairs}
            if made is not None:
                entry["made"] = asdict(made)
            entries.append(entry)
        self._append(*entries)

    def add_shots(self, shots: Iterable[tuple[int, int]]) -> None:
        """Note (first, last) of every shot, so that a resumed render need not look again."""
        self._append({"type": "shots", "shots": [list(shot) for shot in shots]})

    def take_over(self) -> None:
        """Copy the shots and units that only `also` has into this file."""
        own = Manifest(self.path, self.key)
        shots, units = self.shots(), self.units()
        if shots is not None and shots != own.shots():
            self.add_shots(shots)
        measured, made, there = self.measurements(), self.made(), own.units()
        self.add_units(
            (units[index], measured.get(index), made.get(index))
            for index in sorted(units)
            if units[index] != there.get(index)
        )

    def add_published(self, facts: Mapping[str, Any]) -> None:
        """Note the published intermediate."""
        self._append({"type": "published", **facts})

    def _append(self, *entries: Mapping[str, Any]) -> None:
        lines = [json.dumps({"key": self.key, **each}, ensure_ascii=False) for each in entries]
        new = not self.path.exists()
        try:
            with self.path.open("ab") as file:
                if file.tell() and not self._ends_with_newline():
                    file.write(b"\n")
                file.write("".join(f"{line}\n" for line in lines).encode())
                file.flush()
                os.fsync(file.fileno())
            if new:
                sync(self.path.parent)
        except OSError as error:
            raise OutputError(
                f"the manifest cannot be written ({error.strerror})",
                where=str(self.path),
                remedy="Free space or choose another folder; the same command goes on from here.",
            ) from error

    def _ends_with_newline(self) -> bool:
        with self.path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"
