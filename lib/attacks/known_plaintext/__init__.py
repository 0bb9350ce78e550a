"""The attacker has pairs of plain images and ciphertexts."""
