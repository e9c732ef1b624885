import sys

import numpy as np
import pytest

import gansynth_tf as gs
from gansynth_tf.errors import InputError
from gansynth_tf.export import openvino_model


def test_without_openvino_it_is_named(model_dir, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, 'openvino', None)
    with pytest.raises(InputError, match=r"OpenVINO is missing: expected pip install 'gansynth-tf\[openvino\]'"):
        openvino_model.export(model_dir, tmp_path)
    (tmp_path / 'generator.xml').write_text('')
    with pytest.raises(InputError, match='OpenVINO is missing'):
        gs.load(tmp_path)


def test_it_makes_the_same_notes(model_dir, tmp_path):
    pytest.importorskip('openvino', reason="needs pip install '.[openvino]'")
    assert openvino_model.export(model_dir, tmp_path / 'out') == tmp_path / 'out'
    original, loaded = gs.load(model_dir), gs.load(tmp_path / 'out')
    assert (loaded.config, loaded.vocabulary) == (original.config, original.vocabulary)
    latents, pitches = original.sample_latents(9), original.sample_pitches(9)
    expected = original.generate(latents, pitches)
    np.testing.assert_allclose(loaded.generate(latents, pitches), expected, atol=1e-4 * np.max(np.abs(expected)))
    (tmp_path / 'out' / 'generator.bin').unlink()
    with pytest.raises(InputError, match='Cannot read the export'):
        gs.load(tmp_path / 'out')
