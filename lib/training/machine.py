"""What a run takes from the machine: seeds, threads, clocks, bfloat16."""

import time
from contextlib import contextmanager

import numpy as np
import torch

CPU = torch.device("cpu")


def has_bfloat16(device: torch.device) -> bool:
    """Whether the device computes in bfloat16 by itself, so that using it saves time."""
    if device.type == "cpu":
        return any(torch.cpu.get_capabilities().get(name) for name in ("avx512_bf16", "amx_bf16"))
    return device.type == "cuda" and torch.cuda.is_bf16_supported()


def autocast(device: torch.device, wanted: bool):
    """bfloat16 inside, where it is wanted and the device has it."""
    return torch.autocast(device.type, torch.bfloat16, enabled=wanted and has_bfloat16(device))


def worked(device: torch.device) -> float:
    """Seconds that the CPU's threads worked, over their number; on another device those of a clock."""
    return time.process_time() / torch.get_num_threads() if device.type == "cpu" else time.perf_counter()


def generator(seed: int, epoch: int) -> torch.Generator:
    """The draws of an epoch from -1 on, or of a step: no two alike."""
    state = np.random.SeedSequence((seed, epoch + 1)).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0] >> 1))


@contextmanager
def quiet(seed: int, device: torch.device = CPU, threads: int = 1):
    """Torch's generator is set from `seed` inside; the caller's, and its threads, are given back after it."""
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)
