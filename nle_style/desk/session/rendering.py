"""One batch at a time, in a thread of its own, and how far it is."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from nle_style.desk.session.cut import Cut
from nle_style.errors import InputError, NleStyleError
from nle_style.render import Event, FramePainted, ItemEnded, Outcome, Scanning, Started
from nle_style.render.cut import PlannedBatch, run_batch

__all__ = ["Progress", "Rendering"]

_BEAT = 0.25  # seconds between two progress notes


@dataclass(frozen=True)
class Progress:
    """How far the render is.

    Attributes:
        running: whether one runs.
        frames, done: to be painted in all, and painted.
        frames_per_second: of this run; 0 before the second frame.
        seconds_left: None before there is an estimate.
        shot: id of the one that is painted; of several that share frames the first.
        message: how the last run ended; "" before the first has.
        exit_code: of the last run, as `nle-style batch` would have it; None before the first.
    """

    running: bool = False
    frames: int = 0
    done: int = 0
    frames_per_second: float = 0.0
    seconds_left: float | None = None
    shot: str | None = None
    message: str = ""
    exit_code: int | None = None

    def as_data(self) -> dict[str, Any]:
        """Plain data, for JSON."""
        return asdict(self)


class Rendering:
    """Renders a cut as `nle-style batch --map` does.

    Args:
        cut: to render.
        on_change: told of progress, and of the ids of shots whose state changed; called in the
            thread that renders.
    """

    def __init__(self, cut: Cut, on_change: Callable[[Progress, tuple[str, ...]], None]) -> None:
        self._cut, self._on_change = cut, on_change
        self._thread: threading.Thread | None = None
        self._stop = threading.Event()
        self._starting = threading.Lock()
        self._told = 0.0
        self._shots: Mapping[int, tuple[str, ...]] = {}
        self.progress = Progress()
        self.outcomes: dict[str, Outcome] = {}
        """Of this run or the last one: how the shots of it ended, by their ids."""
        self.faults: dict[str, str] = {}
        """Why shots of it were refused."""
        self.states: dict[str, Literal["waiting", "rendering"]] = {}
        """The shots that the run has not ended yet, by their ids."""

    def start(self, plan: Callable[[], PlannedBatch]) -> None:
        """Begin to render what is planned now.

        Raises:
            InputError: a run is not over yet.
            NleStyleError: as `plan`.
        """
        with self._starting:
            if self.progress.running:
                raise InputError("a render is running", remedy="Wait for it, or cancel it.")
            batch = plan()
            self._shots = self._cut.shots_by_item(batch)
            self._stop = threading.Event()
            self.outcomes, self.faults = {}, {}
            self.states = {shot: "waiting" for group in self._shots.values() for shot in group}
            self._tell(Progress(running=True), tuple(self.states))
            self._thread = threading.Thread(
                target=self._run, args=(batch,), name="nle-style desk render"
            )
            self._thread.start()

    def cancel(self) -> None:
        """Stop after the frame that is painted; what is finished is kept, and the next run goes on
        from there."""
        self._stop.set()

    def forget(self, shots: Iterable[str]) -> None:
        """Shots that shall look otherwise: how the last run ended for them says nothing of that."""
        for shot in shots:
            self.outcomes.pop(shot, None)
            self.faults.pop(shot, None)

    def close(self) -> None:
        """Stop, and wait until it has."""
        self.cancel()
        if self._thread is not None:
            self._thread.join()

    def _run(self, batch: PlannedBatch) -> None:
        request = self._cut.request
        try:
            result = run_batch(batch, self._hear, self._stop, request.render)
            message, code = result.summary, result.exit_code
        except NleStyleError as error:
            message, code = str(error), error.exit_code
        except Exception as error:  # the desk lives on, and the fault is seen in the console
            traceback.print_exc()
            message, code = f"a fault of ours: {error!r}. Please send us what the console says.", 1
        left, self.states = tuple(self.states), {}
        ended = replace(self.progress, running=False, seconds_left=None, shot=None)
        self._tell(replace(ended, message=message, exit_code=code), (*self.outcomes, *left))

    def _hear(self, event: Event) -> None:
        self._cut.request.log(event)
        match event:
            case Started(frames=frames):
                self._tell(replace(self.progress, frames=frames))
            case Scanning(item=item):
                self._work_on(item, self.progress)
            case FramePainted():
                painted = replace(
                    self.progress,
                    frames=event.frames,
                    done=event.done,
                    frames_per_second=event.frames_per_second,
                    seconds_left=event.seconds_left,
                )
                self._work_on(event.item, painted)
            case ItemEnded():
                shots = self._shots.get(event.item, ())
                for shot in shots:
                    self.outcomes[shot] = Outcome(event.outcome)
                    if event.message:
                        self.faults[shot] = event.message
                    self.states.pop(shot, None)
                self._tell(self.progress, shots)

    def _work_on(self, item: int, progress: Progress) -> None:
        """Note that an item is read or painted, and tell it if shots begin with it or the last note
        is a while ago."""
        shots = self._shots.get(item, ())
        begun = tuple(shot for shot in shots if self.states.get(shot) == "waiting")
        self.states |= dict.fromkeys(begun, "rendering")
        self.progress = replace(progress, shot=next(iter(shots), None))
        if begun or time.monotonic() - self._told >= _BEAT:
            self._tell(self.progress, begun)

    def _tell(self, progress: Progress, shots: tuple[str, ...] = ()) -> None:
        self.progress, self._told = progress, time.monotonic()
        self._on_change(progress, shots)
