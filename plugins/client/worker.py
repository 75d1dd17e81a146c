"""The worker: `nle-style run` in a process of its own, and what it tells."""

import json
import os
import queue
import subprocess
import threading

from .jobs import write_json

__all__ = ["Outcome", "Worker", "WorkerError", "list_packs", "run_job", "worker_environment"]

# What a host application sets for its own interpreter and libraries would break ours.
_HOST_VARIABLES = ("PYTHONHOME", "PYTHONPATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

# Windows opens a console for a console program that a windowed one starts.
_NO_WINDOW = getattr(subprocess, "CREATE_NO_WINDOW", 0)

_POLL = 0.1  # seconds from one look at the host's cancel button to the next
_LOG_TAIL = 2000  # bytes of the log in a message about a crash


class WorkerError(Exception):
    """The worker cannot be started, or what it says cannot be understood."""


class Outcome:
    """How a job ended.

    Attributes:
        exit_code: 0 done, 1 a fault of nle_style, 2 bad input, 3 some items refused, 130
            cancelled; negative if a signal killed the worker.
        items: the `item` events, by the item's index in the job.
        warnings: the messages of the `warning` events.
        cancelled: whether `cancelled` asked for the end, and the job had not ended by itself.
        message: "" if every item was delivered, else one message for people.
    """

    def __init__(self, exit_code, items, warnings, cancelled, message):
        self.exit_code = exit_code
        self.items = items
        self.warnings = warnings
        self.cancelled = cancelled
        self.message = message


def worker_environment(environment=None):
    """This process's environment without what the host set for itself."""
    source = os.environ if environment is None else environment
    return {
        name: value
        for name, value in source.items()
        if name not in _HOST_VARIABLES and not name.startswith("QT_")
    }


def list_packs(command, pack="", timeout=None):
    """Ask the worker what `nle-style styles --json` tells: a list of dicts, one a pack.

    Args:
        command: how to start nle-style, a list.
        pack: only this .safetensors file or shipped pack; "" for all that ship.
        timeout: seconds; None to wait as long as it takes.

    Raises:
        OSError, subprocess.TimeoutExpired: it cannot be started, or does not answer.
        WorkerError: it refuses the pack.
        ValueError: what it says is no JSON.
    """
    done = subprocess.run(
        [*command, "styles", "--json", *(["--pack", pack] if pack else [])],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        env=worker_environment(),
        timeout=timeout,
        check=False,
        creationflags=_NO_WINDOW,
    )
    if done.returncode != 0:
        reason = _last_line(done.stderr) or "it wrote no reason"
        raise WorkerError(f"nle_style cannot list its styles: {reason}")
    return json.loads(done.stdout.decode("utf-8"))


def run_job(command, job, path, on_event=None, cancelled=None):
    """Write a job's file, run the worker to its end and tell how it ended.

    Args:
        command: how to start nle-style, a list.
        job: from `make_job`.
        path: for its file; worker.log goes beside it.
        on_event, cancelled: as `Worker.watch` takes them; its cancel file is the job's.

    Returns:
        an Outcome.

    Raises:
        OSError: the file or the log cannot be written.
        WorkerError: the worker cannot be started or understood.
    """
    write_json(job, path)
    worker = Worker(command, path, os.path.join(os.path.dirname(path), "worker.log"))
    return worker.watch(on_event, cancelled, job["control"]["cancel_file"])


def _last_line(output):
    lines = output.decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else ""


class Worker:
    """One run of `nle-style run JOB --events` in a process of its own.

    Args:
        command: how to start nle-style: a list, for instance
            ["/opt/nle_style/bin/python", "-m", "nle_style"].
        job: path of the job file.
        log: path for what the worker writes to stderr.

    Raises:
        WorkerError: the interpreter cannot be started.
    """

    def __init__(self, command, job, log):
        self._log_path = log
        self._log = open(log, "ab")  # noqa: SIM115  (closed when the process has ended)
        try:
            self._process = subprocess.Popen(
                [*command, "run", job, "--events"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=self._log,
                env=worker_environment(),
                creationflags=_NO_WINDOW,
            )
        except OSError as error:
            self._log.close()
            raise WorkerError(f"nle-style cannot be started ({command[0]}): {error}") from error

    def events(self):
        """Yield the worker's events as dicts, until it ends.

        Raises:
            WorkerError: a line that is not an event.
        """
        for line in self._process.stdout:
            try:
                event = json.loads(line.decode("utf-8"))
            except ValueError:
                event = None
            if not isinstance(event, dict) or "event" not in event:
                raise WorkerError(f"the worker said {line[:200]!r}")
            yield event

    def watch(self, on_event=None, cancelled=None, cancel_file=None, patience=30.0):
        """Wait for the job's end; meanwhile pass on events and ask ten times a second for a cancel.

        The worker has ended when this returns or raises.

        Args:
            on_event: called with each event (a dict), in this thread.
            cancelled: called in this thread; when it answers True the worker is asked to stop.
            cancel_file: the job's `control.cancel_file`, which is made to stop the worker and
                removed afterwards. Without it the worker is terminated, which on Windows leaves it
                no time to finish its frame.
            patience: seconds that the worker has for the frame at hand before it is killed.

        Returns:
            an Outcome.

        Raises:
            WorkerError: the worker said something that is no event.
        """
        told = queue.Queue()
        reader = threading.Thread(target=self._tell, args=(told,), daemon=True)
        reader.start()
        items, warnings, last, asked, killer = {}, [], {}, False, None
        try:
            while True:
                try:
                    event = told.get(timeout=_POLL)
                except queue.Empty:
                    event = {}
                if event is None:
                    break
                if isinstance(event, WorkerError):
                    raise event
                kind = event.get("event")
                if kind == "item":
                    items[event["item"]] = event
                elif kind == "warning":
                    warnings.append(event["message"])
                elif kind in ("done", "error", "cancelled"):
                    last = event
                if kind is not None and on_event is not None:
                    on_event(event)
                if not asked and cancelled is not None and cancelled():
                    asked = True
                    if cancel_file is None:
                        self._process.terminate()
                    else:
                        open(cancel_file, "w").close()
                    killer = threading.Timer(patience, self._process.kill)
                    killer.start()
            code = self._process.wait()
        except BaseException:
            self._process.kill()
            raise
        finally:
            self._process.wait()
            reader.join()
            if killer is not None:
                killer.cancel()
            if asked and cancel_file is not None:
                os.unlink(cancel_file)
            self._end(None)
        stopped = asked and last.get("event") != "done"
        return Outcome(code, items, warnings, stopped, self._message(code, items, last, stopped))

    def _tell(self, told):
        try:
            for event in self.events():
                told.put(event)
        except WorkerError as error:
            told.put(error)
        told.put(None)

    def _message(self, code, items, last, stopped):
        if stopped:
            return "Cancelled. What is finished is kept: the same job goes on from there."
        if last.get("event") == "error":
            return last["message"]
        refused = [item["message"] for item in items.values() if item["status"] == "refused"]
        if code in (0, 2, 3) and last.get("event") == "done":
            return "\n".join(dict.fromkeys(refused))  # a full disk is said once
        with open(self._log_path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LOG_TAIL))
            last_line = _last_line(file.read()) or "it wrote nothing"
        return (
            f"nle-style ended with exit code {code} before the job's end: {last_line}\n"
            f"Its log: {self._log_path}. What is finished is kept: the same job goes on from there."
        )

    def cancel(self, patience=5.0):
        """Ask the worker to stop after its frame; kill it if it has not within `patience` seconds.

        Returns:
            the exit code.
        """
        self._process.terminate()
        try:
            return self._end(patience)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._end(None)

    def wait(self):
        """Wait for the end; returns the exit code, as in `Outcome`."""
        return self._end(None)

    def _end(self, timeout):
        code = self._process.wait(timeout)
        self._process.stdout.close()
        self._log.close()
        return code
