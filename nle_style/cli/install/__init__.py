"""The plugins in their hosts: put in and taken out (`command`), examined (`hosts`).

`nuke_host`, `resolve_host` and `blender_host` know the hosts' folders; `installation` and
`marked_block` write.
"""

__all__: list[str] = []
