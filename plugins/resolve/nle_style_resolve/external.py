"""The Resolve script from a terminal: `nle-style resolve`. Resolve Studio only.

Preferences > System > General > External scripting using must be Local.
"""

import argparse
import importlib
import os
import sys

from .asking import CHOICES, Console, load_settings, settings_path
from .flow import style_clips
from .host import Host, HostError
from .menu import texts
from .project import remove_styled

__all__ = ["connect", "main", "scripting_places"]


def scripting_places(platform=sys.platform, environment=None):
    """(folder of the scripting API, fusionscript library): Blackmagic's defaults of a platform.

    RESOLVE_SCRIPT_API and RESOLVE_SCRIPT_LIB go first.
    """
    environment = os.environ if environment is None else environment
    if platform == "win32":
        data = environment.get("PROGRAMDATA", "C:\\ProgramData")
        api = data + "\\Blackmagic Design\\DaVinci Resolve\\Support\\Developer\\Scripting"
        library = "C:\\Program Files\\Blackmagic Design\\DaVinci Resolve\\fusionscript.dll"
    elif platform == "darwin":
        api = "/Library/Application Support/Blackmagic Design/DaVinci Resolve/Developer/Scripting"
        library = (
            "/Applications/DaVinci Resolve/DaVinci Resolve.app/Contents/Libraries/Fusion/"
            "fusionscript.so"
        )
    else:
        api = "/opt/resolve/Developer/Scripting"
        library = "/opt/resolve/libs/Fusion/fusionscript.so"
    return (
        environment.get("RESOLVE_SCRIPT_API") or api,
        environment.get("RESOLVE_SCRIPT_LIB") or library,
    )


def connect():
    """The running Resolve.

    Raises:
        HostError: it is not there, or refuses.
    """
    api, library = scripting_places()
    os.environ["RESOLVE_SCRIPT_LIB"] = library
    folder = os.path.join(api, "Modules")
    sys.path.append(folder)
    try:
        module = importlib.import_module("DaVinciResolveScript")
        resolve = module.scriptapp("Resolve")
    except (ImportError, OSError) as error:
        raise HostError(
            f"Resolve's scripting module cannot be loaded from {folder}: {error}. Is Resolve "
            "installed? RESOLVE_SCRIPT_API may name another folder"
        ) from error
    finally:
        sys.path.remove(folder)
    if resolve is None:
        raise HostError(
            "Resolve does not answer. It must be running, be the Studio edition, and have "
            "Preferences > System > General > External scripting using: Local. Without Studio, "
            "docs/hosts/resolve.md, 'Without scripts', says how."
        )
    return Host(resolve)


def _parser():
    kept = load_settings(settings_path())
    parser = argparse.ArgumentParser(
        prog="nle-style resolve",
        description="Style clips of the timeline that is open in DaVinci Resolve Studio. "
        "What is not given is as in the last run.",
    )
    clips = parser.add_mutually_exclusive_group()
    clips.add_argument("--selected", action="store_true", help="the timeline's selection (21.0.4)")
    clips.add_argument("--current", action="store_true", help="the clip under the playhead")
    clips.add_argument("--in-out", action="store_true", help="between the in and out marks (19.1)")
    clips.add_argument("--clip-colour", metavar="NAME", help="clips of this colour")
    clips.add_argument("--track", metavar="N", help="clips of this video track")
    clips.add_argument(
        "--remove", nargs="?", const="", metavar="JOB", help="remove a job's takes; else the last"
    )
    for key in ("style", "output", "pack", "input_colour"):
        flags = ["-o"] if key == "output" else []
        parser.add_argument(*flags, "--" + key.replace("_", "-"), default=kept[key])
    for key in ("strength", "stroke_scale"):
        parser.add_argument("--" + key.replace("_", "-"), type=float, default=kept[key])
    parser.add_argument("--handles", type=int, default=kept["handles"])
    for key in ("colour", "statistics", "format", "destination", "interlaced"):
        parser.add_argument("--" + key, choices=CHOICES[key], default=kept[key])
    parser.add_argument(
        "--mark-colour", choices=CHOICES["clip_colour"], default=kept["clip_colour"]
    )
    return parser, kept


def _chosen(given, kept):
    """The settings that the arguments say."""
    chosen = dict(kept)
    chosen.update({key: value for key, value in vars(given).items() if key in kept})
    chosen["clip_colour"] = given.mark_colour
    chosen["output"] = os.path.abspath(given.output)
    ways = (
        ("selected", given.selected, ""),
        ("current", given.current, ""),
        ("range", given.in_out, ""),
        ("colour", given.clip_colour, given.clip_colour),
        ("track", given.track, given.track),
    )
    for way, is_given, value in ways:
        if is_given:
            chosen["way"], chosen["way_value"] = way, value
    return chosen


def main(arguments=None, host=None, command=None):
    """Run one command; the exit code: 0 all placed, 2 a message, 3 some clips not, 130 Ctrl+C.

    Args:
        arguments: None for the command line's.
        host: a Host; None to connect to the running Resolve.
        command: how to start nle-style; None for this interpreter's.
    """
    parser, kept = _parser()
    given = parser.parse_args(arguments)
    try:
        host = host or connect()
        host.refuse_edition()
        if given.remove is not None:
            reports, path = remove_styled(host, host.project()[2], given.remove), ""
        else:
            command = command or [sys.executable, "-m", "nle_style"]
            reports, path = style_clips(host, command, _chosen(given, kept), Console())
    except HostError as error:
        print(f"nle-style resolve: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Cancelled. What is finished is kept; the project is as before.", file=sys.stderr)
        return 130
    print(texts(reports, path))
    good = ("placed", "in bin", "removed")
    return 0 if all(report.state in good for report in reports) else 3
