"""The attacker has ciphertexts under one key."""
