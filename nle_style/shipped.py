"""What ships with the program: style packs, the demo, the plugins' files.

In an installed package they are folders inside it; in a checkout they are beside it.
"""

from __future__ import annotations

from pathlib import Path

from nle_style.errors import InputError, PackError

__all__ = ["DEFAULT_PACK", "bundled", "find_pack", "shipped_packs"]

DEFAULT_PACK = "posters"

_PACKAGE = Path(__file__).resolve().parent


def bundled(name: str) -> Path:
    """The shipped folder `models`, `examples` or `plugins`.

    Raises: InputError if this installation does not have it.
    """
    for parent in (_PACKAGE, _PACKAGE.parent):
        if (parent / name).is_dir():
            return parent / name
    raise InputError(
        f"this installation has no '{name}' folder",
        where=str(_PACKAGE),
        remedy="Install nle-style again.",
    )


def shipped_packs() -> tuple[Path, ...]:
    """The style packs that ship with the program, sorted by name."""
    return tuple(sorted(bundled("models").glob("*.safetensors")))


def find_pack(name: str | Path | None) -> Path:
    """The pack that a look means: a file, the name of a shipped pack, or None for the default.

    Raises: PackError if it is neither.
    """
    if name is not None and Path(name).suffix == ".safetensors":
        return Path(name)
    wanted = str(name) if name is not None else DEFAULT_PACK
    packs = {path.stem: path for path in shipped_packs()}
    if wanted not in packs:
        raise PackError(
            f"there is no style pack '{wanted}'",
            remedy=f"Give a .safetensors file, or one of: {', '.join(packs) or 'none shipped'}.",
        )
    return packs[wanted]
