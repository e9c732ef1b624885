"""Latency of one whole note: of a WaveNet, which draws sample after sample, against a GANSynth.

The paper compares latencies at batch 1, not throughput. Weights are random, which does not change the speed. Of a
WaveNet's note one frame is timed, 512 of its 64,000 samples, all of which take the same time.
"""

from collections.abc import Iterator, Sequence

import numpy as np
import tensorflow as tf

from gansynth_tf.baselines import wavenet_networks
from gansynth_tf.baselines.wavenet_config import AutoencoderConfig
from gansynth_tf.baselines.wavenet_sampler import BLOCKS, Sampler
from gansynth_tf.benchmark import generate
from gansynth_tf.benchmark.comparison import Result
from gansynth_tf.benchmark.measurement import Case
from gansynth_tf.config import Config

BATCH_SIZES = (1, 32)
# Engel et al. 2019, section 5.2, as remembered: seconds to complete one note on a TitanX GPU, and their ratio.
PAPER_WAVENET, PAPER_GANSYNTH, PAPER_RATIO = 1077.53, 0.020, 53_880


def cases(config: Config, tfds_data_dir: str | None = None, *, wavenet: AutoencoderConfig | None = None
          ) -> Iterator[Case]:
    """Cases of whole notes by both, one by one and 32 at once; `wavenet` is the published one unless given."""
    wavenet = wavenet or AutoencoderConfig()
    weights = {name: tf.constant(array) for name, array in wavenet_networks.initial(wavenet).items()}
    for batch_size in BATCH_SIZES:
        yield Case(_name('WaveNet', batch_size), 'notes', _draw(wavenet, weights, batch_size),
                   original=f'wavenet_{batch_size}', flops_each=flops_per_note(wavenet))
        synth = generate.synthesizer(config, batch_size)
        latents, pitches = synth.sample_latents(batch_size), [60] * batch_size
        yield Case(_name('GANSynth', batch_size), 'notes', lambda: len(synth.generate(latents, pitches)),  # noqa: B023
                   flops_each=generate.flops_per_note(config))


def flops_per_note(config: AutoencoderConfig) -> float:
    """Multiplications and additions of the decoder for one note, without the few of its conditioning."""
    sizes = [np.prod(shape) for name, shape in wavenet_networks.shapes(config).items()
             if name.endswith('/W') and not name.startswith(('ae_', 'cond_map'))]
    return 2.0 * float(sum(sizes)) * config.audio_length


def bytes_per_step(config: AutoencoderConfig) -> float:
    """Mean bytes of weights that the sampler reads for each sample; past taps are read once per block of steps."""
    shapes, total = wavenet_networks.shapes(config), 0.0
    for number, dilation in enumerate(wavenet_networks.dilations(config.num_layers, config.num_stages), 1):
        tap = np.prod(shapes[f'dilatedconv_{number}/W'][2:])
        total += tap + (wavenet_networks.TAPS - 1) * tap / min(dilation, BLOCKS[0])
        total += np.prod(shapes[f'res_{number}/W']) + np.prod(shapes[f'skip_{number}/W'])
    for layer in ('startconv', 'skip_start', 'out1', 'logits'):
        total += np.prod(shapes[f'{layer}/W'])
    return 4.0 * float(total)


def latencies(results: Sequence[Result]) -> list[str]:
    """Sentences on the latency of a note, from the results of this part; [] where they are of other parts."""
    seconds = {result.name: 1 / result.ours.per_second for result in results}
    lines = []
    for batch_size in BATCH_SIZES:
        wavenet, gansynth = _name('WaveNet', batch_size), _name('GANSynth', batch_size)
        if {wavenet, gansynth} <= seconds.keys():
            slow, fast = batch_size * seconds[wavenet], batch_size * seconds[gansynth]
            lines.append(f'Batch {batch_size}: notes are there after {slow:.4g} s by WaveNet (scaled from 512 of '
                         f'64,000 samples: {1000 * slow / 64000:.3g} ms each), {fast:.3g} s by GANSynth: '
                         f'{slow / fast:,.0f} times as long.')
    rate = bytes_per_step(AutoencoderConfig()) * 64000 * 1e-9
    if lines:
        lines.append(f'At batch 1 WaveNet reads {rate / seconds[_name("WaveNet", 1)]:.3g} GB of weights a second; what '
                     f'memory can do is in the part roofline.')
        lines.append(f'The paper, batch 1 on a GPU: {PAPER_WAVENET} s and {1000 * PAPER_GANSYNTH:.0f} ms, '
                     f'{PAPER_RATIO:,} times.')
    return lines


def _name(model: str, batch_size: int) -> str:
    return f'{model}, batch {batch_size}'


def _draw(config: AutoencoderConfig, weights, batch_size: int):
    sampler = Sampler(weights, config, batch_size)
    random = np.random.default_rng(0)
    encoding = random.standard_normal((batch_size, 1, config.encoding_channels), np.float32)
    uniforms = random.random((config.ae_hop_length, batch_size), np.float32)
    return lambda: sampler.draw(encoding, uniforms).size / config.audio_length
