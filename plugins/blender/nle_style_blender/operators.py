"""The panel's buttons: style, cancel, remove."""

import bpy

from .flow import finish, prepare
from .strips import (
    Refused,
    original_of,
    redraw,
    remove,
    scene_of,
    shown_strips,
    styled_in,
)

__all__ = ["OPERATORS", "running", "set_command"]

_command = []  # how to start nle-style, from the record of the installation
_running = []  # the one run that paints beside Blender, if any


def set_command(command):
    """Say how to start nle-style, a list."""
    _command[:] = command


def running():
    """The Run that paints now; None if none does."""
    return _running[0] if _running else None


class NLE_STYLE_OT_paint(bpy.types.Operator):  # noqa: N801  (Blender's way of naming)
    """Paint the selected movie and image strips: each gets a styled strip, and stays, muted"""

    bl_idname = "nle_style.paint"
    bl_label = "Style selected strips"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012  (Blender's way of writing it)

    @classmethod
    def poll(cls, context):
        return not _running and scene_of(context).sequence_editor is not None

    def invoke(self, context, _event):
        if not self._begin(context):
            return {"CANCELLED"}
        _running[:] = [self._prepared.run]
        manager = context.window_manager
        self._timer = manager.event_timer_add(0.2, window=context.window)
        manager.progress_begin(0, 100)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def modal(self, context, event):
        run = self._prepared.run
        if event.type == "ESC" and event.value == "PRESS":
            run.cancel()
            return {"RUNNING_MODAL"}
        if event.type == "TIMER":
            context.window_manager.progress_update(int(run.share * 100))
            redraw(context)
        if not run.is_over:
            return {"PASS_THROUGH"}
        self._leave(context)
        return self._end(context)

    def cancel(self, context):
        """Blender ends the operator: the window is closed, or another file opened."""
        self._prepared.run.cancel()
        self._leave(context)

    def execute(self, context):
        """Without a window: to the end."""
        if not self._begin(context):
            return {"CANCELLED"}
        self._prepared.run.wait()
        return self._end(context)

    def _begin(self, context):
        try:
            self._prepared = prepare(context, _command)
        except Refused as refusal:
            self.report({"ERROR"}, str(refusal))
            return False
        self._prepared.run.start()
        return True

    def _leave(self, context):
        _running.clear()
        context.window_manager.event_timer_remove(self._timer)
        context.window_manager.progress_end()
        redraw(context)

    def _end(self, context):
        try:
            placed, lines = finish(context, self._prepared)
        except Refused as refusal:
            self.report({"ERROR"}, str(refusal))
            return {"CANCELLED"}
        said = f"{len(placed)} strips styled"
        if lines:
            self.report({"WARNING"}, "\n".join([said, *lines]))
        else:
            self.report({"INFO"}, said)
        return {"FINISHED"}


class NLE_STYLE_OT_cancel(bpy.types.Operator):  # noqa: N801
    """Stop painting after the frame at hand; what is finished is kept (Esc does the same)"""

    bl_idname = "nle_style.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context):
        return bool(_running)

    def execute(self, _context):
        _running[0].cancel()
        return {"FINISHED"}


class NLE_STYLE_OT_remove(bpy.types.Operator):  # noqa: N801
    """Take out the styled strips of what is selected, or all if nothing is; originals show again"""

    bl_idname = "nle_style.remove"
    bl_label = "Remove styled strips"
    bl_options = {"REGISTER", "UNDO"}  # noqa: RUF012

    @classmethod
    def poll(cls, context):
        return not _running and bool(styled_in(scene_of(context)))

    def execute(self, context):
        scene = scene_of(context)
        chosen = [each for each in shown_strips(scene) if each.select]
        made = [each for each in styled_in(scene) if not chosen or _is_meant(scene, each, chosen)]
        lines, removed = [], 0
        for each in made:
            name = each.name
            try:
                remove(scene, each)
                removed += 1
            except Refused as refusal:
                lines.append(f"{name}: {refusal}")
        kind = "WARNING" if lines or not removed else "INFO"
        self.report({kind}, "\n".join([f"{removed} styled strips removed", *lines]))
        return {"FINISHED"} if removed else {"CANCELLED"}


def _is_meant(scene, made, chosen):
    return made in chosen or original_of(scene, made) in chosen


OPERATORS = (NLE_STYLE_OT_paint, NLE_STYLE_OT_cancel, NLE_STYLE_OT_remove)
