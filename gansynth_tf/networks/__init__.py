"""The progressive networks: layers, resolution schedule, generator, discriminator and their weights as arrays."""
