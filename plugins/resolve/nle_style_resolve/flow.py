"""From the chosen clips to their styled versions in the timeline, and a report of each clip.

Nothing in the project is touched before the worker is done: a cancel, a crash or a full disk leaves
it as it was.
"""

import os

from . import client
from .asking import problems_of
from .clips import Refused, exact_rate, pick, properties, source_range
from .host import HostError, ask
from .job import job_of, ranges_to_render
from .project import (
    Bin,
    ClipReport,
    NotImported,
    NotPlaced,
    Tracks,
    add_take,
    kept,
    mark,
    write_report,
)

__all__ = ["Silent", "style_clips"]

# ProRes is YCbCr and tagged; what the other formats hold is RGB over the full range.
_FULL_RANGE = ("exr", "dpx", "png-mov", "dnxhr444")


class Silent:
    """What a run tells and asks while it works; this one says nothing and is never cancelled."""

    def begin(self, cancel_file):
        """The worker is about to start; it stops after its frame when this file appears."""

    def progress(self, event):
        """An event of the worker (docs/outcomes.md)."""

    def cancelled(self):
        """Whether the user wants it to stop; asked ten times a second."""
        return False


def style_clips(host, command, settings, ui):
    """Render the chosen clips and put their styled versions into the project.

    Args:
        host: the Host.
        command: how to start nle-style, a list.
        settings: see `settings.DEFAULTS`.
        ui: as Silent.

    Returns:
        (a list of ClipReport, the report's path or "").

    Raises:
        HostError: nothing was done, or the job ended early; the project is as before.
    """
    host.refuse_edition()
    wrong = problems_of(settings)
    if wrong:
        raise HostError("The settings cannot be used: " + "; ".join(wrong))
    project, pool, timeline = host.project()
    with kept(host, project, pool, timeline):
        picked = pick(timeline, settings["way"], settings["way_value"])
        reports, sources = _read(timeline, picked, settings)
        chosen = [source for source in sources if source is not None]
        if not chosen:
            return reports, ""
        folder = _job_folder(settings)
        number = os.path.basename(folder)
        wanted = ranges_to_render(chosen, int(settings["handles"]))
        outcome = _render(command, wanted, settings, folder, ui)
        # It may have been changed while the worker was at it.
        ask(project, "Project.SetCurrentTimeline", timeline)
        placer = _Placer(host, pool, timeline, settings, number, wanted, outcome.items)
        for each, report, source in zip(picked, reports, sources):
            if source is not None:
                placer.place(each, report, source)
        placer.tidy()
        try:
            return reports, write_report(reports, number, folder)
        except OSError as error:
            raise HostError(f"The clips are placed, but not the report: {error}") from error


def _read(timeline, picked, settings):
    """A report for each clip, and its SourceRange, or None if it is left alone."""
    rate = exact_rate(ask(timeline, "Timeline.GetSetting", "timelineFrameRate"))
    if rate is None:
        raise HostError("Resolve does not tell the timeline's frame rate. Nothing was done.")
    reports, sources = [], []
    for each in picked:
        report = ClipReport(each.name, each.track, each.start)
        source = None
        try:
            locked = ask(timeline, "Timeline.GetIsTrackLocked", "video", each.track)
            if locked and settings["destination"] == "take":
                raise Refused(f"track V{each.track} is locked: unlock it, or choose a new track")
            source = source_range(each.item, rate)
            report.frames = (source.first, source.last)
            report.notes += source.notes
        except Refused as refusal:
            report.end("left alone", str(refusal))
        reports.append(report)
        sources.append(source)
    return reports, sources


def _job_folder(settings):
    try:
        return client.new_job_folder(settings["output"])
    except OSError as error:
        raise HostError(f"The output folder cannot be used: {error}. Nothing was done.") from error


