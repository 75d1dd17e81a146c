"""Which of an EXR's layers is the picture.

A renderer's EXR holds dozens: `R`, `diffuse.R`, `ViewLayer.Combined.R`, or parts with names of
their own, for one eye or two. OpenEXR says which view is the default one, and nothing of layers, so
that these go by the conventions of the programs that write them. Where those say nothing, nothing
is guessed.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from nle_style.errors import MediaError

__all__ = ["Layer", "Part", "choose_layer", "layers_of"]

_COLOUR = {"r": 0, "red": 0, "g": 1, "green": 1, "b": 2, "blue": 2}
_ALPHA = ("a", "alpha")
# What renderers call the picture, the finished one first: Nuke, Arnold and V-Ray rgba, most others
# beauty, Blender Combined, Karma and Mantra C, RenderMan Ci, Unreal FinalImage.
_PICTURE = (
    *("rgba", "rgb", "beauty", "composite", "combined", "finalimage", "final", "main", "master"),
    *("c", "ci", "color", "colour", "image"),
)
_DEPTH = frozenset({"z", "zback", "depth"})
_INTEGER = frozenset({"uint", "uint32", "int", "int32"})
_LISTED = 12  # layers that a message names


@dataclass(frozen=True)
class Part:
    """A part of an EXR, as far as the choice goes by it.

    Attributes:
        name: of the part; "" if the file has no other.
        view: its `view`; "" without one.
        channels: name to type, in the file's order.
    """

    number: int
    name: str
    view: str
    channels: dict[str, str]


@dataclass(frozen=True)
class Layer:
    """Channels that belong together.

    Attributes:
        part: number of the part that holds them.
        name: what stands before the channel's name, else the name of one part of several; "" for
            the plain channels of a file.
        view: left, right, ...; "" in a file of one view.
        label: `name.view` as `--layer` takes it, without the default view.
        colour: names of R, G and B, one name three times for grey; None if it is no picture.
        alpha: name of its alpha, or None.
        data: it has a picture's channels and is none: object identifiers, a cryptomatte.
    """

    part: int
    name: str
    view: str
    label: str
    channels: tuple[str, ...]
    colour: tuple[str, str, str] | None
    alpha: str | None
    data: bool = False


def layers_of(parts: Sequence[Part], views: Sequence[str], masks: Iterable[str]) -> list[Layer]:
    """The layers of a file, in its order.

    Args:
        views: of its `multiView`, the default one first.
        masks: names of its cryptomattes.
    Source: OpenEXR, "Storing Multi-View Images": `layer.view.channel`; "Cryptomatte specification"
        1.2: layers NAME, NAME00, NAME01, ...
    """
    known = (*views, *dict.fromkeys(part.view for part in parts if part.view))
    default = known[0] if known else ""
    masks = tuple(mask.casefold() for mask in masks)
    return [
        _layer(part, prefix, view or default, default, channels, masks)
        for part in parts
        for (prefix, view), channels in _grouped(part, known).items()
    ]


def _grouped(part: Part, views: Sequence[str]) -> dict[tuple[str, str], list[str]]:
    groups: dict[tuple[str, str], list[str]] = {}
    for channel in part.channels:
        words = channel.split(".")[:-1]
        view = part.view
        if words and words[-1] in views:
            view = words.pop()
        groups.setdefault((".".join(words), view), []).append(channel)
    return groups


def _layer(
    part: Part, prefix: str, view: str, default: str, channels: list[str], masks: tuple[str, ...]
) -> Layer:
    name = prefix or part.name.removesuffix(view).rstrip("._") if view else prefix or part.name
    label = ".".join(word for word in (name, "" if view == default else view) if word)
    found: list[str | None] = [None, None, None]
    alpha = None
    for channel in channels:
        word = channel.rsplit(".", 1)[-1].casefold()
        if word in _COLOUR:
            found[_COLOUR[word]] = channel
        elif word in _ALPHA:
            alpha = channel
    red, green, blue = found
    colour = (red, green, blue) if red and green and blue else None
    last = name.casefold()
    data = any(last == mask or (last[:-2] == mask and last[-2:].isdigit()) for mask in masks)
    if colour is not None and any(part.channels[each] in _INTEGER for each in colour):
        data = True
    return Layer(part.number, name, view, label, tuple(channels), colour, alpha, data)


def choose_layer(
    layers: Sequence[Layer], parts: Sequence[Part], wanted: str | None, path: Path
) -> tuple[Layer, str]:
    """The layer that is painted, with its colour channels, and a clause that names it.

    Of the default view: the plain channels R, G and B; else the layer with the name that its writer
    gives to the picture; else the only one that has colours; else the only channel that is neither
    depth nor an identifier, as grey.

    Args:
        wanted: a label, the last word of one, or a view; "" for the plain channels; None as above.
    Returns: also what was chosen of several, "" if there was nothing to choose.
    Raises: MediaError if there is no such layer, no picture, or no rule to choose by.
    """
    views = list(dict.fromkeys(layer.view for layer in layers))
    if wanted is not None:
        chosen = _asked_for(layers, parts, wanted, path)
    else:
        chosen = _by_convention([each for each in layers if each.view == views[0]], parts, path)
    if chosen.colour is None:
        chosen = _as_picture(chosen, parts, path)
    others = [each for each in layers if each.colour and not each.data and each.view == chosen.view]
    said = []
    if len(views) > 1:
        said.append(f"the view {chosen.view} of {', '.join(views)}")
    if len(others) > 1:
        said.append(f"the layer {chosen.name or 'RGB'} of {_listed(others)}")
    return chosen, " and ".join(said)


def _asked_for(layers: Sequence[Layer], parts: Sequence[Part], wanted: str, path: Path) -> Layer:
    word = wanted.casefold()
    plain = word in ("rgb", "rgba")
    ways = (
        lambda each: each.label.casefold() == word,
        lambda each: plain and not each.label,
        lambda each: bool(word) and each.label.casefold().rsplit(".", 1)[-1] == word,
    )
    for way in ways:
        found = [each for each in layers if way(each)]
        if len(found) == 1:
            return found[0]
        if found:
            raise _no_rule(found, f"'{wanted}' is the name of several of its layers", path)
    if any(each.view == wanted for each in layers):
        return _by_convention([each for each in layers if each.view == wanted], parts, path)
    labels = [each.label or "RGB" for each in layers]
    close = difflib.get_close_matches(wanted, labels, n=1)
    raise MediaError(
        f"has no layer '{wanted}'" if wanted else "has no plain channels R, G and B",
        where=str(path),
        remedy=(f"Did you mean {close[0]}? " if close else "") + f"It has {_listed(layers)}.",
    )


def _by_convention(layers: Sequence[Layer], parts: Sequence[Part], path: Path) -> Layer:
    pictures = [each for each in layers if each.colour and not each.data]
    ranks = [rank for each in pictures if (rank := _rank(each)) is not None]
    if ranks:
        best = [each for each in pictures if _rank(each) == min(ranks)]
        if len(best) == 1:
            return best[0]
        pictures = best
    if len(pictures) == 1:
        return pictures[0]
    if any({"ry", "by"} <= {*map(_word, each.channels)} for each in layers):
        raise MediaError(
            "holds luminance and differences of colour (Y, RY, BY), which are not converted here",
            where=str(path),
            remedy="Write it again as R, G and B.",
        )
    if pictures:
        raise _no_rule(pictures, "holds several pictures, and no name says which is the main", path)
    grey = _grey(layers, parts)
    if grey is not None:
        return grey
    raise MediaError(
        "holds no picture in channels R, G and B",
        where=str(path),
        remedy=f"It has {_listed(layers)}: paint one of them with --layer.",
    )


def _rank(layer: Layer) -> int | None:
    """Place in the order of what is taken first; None for a name that says nothing."""
    words = layer.name.casefold().split(".")
    if not layer.name:
        return 0
    if words == ["composite", "combined"]:  # Blender's compositor, after what it was made from
        return 1
    return 2 + _PICTURE.index(words[-1]) if words[-1] in _PICTURE else None


def _grey(layers: Sequence[Layer], parts: Sequence[Part]) -> Layer | None:
    """The layer with the only channel that can be a grey picture: luminance, else any that is
    neither depth nor an identifier, else alpha. None if there is not just one."""
    types = {part.number: part.channels for part in parts}
    single = [
        (each, channel)
        for each in layers
        for channel in _values(each)
        if not each.data
        and _word(channel) not in _DEPTH
        and types[each.part][channel] not in _INTEGER
    ]
    luminance = [
        (each, channel)
        for each, channel in single
        if _word(channel) == "y" and "x" not in map(_word, each.channels)
    ]
    found = luminance if len(luminance) == 1 else single
    if len(found) != 1:
        return None
    ((layer, channel),) = found
    return replace(layer, colour=(channel, channel, channel))


def _as_picture(layer: Layer, parts: Sequence[Part], path: Path) -> Layer:
    """A layer with other channels than R, G and B, as it is painted: grey, or the first three."""
    grey = _grey([layer], parts)
    if grey is not None:
        return grey
    values = _values(layer)
    types = next(part.channels for part in parts if part.number == layer.part)
    if any(types[each] in _INTEGER for each in values[:3]):
        raise MediaError(
            f"its channels {', '.join(values)} are whole numbers, which name objects",
            where=str(path),
            remedy="Name a layer that is a picture with --layer.",
        )
    three = values if len(values) >= 3 else [values[0]] * 3
    colour = three[0], three[1], three[2]
    return replace(layer, colour=colour)


def _values(layer: Layer) -> list[str]:
    """Its channels but for alpha, or alpha if there is no other."""
    return [each for each in layer.channels if each != layer.alpha] or list(layer.channels)


def _word(channel: str) -> str:
    return channel.rsplit(".", 1)[-1].casefold()


def _no_rule(layers: Sequence[Layer], what: str, path: Path) -> MediaError:
    return MediaError(
        f"{what}: {_listed(layers)}",
        where=str(path),
        remedy=f"Name one, as --layer {layers[0].label or 'RGB'} "
        "(in a job: reading: {layer: ...}).",
    )


def _listed(layers: Sequence[Layer]) -> str:
    def names() -> Iterator[str]:
        for each in layers[:_LISTED]:
            yield each.label or (", ".join(each.channels) if each.colour is None else "RGB")
        if len(layers) > _LISTED:
            yield f"{len(layers) - _LISTED} more"

    return ", ".join(names())
