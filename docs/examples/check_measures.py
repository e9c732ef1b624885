"""Do the measures measure? Real notes, spoilt in known ways, through the same tools; the table of docs/metrics.md.

    python docs/examples/check_measures.py NOTES CACHE [SECONDS]

NOTES is a directory of gansynth_prepare_data, CACHE one for features of the real notes.
"""

import dataclasses
import sys

import numpy as np

from gansynth_tf import files
from gansynth_tf.data import prepared_notes
from gansynth_tf.data.sources.note_source import TEST, TRAIN
from gansynth_tf.evaluation import features, measurements, note_sets, reference
from gansynth_tf.evaluation.classifier import classifier as classifier_lib
from gansynth_tf.evaluation.metrics import feature_distances, ndb

NUM_COLLAPSED = 8
COLUMNS = (('ndb', '.0f'), ('fid', '.1f'), ('kid', '.3f'), ('inception_score', '.1f'), ('pitch_accuracy', '.1%'),
           ('fundamental_accuracy', '.1%'), ('pitch_entropy', '.2f'), ('phase_coherence', '.3f'))


def quarter_tone_up(wave, random):
    """Played faster by half a semitone."""
    return np.interp(np.arange(len(wave)) * 2 ** (0.5 / 12), np.arange(len(wave)), wave, right=0).astype(np.float32)


def with_noise(wave, random):
    """White noise 20 dB below the note."""
    return (wave + 0.1 * wave.std() * random.standard_normal(len(wave))).astype(np.float32)


def spoilt(note_set, change, name):
    """The set with every wave changed."""
    def batches():
        random = np.random.default_rng(0)
        for waves, pitches, instruments in note_set.batches():
            yield np.stack([change(wave, random) for wave in waves]), pitches, instruments
    return dataclasses.replace(note_set, name=name, batches=batches)


def copies(held_out):
    """Spoilt by leaving out or repeating notes, which needs no new features."""
    collapsed = np.resize(np.random.default_rng(0).choice(len(held_out), NUM_COLLAPSED, replace=False), len(held_out))
    most_frequent = np.bincount(held_out.pitches).argmax()
    octave = (held_out.pitches >= 48) & (held_out.pitches < 60)
    return {'without one pitch': held_out.take(held_out.pitches != most_frequent),
            'without one octave': held_out.take(~octave),
            f'collapsed to {NUM_COLLAPSED} notes': held_out.take(collapsed)}


def halves(values, log_specgrams):
    """Ten times two random halves of the training notes: mean NDB and mean FID between them."""
    found = []
    for seed in range(10):
        first, second = np.array_split(np.random.default_rng(seed).permutation(len(values)), 2)
        bins = ndb.fit(log_specgrams[first], seed=seed)
        found.append((ndb.number_of_different_bins(bins.count(bins.assign(log_specgrams[second])), bins.counts),
                      feature_distances.frechet_distance(values[first], feature_distances.fit(values[second]))))
    return np.mean(found, axis=0)


def markdown(rows, training):
    """The table."""
    lines = [f'| | {" | ".join(name for name, _ in COLUMNS)} |', f'|---|{"---|" * len(COLUMNS)}']
    for name, notes in rows.items():
        numbers = measurements.measure(notes, training, num_replicates=0)
        values = [getattr(numbers[key], 'value', numbers[key]) for key, _ in COLUMNS]
        lines.append(f'| {name} | ' + ' | '.join(f'{value:{form}}' for value, (_, form) in zip(values, COLUMNS)) + ' |')
    return '\n'.join(lines)


def main(data_dir, cache_dir, seconds=2.0):
    notes, classifier = prepared_notes.open_notes(data_dir), classifier_lib.load()
    length = round(float(seconds) * notes.sample_rate)
    real = reference.extract(notes, classifier, audio_length=length, cache_dir=files.make_directory(cache_dir))
    held_out = note_sets.of_prepared_notes(notes, TEST, name='held out', audio_length=length)
    rows = {'held out': real.held_out, **copies(real.held_out)}
    for name, change in (('a quarter tone up', quarter_tone_up), ('with noise at 20 dB', with_noise)):
        rows[name] = features.extract(spoilt(held_out, change, name), classifier, real.training.bins)
    print(markdown(rows, real.training))
    train = note_sets.of_prepared_notes(notes, TRAIN, name='training notes', audio_length=length)
    arrays = features.extract_reference(train, classifier)
    print('Random halves of the training notes: NDB {:.1f}, FID {:.2f}'.format(
        *halves(arrays['features'], arrays['log_specgrams'])))


if __name__ == '__main__':
    main(*sys.argv[1:])
