"""What the shell completes behind an option: styles, packs, formats. Nothing here loads torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress

import typer

from nle_style.errors import NleStyleError

__all__ = [
    "clip_choices",
    "depth_names",
    "device_names",
    "format_names",
    "name_fields",
    "pack_names",
    "style_names",
]


def style_names(context: typer.Context, incomplete: str) -> Iterator[str]:
    """The styles of the pack that the line names, else of the default; in a mix the next one."""
    from nle_style.core import styles_in
    from nle_style.shipped import find_pack

    before, comma, name = incomplete.rpartition(",")
    with suppress(NleStyleError):  # a pack that is not there has no styles to complete
        names = styles_in(find_pack(context.params.get("pack")))
        yield from (f"{before}{comma}{each}" for each in _beginning(name, names))


def clip_choices(incomplete: str) -> Iterator[str]:
    """What `--only` can go by, beside a clip's name."""
    return _beginning(incomplete, ("clip=", "reel=", "track=", "colour=", "marker="))


def name_fields(incomplete: str) -> Iterator[str]:
    """The fields of `--name-template`: the next one, where a bracket is open."""
    from nle_style.render.plan import NAME_FIELDS

    before, bracket, begun = incomplete.rpartition("{")
    if bracket or not incomplete:
        yield from (f"{before}{{{each}}}" for each in _beginning(begun, NAME_FIELDS))


def pack_names(incomplete: str) -> Iterator[str]:
    """The shipped packs."""
    from nle_style.shipped import shipped_packs

    with suppress(NleStyleError):
        yield from _beginning(incomplete, (path.stem for path in shipped_packs()))


def format_names(incomplete: str) -> Iterator[str]:
    """What `--format` takes."""
    from nle_style.media import INTERMEDIATES

    return _beginning(incomplete, ("auto", *INTERMEDIATES))


def depth_names(incomplete: str) -> Iterator[str]:
    """What `--depth` takes, whatever the format."""
    from nle_style.media import INTERMEDIATES

    depths = (depth for entry in INTERMEDIATES.values() for depth in entry.depths)
    return _beginning(incomplete, dict.fromkeys(("auto", *depths)))


def device_names(incomplete: str) -> Iterator[str]:
    """What `--device` takes, whatever this machine has."""
    return _beginning(incomplete, ("auto", "cpu", "cuda", "mps"))


def _beginning(start: str, names: Iterable[str]) -> Iterator[str]:
    return (name for name in names if name.startswith(start))
