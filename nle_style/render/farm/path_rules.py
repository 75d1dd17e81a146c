"""Open Job Description's path mapping rules: where a file lies on the machine that runs a task.

*Home* is the machine that made the bundle, *here* is this one. Specification: "How Jobs Are Run",
Path Mapping; schema `pathmapping-1.0`. A session writes its rules to a JSON file, which is empty if
it has none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from typing import Any

from nle_style.errors import InputError
from nle_style.render.farm.farm_job import FarmJob

__all__ = ["PathRule", "PathRules", "mapped_job", "read_path_rules"]

_KINDS: dict[str, type[PurePath]] = {"POSIX": PurePosixPath, "WINDOWS": PureWindowsPath}
_PATHS = ("source", "timeline", "look_map", "ocio", "cancel_file", "directory")


@dataclass(frozen=True)
class PathRule:
    """What lies under `source` at home lies under `destination` here."""

    source: PurePath
    destination: Path


@dataclass(frozen=True)
class PathRules:
    """The rules of a session, sorted: the first that fits a path counts, so the longest source is
    first."""

    rules: tuple[PathRule, ...] = ()

    def here(self, path: str) -> str:
        """A path at home as it is here; unchanged if no rule fits."""
        for rule in self.rules:
            there = type(rule.source)(path)
            if there.is_relative_to(rule.source):
                return str(rule.destination.joinpath(*there.relative_to(rule.source).parts))
        return path

    def at_home(self, text: str) -> str:
        """A text with the paths and file URLs of here replaced by those at home."""
        for rule in self.rules:
            text = text.replace(f"{rule.destination.as_uri()}/", f"{rule.source.as_uri()}/")
            text = text.replace(f"{rule.destination}/", f"{rule.source.as_posix()}/")
        return text


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
                _KINDS[rule["source_path_format"]](rule["source_path"]),
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
            *([str(rule.source), str(rule.destination)] for rule in rules.rules),
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
