"""A Resolve that is not there: handles on a `World`, with no method that the stubs do not list.

Each getter gives new objects, as Resolve does; unknown names are None; `Variant` says how it
behaves where those who measured it disagree.
"""

# ruff: noqa: N802, N803  (Resolve's names)

from __future__ import annotations

import math
import os
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

import av

from tests.plugins.resolve.doubles.fake_world import Clip, Media, Take, Track, World

__all__ = [
    "Folder",
    "MediaPool",
    "MediaPoolItem",
    "Project",
    "ProjectManager",
    "Resolve",
    "Timeline",
    "TimelineItem",
]

_RECENT = {"GetSelectedClips", "GetSpeed"}


class _Handle:
    def __init__(self, world: World, data: Any = None) -> None:
        self._world = world
        self._data = data

    def __getattribute__(self, name: str) -> Any:
        if name in _RECENT and not object.__getattribute__(self, "_world").variant.recent:
            return None
        return object.__getattribute__(self, name)

    def __getattr__(self, name: str) -> Any:
        if name[:1].isupper():
            return None
        raise AttributeError(name)


class Resolve(_Handle):
    def GetProductName(self) -> str:
        return self._world.product

    def GetVersion(self) -> list[Any]:
        recent = [21, 1, 0, 14, ""] if self._world.variant.recent else [19, 1, 3, 7, ""]
        return self._world.version or recent

    def GetProjectManager(self) -> ProjectManager:
        return ProjectManager(self._world)

    def GetCurrentPage(self) -> str:
        return self._world.page

    def OpenPage(self, pageName: str) -> bool:
        self._world.page = pageName
        return True


class ProjectManager(_Handle):
    def GetCurrentProject(self) -> Project:
        return Project(self._world)


class Project(_Handle):
    def GetMediaPool(self) -> MediaPool:
        return MediaPool(self._world)

    def GetCurrentTimeline(self) -> Timeline:
        return Timeline(self._world)

    def SetCurrentTimeline(self, timeline: Timeline) -> bool:
        return True


class Folder(_Handle):
    def GetName(self) -> str:
        return str(self._data)

    def GetClipList(self) -> list[MediaPoolItem]:
        return [MediaPoolItem(self._world, media) for media in self._world.bins[self._data]]

    def GetSubFolderList(self) -> list[Folder]:
        names = [name for name in self._world.bins if name != "Master"]
        return [Folder(self._world, name) for name in names] if self._data == "Master" else []


class MediaPool(_Handle):
    def GetRootFolder(self) -> Folder:
        return Folder(self._world, "Master")

    def GetCurrentFolder(self) -> Folder:
        return Folder(self._world, self._world.folder)

    def SetCurrentFolder(self, folder: Folder) -> bool:
        self._world.folder = folder._data
        return True

    def AddSubFolder(self, folder: Folder, name: str) -> Folder:
        self._world.bins[name] = []
        return Folder(self._world, name)

    def DeleteFolders(self, subfolders: list[Folder]) -> bool:
        for folder in subfolders:
            del self._world.bins[folder._data]
        return True

    def DeleteClips(self, clips: list[MediaPoolItem]) -> bool:
        gone = [clip._data for clip in clips]
        for name, found in self._world.bins.items():
            self._world.bins[name] = [m for m in found if all(m is not g for g in gone)]
        return True

    def ImportMedia(self, items: list[Any]) -> list[MediaPoolItem]:
        if self._world.refuses_import:
            return []
        found = [_imported(item, self._world.rate) for item in items]
        self._world.bins[self._world.folder] += found
        self._world.page = "media"  # a nuisance that must be put back
        return [MediaPoolItem(self._world, media) for media in found]

    def AppendToTimeline(self, clipInfo: list[dict[str, Any]]) -> list[TimelineItem]:
        (info,) = clipInfo
        media, world = info["mediaPoolItem"]._data, self._world
        world.appended.append((info["startFrame"], info["endFrame"]))
        track: Track = world.tracks[info["trackIndex"] - 1]
        end = info["endFrame"] + (1 if world.variant.inclusive else 0)
        count = end - info["startFrame"]
        step = media.rate / world.rate
        length = math.ceil(count / step)
        take = Take(media, info["startFrame"], end)
        clip = Clip(media.path.rpartition("/")[2], info["recordFrame"], length, [take])
        if world.variant.lies:
            return [TimelineItem(world, clip)]
        taken = any(
            clip.start < each.start + each.duration and each.start < clip.start + length
            for each in track.clips
        )
        if track.locked or taken or count < 1 or (end > media.frames and not media.still):
            return []
        world.playhead = "01:00:59:00"
        return [TimelineItem(world, world.add(clip, info["trackIndex"]))]


