import re

import pytest

from gansynth_tf.baselines.wavenet_config import AutoencoderConfig
from gansynth_tf.benchmark import wavenet
from gansynth_tf.benchmark.comparison import Result
from gansynth_tf.benchmark.measurement import Measurement
from gansynth_tf.config import Config

TINY = AutoencoderConfig(num_layers=2, num_stages=2, width=4, skip_width=3, ae_num_layers=1, ae_width=2,
                         ae_bottleneck_width=2, ae_hop_length=64, crop_length=64, audio_length=256)


def test_work_of_a_note_counted_by_hand():
    layers = 2 * (3 * 4 * 8 + 4 * 4 + 4 * 3)
    others = 3 * 4 + 4 * 3 + 3 * 3 + 3 * 256
    assert wavenet.flops_per_note(TINY) == 2 * 256 * (layers + others)


def test_bytes_counted_by_hand():
    first, second = 3 * 4 * 8, 4 * 8 + 2 * 4 * 8 / 2  # of dilations 1 and 2
    others = 2 * (4 * 4 + 4 * 3) + 3 * 4 + 4 * 3 + 3 * 3 + 3 * 256
    assert wavenet.bytes_per_step(TINY) == 4 * (first + second + others)


def test_the_published_model_reads_less_than_it_has():
    assert wavenet.bytes_per_step(AutoencoderConfig()) == pytest.approx(136.7e6, rel=0.001)  # of 237 MB


def test_cases_do_parts_of_notes():
    config = Config(num_resolutions=2, start_height=4, audio_length=160, fmap_base=16, latent_vector_size=4)
    counts = {case.name: case.work() for case in wavenet.cases(config, wavenet=TINY)}
    assert counts == {'WaveNet, batch 1': 0.25, 'GANSynth, batch 1': 1, 'WaveNet, batch 32': 8.0,
                      'GANSynth, batch 32': 32}


def test_latencies_are_of_a_batch():
    def result(name, per_second):
        return Result(name, 'notes', None, Measurement(per_second, 1.0, 1.0, 1.0))
    results = [result('WaveNet, batch 1', 1 / 400), result('GANSynth, batch 1', 10), result('WaveNet, batch 32', 0.04),
               result('GANSynth, batch 32', 16)]
    one, many, rate, paper = wavenet.latencies(results)
    assert '400 s by WaveNet' in one and '6.25 ms each' in one and one.endswith('4,000 times as long.')
    assert '800 s by WaveNet' in many and '2 s by GANSynth' in many
    assert re.search(r'reads 21\.9 GB', rate) and '53,880' in paper
    assert wavenet.latencies(results[1:2]) == []
