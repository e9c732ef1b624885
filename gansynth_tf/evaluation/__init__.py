"""How good a model's notes are: the measurements and the pictures of the paper."""
