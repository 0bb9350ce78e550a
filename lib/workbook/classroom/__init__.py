"""For teachers: editions of the lessons, plans, goals, rubric, questions, slides, and grading.

The lessons in `notebooks/`, solutions and all, are the only source.
`python -m lib.workbook.classroom student`, `teacher` and `assignments` write what is handed out, what is
kept, and what nbgrader works on, below `build/`.
"""