def _render(command, wanted, settings, folder, ui):
    """The worker's Outcome, with one delivered intermediate at least."""
    try:
        cancel_file = os.path.join(folder, "cancel")
        job = job_of(wanted, settings, cancel_file)
        ui.begin(cancel_file)
        path = os.path.join(folder, "job.json")
        outcome = client.run_job(command, job, path, ui.progress, ui.cancelled)
    except (OSError, client.WorkerError) as error:
        raise HostError(f"{error}. The project is as before.") from error
    if outcome.exit_code == 130 and not outcome.cancelled:
        raise HostError(
            "Cancelled from outside. What is finished is kept; the project is as before."
        )
    delivered = [item for item in outcome.items.values() if item["status"] != "refused"]
    if outcome.cancelled or outcome.exit_code not in (0, 3) or not delivered:
        raise HostError(f"{outcome.message}\nThe project is as before.")
    return outcome


class _Placer:
    """Puts what was rendered where it belongs; each intermediate is imported once.

    Args:
        host: the Host.
        pool, timeline: Resolve's objects.
        settings, number: of the job; wanted: its ranges; items: the worker's, by their index.
    """

    def __init__(self, host, pool, timeline, settings, number, wanted, items):
        self._settings = settings
        self._number = number
        self._wanted = wanted
        self._items = items
        self._bin = Bin(pool)
        self._tracks = Tracks(host, pool, timeline)
        self._imported = {}
        self._used = set()

    def place(self, picked, report, source):
        """Import, place and mark one clip's version; the report says what was read back."""
        index = next(i for i, wanted in enumerate(self._wanted) if wanted.holds(source))
        event = self._items.get(index, {"status": "refused", "message": "it was not rendered"})
        if event["status"] == "refused":
            report.end("left alone", event["message"])
            return
        report.path = event["path"]
        now = (ask(picked.item, "TimelineItem.GetStart"), _duration(picked.item))
        if now != (picked.start, picked.duration):
            report.end("failed", "the clip was changed meanwhile; start the script again for it")
            return
        try:
            imported = self._import(index, event, picked.item)
            report.notes += imported.notes
            if self._settings["destination"] == "bin":
                self._used.add(index)
                report.end("in bin")
                return
            self._put(picked, report, source, imported, index)
        except (NotImported, NotPlaced) as failure:
            report.end("failed", str(failure))

    def _put(self, picked, report, source, imported, index):
        wanted = self._wanted[index]
        first, last = source.first - wanted.first, source.last - wanted.first
        item = picked.item
        facts = {"job": self._number, "path": imported.path, "placed": "take"}
        state = "placed"
        if self._settings["destination"] == "track":
            item = self._tracks.place(picked, imported.clip, first, last, source)
            facts["placed"] = "track"
        else:
            facts["takes"] = int(ask(item, "TimelineItem.GetTakesCount") or 0)
            facts["chosen"] = int(ask(item, "TimelineItem.GetSelectedTakeIndex") or 0)
            frames = wanted.last - wanted.first + 1
            selected, notes = add_take(item, imported.clip, first, last, source, frames)
            report.notes += notes
            state = "placed" if selected else "added"
        self._used.add(index)
        note = f"{self._settings['style']}, job {self._number}"
        report.notes += mark(item, facts, self._settings["clip_colour"], note)
        report.end(state)

    def _import(self, index, event, item):
        if index not in self._imported:
            wanted = self._wanted[index]
            frames = wanted.last - wanted.first + 1
            attributes = _attributes(item, wanted.media, self._settings["format"])
            try:
                found = self._bin.put(event["path"], wanted.media, frames, attributes)
            except NotImported as failure:
                found = failure
            self._imported[index] = found
        found = self._imported[index]
        if isinstance(found, NotImported):
            raise found
        return found

    def tidy(self):
        """Leave nothing behind that no clip uses."""
        for index, found in self._imported.items():
            if index not in self._used and not isinstance(found, NotImported):
                self._bin.discard(found.clip)
        self._bin.tidy()
        self._tracks.tidy()


def _duration(item):
    return ask(item, "TimelineItem.GetDuration")


def _attributes(item, media, format_):
    """What the intermediate is to be read as: levels by its format, colours as its source."""
    facts = properties(ask(item, "TimelineItem.GetMediaPoolItem"))
    attributes = {}
    if media.kind == "still" or format_ in _FULL_RANGE:
        attributes["Data Level"] = "Full"
    if facts.get("Input Color Space"):
        attributes["Input Color Space"] = facts["Input Color Space"]
    return attributes
