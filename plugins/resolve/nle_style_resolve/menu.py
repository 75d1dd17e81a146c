"""What Workspace > Scripts > NLE Style does."""

import os
import subprocess

from . import client
from .asking import (
    Console,
    Dialog,
    load_settings,
    save_settings,
    settings_of_file,
    settings_path,
)
from .clips import ways
from .flow import style_clips
from .host import HostError, find_host
from .project import jobs_in, remove_styled, summary

__all__ = ["run", "styles_of", "texts"]


def run(names):
    """Ask, render, place, report. Every failure that is expected is one message.

    Args:
        names: the script's globals, with Resolve's `resolve`, `fusion`, `bmd`, and
            `NLE_STYLE_INSTALLATION`: {"command": [...], ...} from `nle-style install resolve`.

    Returns:
        the clips' reports; None if there was a message instead, or the user closed the window.
    """
    host = None
    try:
        host = find_host(names)
        host.refuse_edition()
        command = (names.get("NLE_STYLE_INSTALLATION") or {}).get("command")
        if not command or not os.path.exists(command[0]):
            raise HostError(
                f"nle-style is not where it was installed ({(command or ['nowhere'])[0]}). "
                "Run `nle-style install resolve` again."
            )
        return _run(host, command)
    except HostError as error:
        _tell(host, str(error))
    except KeyboardInterrupt:
        _tell(host, "Cancelled. What is finished is kept; the project is as before.")
    return None


def _run(host, command):
    timeline = host.project()[2]
    path = settings_path()
    if not host.has_windows:
        chosen, ui = settings_of_file(path), Console()
        reports, kept = style_clips(host, command, chosen, ui)
        _tell(host, texts(reports, kept))
        return reports
    window = Dialog(host.fusion, host.bmd)
    asked = window.ask(load_settings(path), ways(timeline), styles_of(command), jobs_in(timeline))
    if asked is None:
        return None
    action, chosen = asked
    if action == "remove":
        reports, kept = remove_styled(host, timeline, chosen), ""
    else:
        try:
            save_settings(chosen, path)
        except OSError as error:
            raise HostError(f"The settings cannot be kept: {error}. Nothing was done.") from error
        with window.progress_window() as ui:
            reports, kept = style_clips(host, command, chosen, ui)
    _tell(host, texts(reports, kept))
    return reports


def styles_of(command):
    """Names of the styles of all shipped packs; [] if the worker does not answer in a minute."""
    try:
        packs = client.list_packs(command, timeout=60)
        return list(dict.fromkeys(name for pack in packs for name in pack["styles"]))
    except (OSError, ValueError, KeyError, TypeError):
        return []
    except (client.WorkerError, subprocess.TimeoutExpired):
        return []


def texts(reports, kept):
    """The whole report for people: a summary, a line for each clip, where it is kept."""
    lines = [summary(reports), *(report.line() for report in reports)]
    return "\n".join(lines + [f"Report: {kept}"] * bool(kept))


def _tell(host, text):
    print(f"NLE Style: {text}")
    if host is not None and host.has_windows:
        Dialog(host.fusion, host.bmd).message(text)
