"""Attacks by whoever holds the weights of a keyed model (`lib.models.keyed`), the server and its thieves.

    checkpoint   beside a plain checkpoint that the model, or its fine-tuned heir, was made from
    filters      the served weights alone: filters of a trained patch map are smooth, as pictures are

No publication of either was found: the papers argue that ciphertexts alone do not give the key, and say
nothing of the weights that the key was put into. These functions take weights and ciphertexts; the attacks of
`lib.attacks.catalogue` take none, so these two are called by themselves.
"""
