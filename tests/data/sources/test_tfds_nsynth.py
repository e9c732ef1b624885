import numpy as np
import pytest
import tensorflow_datasets as tfds

from gansynth_tf import config
from gansynth_tf.data import pipeline, prepare, prepared_notes
from gansynth_tf.data.sources import tfds_nsynth
from gansynth_tf.data.sources.note_source import FAMILIES, QUALITIES
from gansynth_tf.data.sources.selection import EVERYTHING, Selection
from gansynth_tf.errors import InputError

RATE, LENGTH = 16000, 64000
INSTRUMENTS = ['brass_acoustic_000', 'flute_acoustic_001', 'bass_synthetic_002', *(f'unused_{i}' for i in range(1003))]
OfficialBuilder = tfds.builder_cls('nsynth')
# (name, pitch, velocity, instrument) by split, in the order in which they are stored.
NOTES = {'train': [('brass_acoustic_000-040-100', 40, 100, 0), ('flute_acoustic_001-060-075', 60, 75, 1),
                   ('brass_acoustic_000-041-100', 41, 100, 0), ('bass_synthetic_002-040-100', 40, 100, 2)],
         'valid': [('brass_acoustic_000-042-050', 42, 50, 0)], 'test': [('brass_acoustic_000-099-050', 99, 50, 0)]}


def wave(name):
    return (np.random.default_rng(list(name.encode())).integers(-30000, 30000, LENGTH) / 32768).astype(np.float32)


class Nsynth(OfficialBuilder, skip_registration=True):
    """The official builder with notes of our own: neither Beam nor network, but its features, names and versions."""

    name = 'nsynth'

    def _info(self):
        features = {
            'id': np.str_, 'audio': tfds.features.Audio(shape=(LENGTH,), dtype=np.float32, sample_rate=RATE),
            'pitch': tfds.features.ClassLabel(num_classes=128), 'velocity': tfds.features.ClassLabel(num_classes=128),
            'instrument': {'label': tfds.features.ClassLabel(num_classes=1006),
                           'family': tfds.features.ClassLabel(names=FAMILIES),
                           'source': tfds.features.ClassLabel(names=['acoustic', 'electronic', 'synthetic'])},
            'qualities': dict.fromkeys(QUALITIES, np.bool_)}
        return self.dataset_info_from_configs(features=tfds.features.FeaturesDict(features),
                                              metadata=tfds.core.MetadataDict(sample_rate=RATE))

    def _split_generators(self, dl_manager):
        self.info.features['instrument']['label'].names = INSTRUMENTS
        return {split: self._generate_examples(notes) for split, notes in NOTES.items()}

    def _generate_examples(self, notes):
        for name, pitch, velocity, instrument in notes:
            family, source, _ = INSTRUMENTS[instrument].split('_')
            yield name, {
                'id': name, 'audio': wave(name), 'pitch': pitch, 'velocity': velocity,
                'instrument': {'label': INSTRUMENTS[instrument], 'family': family, 'source': source},
                'qualities': {quality: quality == 'dark' for quality in QUALITIES}}


@pytest.fixture(scope='module', params=['gansynth_subset', 'full'])
def official(request, tmp_path_factory):
    """A data directory with a small data set as TFDS's own writer leaves it."""
    directory = tmp_path_factory.mktemp('tensorflow_datasets')
    builder = Nsynth(data_dir=directory, config=request.param)
    builder._download_and_prepare = lambda *args, **kwargs: tfds.core.GeneratorBasedBuilder._download_and_prepare(
        builder, *args, **kwargs)
    builder.download_and_prepare()
    return directory


def test_it_is_where_and_what_the_official_one_is(official):
    directory, = official.glob('nsynth/*/2.3.3')
    info = tfds.builder_from_directory(directory).info
    assert info.name == 'nsynth' and {split.num_examples for split in info.splits.values()} == {4, 1}
    assert info.features['audio'].dtype == np.float32


def test_it_is_trained_on_as_it_is(official):
    notes = prepared_notes.open_notes(official)
    assert (notes.sample_rate, notes.audio_length, notes.splits) == (RATE, LENGTH, ('train', 'valid', 'test'))
    assert notes.vocabulary.counts == {40: 2, 41: 1, 60: 1}
    by_id = {note['id'].decode(): note['wave'][:, 0] for note in notes.waves('train').as_numpy_iterator()}
    assert by_id.keys() == {name for name, *_ in NOTES['train']}
    for name, samples in by_id.items():
        np.testing.assert_array_equal(samples, wave(name))


def test_its_batches_reach_the_networks(official):

    notes = pipeline.open_notes(official)
    batches = pipeline.specgram_batches(notes, config.preset('tiny'), resolution=(16, 128), batch_size=4, seed=0)
    specgrams, labels = next(batches.as_numpy_iterator())
    assert specgrams.shape == (4, 16, 128, 2) and np.isfinite(specgrams).all()
    assert sorted(labels) == [0, 0, 1, 2]


def test_it_is_a_source_to_select_from(official, tmp_path):
    source = tfds_nsynth.read_source(official)
    assert sorted(note.pitch for note in source.notes) == [40, 41, 42, 60]
    assert source.num_not_selected == 2
    note = next(note for note in source.notes if note.pitch == 60)
    assert (note.name, note.velocity, note.instrument, note.family, note.origin, note.qualities) == (
        'flute_acoustic_001-060-075', 75, 'flute_acoustic_001', 'flute', 'acoustic', {'dark'})
    selected = tfds_nsynth.read_source(official, Selection(velocities=(50,), families=('brass',)))
    assert sorted(note.pitch for note in selected.notes) == [42, 99]
    prepare.prepare(source, tmp_path, audio_length=LENGTH)
    prepared = prepared_notes.open_notes(tmp_path)
    for split in ('train', 'test'):
        for note in prepared.waves(split).as_numpy_iterator():
            np.testing.assert_array_equal(note['wave'][:, 0], wave(note['id'].decode()))
    assert prepared.num_notes('train') + prepared.num_notes('test') == 4


def test_what_gansynth_prepare_data_wrote_can_be_selected_from_again(prepared_directory, prepared):
    source = tfds_nsynth.read_source(prepared_directory, EVERYTHING)
    assert len(source.notes) == prepared.num_notes('train') + prepared.num_notes('test')


def test_a_data_set_with_fewer_features_is_refused(tmp_path):
    info = tfds.core.DatasetInfo(
        builder=tfds.core.dataset_info.DatasetIdentity(name='notes', version=tfds.core.Version('1.0.0'),
                                                       data_dir=str(tmp_path), module_name=''),
        features=tfds.features.FeaturesDict({
            'id': np.str_, 'audio': tfds.features.Audio(shape=(6,), dtype=np.float32, sample_rate=8000),
            'pitch': tfds.features.ClassLabel(num_classes=128)}))
    writer = tfds.core.SequentialWriter(info, max_examples_per_shard=2)
    writer.initialize_splits(['train'])
    writer.add_examples({'train': [{'id': 'a', 'audio': np.ones(6, np.float32), 'pitch': 60}]})
    writer.close_all()
    with pytest.raises(InputError, match='expected the features of NSynth. Received: one without instrument, qualitie'):
        tfds_nsynth.read_source(tmp_path)
