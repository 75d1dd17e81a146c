"""Tasks of a farm's job on this machine, as sessions of Open Job Description run them.

`openjd-sessions` starts the process, hands on its lines and cancels it by notify-then-terminate;
what is to be done next, and by whom, is decided in `farm_workers`. This needs the extra `[farm]`.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from openjd.model import ParameterValue, ParameterValueType, parse_model
from openjd.model.v2023_09 import StepScript
from openjd.sessions import LOG, ActionState, ActionStatus, LogContent, Session, SessionState

__all__ = ["SessionWorker"]

_NOTIFY_SECONDS = 120  # from SIGTERM to SIGKILL: a frame is finished and noted in that time


class SessionWorker:
    """One worker: a session, in which one task runs after the other.

    `with` it, or the session's folder stays.

    Args:
        farm_file: the job; see `farm_job.read_farm_job`.
        root: a folder for the folders of sessions.
        environment: variables for the tasks, beside this process's own.
    """

    def __init__(self, farm_file: Path, root: Path, environment: Mapping[str, str]) -> None:
        self._environment = dict(environment)
        self._parameters = _texts(Python=sys.executable, FarmFile=str(farm_file))
        self._root = root
        self._id = f"nle_style-{uuid.uuid4().hex}"
        self._lines = _Lines(self._id)
        self._session: Session | None = None
        self._ended, self._cancelled = threading.Event(), threading.Event()
        self._exit_code: int | None = None

    def __enter__(self) -> SessionWorker:
        LOG.addHandler(self._lines)
        return self

    def __exit__(self, *error: object) -> None:
        self._close()
        LOG.removeHandler(self._lines)

    @staticmethod
    @contextlib.contextmanager
    def speaking() -> Iterator[None]:
        """Around the use of workers: the lines of tasks are log records of level INFO, which are
        for us alone."""
        before = LOG.level, LOG.propagate
        LOG.setLevel(logging.INFO)
        LOG.propagate = False
        try:
            yield
        finally:
            LOG.setLevel(before[0])
            LOG.propagate = before[1]

    def run(
        self, step: str, option: str, span: tuple[int, int], on_line: Callable[[str], None]
    ) -> int | None:
        """Run one task to its end.

        Args:
            step, option, span: as `nle-style run FARM --step STEP OPTION FIRST-LAST`.
            on_line: told each line that it prints, in a thread of the session's.

        Returns:
            its exit code, negative if a signal ended it; None once the worker is cancelled.

        Raises: RuntimeError if the session's folder cannot be made, or nothing started in it.
        """
        if self._cancelled.is_set():
            return None
        if self._session is None or self._session.state is not SessionState.READY:
            self._close()  # after a failure a session takes no further task
            self._session = Session(
                session_id=self._id,
                job_parameter_values=self._parameters,
                session_root_directory=self._root,
                os_env_vars=self._environment,
                callback=self._on_status,
            )
        self._lines.on_line = on_line
        self._ended.clear()
        self._session.run_task(
            step_script=_script(step, option),
            task_parameter_values=_texts(Span=f"{span[0]}-{span[1]}"),
        )
        if self._cancelled.is_set():
            self.cancel()
        self._ended.wait()
        if self._cancelled.is_set():
            return None
        if self._exit_code is None:
            raise RuntimeError(f"no process could be started by way of {self._root}")
        return self._exit_code

    def cancel(self) -> None:
        """Have the task that runs stop after its frame, and take no other; from any thread."""
        self._cancelled.set()
        session = self._session
        if session is not None:
            with contextlib.suppress(RuntimeError):  # none runs at this moment
                session.cancel_action()

    def _on_status(self, session_id: str, status: ActionStatus) -> None:
        if status.state is not ActionState.RUNNING:
            self._exit_code = status.exit_code
            self._ended.set()

    def _close(self) -> None:
        if self._session is not None:
            self._session.cleanup()
            self._session = None


class _Lines(logging.Handler):
    """What the tasks of one session print; of the log no more."""

    def __init__(self, session_id: str) -> None:
        super().__init__(logging.INFO)
        self._session_id = session_id
        self.on_line: Callable[[str], None] = lambda line: None

    def emit(self, record: logging.LogRecord) -> None:
        ours = getattr(record, "session_id", None) == self._session_id
        if ours and getattr(record, "openjd_log_content", None) is LogContent.COMMAND_OUTPUT:
            self.on_line(record.getMessage())


def _script(step: str, option: str) -> StepScript:
    """A step as the bundle's template has it, but for the program and the form of its lines."""
    words = ["-m", "nle_style", "run", "{{Param.FarmFile}}", "--events", "--step", step]
    return parse_model(
        model=StepScript,
        obj={
            "actions": {
                "onRun": {
                    "command": "{{Param.Python}}",
                    "args": [*words, option, "{{Task.Param.Span}}"],
                    "cancelation": {
                        "mode": "NOTIFY_THEN_TERMINATE",
                        "notifyPeriodInSeconds": _NOTIFY_SECONDS,
                    },
                }
            }
        },
    )


def _texts(**values: str) -> dict[str, ParameterValue]:
    """Parameters. What is in them is never read as an expression, as it would be in a script."""
    return {
        name: ParameterValue(type=ParameterValueType.STRING, value=value)
        for name, value in values.items()
    }
