"""The attacker tries keys out of a small set."""
