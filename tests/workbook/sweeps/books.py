"""Tiny notebooks and grids of them, the shell's command, and processes to wait for."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

from lib.__main__ import main
from lib.workbook import notebooks
from lib.workbook.sweeps import runs

ROOT = Path(__file__).resolve().parents[3]
PARAMETERS = """\
side = 3  # of a square
unit = 1.0
name = 'a'
sides = (2, 4)
lossy = False
quality: int | None = None
bad = 0"""
SQUARE = """\
if side == bad:
    print('so far')
    raise ValueError(f'no square of side {side}')
area = unit * side**2"""
RECORD = "from lib.workbook.sweeps import record\nrecord({'area': area, 'known': name == 'a'})"


def cell(source, *tags, kind="code"):
    made = {"cell_type": kind, "metadata": {"tags": list(tags)}, "source": source}
    return made | ({"outputs": [], "execution_count": None} if kind == "code" else {})


def book(
    path, *sources, parameters=PARAMETERS, text="# 90. Squares\n\n**Verdict.** They are square. Always."
):
    """A notebook file: a text, the cell of parameters, and cells of code."""
    cells = [cell(text, kind="markdown"), cell(parameters, "parameters"), *map(cell, sources)]
    for number, made in enumerate(cells):
        made["id"] = f"c{number}"
    metadata = {
        "kernelspec": {"name": "python3", "display_name": "Python 3"},
        "language_info": {"name": "python"},
    }
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}))
    return path


def grid(tmp_path, parameters, name="grid.yaml", more=""):
    path = tmp_path / name
    path.write_text(f"title: Squares\nnotebook: squares.ipynb\nparameters: {json.dumps(parameters)}\n{more}")
    return path


def run(squares, **parameters):
    return runs.Run(squares, notebooks.read(squares), parameters)


def lib(*words):
    """`python -m lib` with these words: the exit status."""
    try:
        return main([str(word) for word in words])
    except SystemExit as stop:
        return stop.code


def results(out):
    """Parameters: results of all finished runs in a folder."""
    found = [json.loads(path.read_text()) for path in out.glob("*-*.json")]
    return {
        json.dumps(facts["parameters"]): facts["results"] for facts in found if facts["status"] == "finished"
    }


def started(*words, folder=ROOT, **more):
    """A process of `python -m ...`, from `folder`, with this code unless `env` says otherwise."""
    env = more.pop("env", os.environ | {"PYTHONPATH": str(ROOT)})
    command = [sys.executable, "-m", *map(str, words)]
    return subprocess.Popen(
        command, cwd=folder, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **more
    )


def until(what, seconds=180):
    """Wait until something is so."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.05)
