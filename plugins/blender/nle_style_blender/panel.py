"""The tab NLE Style in the sequencer's sidebar."""

import bpy

from . import catalogue
from .operators import running
from .strips import scene_of

__all__ = ["NLE_STYLE_PT_panel"]


class NLE_STYLE_PT_panel(bpy.types.Panel):  # noqa: N801  (Blender's way of naming)
    """Settings and buttons; while a run paints, its progress."""

    bl_space_type = "SEQUENCE_EDITOR"
    bl_region_type = "UI"
    bl_category = "NLE Style"
    bl_label = "NLE Style"

    @classmethod
    def poll(cls, context):
        return scene_of(context) is not None

    def draw(self, context):
        catalogue.wake()
        settings = scene_of(context).nle_style
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.template_icon_view(settings, "look", show_labels=True, scale=6.0)
        layout.prop(settings, "look")
        state = catalogue.state()
        if state:
            layout.label(text=state, icon="INFO")
        names = ("mix", "strength", "stroke_scale", "colour", "movie_format", "image_format")
        for name in (*names, "input_colour", "pack", "output"):
            layout.prop(settings, name)
        run = running()
        if run is None:
            layout.operator("nle_style.paint", icon="BRUSH_DATA")
        else:
            self._draw_run(run)
        layout.operator("nle_style.remove", icon="TRASH")

    def _draw_run(self, run):
        if hasattr(self.layout, "progress"):  # from 4.0 on
            self.layout.progress(factor=run.share, text=run.text)
        else:
            self.layout.label(text=f"{run.share:.0%}  {run.text}")
        self.layout.operator("nle_style.cancel", icon="CANCEL")
