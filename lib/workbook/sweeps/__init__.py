"""A notebook run over a grid of parameters."""
