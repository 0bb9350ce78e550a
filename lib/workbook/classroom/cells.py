"""Executes a notebook in the sandbox: it is on standard input, and a JSON line is written for each cell.

What ran before a kernel is killed still counts. The kernel, which inherits no descriptor, cannot write there.
"""

import ctypes
import json
import os
import sys
from collections.abc import Callable
from typing import TextIO

TIMEOUT = {"status": "error", "ename": "CellTimeoutError"}
NOT_DUMPABLE = (4, 0, 0, 0, 0)  # prctl(2)


def private_stdout() -> TextIO:
    """A file of this process alone in place of the standard output that kernels would inherit."""
    ctypes.CDLL(None).prctl(*NOT_DUMPABLE)
    kept = os.fdopen(os.dup(1), "w")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return kept


def execute(notebook: dict, seconds: int, told: Callable) -> None:
    """Run all cells, errors or not; `told(index, cell)` after each, until the last or the kernel's death."""
    from nbclient import NotebookClient
    from nbclient.exceptions import DeadKernelError
    from nbformat.v4 import new_output

    late = f"it took more than {seconds} s and was stopped"

    def ended(cell, cell_index, execute_reply):
        reply, shown = execute_reply["content"], [output.get("ename") for output in cell.outputs]
        if reply["status"] == "error" and reply["ename"] not in shown:
            error = {name: reply[name] for name in ("ename", "evalue", "traceback")}
            cell.outputs.append(new_output("error", **error))
        told(cell_index, cell)

    stopped = TIMEOUT | {"evalue": late, "traceback": [f"CellTimeoutError: {late}"]}
    client = NotebookClient(
        notebook, timeout=seconds, interrupt_on_timeout=True, error_on_timeout=stopped, allow_errors=True,
        kernel_name="python3", record_timing=False, on_cell_executed=ended,
    )  # fmt: skip
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            try:
                client.execute_cell(cell, index)
            except DeadKernelError:
                return


def main() -> None:
    import nbformat

    notebook, out = nbformat.reads(sys.stdin.read(), as_version=4), private_stdout()

    def tell(index, cell):
        print(json.dumps([index, cell.execution_count, cell.outputs]), file=out, flush=True)

    execute(notebook, int(sys.argv[1]), tell)


if __name__ == "__main__":
    main()
