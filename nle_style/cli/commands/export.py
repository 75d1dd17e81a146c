"""`nle-style export nuke` and `nle-style export onnx`: parse, one call, tell what was written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.cli.options import (
    READING,
    Overwrite,
    Pack,
    ResultFile,
    StrokeScale,
    Style,
    result_file,
)

if TYPE_CHECKING:
    from nle_style.ownership import SafeWriter

__all__ = ["export"]

export = typer.Typer(no_args_is_help=True, help="Give the network to a live node or a runtime.")


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
    writer = _writer(find_pack(pack), overwrite)
    writer.check([path, path.with_suffix(".json"), script])
    card = export_nuke(
        load_pack(find_pack(pack)),
        look.styles,
        path,
        stroke_scale=stroke_scale,
        linear=linear,
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


def _writer(pack: Path, overwrite: bool) -> SafeWriter:
    """Writes over nothing that is not ours, nor over the pack."""
    from nle_style.ownership import Inputs, SafeWriter

    return SafeWriter(Inputs([pack, pack.with_suffix(".yaml")]), overwrite)
