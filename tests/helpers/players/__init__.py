"""Programs that play a timeline: MLT and Blender, and what OpenTimelineIO says they must show."""