class MediaPoolItem(_Handle):
    def GetName(self) -> str:
        return Path(self._data.path).name

    def GetClipProperty(self, propertyName: str | None = None) -> Any:
        facts = self._data.facts()
        return facts if propertyName is None else facts.get(propertyName, "")

    def SetClipProperty(self, propertyName: str, propertyValue: Any) -> bool:
        if propertyName == "FPS":
            text = Fraction(propertyValue)
            ntsc = Fraction(24000, 1001)
            self._data.rate = ntsc if abs(text - ntsc) < Fraction(1, 1000) else text
        elif not self._world.variant.lies:
            self._data.properties[propertyName] = propertyValue
        return True


class Timeline(_Handle):
    def GetName(self) -> str:
        return "Timeline 1"

    def GetSetting(self, settingName: str) -> str:
        return f"{float(self._world.rate):g}" if settingName == "timelineFrameRate" else ""

    def GetStartFrame(self) -> int:
        return self._world.start

    def GetTrackCount(self, trackType: str) -> int:
        return len(self._world.tracks) if trackType == "video" else 0

    def GetTrackName(self, trackType: str, trackIndex: int) -> str:
        return self._world.tracks[trackIndex - 1].name

    def SetTrackName(self, trackType: str, trackIndex: int, name: str) -> bool:
        self._world.tracks[trackIndex - 1].name = name
        return True

    def GetIsTrackLocked(self, trackType: str, trackIndex: int) -> bool:
        return self._world.tracks[trackIndex - 1].locked

    def SetTrackLock(self, trackType: str, trackIndex: int, Bool: bool) -> bool:
        self._world.tracks[trackIndex - 1].locked = Bool
        return True

    def AddTrack(self, trackType: str, subTrackType: str | None = None) -> bool:
        self._world.tracks.append(Track(f"Video {len(self._world.tracks) + 1}"))
        return True

    def DeleteTrack(self, trackType: str, trackIndex: int) -> bool:
        del self._world.tracks[trackIndex - 1]
        return True

    def GetItemListInTrack(self, trackType: str, index: int) -> list[TimelineItem]:
        return [TimelineItem(self._world, clip) for clip in self._world.tracks[index - 1].clips]

    def DeleteClips(self, timelineItems: list[TimelineItem], Bool: bool) -> bool:
        if self._world.page != "edit":  # measured by davinci-resolve-mcp on 19.1.3
            return False
        gone = {item._data.uid for item in timelineItems}
        for track in self._world.tracks:
            track.clips = [clip for clip in track.clips if clip.uid not in gone]
        return True

    def GetSelectedClips(self) -> list[TimelineItem]:
        return [TimelineItem(self._world, clip) for clip in self._world.selected]

    def GetCurrentVideoItem(self) -> TimelineItem | None:
        found = self._world.selected
        return TimelineItem(self._world, found[0]) if found else None

    def GetCurrentTimecode(self) -> str:
        return self._world.playhead

    def SetCurrentTimecode(self, timecode: str) -> bool:
        self._world.playhead = timecode
        return True

    def GetMarkInOut(self) -> dict[str, Any]:
        return dict(self._world.marks)


