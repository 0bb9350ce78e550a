"""The lessons and the reference of this package as a static site that asks nothing of a network: `make site`.

build        all pages into a folder
notebook     a lesson's cells and stored outputs as HTML; nothing is executed
markdown     Markdown as HTML, its links and code spans led to pages of the site
docstrings   what is public in `lib`, read from the source without importing it
reference    its docstrings as HTML
search       what the search finds: a script beside the pages, which works from a file as well
"""
