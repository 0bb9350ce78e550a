"""The shell: `python -m lib --help`. Each file of `commands` is a command; the work is done beside it."""
