"""What runs in the process of a worker: it loads once, and does the tasks of a job in turn.

Importing this module loads nothing slow: the worker's environment counts only if it is set before
torch is loaded.
"""

from __future__ import annotations

import os
import queue
import signal
import threading
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from nle_style.apply import collect_rarely
from nle_style.errors import Cancelled, NleStyleError

__all__ = ["Task", "serve"]


class Task(NamedTuple):
    """What a worker does at a time.

    Attributes:
        item: its index in the job.
        pieces: first and last of the pieces to paint, all of this item; None: measure its shots.
    """

    item: int
    pieces: tuple[int, int] | None = None


def serve(connection: Connection, environment: dict[str, str]) -> None:
    """Do what comes in, until None comes, which also stops the task at hand after its frame.

    The worker sends every `Event`, and at the end of a task the number of its frames that are done,
    or the `NleStyleError` that ended it. A defect ends the process with a traceback. If the parent
    process is gone, this one ends at once: a task that was cut off can always be gone on from.

    Args:
        connection: to the parent, which sends a `FarmJob` as JSON, then tasks.
        environment: variables for this process, beside those that it inherits.
    """
    os.environ.update(environment)
    collect_rarely()
    # Ctrl-C goes to all processes of a terminal. This one is told by its parent.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: None)
    stop = threading.Event()
    received: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Thread(target=_receive, args=(connection, received, stop), daemon=True).start()

    from nle_style.render.farm.farm_job import FarmJob
    from nle_style.render.farm.steps import FarmRun

    run = FarmRun(FarmJob.model_validate_json(received.get()), connection.send, stop)
    while (task := received.get()) is not None:
        done = 0
        try:
            if task.pieces is None:
                run.measure(task.item, task.item)
            else:
                done = run.render(*task.pieces).done
        except Cancelled:
            break
        except NleStyleError as error:
            connection.send(error)
        else:
            connection.send(done)
    os._exit(0)  # at once: Python would take torch apart object by object, for most of a second


def _receive(
    connection: Connection, received: queue.SimpleQueue[Any], stop: threading.Event
) -> None:
    try:
        while (each := connection.recv()) is not None:
            received.put(each)
    except (EOFError, OSError):
        os._exit(1)
    stop.set()
    received.put(None)