class TimelineItem(_Handle):
    _data: Clip

    def GetUniqueId(self) -> str:
        return self._data.uid

    def GetName(self) -> str:
        return self._data.name

    def GetStart(self, subframe_precision: bool = False) -> int:
        return self._data.start

    def GetEnd(self, subframe_precision: bool = False) -> int:
        return self._data.start + self._data.duration

    def GetDuration(self, subframe_precision: bool = False) -> int:
        return self._data.duration

    def GetLeftOffset(self, subframe_precision: bool = False) -> int | None:
        return self._data.left(self._world.rate) if self._data.take else None

    def GetRightOffset(self, subframe_precision: bool = False) -> int | None:
        return self._data.right(self._world.rate) if self._data.take else None

    def GetSourceStartFrame(self) -> int:
        if self._world.variant.imported:
            return 0
        first = min(self._data.shown(self._world.rate)) + self._world.variant.slip
        return self._data.counted_from + first

    def GetSourceEndFrame(self) -> int:
        if self._world.variant.imported:
            return 0
        return self._data.counted_from + max(self._data.shown(self._world.rate))

    def GetSpeed(self) -> float:
        return float(self._data.speed * 100)

    def GetMediaPoolItem(self) -> MediaPoolItem | None:
        take = self._data.take
        return MediaPoolItem(self._world, take.media) if take else None

    def GetClipColor(self) -> str:
        return self._data.colour

    def SetClipColor(self, colorName: str) -> bool:
        if not self._world.variant.lies:
            self._data.colour = colorName
        return True

    def ClearClipColor(self) -> bool:
        self._data.colour = ""
        return True

    def AddMarker(
        self,
        frameId: int,
        color: str,
        name: str,
        note: str,
        duration: int,
        customData: str | None = None,
    ) -> bool:
        if frameId in self._data.markers:
            return False
        about = {"color": color, "name": name, "note": note, "duration": duration}
        self._data.markers[frameId] = {**about, "customData": customData}
        return True

    def GetMarkers(self) -> dict[int, dict[str, Any]]:
        return {frame: dict(marker) for frame, marker in self._data.markers.items()}

    def DeleteMarkerAtFrame(self, frameNum: int) -> bool:
        return self._data.markers.pop(frameNum, None) is not None

    def AddTake(
        self, mediaPoolItem: MediaPoolItem, startFrame: int | None, endFrame: int | None
    ) -> bool:
        media, clip = mediaPoolItem._data, self._data
        if self._world.variant.lies:
            return True
        assert startFrame is not None
        assert endFrame is not None
        end = endFrame + (1 if self._world.variant.inclusive else 0)
        if not media.still:
            end = min(end, media.frames)
        if not 0 <= startFrame < end:
            return False
        clip.selector = True
        clip.takes.append(Take(media, startFrame, end, (startFrame, endFrame)))
        return True

    def GetTakesCount(self) -> int:
        return len(self._data.takes) if self._data.selector else 0

    def GetTakeByIndex(self, idx: int) -> dict[str, Any]:
        take = self._data.takes[idx - 1]
        item = MediaPoolItem(self._world, take.media)
        return {"startFrame": take.asked[0], "endFrame": take.asked[1], "mediaPoolItem": item}

    def GetSelectedTakeIndex(self) -> int:
        return self._data.chosen + 1 if self._data.selector else 0

    def SelectTakeByIndex(self, idx: int) -> bool:
        clip = self._data
        if not clip.selector or not 1 <= idx <= len(clip.takes):
            return False
        clip.chosen = idx - 1
        take = clip.takes[clip.chosen]
        length = math.ceil((take.end - take.start) / clip.step(self._world.rate))
        own = self._world.take_lengths == "own"
        if idx == 1 or self._world.take_lengths == "ignored":
            clip.duration = clip.full
        else:
            clip.duration = length if own else min(clip.full, length)
        return True

    def DeleteTakeByIndex(self, idx: int) -> bool:
        clip = self._data
        if idx - 1 == clip.chosen or self._world.keeps_takes:
            return False
        del clip.takes[idx - 1]
        clip.chosen -= idx - 1 < clip.chosen
        return True

    def FinalizeTake(self) -> bool:
        clip = self._data
        clip.takes, clip.chosen, clip.selector = [clip.takes[clip.chosen]], 0, False
        return True


def _imported(item: Any, rate: Fraction) -> Media:
    """A file as Resolve would see it; sequences get the project's rate."""
    if isinstance(item, dict):
        first, last = item["StartIndex"], item["EndIndex"]
        for number in range(first, last + 1):
            assert os.path.isfile(item["FilePath"] % number)
        brackets = re.sub(r"%0(\d)d", "[{:0\\1d}-{:0\\1d}]", item["FilePath"])
        return Media(brackets.format(first, last), last - first + 1, rate, first)
    if not item.endswith(".mov"):
        assert os.path.isfile(item)
        return Media(item, 1, rate, still=True)
    with av.open(item) as container:
        stream = container.streams.video[0]
        count = sum(1 for _ in container.decode(stream))
        assert stream.average_rate is not None
        return Media(item, count, Fraction(stream.average_rate))
