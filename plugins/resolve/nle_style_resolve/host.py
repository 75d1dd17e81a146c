"""Which Resolve this is, what it can do, and the one way to call it.

Resolve's objects answer to any name: `hasattr` is always true, and a method that is not there is
None. Return values say little, so that whatever is done is read back afterwards. `ask` is the only
place where a method of Resolve is called, and MINIMUM the only list of them.
"""

__all__ = ["MINIMUM", "Host", "HostError", "ask", "can", "find_host", "minimum_text"]

# The first version that has each method, as we use it: Blackmagic's README of 16.2.0, and for what
# came later the release notes collected in docs/hosts/resolve.md. 16.2 stands for all before it.
MINIMUM = {
    "Resolve.GetProductName": (16, 2),
    "Resolve.GetVersion": (16, 2),
    "Resolve.GetProjectManager": (16, 2),
    "Resolve.GetCurrentPage": (18, 1),
    "Resolve.OpenPage": (16, 2),
    "Resolve.Fusion": (16, 2),
    "ProjectManager.GetCurrentProject": (16, 2),
    "Project.GetMediaPool": (16, 2),
    "Project.GetCurrentTimeline": (16, 2),
    "Project.SetCurrentTimeline": (16, 2),
    "MediaPool.GetRootFolder": (16, 2),
    "MediaPool.GetCurrentFolder": (16, 2),
    "MediaPool.SetCurrentFolder": (16, 2),
    "MediaPool.AddSubFolder": (16, 2),
    "MediaPool.DeleteFolders": (16, 2),
    "MediaPool.DeleteClips": (16, 2),
    "MediaPool.ImportMedia": (18, 1),  # with StartIndex and EndIndex
    "MediaPool.AppendToTimeline": (18, 5),  # with trackIndex and recordFrame
    "Folder.GetName": (16, 2),
    "Folder.GetClipList": (16, 2),
    "Folder.GetSubFolderList": (16, 2),
    "MediaPoolItem.GetClipProperty": (16, 2),
    "MediaPoolItem.SetClipProperty": (16, 2),
    "Timeline.GetSetting": (16, 2),
    "Timeline.GetStartFrame": (16, 2),
    "Timeline.GetTrackCount": (16, 2),
    "Timeline.GetTrackName": (16, 2),
    "Timeline.SetTrackName": (16, 2),
    "Timeline.GetItemListInTrack": (16, 2),
    "Timeline.GetCurrentVideoItem": (16, 2),
    "Timeline.GetCurrentTimecode": (16, 2),
    "Timeline.SetCurrentTimecode": (18, 1),
    "Timeline.AddTrack": (18, 5),
    "Timeline.DeleteTrack": (18, 5),
    "Timeline.DeleteClips": (18, 5),
    "Timeline.GetIsTrackLocked": (18, 5),
    "Timeline.SetTrackLock": (18, 5),
    "Timeline.GetMarkInOut": (19, 1),
    "Timeline.SetMarkInOut": (19, 1),
    "Timeline.ClearMarkInOut": (19, 1),
    "Timeline.GetSelectedClips": (21, 0, 4),
    "TimelineItem.GetName": (16, 2),
    "TimelineItem.GetStart": (16, 2),
    "TimelineItem.GetEnd": (16, 2),
    "TimelineItem.GetDuration": (16, 2),
    "TimelineItem.GetLeftOffset": (16, 2),
    "TimelineItem.GetRightOffset": (16, 2),
    "TimelineItem.GetMediaPoolItem": (16, 2),
    "TimelineItem.GetClipColor": (16, 2),
    "TimelineItem.SetClipColor": (16, 2),
    "TimelineItem.ClearClipColor": (16, 2),
    "TimelineItem.AddMarker": (16, 2),
    "TimelineItem.GetMarkers": (16, 2),
    "TimelineItem.DeleteMarkerAtFrame": (16, 2),
    "TimelineItem.AddTake": (16, 2),
    "TimelineItem.GetTakesCount": (16, 2),
    "TimelineItem.GetTakeByIndex": (16, 2),
    "TimelineItem.GetSelectedTakeIndex": (16, 2),
    "TimelineItem.SelectTakeByIndex": (16, 2),
    "TimelineItem.DeleteTakeByIndex": (16, 2),
    "TimelineItem.FinalizeTake": (16, 2),
    "TimelineItem.GetUniqueId": (18, 1),
    "TimelineItem.GetSourceStartFrame": (19, 0),
    "TimelineItem.GetSourceEndFrame": (19, 0),
    "TimelineItem.GetSpeed": (21, 1),
}

