"""Ciphers to be judged that are no schemes of `lib.schemes`: what they give are no pictures of bytes."""
