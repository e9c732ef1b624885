"""The networks of a GANSynth in training, under the names that they have in checkpoints."""

import dataclasses

from gansynth_tf.config import Config
from gansynth_tf.networks import network
from gansynth_tf.networks.discriminator import Discriminator
from gansynth_tf.networks.generator import Generator
from gansynth_tf.networks.network import ProgressiveNetwork


@dataclasses.dataclass(frozen=True)
class Networks:
    """The three networks that training changes."""

    generator: Generator
    generator_ema: Generator
    discriminator: Discriminator

    @classmethod
    def create(cls, config: Config, num_pitches: int) -> 'Networks':
        """New networks; the average starts at the generator's initial weights, and is played in float32."""
        with network.mixed_precision(config.mixed_precision):
            generator, discriminator = Generator(config, num_pitches), Discriminator(config, num_pitches)
        return cls(generator, Generator(config, num_pitches), discriminator)

    def by_name(self) -> dict[str, ProgressiveNetwork]:
        """The networks by the names under which checkpoints hold them."""
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
