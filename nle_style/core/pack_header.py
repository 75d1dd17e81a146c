"""What stands in the header of a style pack. Without torch, so that a shell can complete names."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors

from nle_style.core.card import read_card
from nle_style.durable import file_sha256
from nle_style.errors import PackError

__all__ = [
    "FORMAT",
    "STYLE_NAME",
    "PackFacts",
    "names_in_header",
    "pack_facts",
    "pack_header",
    "styles_in",
]

FORMAT = "nle_style_pack/3"
_EARLIER = {"nle_style_pack/1", "nle_style_pack/2"}
"""Trained with nearest-neighbour upsampling: a network that enlarges otherwise would paint other
pictures with them."""
STYLE_NAME = re.compile(r"\w{1,64}")
"""Letters, digits and underscores: a style's name stands in mixes and in file names."""

_MAXIMUM_BYTES = 512 * 2**20


def pack_header(path: Path) -> dict[str, Any]:
    """What a pack says of itself: its network's shape, and its `styles`.

    Raises: PackError if there is no pack, or none of ours.
    """
    if not path.is_file():
        raise PackError(
            "there is no such style pack",
            where=str(path),
            remedy="`nle-style styles` lists the packs that are installed.",
        )
    if path.stat().st_size > _MAXIMUM_BYTES:
        raise PackError("too large for a style pack", where=str(path))
    try:
        with safetensors.safe_open(path, "np") as file:
            header = file.metadata() or {}
    except Exception as error:  # safetensors raises several kinds for a damaged file
        raise PackError(
            f"not a safetensors file ({error})",
            where=str(path),
            remedy="Packs are made by `nle-style train`.",
        ) from error
    text = header.get(FORMAT)
    if text is None and not _EARLIER.isdisjoint(header):
        raise PackError(
            "the pack is of an earlier nle_style, whose network enlarged in another way: this "
            "version's would paint other pictures with it",
            where=str(path),
            remedy="Train its styles again with `nle-style add-style`, or keep that version.",
        )
    if text is None:
        raise PackError(
            f"the header does not say '{FORMAT}'",
            where=str(path),
            remedy="It is another program's file, or a newer nle_style's.",
        )
    try:
        shape = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PackError(f"the header is damaged ({error})", where=str(path)) from error
    if not isinstance(shape, dict):
        raise PackError("the header is damaged", where=str(path))
    return shape


def styles_in(path: Path) -> tuple[str, ...]:
    """The names of a pack's styles, without its network, and without torch.

    Raises: PackError if there is no pack, or a damaged one.
    """
    return names_in_header(pack_header(path), path)


@dataclass(frozen=True)
class PackFacts:
    """What is known of a pack without its weights: as of `StylePack`."""

    name: str
    styles: tuple[str, ...]
    sha256: str
    card: Mapping[str, Any]


def pack_facts(path: Path) -> PackFacts:
    """A pack and its card, without its network, and without torch.

    Raises: PackError if there is no pack, or its header or card is damaged.
    """
    names = styles_in(path)
    return PackFacts(path.stem, names, file_sha256(path), read_card(path.with_suffix(".yaml")))


def names_in_header(header: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """The names in a header, checked.

    Raises: PackError if there are none, or one that is none.
    """
    names = header.get("styles")
    if not isinstance(names, list) or not names or len(set(map(str, names))) < len(names):
        raise PackError("the header names no styles", where=str(path))
    for name in names:
        # Names become parts of file names.
        if not (isinstance(name, str) and STYLE_NAME.fullmatch(name)):
            raise PackError(f"{name!r} is not the name of a style", where=str(path))
    return tuple(names)
