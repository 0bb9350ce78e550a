"""Front layers that sort ciphertexts by their statistics, without labels or key."""