_OTIO = (
    "Use the timeline instead: File > Export > Timeline (OTIO), `nle-style batch`, and File > "
    "Import > Timeline; docs/hosts/resolve.md, 'Without scripts', says each step."
)


class HostError(Exception):
    """Nothing can be done in this Resolve, or in its present state; the message is for people."""


def can(thing, name):
    """Whether an object has a method, named as in MINIMUM: "TimelineItem.GetSpeed"."""
    return callable(getattr(thing, name.partition(".")[2], None))


def ask(thing, name, *args):
    """Call a method, named as in MINIMUM; None if the object or its version does not have it."""
    method = getattr(thing, name.partition(".")[2], None)
    return method(*args) if callable(method) else None


def minimum_text(name):
    """The version that a method came with, for a message: "21.0.4"."""
    return ".".join(str(part) for part in MINIMUM[name])


class Host:
    """A running Resolve.

    Args:
        resolve: the Resolve object.
        fusion, bmd: for windows; None from a terminal.

    Attributes:
        product: "DaVinci Resolve Studio" or "DaVinci Resolve".
        version: (major, minor, patch); (0, 0, 0) if it does not say.
        studio: whether this is the Studio edition.
    """

    def __init__(self, resolve, fusion=None, bmd=None):
        self.resolve = resolve
        self.fusion = fusion
        self.bmd = bmd
        self.product = str(ask(resolve, "Resolve.GetProductName") or "")
        fields = ask(resolve, "Resolve.GetVersion") or []
        numbers = [int(field) for field in list(fields)[:3] if str(field).isdigit()]
        self.version = (*numbers, 0, 0, 0)[:3]
        self.studio = "studio" in self.product.lower()

    @property
    def name(self):
        """Product and version, for messages."""
        return "{} {}".format(self.product, ".".join(str(part) for part in self.version))

    def refuse_edition(self):
        """Stop before any call that this edition would answer with a modal window.

        Raises:
            HostError: the free edition from 21.1 on, which has no Python scripts.
        """
        if not self.product:
            raise HostError("Resolve does not answer. Open a project, then start the script again.")
        if not self.studio and self.version >= (21, 1, 0):
            raise HostError(
                f"{self.name}: the free edition runs no Python scripts from 21.1 on. {_OTIO}"
            )

    @property
    def has_windows(self):
        """Whether UIManager may be asked: in Studio, and in the free edition before 19.1."""
        allowed = self.studio or self.version < (19, 1, 0)
        return bool(allowed and self.fusion is not None and self.bmd is not None)

    def project(self):
        """(project, media pool, timeline) as they are now.

        Raises:
            HostError: no project or no timeline is open.
        """
        manager = ask(self.resolve, "Resolve.GetProjectManager")
        project = ask(manager, "ProjectManager.GetCurrentProject")
        timeline = ask(project, "Project.GetCurrentTimeline")
        pool = ask(project, "Project.GetMediaPool")
        if project is None or pool is None:
            raise HostError("No project is open. Open one, then start the script again.")
        if timeline is None:
            raise HostError("No timeline is open. Open one on the Edit page, then start again.")
        return project, pool, timeline


def find_host(names):
    """The Resolve that a script's globals lead to.

    Args:
        names: the script's globals: Resolve sets `resolve`, `fusion` or `fu`, `bmd` and `app`.

    Raises:
        HostError: there is none.
    """
    bmd = names.get("bmd")
    resolve = names.get("resolve")
    for thing, name, args in (
        (names.get("app"), "GetResolve", ()),
        (bmd, "scriptapp", ("Resolve",)),
    ):
        method = getattr(thing, name, None)
        if resolve is None and callable(method):
            resolve = method(*args)
    if resolve is None:
        raise HostError("This script runs in Resolve: Workspace > Scripts > NLE Style.")
    fusion = names.get("fusion") or names.get("fu") or ask(resolve, "Resolve.Fusion")
    return Host(resolve, fusion, bmd)
