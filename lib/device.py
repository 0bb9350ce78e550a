"""Tables on torch tensors on another device than the CPU, where the compiled kernels serve."""

from typing import Any

import torch


def apply_table(table: Any, batch: torch.Tensor) -> torch.Tensor:
    """`lib.table.Table.apply_bytes` for `(n, h, w, c)` uint8 on any device; a new tensor of that shape."""
    parts, bits = 8 // table.bits, table.bits
    kept = table.__dict__.setdefault("_on_device", {})
    if batch.device not in kept:  # copied there once
        kept[batch.device] = [
            torch.tensor(each, device=batch.device) for each in (table.index, table.byte_mask)
        ]
    index, mask = kept[batch.device]
    flat = batch.reshape(len(batch), -1)
    if parts == 1:
        return (flat.index_select(1, index) ^ mask).reshape(batch.shape)
    low = 2**bits - 1
    atoms = torch.stack([flat >> shift & low for shift in range(8 - bits, -1, -bits)], dim=2)
    atoms = atoms.reshape(len(flat), -1).index_select(1, index).reshape(len(flat), -1, parts)
    out = atoms[:, :, 0]
    for part in range(1, parts):
        out = out << bits | atoms[:, :, part]
    return (out ^ mask).reshape(batch.shape)
