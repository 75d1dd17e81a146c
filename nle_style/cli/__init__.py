"""The command line: parse, make settings, one call.

`main` is the program. `options` and `requests` are what several commands share, `console`, `people`
and `plan_table` how they talk. A command's module is imported where it is called, so that `--help`
loads nothing slow; nothing is imported through this file.
"""

__all__: list[str] = []
