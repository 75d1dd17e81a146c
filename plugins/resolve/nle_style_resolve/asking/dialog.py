"""The windows, by Fusion's UIManager: settings, progress with Cancel, and messages.

UIManager's names are in no list of methods that could be checked; they are those that public
scripts use. Windows are pumped by StepLoop, not RunLoop: a timer is reported never to fire there.
"""

import contextlib
import time

from .settings import CHOICES

__all__ = ["Dialog"]

# Key of the settings -> label; the kind of widget follows from CHOICES.
_ROWS = (
    ("way", "Clips"),
    ("way_value", "Colour or track number"),
    ("style", "Style or mix (blue:0.7,fire:0.3)"),
    ("strength", "Strength, 0 to 1"),
    ("stroke_scale", "Stroke scale, 0.25 to 4"),
    ("colour", "Colour"),
    ("handles", "Handles, frames"),
    ("format", "Format"),
    ("destination", "Place as"),
    ("clip_colour", "Clip colour"),
    ("output", "Output folder"),
)
_LABELS = {
    "selected": "Selected clips",
    "current": "Clip under the playhead",
    "range": "Between in and out",
    "track": "Track",
    "take": "Take on the clip",
    "bin": "Bin only",
    "poster": "The poster's",
    "source": "The clip's own",
    "": "(none)",
}
_WINDOW = "NLEStyle"


class Dialog:
    """Windows of this script.

    Args:
        fusion, bmd: Resolve's globals.
    """

    def __init__(self, fusion, bmd):
        self._ui = fusion.UIManager
        self._dispatcher = bmd.UIDispatcher(self._ui)

    def ask(self, settings, ways, styles, jobs):
        """Show the settings and wait.

        Args:
            settings: as of the last run.
            ways: the ways to choose clips that this Resolve has.
            styles: names to offer; any mix can be typed.
            jobs: ids of jobs that could be removed.

        Returns:
            ("style", settings), ("remove", id of a job), or None if the window was closed.
        """
        ui, options = self._ui, dict(CHOICES, way=tuple(ways))
        rows = [self._row(key, label, options) for key, label in _ROWS]
        if styles:
            names = ui.Label({"Text": "Styles: " + ", ".join(styles), "WordWrap": True})
            rows.insert(3, names)
        buttons = [
            ui.Button({"ID": "remove", "Text": "Remove styled takes", "Enabled": bool(jobs)}),
            ui.Button({"ID": "style", "Text": "Style"}),
        ]
        window = self._window(520, 480, ui.VGroup([*rows, ui.HGroup(buttons)]))
        widgets = window.GetItems()
        self._fill(widgets, settings, options)
        pressed = self._wait(window, ("style", "remove"))
        if pressed == "style":
            return "style", dict(settings, **self._filled(widgets, options))
        return ("remove", jobs[-1]) if pressed == "remove" else None

    def message(self, text):
        """Show a text until it is closed."""
        ui = self._ui
        view = ui.TextEdit({"ID": "text", "ReadOnly": True, "PlainText": text})
        close = ui.Button({"ID": "close", "Text": "Close"})
        self._wait(self._window(640, 320, ui.VGroup([view, close])), ("close",))

    @contextlib.contextmanager
    def progress_window(self):
        """A window with what the worker is at; gives an object as `flow.Silent`."""
        ui = self._ui
        label = ui.Label({"ID": "label", "Text": "Reading the clips", "WordWrap": True})
        cancel = ui.Button({"ID": "cancel", "Text": "Cancel"})
        window = self._window(480, 120, ui.VGroup([label, cancel]))
        progress = _Progress(self._dispatcher, window)
        window.Show()
        try:
            yield progress
        finally:
            window.Hide()

    def _row(self, key, label, options):
        ui = self._ui
        kind = ui.ComboBox if key in options else ui.LineEdit
        return ui.HGroup([ui.Label({"Text": label}), kind({"ID": key})])

    def _window(self, width, height, content):
        place = {"ID": _WINDOW, "WindowTitle": "NLE Style", "Geometry": [200, 200, width, height]}
        return self._dispatcher.AddWindow(place, [content])

    def _fill(self, widgets, settings, options):
        for key, _ in _ROWS:
            if key not in options:
                widgets[key].Text = str(settings[key])
                continue
            for value in options[key]:
                widgets[key].AddItem(_LABELS.get(value, value))
            if settings[key] in options[key]:
                widgets[key].CurrentIndex = options[key].index(settings[key])

    def _filled(self, widgets, options):
        found = {}
        for key, _ in _ROWS:
            if key in options:
                found[key] = options[key][int(widgets[key].CurrentIndex)]
                continue
            text = str(widgets[key].Text).strip()
            found[key] = _number(text) if key in ("strength", "stroke_scale", "handles") else text
        return found

    def _wait(self, window, buttons):
        """Show a window until a button is pressed or it is closed; the button's name or None."""
        pressed = []
        for name in buttons:
            window.On[name].Clicked = lambda event, name=name: pressed.append(name)
        window.On[_WINDOW].Close = lambda event: pressed.append(None)
        window.Show()
        while not pressed:
            _step(self._dispatcher)
            time.sleep(0.05)
        window.Hide()
        return pressed[0]


class _Progress:
    def __init__(self, dispatcher, window):
        self._dispatcher = dispatcher
        self._label = window.GetItems()["label"]
        self._stop = False
        window.On["cancel"].Clicked = self._cancel
        window.On[_WINDOW].Close = self._cancel

    def _cancel(self, event):
        self._stop = True
        self._label.Text = "Stopping after this frame"

    def begin(self, cancel_file):
        self._label.Text = "Starting the worker"

    def progress(self, event):
        if event["event"] == "progress" and not self._stop:
            left = event["seconds_left"]
            rest = "" if left is None else f", {left:.0f} s left"
            self._label.Text = f"{event['name']}: {event['done']} of {event['frames']} frames{rest}"

    def cancelled(self):
        _step(self._dispatcher)
        return self._stop


def _step(dispatcher):
    # Reported to raise KeyError for events that nobody listens to.
    with contextlib.suppress(KeyError):
        dispatcher.StepLoop()


def _number(text):
    """A number as `problems_of` wants it; text that is none stays text, for its message."""
    try:
        value = float(text)
    except ValueError:
        return text
    return int(value) if value == int(value) else value
