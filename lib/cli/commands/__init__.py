"""The commands. Each is a module with

    HELP        its line in the list of commands; the docstring is what its own --help says first
    arguments   adds its arguments to a parser
    run         does it; the exit status

and may have MORE, the end of its help. What takes long to import is imported in `run`.
"""
