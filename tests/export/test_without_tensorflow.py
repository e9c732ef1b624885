"""An export for another engine is played in a process that cannot import TensorFlow."""

import subprocess
import sys

import numpy as np
import pytest

import gansynth_tf as gs
from gansynth_tf.export import network_model
from gansynth_tf.generation import synthesizer

CODE = """
import sys
for name in ('tensorflow', 'keras'):
    sys.modules[name] = None
import numpy as np
import gansynth_tf as gs
synth = gs.load(sys.argv[1])
np.save(sys.argv[2], synth.generate(np.load(sys.argv[3]), [60, 64]))
"""


def test_a_network_alone_needs_none(model_dir, tmp_path):
    pytest.importorskip('onnxruntime', reason="needs pip install '.[onnx]'")
    pytest.importorskip('tf2onnx', reason="needs pip install '.[onnx]'")
    network_model.export(synthesizer.open_model(model_dir), tmp_path / 'export', engine='onnx')
    original = gs.load(model_dir)
    latents = original.sample_latents(2, seed=0)
    np.save(tmp_path / 'latents.npy', latents)
    subprocess.run([sys.executable, '-c', CODE, tmp_path / 'export', tmp_path / 'waves.npy', tmp_path / 'latents.npy'],
                   check=True)
    expected = original.generate(latents, [60, 64])
    np.testing.assert_allclose(np.load(tmp_path / 'waves.npy'), expected, atol=1e-4 * np.max(np.abs(expected)))
