"""The paper's comparison of systems, repeated by one command."""
