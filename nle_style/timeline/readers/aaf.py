"""Avid's AAF, through otio-aaf-adapter."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator
from pathlib import Path

import opentimelineio as otio

from nle_style.errors import TimelineError
from nle_style.timeline.parsed import Parsed, file_bytes

__all__ = ["read_aaf"]

# Source: [MS-CFB] 2.2, Header Signature.
_COMPOUND_FILE = bytes.fromhex("D0CF11E0A1B11AE1")
_REMEDY = "Export an edit-protocol AAF of the sequence again, or an EDL."


def read_aaf(path: Path) -> list[Parsed]:
    """Every top-level composition of the file, with the adapter's warnings.

    The adapter takes nests apart; where that would change what a retime shows, they are kept.

    Raises:
        TimelineError: not an AAF, or something in it that the adapter cannot read.
    """
    # aaf2 leaves a file that is no Compound File open behind its exception.
    if file_bytes(path, len(_COMPOUND_FILE)) != _COMPOUND_FILE:
        raise TimelineError(
            "the AAF cannot be read (it is no Compound File; an XML of the sequence?)",
            where=str(path),
            remedy=_REMEDY,
        )
    module = otio.adapters.from_name("AAF").module()
    warnings: list[str] = []
    try:
        with _captured(warnings), _without_hooks(module.adapter_hook_names()):
            found = module.read_from_file(str(path))
            if any(map(_is_retimed, _items(found))):
                whole = module.read_from_file(str(path), simplify=False)
                found = whole if _loses_frames(whole) else found
    # aaf2 and the adapter raise errors of any kind: struct.error, AAFAdapterError, KeyError, ...
    except Exception as error:
        raise TimelineError(
            f"the AAF cannot be read ({type(error).__name__}: {error})",
            where=str(path),
            remedy=_REMEDY,
        ) from error
    return [Parsed(timeline, warnings) for timeline in _timelines(found)]


def _timelines(found: otio.core.SerializableObject) -> list[otio.schema.Timeline]:
    items = list(found) if isinstance(found, otio.schema.SerializableCollection) else [found]
    return [item for item in items if isinstance(item, otio.schema.Timeline)]


def _is_retimed(item: otio.core.Composable) -> bool:
    return isinstance(item, otio.core.Item) and any(
        isinstance(effect, otio.schema.TimeEffect) for effect in item.effects
    )


def _items(found: otio.core.SerializableObject) -> Iterator[otio.core.Composable]:
    for timeline in _timelines(found):
        yield from timeline.tracks.find_children()


def _loses_frames(found: otio.core.SerializableObject) -> bool:
    """Whether nests taken apart would show other frames than these.

    The adapter cuts what a retimed group holds to the group's length at normal speed, and begins
    a retimed clip in a trimmed nest as many frames later as the trim has.
    """
    for item in filter(_is_retimed, _items(found)):
        if isinstance(item, otio.core.Composition):
            leaves = item.find_children()
            if sum(not isinstance(leaf, otio.core.Composition) for leaf in leaves) > 1:
                return True
        above = item.parent()
        while above is not None:
            if above.source_range is not None and above.source_range.start_time.value:
                return True
            above = above.parent()
    return False


@contextlib.contextmanager
def _captured(warnings: list[str]) -> Iterator[None]:
    """Collect what the adapter logs and prints, each sentence once, instead of showing it."""

    class Keeper(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if (text := record.getMessage()) not in warnings:
                warnings.append(text)

    root, keeper, printed = logging.getLogger(), Keeper(logging.WARNING), io.StringIO()
    before = root.handlers[:]
    root.handlers[:] = [keeper]
    try:
        with contextlib.redirect_stdout(printed):
            yield
    finally:
        root.handlers[:] = before
        warnings += dict.fromkeys(line.strip() for line in printed.getvalue().splitlines() if line)


@contextlib.contextmanager
def _without_hooks(names: list[str]) -> Iterator[None]:
    """Detach the hooks that are installed on the machine, which the adapter would run."""
    attached = {}
    for name in names:
        try:
            attached[name] = otio.hooks.scripts_attached_to(name)
        except KeyError:
            continue
    kept = {name: list(scripts) for name, scripts in attached.items()}
    try:
        for scripts in attached.values():
            del scripts[:]
        yield
    finally:
        for name, scripts in attached.items():
            scripts.extend(kept[name])
