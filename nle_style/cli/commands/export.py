"""`nle-style export nuke` and `nle-style export onnx`: parse, one call, tell what was written."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nle_style.cli.options import Pack, StrokeScale, Style

__all__ = ["export"]

export = typer.Typer(no_args_is_help=True, help="Give the network to a live node or a runtime.")


@export.command()
def nuke(
    output: Annotated[
        Path, typer.Option("-o", "--output", help="NAME.pt; NAME becomes the node's name.")
    ],
    style: Style = "blue",
    stroke_scale: StrokeScale = 1.0,
    linear: Annotated[
        bool, typer.Option("--linear/--display", help="What the node's input is at first.")
    ] = True,
    pack: Pack = None,
) -> None:
    """TorchScript for Nuke's Inference node (Nuke 15.1 and newer), its card, and the script that
    makes the .cat in NukeX. Not tested inside Nuke."""
    from nle_style.apply import parse_styles
    from nle_style.cli.install.installation import write_whole
    from nle_style.core import load_pack
    from nle_style.core.export import export_nuke
    from nle_style.shipped import bundled, find_pack

    card = export_nuke(
        load_pack(find_pack(pack)),
        parse_styles(style),
        output,
        stroke_scale=stroke_scale,
        linear=linear,
    )
    script = output.with_name(f"{output.stem}_make_cat.py")
    write_whole(script, (bundled("plugins") / "nuke" / "cat" / "make_cat.py").read_bytes())
    for path in (output, card, script):
        print(path)
    print(f"Where NukeX is: Nuke --nukex -i --gpu 0 --safe {script.name}")


@export.command()
def onnx(
    output: Annotated[Path, typer.Option("-o", "--output", help="The file: NAME.onnx.")],
    style: Style = "blue",
    pack: Pack = None,
) -> None:
    """ONNX with free height and width: display code values in and out, one look."""
    from nle_style.apply import parse_styles
    from nle_style.core import load_pack
    from nle_style.core.export import export_onnx
    from nle_style.shipped import find_pack

    export_onnx(load_pack(find_pack(pack)), parse_styles(style), output)
    print(output)
