"""The worker beside Blender: a thread waits for it, and never touches bpy."""

import os
import threading

from . import client

__all__ = ["Run"]


class Run:
    """Jobs that are run one after the other.

    Args:
        command: how to start nle-style, a list.
        jobs: Jobs of one cancel file.
        folder: for the job files and the worker's log; it is there.

    Attributes:
        done, frames: of the job that runs, as the worker last told.
        text: what it is doing, for people.
        outcomes: the client's Outcomes of the jobs that have ended.
        error: why the worker cannot be started or understood; "" if it can.
    """

    def __init__(self, command, jobs, folder):
        self.jobs = jobs
        self.done = 0
        self.frames = 0
        self.text = "Starting"
        self.outcomes = []
        self.error = ""
        self._command = list(command)
        self._folder = folder
        self._asked = threading.Event()
        self._thread = threading.Thread(target=self._work, name="nle_style", daemon=True)

    def start(self):
        """Start the worker; it is waited for in the background."""
        self._thread.start()

    def cancel(self):
        """Ask the worker to stop after its frame."""
        self.text = "Stopping after this frame"
        self._asked.set()

    def wait(self):
        """Wait for the end."""
        self._thread.join()

    @property
    def is_over(self):
        """Whether it has ended."""
        return not self._thread.is_alive()

    @property
    def share(self):
        """How much is done, 0 to 1, each job as much as another."""
        part = self.done / self.frames if self.frames else 0.0
        return min(1.0, (len(self.outcomes) + part) / len(self.jobs))

    def _work(self):
        try:
            for number, job in enumerate(self.jobs):
                path = os.path.join(self._folder, f"job{number or ''}.json")
                asked = self._asked.is_set
                outcome = client.run_job(self._command, job.data, path, self._told, asked)
                self.done = self.frames = 0
                self.outcomes.append(outcome)
                if outcome.exit_code not in (0, 2, 3) or outcome.cancelled:
                    break
        except (OSError, client.WorkerError) as error:
            self.error = str(error)
        except Exception as error:
            self.error = f"nle_style failed: {error!r}"

    def _told(self, event):
        if event["event"] == "progress":
            self.done, self.frames = event["done"], event["frames"]
            if not self._asked.is_set():
                self.text = f"{self.done} of {self.frames} frames: {event['name']}"
        elif event["event"] == "scanning":
            self.text = f"Looking for cuts: {event['name']}"
