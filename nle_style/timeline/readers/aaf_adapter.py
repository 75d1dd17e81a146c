"""otio-aaf-adapter, made to follow what it gives up on, and to keep to itself what it prints."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Iterator
from itertools import chain, pairwise
from types import SimpleNamespace
from typing import Any

import opentimelineio as otio

__all__ = ["adapter"]


@contextlib.contextmanager
def adapter(warnings: list[str], unknown: list[str]) -> Iterator[Callable[..., Any]]:
    """The adapter's `read_from_file`, without the hooks that are installed on the machine.

    Args:
        warnings: gets what it logs and prints, each sentence once.
        unknown: gets the classes of the components of pictures that it leaves out of a track.
    """
    module = otio.adapters.from_name("AAF").module()
    with _captured(warnings), _without_hooks(module.adapter_hook_names()):
        transcribe, resolve = module._transcribe, module._resolve_single_slot_component
        module._transcribe = _following(transcribe, module, unknown)
        module._resolve_single_slot_component = _through_pulldown(resolve, module.aaf2.components)
        try:
            yield module.read_from_file
        finally:
            module._transcribe, module._resolve_single_slot_component = transcribe, resolve


def _following(
    transcribe: Callable[..., Any], module: Any, unknown: list[str]
) -> Callable[..., Any]:
    """The adapter's reading of a component, of a Selector what it plays whatever else is in it.

    A Selector plays its `Selected` (AAF Object Specification): a muted one its filler, with one
    alternate, several or none. The adapter takes the alternate of a muted one, disabled, and raises
    where it has not just one; where the selected clip is not in the file; and where an alternate
    cannot be read. Of a master that it does not follow to the right frames of its files the tracks
    have gaps, as where it does not follow it at all.
    """
    kinds, masters = module.aaf2.components, module.aaf2.mobs.MasterMob

    def follow(item: Any, parents: list[Any], edit_rate: Any, indent: int = 0) -> Any:
        try:
            found = transcribe(item, parents, edit_rate, indent)
        except Exception:
            # aaf2 and the adapter raise errors of any kind; those of what is played come again.
            selected = item.getvalue("Selected") if isinstance(item, kinds.Selector) else None
            if selected is None or selected.length != item.length:
                raise
            found = follow(selected, [*parents, item], edit_rate, indent)
        is_picture = isinstance(item, kinds.Component) and item.media_kind == "Picture"
        if found is None and is_picture and _is_played([*parents, item], kinds):
            unknown.append(type(item).__name__)
        if isinstance(item, masters):
            pictures = (s for s in item.slots if getattr(s.segment, "media_kind", "") == "Picture")
            if not all(_is_plain(slot, module) for slot in pictures):
                for track in found.video_tracks():
                    track[:] = [otio.schema.Gap(item.name, each.source_range) for each in track]
        return found

    return follow


def _is_plain(slot: Any, module: Any) -> bool:
    """Whether a slot leads to nothing but files, each from the beginning of its slot.

    The adapter takes the innermost of masters within one another, and knows no Origin.
    """
    if getattr(slot, "origin", 0):
        return False
    for component in chain.from_iterable(module._iter_slot_essence_groups(slot)):
        if not isinstance(component, module.aaf2.components.SourceClip) or component.mob is None:
            continue
        is_file = isinstance(component.mob, module.aaf2.mobs.SourceMob)
        behind = {each.slot_id: each for each in component.mob.slots}.get(component.slot_id)
        if not is_file or (behind is not None and not _is_plain(behind, module)):
            return False
    return True


def _is_played(nested: list[Any], kinds: Any) -> bool:
    """Whether no Selector of nested components, from the outside in, has its next one aside."""
    return all(
        inner is outer.getvalue("Selected")
        for outer, inner in pairwise(nested)
        if isinstance(outer, kinds.Selector)
    )


def _through_pulldown(resolve: Callable[..., Any], kinds: Any) -> Callable[..., Any]:
    """The adapter's search for the clip in a slot, which a file that comes from a tape has too.

    Its slot has a Pulldown, which says how its frames lie on the tape; the adapter has no media
    where it finds none. The file itself begins with its first frame.
    """

    def resolved(slot: Any, wanted: Any = kinds.SourceClip) -> Any:
        found = resolve(slot, wanted)
        segment = getattr(slot, "segment", None)
        if found is None and wanted is kinds.SourceClip and isinstance(segment, kinds.Pulldown):
            return SimpleNamespace(start=0, length=segment.length, mob=None, slot=None)
        return found

    return resolved


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
