"""The attacker has ciphertexts under one key. Attacks on one ciphertext that more make surer, Tanaka's and
that on grey EtC, are declared for both threat models where they stand, in `lib.attacks.one_ciphertext`."""
