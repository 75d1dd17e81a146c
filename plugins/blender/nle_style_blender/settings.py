"""What is chosen in the panel; it is kept with the scene, in the .blend."""

import bpy
from bpy.props import EnumProperty, FloatProperty, StringProperty

from . import catalogue, client
from .strips import Refused

__all__ = ["NleStyleSettings", "chosen_in"]

_MOVIES = (
    ("png-mov", "PNG in .mov", "Lossless, 8 or 16 bits"),
    ("ffv1", "FFV1 in .mkv", "Lossless and smaller"),
    ("prores4444", "ProRes 4444", "Nearly lossless, for other editors"),
    ("dnxhr444", "DNxHR 444", "Nearly lossless, for other editors"),
)
_IMAGES = (
    ("auto", "As the source", "Files of the source's own kind"),
    ("png", "PNG", "Lossless, 8 or 16 bits"),
    ("tiff", "TIFF", "Lossless, 8 or 16 bits"),
    ("exr", "OpenEXR", "Half or whole floats"),
    ("dpx", "DPX", "10 or 16 bits"),
)


class NleStyleSettings(bpy.types.PropertyGroup):
    """The settings of a scene, at `scene.nle_style`."""

    look: EnumProperty(name="Look", description="What is painted with", items=catalogue.enum_items)
    mix: StringProperty(
        name="Mix", description="Instead of the look: blue:0.7,fire:0.3", default=""
    )
    strength: FloatProperty(
        name="Strength",
        description="0 is the source, 1 the full look",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )
    stroke_scale: FloatProperty(
        name="Stroke scale",
        description="Size of the strokes in the picture; below 1 they are finer, and slower",
        default=1.0,
        min=0.25,
        max=4.0,
    )
    colour: EnumProperty(
        name="Colours",
        items=(
            ("poster", "Poster's", "As painted"),
            ("source", "Source's", "The clip's own colours under the painting's light"),
        ),
    )
    movie_format: EnumProperty(
        name="Movies", description="What movie strips are written as", items=_MOVIES
    )
    image_format: EnumProperty(
        name="Images", description="What image strips are written as", items=_IMAGES
    )
    input_colour: EnumProperty(
        name="Input colours",
        description="How the files are encoded",
        items=(
            ("auto", "By the strip's colour space", "What Blender reads them as"),
            ("srgb", "sRGB", "Display-referred"),
            ("rec709", "Rec.709", "Camera video"),
            ("linear", "Linear", "Scene-linear light"),
        ),
    )
    pack: StringProperty(
        name="Pack", description="A .safetensors file of other looks", subtype="FILE_PATH"
    )
    output: StringProperty(
        name="Output",
        description="Folder of the styled files; // is the folder of the .blend",
        default="//nle_style/",
        subtype="DIR_PATH",
    )


def chosen_in(scene):
    """The settings as plain data.

    The keys are those of the properties; `look` is the mix where there is one, `styles` the same as
    name -> weight, `pack` a whole path or "".

    Raises:
        Refused: no look is chosen, or the mix is none.
    """
    settings = scene.nle_style
    names = ("strength", "stroke_scale", "colour", "movie_format", "image_format")
    chosen = {name: getattr(settings, name) for name in (*names, "input_colour", "output")}
    for name in ("strength", "stroke_scale"):  # a float of Blender's has 24 bits: .8 is .800000012
        chosen[name] = round(chosen[name], 6)
    chosen["look"] = settings.mix.strip() or settings.look
    if not chosen["look"]:
        raise Refused("Choose a look first.")
    try:
        chosen["styles"] = client.parse_mix(chosen["look"])
    except ValueError as error:
        raise Refused(str(error)) from error
    chosen["pack"] = bpy.path.abspath(settings.pack) if settings.pack else ""
    return chosen
