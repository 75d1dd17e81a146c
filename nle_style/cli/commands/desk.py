"""`nle-style desk`. Importing this loads nothing slow."""

from __future__ import annotations

import os
import threading
import webbrowser
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nle_style.cli.completion import style_names
from nle_style.cli.option_groups import CutOptions, LookOptions, RenderOptions, grouped
from nle_style.cli.options import LOOK, MACHINE, Folder, Workers
from nle_style.cli.requests import (
    batch_options_of,
    job_settings,
    optional_look_of,
    refuse_cut_options,
    renderer_of,
)
from nle_style.errors import InputError

if TYPE_CHECKING:
    from nle_style.desk.server import Keys
    from nle_style.render import Reading

__all__ = ["desk"]


@grouped
def desk(
    *,
    sources: Annotated[
        list[Path],
        typer.Argument(help="A timeline, or movies, stills and sequences as name.%06d.exr."),
    ],
    style: Annotated[
        str | None,
        typer.Option(
            help="A style, or a mix as blue:0.7,fire:0.3, that shots without a look begin with.",
            autocompletion=style_names,
            rich_help_panel=LOOK,
        ),
    ] = None,
    controls: LookOptions,
    cut: CutOptions,
    output: Folder,
    options: RenderOptions,
    workers: Workers = 1,
    port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65535,
            help="To listen on, at 127.0.0.1.",
            show_default="any that is free",
            rich_help_panel=MACHINE,
        ),
    ] = 0,
    browser: Annotated[
        bool,
        typer.Option(help="Open the page in the browser.", rich_help_panel=MACHINE),
    ] = True,
) -> None:
    """Choose looks, render and judge shots in a browser, on this machine alone."""
    from nle_style.cli.console import stop_on_signals
    from nle_style.cli.run_log import RunLog

    try:
        from nle_style.desk.server import serve
    except ModuleNotFoundError as error:
        package = (error.name or "").split(".")[0]
        if package not in ("starlette", "uvicorn"):
            raise
        raise InputError(
            f"the desk needs {package}, which is not installed",
            remedy="Install it with: pip install 'nle-style[desk]'",
        ) from error
    from nle_style.desk.session import Desk, Request, timeline_for

    look, reading = optional_look_of(style, controls), batch_options_of(cut, options)
    timeline = timeline_for(sources, output, lambda clips: _clips(clips, cut, reading.reading))
    settings = job_settings(options, output, resume=True)
    request = Request(
        timeline=timeline,
        look=look,
        options=reading,
        render=renderer_of(workers),
        log=RunLog(output),
        **settings,
    )

    def ready(keys: Keys) -> None:
        address = keys.address()
        print(f"The desk: {address}", flush=True)
        print(
            "Only this machine can open it. Ctrl-C ends it; what is finished is kept.", flush=True
        )
        if browser:
            webbrowser.open(address)
        threading.Thread(target=_more_addresses, args=(keys,), daemon=True).start()

    with stop_on_signals() as stop:
        serve(Desk(request), stop, ready, port=port)


def _more_addresses(keys: Keys) -> None:
    """A new address for every line: each opens one browser."""
    try:
        # Not through sys.stdin: the program could not end while this thread waits there.
        while typed := os.read(0, 4096):
            for _ in range(typed.count(b"\n")):
                print(f"The desk: {keys.address()}", flush=True)
    except OSError:
        return


def _clips(clips: Sequence[Path], cut: CutOptions, reading: Reading) -> str:
    from nle_style.desk.session import timeline_of_clips
    from nle_style.media.source import probe_media
    from nle_style.render.plan import read_as

    refuse_cut_options(cut, clips[0])
    probed = (probe_media(clip, stream=reading.stream, layer=reading.layer) for clip in clips)
    return str(timeline_of_clips([read_as(info, reading) for info in probed]).to_json_string())
