import sys

import numpy as np
import pytest

import gansynth_tf as gs
from gansynth_tf.errors import InputError
from gansynth_tf.export import network_model
from gansynth_tf.generation import network_model as engines
from gansynth_tf.generation import synthesizer

ENGINES = pytest.mark.parametrize('engine', engines.ENGINES)


@ENGINES
def test_without_the_engine_it_is_named(engine, model_dir, tmp_path, monkeypatch):
    kind = engines.ENGINES[engine]
    monkeypatch.setitem(sys.modules, kind.package, None)
    complaint = rf"{kind.name} is missing: expected pip install 'gansynth-tf\[{engine}\]'"
    with pytest.raises(InputError, match=complaint):
        network_model.export(synthesizer.open_model(model_dir), tmp_path, engine=engine)
    (tmp_path / kind.file).write_text('')
    with pytest.raises(InputError, match=complaint):
        gs.load(tmp_path)


@ENGINES
def test_it_makes_the_same_notes(engine, model_dir, tmp_path):
    kind = engines.ENGINES[engine]
    pytest.importorskip(kind.package, reason=f"needs pip install '.[{engine}]'")
    assert network_model.export(synthesizer.open_model(model_dir), tmp_path / 'out', engine=engine) == tmp_path / 'out'
    original, loaded = gs.load(model_dir), gs.load(tmp_path / 'out')
    assert (loaded.config, loaded.vocabulary) == (original.config, original.vocabulary)
    latents, pitches = original.sample_latents(9), original.sample_pitches(9)
    expected = original.generate(latents, pitches)
    np.testing.assert_allclose(loaded.generate(latents, pitches), expected, atol=1e-4 * np.max(np.abs(expected)))
    for damaged in ('description.json', kind.file):
        (tmp_path / 'out' / damaged).write_text('{')
        with pytest.raises(InputError, match='Cannot read the export'):
            gs.load(tmp_path / 'out')


@pytest.mark.parametrize('engine', ['litert', 'onnx'])
def test_those_of_one_precision_say_so(engine, model_dir, tmp_path):
    kind = engines.ENGINES[engine]
    pytest.importorskip(kind.package, reason=f"needs pip install '.[{engine}]'")
    network_model.export(synthesizer.open_model(model_dir), tmp_path, engine=engine)
    with pytest.raises(InputError, match=f"Impossible precision for {kind.name}: expected 'fp32'. Received: 'bf16'"):
        gs.load(tmp_path, precision='bf16')
