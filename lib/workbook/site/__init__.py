"""The lessons and the reference of this package as a static site that asks nothing of a network: `make site`.

conf     Sphinx's configuration, and what is ours in it: hooks for lessons and docstrings
build    lays out what Sphinx reads, and runs it
pages    the first page and the list of lessons, as templates
"""
