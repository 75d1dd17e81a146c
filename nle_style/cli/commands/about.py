"""`nle-style info`: what a clip or a timeline is, before anything is asked of it. Importing this
loads nothing slow."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nle_style.cli.option_groups import CutOptions, LookOptions, RenderOptions, grouped
from nle_style.cli.options import AsJson
from nle_style.cli.requests import (
    batch_options_of,
    clips_job,
    cut_batch,
    look_of,
    matted_looks,
    refuse_cut_options,
)

if TYPE_CHECKING:
    from nle_style.render.cut import CutInspection
    from nle_style.render.plan import Inspection

__all__ = ["info"]


@grouped
def info(
    *,
    file: Annotated[
        Path,
        typer.Argument(help="A movie, a still, a sequence as name.%06d.exr, or a timeline."),
    ],
    cut: CutOptions,
    options: RenderOptions,
    json_: AsJson = False,
) -> None:
    """Show what a clip or a timeline is, how it would be read, and what would be refused.

    With the options that you would render it with. Nothing is painted and nothing written.
    """
    from nle_style.timeline import SUPPORTED

    is_timeline = file.suffix.lower() in SUPPORTED
    with tempfile.TemporaryDirectory(prefix="nle_style-") as folder:
        if is_timeline:
            code = _show_cut(_cut(file, cut, options, Path(folder)), as_json=json_)
        else:
            refuse_cut_options(cut, file)
            code = _show_clip(_clip(file, options, Path(folder)), as_json=json_)
    raise typer.Exit(code)


def _style(pack: str | None) -> str:
    """Any style: a plan has a look, and nothing that is shown here depends on it."""
    from nle_style.core import styles_in
    from nle_style.shipped import find_pack

    return styles_in(find_pack(pack))[0]


def _clip(file: Path, options: RenderOptions, folder: Path) -> Inspection:
    from nle_style.apply import choose_device
    from nle_style.core import load_pack
    from nle_style.render.plan import Planner, inspect_item
    from nle_style.shipped import find_pack

    job = clips_job([file], matted_looks(_style(options.pack), (), LookOptions()), options, folder)
    device = choose_device(options.device)
    return inspect_item(Planner(job, load_pack(find_pack(options.pack)), device), job.items[0])


def _cut(file: Path, cut: CutOptions, options: RenderOptions, folder: Path) -> CutInspection:
    from nle_style.render.cut import inspect_cut

    look, reading = look_of(_style(options.pack), LookOptions()), batch_options_of(cut, options)
    return inspect_cut(cut_batch(file, look, reading, options, folder))


def _show_clip(found: Inspection, *, as_json: bool) -> int:
    from nle_style.render import exit_code_of
    from nle_style.render.plan import INSPECTION_VERSION

    data = {"nle_style_info": INSPECTION_VERSION, **found.as_data()}
    if as_json:
        _print_json(data)
    else:
        from nle_style.cli.info_table import print_clip

        print_clip(data)
    return exit_code_of([found.error])


def _show_cut(found: CutInspection, *, as_json: bool) -> int:
    data = found.as_data()
    if as_json:
        _print_json(data)
    else:
        from nle_style.cli.info_table import print_cut

        print_cut(data)
    return found.exit_code


def _print_json(data: dict[str, Any]) -> None:
    print(json.dumps(data, indent=2, ensure_ascii=False))
