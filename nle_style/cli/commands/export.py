"""`nle-style export nuke` and `nle-style export onnx`: parse, one call, tell what was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.cli.option_groups import App
from nle_style.cli.options import (
    READING,
    FramesOption,
    Overwrite,
    Pack,
    ResultFile,
    StrokeScale,
    Style,
    parse_range,
    result_file,
)
from nle_style.errors import InputError

if TYPE_CHECKING:
    from nle_style.apply import Look
    from nle_style.core import NormStatistics
    from nle_style.ownership import SafeWriter

__all__ = ["export"]

export = App(no_args_is_help=True, help="Give the network to a live node or a runtime.")


@export.command()
def nuke(
    *,
    style: Style = "blue",
    stroke_scale: StrokeScale = 1.0,
    pack: Pack = None,
    linear: Annotated[
        bool,
        typer.Option(
            "--linear/--display",
            help="What the node's input is at first.",
            rich_help_panel=READING,
        ),
    ] = True,
    shot: Annotated[
        Path | None,
        typer.Option(
            help="A clip of one shot whose statistics the node keeps, so that it does not pump; "
            "the file then holds this look alone.",
            show_default="each frame's own",
            rich_help_panel=READING,
        ),
    ] = None,
    frames: FramesOption = None,
    output: ResultFile,
    overwrite: Overwrite = False,
) -> None:
    """TorchScript for Nuke's Inference node (Nuke 14 and newer): NAME.pt, its card, and the
    script that makes the .cat in NukeX. NAME becomes the node's name. Not tested inside Nuke."""
    from nle_style.apply import Look, parse_styles
    from nle_style.core import load_pack
    from nle_style.core.export import export_nuke
    from nle_style.shipped import bundled, find_pack

    look = Look(parse_styles(style))
    path = result_file(output, f"NLEStyle_{look.label}.pt".replace("-", "_"))
    script = path.with_name(f"{path.stem}_make_cat.py")
    writer = _writer(find_pack(pack), overwrite, *([] if shot is None else [shot]))
    writer.check([path, path.with_suffix(".json"), script])
    if frames is not None and shot is None:
        raise InputError("counts the frames of a clip", where="--frames", remedy="Give --shot.")
    norms = [] if shot is None else _norms(shot, frames, look, stroke_scale, pack, path.parent)
    card = export_nuke(
        load_pack(find_pack(pack)),
        look.styles,
        path,
        stroke_scale=stroke_scale,
        linear=linear,
        norms=norms,
        write=writer.write,
    )
    writer.write(script, (bundled("plugins") / "nuke" / "cat" / "make_cat.py").read_bytes())
    for each in (path, card, script):
        print(each)
    print(f"Where NukeX is: Nuke --nukex -i --gpu 0 --safe {script.name}")


@export.command()
def onnx(
    *, style: Style = "blue", pack: Pack = None, output: ResultFile, overwrite: Overwrite = False
) -> None:
    """ONNX with free height and width: display code values in and out, one look."""
    from nle_style.apply import Look, parse_styles
    from nle_style.core import load_pack
    from nle_style.core.export import export_onnx
    from nle_style.shipped import find_pack

    look = Look(parse_styles(style))
    path = result_file(output, f"{look.label}.onnx")
    writer = _writer(find_pack(pack), overwrite)
    writer.check([path])
    export_onnx(load_pack(find_pack(pack)), look.styles, path, writer.write)
    print(path)


def _norms(
    shot: Path, frames: str | None, look: Look, stroke_scale: float, pack: str | None, folder: Path
) -> list[NormStatistics]:
    """The statistics of a clip, or of frames of it, in a look."""
    from nle_style.cli.requests import positions
    from nle_style.render import Item, LookJob, Output, RenderJob
    from nle_style.render.item import shot_norms

    span = None if frames is None else positions(shot, parse_range(frames, "frames"))
    asked = LookJob(styles=dict(look.styles), statistics="shot", stroke_scale=stroke_scale)
    item = Item(source=shot, frames=span, look=asked)
    return shot_norms(RenderJob(items=(item,), output=Output(directory=folder), pack=pack))


def _writer(pack: Path, overwrite: bool, *others: Path) -> SafeWriter:
    """Writes over nothing that is not ours, nor over what is read: the pack and others."""
    from nle_style.ownership import Inputs, SafeWriter

    return SafeWriter(Inputs([pack, pack.with_suffix(".yaml"), *others]), overwrite)
