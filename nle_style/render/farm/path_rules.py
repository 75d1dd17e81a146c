"""Open Job Description's path mapping rules: where a file lies on the machine that runs a task.

*Home* is the machine that made the bundle, *here* is this one. Specification: "How Jobs Are Run",
Path Mapping; schema `pathmapping-1.0`, with the rules for URIs of RFC 0006 (2.3.2). A session
writes its rules to a JSON file, which is empty if it has none.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from nle_style.errors import InputError
from nle_style.render.farm.farm_job import FarmJob

__all__ = ["PathRule", "PathRules", "Uri", "mapped_job", "read_path_rules"]

_URI = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*://[^/]*)(.*)", re.DOTALL)
_LOWER = str.maketrans(ascii_uppercase, ascii_lowercase)
_PATHS = ("source", "timeline", "look_map", "ocio", "cancel_file", "directory")


@dataclass(frozen=True)
class Uri:
    """A URI as rules compare it: scheme and authority in any (ASCII) case, the path as it is.

    Raises: ValueError if it does not begin with a scheme and "://".
    """

    text: str

    def __post_init__(self) -> None:
        if _URI.fullmatch(self.text) is None:
            raise ValueError(f"{self.text!r} is not a URI")

    @property
    def parts(self) -> tuple[str, ...]:
        """Scheme with authority, and what is between the slashes of the path."""
        beginning, path = _URI.sub(r"\1", self.text), _URI.sub(r"\2", self.text).strip("/")
        return (beginning.translate(_LOWER), *(path.split("/") if path else ()))

    def as_uri(self) -> str:
        """It, without a slash at its end."""
        return self.text.rstrip("/")

    as_posix = as_uri


@dataclass(frozen=True)
class PathRule:
    """What lies under `source` at home lies under `destination` here."""

    source: PurePath | Uri
    destination: Path

    @property
    def text(self) -> str:
        """The source as it was written."""
        return self.source.text if isinstance(self.source, Uri) else str(self.source)

    def below(self, path: str) -> tuple[str, ...] | None:
        """The parts of a path at home below the source; None if it does not lie there."""
        if isinstance(self.source, Uri):
            parts, own = Uri(path).parts if _URI.fullmatch(path) else (), self.source.parts
            return parts[len(own) :] if parts[: len(own)] == own else None
        there = type(self.source)(path)
        return there.relative_to(self.source).parts if there.is_relative_to(self.source) else None


@dataclass(frozen=True)
class PathRules:
    """The rules of a session, sorted: the first that fits a path counts, so the longest source is
    first."""

    rules: tuple[PathRule, ...] = ()

    def here(self, path: str) -> str:
        """A path at home as it is here; unchanged if no rule fits."""
        for rule in self.rules:
            below = rule.below(path)
            if below is not None:
                return str(rule.destination.joinpath(*below))
        return path

    def at_home(self, text: str) -> str:
        """A text with the paths and file URLs of here replaced by those at home."""
        for rule in self.rules:
            text = text.replace(f"{rule.destination.as_uri()}/", f"{rule.source.as_uri()}/")
            text = text.replace(f"{rule.destination}/", f"{rule.source.as_posix()}/")
        return text


_KINDS: dict[str, type[PurePath] | type[Uri]] = {
    "POSIX": PurePosixPath,
    "URI": Uri,
    "WINDOWS": PureWindowsPath,
}


def read_path_rules(path: Path) -> PathRules:
    """Read a session's file of rules.

    Raises:
        InputError: it cannot be read, or is of another version.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if not data:
            return PathRules()
        if data["version"] != "pathmapping-1.0":
            raise ValueError(f"version {data['version']!r}")
        rules = [
            PathRule(
                _KINDS[rule["source_path_format"].upper()](rule["source_path"]),
                Path(rule["destination_path"]),
            )
            for rule in data["path_mapping_rules"]
        ]
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise InputError(
            f"not a file of path mapping rules ({error})",
            where=str(path),
            remedy="Give {{Session.PathMappingRulesFile}}.",
        ) from error
    return PathRules(tuple(sorted(rules, key=lambda rule: -len(rule.source.parts))))


def mapped_job(farm: FarmJob, rules: PathRules, output: Path) -> FarmJob:
    """A farm's job with the paths that its files have here.

    Args:
        output: the folder for the results here.
    """
    data = _mapped(farm.model_dump(mode="json"), rules)
    data["files"] = {rules.here(path): hashes for path, hashes in data["files"].items()}
    data["job"]["output"]["directory"] = str(output)
    if str(data["job"]["pack"] or "").endswith(".safetensors"):
        data["job"]["pack"] = rules.here(data["job"]["pack"])
    batch = data["batch"]
    if batch is not None:
        batch["media"] = [rules.here(folder) for folder in batch["media"]]
        batch["path_maps"] = [
            *([before, rules.here(after)] for before, after in batch["path_maps"]),
            *([rule.text, str(rule.destination)] for rule in rules.rules),
        ]
    return FarmJob.model_validate(data)


def _mapped(data: Any, rules: PathRules) -> Any:
    """JSON data with the paths in it mapped, but for `facts`, which the render's key is made of,
    and `files`."""
    if isinstance(data, dict):
        return {
            key: rules.here(value)
            if key in _PATHS and isinstance(value, str)
            else value
            if key in ("facts", "files")
            else _mapped(value, rules)
            for key, value in data.items()
        }
    return [_mapped(each, rules) for each in data] if isinstance(data, list) else data
