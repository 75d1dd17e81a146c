"""The plugins in their hosts: put in and taken out (`command`), examined (`hosts`).

`nuke_host` and `resolve_host` know the hosts' folders; `installation` and `marked_block` write.
"""

__all__: list[str] = []
