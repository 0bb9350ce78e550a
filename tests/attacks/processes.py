"""Whether an attack answers alike wherever it runs."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def answers_elsewhere(code: str) -> set[bytes]:
    """What `code` prints under other hash seeds, numbers of threads, and matrix products with the rounding of
    other processors."""
    answers = set()
    for seed, threads, processor in (("0", "1", "Nehalem"), ("1", "2", "Haswell")):
        elsewhere = {"PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads, "OPENBLAS_CORETYPE": processor}
        answers.add(
            subprocess.check_output([sys.executable, "-c", code], env=os.environ | elsewhere, cwd=ROOT)
        )
    return answers
