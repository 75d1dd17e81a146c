"""The desk: a cut with its looks, its renders and what is said of them, as the page shows it."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from nle_style.desk.review import (
    Entry,
    Side,
    Verdicts,
    entry_data,
    notes_csv,
    proxy_of,
    read_entries,
    still,
    verdicts_path,
    write_markers,
)
from nle_style.desk.session.choices import Choices, look_data
from nle_style.desk.session.cut import Cut, Request, Shot
from nle_style.desk.session.pictures import Pictures
from nle_style.desk.session.rendering import Progress, Rendering
from nle_style.durable import folder_for_results
from nle_style.errors import InputError
from nle_style.render import Outcome
from nle_style.render.cut import complete_look, dry_run_batch, edit_rate
from nle_style.timeline.looks import ClipLook, marker_text
from nle_style.timeline.needs import Refusal

__all__ = ["Desk"]

_FAILED = (Outcome.missing, Outcome.damaged, Outcome.refused)


class Desk:
    """Everything that the page asks for, as plain data. Threads may share it.

    Args:
        request: what it is opened with.

    Raises: as `Cut` and `Choices.of`.

    Attributes:
        cut, pictures: see there.
        on_event: told what changed: `render` with progress, `shots` with those that changed, `undo`
            with what can be undone. Set by whoever passes it on.
    """

    def __init__(self, request: Request) -> None:
        self.cut = Cut(request)
        self._choices = Choices.of(self.cut)
        self._verdicts = Verdicts(verdicts_path(request.output.directory, request.timeline))
        self._lock, self._proxying = threading.RLock(), threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._read_entries()
        self.pictures = Pictures(self.cut)
        self._rendering = Rendering(self.cut, self._changed)
        self.on_event: Callable[[str, Mapping[str, Any]], None] = lambda kind, data: None

    def close(self) -> None:
        """Stop what is running; what is finished is kept."""
        self._rendering.close()
        self.pictures.close()

    # What the page shows

    def project(self) -> dict[str, Any]:
        """The whole desk."""
        request = self.cut.request
        rate = edit_rate(self.cut.read)
        return {
            "name": request.timeline.name,
            "folder": str(request.output.directory.absolute()),
            "rate": None if rate is None else f"{rate:g}",
            "pack": self.cut.pack.name,
            "styles": list(self.cut.pack.styles),
            "looks_file": str(self._choices.path.absolute()),
            "warning": self._verdicts.warning,
            "render": self._rendering.progress.as_data(),
            "shots": [self.shot_data(shot) for shot in self.cut.shots],
            **self._steps(),
        }

    def shot_data(self, shot: Shot) -> dict[str, Any]:
        """One shot."""
        look, clip, info = self._choices.look_of(shot.id), shot.clip, shot.info
        data: dict[str, Any] = {
            "id": shot.id,
            "name": clip.clip_name,
            "track": clip.track_name,
            "timeline": shot.timeline,
            "frames": shot.frames,
            "look": None if look is None or look.frames else look_data(look),
            "changes": look.label.replace("-to-", " to ") if look and look.frames else None,
            "state": self._state(shot, look),
            "reason": self._rendering.faults.get(shot.id, ""),
            "remedy": "",
            "review": self._review(shot, look),
        }
        if isinstance(clip, Refusal) or info is None:
            refusal = (
                {"reason": clip.reason, "remedy": clip.remedy} if isinstance(clip, Refusal) else {}
            )
            none = {"source": "", "numbers": shot.frames, "width": 16, "height": 9, "note": ""}
            return {**data, **none, **refusal}
        number = info.first_frame_number
        return {
            **data,
            "source": info.path.name,
            "numbers": [number + frame for frame in shot.frames],
            "width": info.width,
            "height": info.height,
            "note": clip.note,
        }

    def likely_styles(self, shot: str) -> list[str]:
        """The styles of the pack, those first that the shot or others of the cut have."""
        self.shot(shot)
        counts: Counter[str] = Counter()
        for other in self.cut.shots:
            look = self._choices.look_of(other.id)
            names = {name for name, _ in (look.styles if look else None) or ()}
            counts.update(dict.fromkeys(names, len(self.cut.shots) if other.id == shot else 1))
        order = {name: place for place, name in enumerate(self.cut.pack.styles)}
        return sorted(order, key=lambda name: (-counts[name], order[name]))

    def shot(self, shot: str) -> Shot:
        """A shot by its id. Raises: InputError if there is none."""
        if shot not in self.cut.by_id:
            raise InputError(f"there is no shot '{shot}'", remedy="Load the page again.")
        return self.cut.by_id[shot]

    def entry(self, shot: str) -> Entry:
        """What was rendered of a shot. Raises: InputError if nothing was."""
        found = self._entries.get(self.shot(shot).clip.clip_id)
        if found is None:
            raise InputError(f"shot '{shot}' is not rendered", remedy="Render it first.")
        return found

    # What the page asks for

    def choose(self, shots: Sequence[str], look: Mapping[str, Any] | None) -> dict[str, Any]:
        """Give shots a look, see `Choices.choose`; the whole desk after it."""
        return self._step(lambda: self._choices.choose(shots, look), shots)

    def undo(self) -> dict[str, Any]:
        """Take the last choice back; the whole desk after it."""
        return self._step(self._choices.undo)

    def redo(self) -> dict[str, Any]:
        """Choose again what was taken back last; the whole desk after it."""
        return self._step(self._choices.redo)

    def plan(self) -> dict[str, Any]:
        """What a render would do: as `nle-style batch --dry-run` says it.

        Raises: InputError while a render is running; as `dry_run_batch`.
        """
        if self._rendering.progress.running:
            raise InputError("a render is running", remedy="Wait for it, or cancel it.")
        dry = dry_run_batch(self.cut.plan(self._choices.map_path))
        shots = self.cut.shots_by_item(dry.batch)
        rows: list[dict[str, Any]] = []
        for index, render in enumerate(dry.renders):
            shot = self.cut.by_id[shots[index][0]]
            rows.append(
                {
                    "shot": shot.id,
                    "name": shot.clip.clip_name,
                    "look": render.look,
                    "status": render.status,
                    "frames": render.to_paint,
                    "seconds": render.seconds,
                    "bytes": render.bytes,
                    "path": Path(render.path).name,
                    "error": str(render.error or ""),
                }
            )
        sums = {key: sum(row[key] for row in rows) for key in ("seconds", "bytes", "frames")}
        clips = len(dry.batch.plan.uses)
        return {"rows": rows, **sums, "free_bytes": dry.free_bytes, "clips": clips,
                "summary": dry.summary}  # fmt: skip

    def render(self) -> None:
        """Render what is chosen. Raises: as `Rendering.start`."""
        self._rendering.start(lambda: self.cut.plan(self._choices.map_path))

    def cancel(self) -> None:
        """Stop the render after its frame."""
        self._rendering.cancel()

    def judge(self, shot: str, verdict: Any, note: Any, frame: Any) -> dict[str, Any]:
        """Say something of a rendered shot, see `Verdicts.put`; the shot after it."""
        self._verdicts.put(self.entry(shot), verdict, note, frame)
        data = self.shot_data(self.shot(shot))
        self.on_event("shots", {"shots": [data]})
        return data

    def notes_csv(self) -> str:
        """What is said of the rendered shots, as a table."""
        return notes_csv(self._entries.values(), self._verdicts)

    def write_markers(self) -> Path:
        """Write `STEM.review.otio`, a copy of the cut with looks and verdicts as markers.

        Raises: OutputError if it cannot be written.
        """
        request = self.cut.request
        path = request.output.directory / f"{request.timeline.stem}.review.otio"
        entries, looks = [], {}
        for shot in self.cut.shots:
            look = self._choices.look_of(shot.id)
            entry = self._current_entry(shot, look)
            if entry is not None:
                entries.append(entry)
            elif shot.id in self._choices.chosen:
                looks[shot.clip.clip_id] = marker_text(look)
        with folder_for_results(path.parent):
            write_markers(self.cut.read, entries, self._verdicts, path, looks)
        return path

    def proxy(self, shot: str) -> Path:
        """The movie to judge a shot by, made when it is first asked for, see `write_proxy`."""
        entry = self.entry(shot)
        with self._proxying:
            return proxy_of(entry, self.cut.request.output.directory / "review")

    def still(self, shot: str, frame: int, side: str) -> bytes:
        """A frame at full size as PNG, see `review.still`."""
        return still(self.entry(shot), frame, cast(Side, side))

    def _state(self, shot: Shot, look: ClipLook | None) -> str:
        if shot.info is None:
            return "refused"
        if look is None:
            return "unstyled"
        if (state := self._rendering.states.get(shot.id)) is not None:
            return state
        entry = self._current_entry(shot, look)
        if entry is not None:
            return self._verdicts.of(entry).verdict or "rendered"
        outcome = self._rendering.outcomes.get(shot.id)
        if outcome is None or outcome is Outcome.cancelled:
            return "chosen"
        return "refused" if outcome in _FAILED else "rendered"

    def _current_entry(self, shot: Shot, look: ClipLook | None) -> Entry | None:
        """What was rendered of a shot, if that is in the look that it has now, and by this pack: of
        another version of it, the same look is another painting."""
        entry = self._entries.get(shot.clip.clip_id)
        if entry is None or look is None or entry.pack not in ("", self.cut.pack.sha256):
            return None
        wanted = json.loads(json.dumps(complete_look(look).as_data()))
        return entry if wanted == dict(entry.controls) else None

    def _review(self, shot: Shot, look: ClipLook | None) -> dict[str, Any] | None:
        entry = self._current_entry(shot, look)
        if entry is None:
            return None
        said = self._verdicts.of(entry)
        return entry_data(entry, said) | {
            "id": shot.id,
            "proxy": f"/media/proxy/{shot.id}?of={entry.painting[:16]}",
            "stills": f"/media/still/{shot.id}/{{frame}}/{{side}}?of={entry.painting[:16]}",
        }

    def _step(self, step: Callable[[], None], shots: Sequence[str] = ()) -> dict[str, Any]:
        with self._lock:
            before = {shot.id: self._choices.look_of(shot.id) for shot in self.cut.shots}
            step()
            changed = [
                shot
                for shot in self.cut.shots
                if shot.id in shots or self._choices.look_of(shot.id) != before[shot.id]
            ]
            self._rendering.forget(shot.id for shot in changed)
            self.on_event("shots", {"shots": [self.shot_data(shot) for shot in changed]})
            self.on_event("undo", self._steps())
            return self.project()

    def _steps(self) -> dict[str, bool]:
        return {"can_undo": self._choices.can_undo, "can_redo": self._choices.can_redo}

    def _changed(self, progress: Progress, shots: Sequence[str]) -> None:
        if not progress.running:
            self._read_entries()
        self.on_event("render", progress.as_data())
        if shots:
            data = [self.shot_data(self.cut.by_id[shot]) for shot in dict.fromkeys(shots)]
            self.on_event("shots", {"shots": data})

    def _read_entries(self) -> None:
        request = self.cut.request
        folder = request.output.directory
        found = read_entries(folder, request.timeline) if folder.is_dir() else ()
        self._entries = {entry.clip_id: entry for entry in found}
