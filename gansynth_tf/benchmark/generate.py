"""Speed of generating notes, from latents to waves."""

import math
from collections.abc import Callable, Iterator

import numpy as np

from gansynth_tf.benchmark.measurement import Case
from gansynth_tf.config import Config
from gansynth_tf.data.vocabulary import PitchVocabulary
from gansynth_tf.generation.played_model import Synthesizer
from gansynth_tf.generation.synthesizer import from_weights
from gansynth_tf.networks import weights
from gansynth_tf.networks.checkpoints import GeneratorState
from gansynth_tf.spectral import normalizers

PITCHES = PitchVocabulary(dict.fromkeys(range(24, 85), 1))


def cases(config: Config, tfds_data_dir: str | None = None) -> Iterator[Case]:
    """Cases of notes in batches of 8 and one by one, in both precisions; random weights do not change the speed."""
    for precision, kind in (('fp32', 'float32'), ('bf16', 'bfloat16')):
        for batch_size, num_notes in ((8, 24), (1, 8)):
            yield Case(f'generate, batch {batch_size}, {kind}', 'notes',
                       _generate(synthesizer(config, batch_size, precision=precision), num_notes),
                       original=f'generate_{batch_size}', flops_each=flops_per_note(config))


def synthesizer(config: Config, batch_size: int, *, precision: str = 'fp32') -> Synthesizer:
    """A model of `config` with random weights."""
    random = np.random.default_rng(0)
    arrays = {name: random.standard_normal(shape, np.float32)
              for name, shape in weights.generator_shapes(config, len(PITCHES.pitches)).items()}
    state = GeneratorState(arrays, num_blocks=config.num_resolutions, progress=config.num_resolutions - 1.0)
    return from_weights(config, PITCHES, state, normalizers.from_config(config), batch_size=batch_size,
                        precision=precision)


def flops_per_note(config: Config) -> float:
    """Multiplications and additions of the convolutions of one note, as the inference graph does them."""
    (down, across), total = config.growth, 0.0
    for name, shape in weights.generator_shapes(config, len(PITCHES.pitches)).items():
        block, layer, kind = name.split('/')
        block_id = int(block.removeprefix('block_'))
        if kind == 'bias' or (layer == 'to_rgb' and block_id < config.num_resolutions):
            continue
        height, width = config.resolution(block_id)
        if layer == 'dense' or (block_id == 1 and layer == 'conv0'):
            times = 1.0
        elif layer == 'conv0':  # a larger kernel, of whose taps every pixel uses one in `down * across`
            rows, columns = shape[:2]
            times = height * width * (rows + down - 1) * (columns + across - 1) / (rows * columns * down * across)
        elif layer == 'conv2d_transpose':
            times = height * width / (down * across)
        else:
            times = height * width
        total += 2 * math.prod(shape) * times
    return total


def _generate(synth: Synthesizer, num_notes: int) -> Callable[[], int]:
    latents, pitches = synth.sample_latents(num_notes), range(36, 36 + num_notes)
    return lambda: len(synth.generate(latents, pitches))
