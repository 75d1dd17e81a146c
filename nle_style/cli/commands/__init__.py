"""The commands, one file for each that is more than a call: batch and revert (`timelines`), farm,
train and add-style (`train`), styles and sheet (`packs`), demo, doctor, export, resolve.

`cli.main` imports each by its module, some of them only when they are called.
"""

__all__: list[str] = []
