"""The quality of a model's notes: the measurements and the pictures of the paper."""
