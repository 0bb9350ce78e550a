"""The attacker has one ciphertext."""
