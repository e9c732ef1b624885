"""gansynth_export, from flags to files."""

import pytest

from gansynth_tf.cli import command, export
from gansynth_tf.export import saved_model
from gansynth_tf.generation import synthesizer
from gansynth_tf.instrument import BUILT_IN_MODEL


@pytest.fixture
def asked(monkeypatch):
    """What the tool asks of the library, which is tested by itself."""
    calls = []
    monkeypatch.setattr(saved_model, 'export', lambda *args, **kwargs: calls.append((args, kwargs)) or 'OUT/1')
    return calls


def run(*arguments):
    return command.execute(export.main, export, ['gansynth_export', *arguments])


def test_flags_reach_the_library_and_the_path_is_printed(asked, capsys, monkeypatch, tmp_path):
    opened = []
    (tmp_path / 'experiment.json').write_text('{}')
    monkeypatch.setattr(synthesizer, 'open_model', lambda *args, **kwargs: opened.append((args, kwargs)) or 'the model')
    assert run(f'--ckpt_dir={tmp_path}', '--export_dir=OUT', '--noema', '--data_licence=CC0', '--checkpoint=best',
               '--latent_scale=0.5', '--precision=bf16', '--batch_size=4', '--nophase_locking') == 0
    assert capsys.readouterr().out == 'OUT/1\n'
    assert opened == [((str(tmp_path),), {'ema': False, 'config': None, 'checkpoint': 'best', 'latent_scale': 0.5})]
    assert asked == [(('the model', 'OUT'), {'data_licence': 'CC0', 'precision': 'bf16', 'phase_locking': False,
                                              'batch_size': 4})]


def test_the_built_in_model_without_flags(asked):
    assert run('--export_dir=OUT') == 0
    (model, directory), _ = asked[0]
    assert (model.directory, directory) == (BUILT_IN_MODEL, 'OUT')


@pytest.mark.parametrize('arguments, complaint', [
    ((), 'Missing flag: expected --export_dir='),
    (('--export_dir=OUT', '--hparams={"fmap_max": 3}'), 'Impossible --hparams'),
])
def test_bad_flags(asked, arguments, complaint, capsys):
    assert run(*arguments) == 2
    assert capsys.readouterr().err.startswith(f'error: {complaint}')
    assert not asked


def test_no_model(tmp_path, capsys):
    assert run(f'--ckpt_dir={tmp_path / "none"}', f'--export_dir={tmp_path / "out"}') == 2
    assert capsys.readouterr().err.startswith('error: No such model')
    assert not (tmp_path / 'out').exists()
