"""Training of the pitch classifier on prepared notes.

The first epochs use the first quarter of each note, which takes a quarter of the time: the network is the same, and the
partials that determine the pitch are there from the start. Later epochs use whole notes.
"""

import functools
import os
import pathlib

import keras
import numpy as np
import tensorflow as tf

from gansynth_tf.data.prepared_notes import PreparedNotes, fit_length, to_float
from gansynth_tf.data.sources.note_source import QUALITIES, TEST, TRAIN
from gansynth_tf.errors import InputError
from gansynth_tf.evaluation.classifier import classifier, classifier_network

_SHORTER = 4  # whole notes are as many times as long as short ones; models of short notes are measured, too
_MOST_DELAY = 0.05  # of a note
_FADE_SECONDS = 0.02
_ADAM_BETA1 = 0.5
_BACKUP = 'backup'
_FEATURES = ('audio', 'pitch', 'instrument', 'qualities')


def train(notes: PreparedNotes, output_dir: pathlib.Path, *, width: float, num_short_epochs: int, num_epochs: int,
          batch_size: int, learning_rate: float, most_semitones: int, seed: int,
          verbose: int | str = 'auto') -> dict[str, float]:
    """Trains a classifier, writes it into `output_dir` and returns its accuracies on the test split.

    Interrupted, it goes on after the last whole epoch when it is called again with the same arguments.

    Args:
      notes: prepared notes with a train and a test split.
      output_dir: an existing directory.
      width: factor of the network's filters, see `classifier_network.build`.
      num_short_epochs: epochs with the first quarter of each training note.
      num_epochs: epochs with whole training notes.
      batch_size: notes in a step.
      learning_rate: of Adam at the start; it falls to zero along half a cosine, for short notes and again for whole
        ones.
      most_semitones: half of the training notes are resampled by up to so many semitones, with another label.
      seed: of weights, order and variations.
      verbose: of Keras's `fit`.
    """
    keras.utils.set_random_seed(seed)
    network = classifier_network.build(width)
    heads = keras.Model(network.input, {name: network.output[name] for name in classifier_network.HEADS})
    shorter = notes.audio_length // _SHORTER
    for name, epochs, audio_length in (('short', num_short_epochs, shorter), ('whole', num_epochs, notes.audio_length)):
        steps = epochs * -(-notes.num_notes(TRAIN) // batch_size)
        schedule = keras.optimizers.schedules.CosineDecay(learning_rate, max(1, steps))
        heads.compile(keras.optimizers.Adam(schedule, beta_1=_ADAM_BETA1), loss=_losses(),
                      weighted_metrics={'pitch': [keras.metrics.SparseCategoricalAccuracy(name='accuracy')]})
        backup = keras.callbacks.BackupAndRestore(os.fspath(output_dir / _BACKUP / name), delete_checkpoint=False)
        batches = training_batches(notes, audio_length=audio_length, batch_size=batch_size,
                                   most_semitones=most_semitones, seed=seed)
        heads.fit(batches, epochs=epochs, callbacks=[backup], verbose=verbose, shuffle=False)
    trained = classifier.Classifier(network, width=width, sample_rate=notes.sample_rate,
                                    audio_length=notes.audio_length)
    accuracies = measure(trained, notes, TEST)
    trained.save(output_dir, accuracies)
    return accuracies


def training_batches(notes: PreparedNotes, *, audio_length: int, batch_size: int, most_semitones: int,
                     seed: int) -> tf.data.Dataset:
    """One epoch: (images, labels by head, weights by head), in a new order with new variations each time.

    Each note is cut to its first `audio_length` samples, half of them to less, down to a quarter of a whole note.
    """
    random = tf.random.Generator.from_seed(seed)
    vary = functools.partial(_varied, random=random, fade_samples=round(_FADE_SECONDS * notes.sample_rate),
                             audio_length=audio_length, shortest=min(audio_length, notes.audio_length // _SHORTER),
                             most_semitones=most_semitones)
    num_notes = notes.num_notes(TRAIN)
    order = tf.data.Dataset.range(num_notes).shuffle(num_notes, seed=seed)
    stored = notes.read(TRAIN, order, *_FEATURES)
    return (stored.map(_labelled).map(vary).batch(batch_size)
            .map(_to_examples, num_parallel_calls=tf.data.AUTOTUNE).prefetch(2))


def measure(trained: 'classifier.Classifier', notes: PreparedNotes, split: str) -> dict[str, float]:
    """Accuracies of a classifier: pitch; family and source of notes that have the label; each of the qualities."""
    right: dict[str, list] = {name: [] for name in classifier_network.HEADS}
    stored = notes.read(split, tf.data.Dataset.range(notes.num_notes(split)), *_FEATURES)
    fade = round(_FADE_SECONDS * notes.sample_rate)
    waves = stored.map(_labelled).map(
        lambda wave, labels: (fit_length(wave, notes.audio_length, fade_samples=fade), labels))
    for batch, labels in waves.batch(16).as_numpy_iterator():
        outputs = trained.outputs(batch)
        for name in ('pitch', 'family', 'source'):
            known = _is_known(labels[name], classifier_network.HEADS[name])
            right[name].extend((np.argmax(outputs[name], axis=1) == labels[name])[known])
        described = labels['qualities'].any(axis=1)
        right['qualities'].extend(((outputs['qualities'] > 0) == labels['qualities'])[described].ravel())
    if not right['pitch']:
        raise InputError(f'No notes: expected some in the split {split!r}. Received: none')
    return {name: float(np.mean(values)) for name, values in right.items() if values}


def _losses() -> dict:
    losses: dict = {name: keras.losses.SparseCategoricalCrossentropy(from_logits=True)
                    for name in ('pitch', 'family', 'source')}
    return {**losses, 'qualities': keras.losses.BinaryCrossentropy(from_logits=True)}


def _labelled(note: dict) -> tuple[tf.Tensor, dict[str, tf.Tensor]]:
    """A stored note as float32 [samples], full scale 1, and its labels by head."""
    labels = {'pitch': note['pitch'], 'family': note['instrument']['family'], 'source': note['instrument']['source'],
              'qualities': tf.stack([note['qualities'][name] for name in QUALITIES])}
    return to_float(note['audio']), labels


def _varied(wave: tf.Tensor, labels: dict, *, random: tf.random.Generator, fade_samples: int, audio_length: int,
            shortest: int, most_semitones: int) -> tuple[tf.Tensor, dict]:
    """A variation of a note: resampled to another pitch, delayed a little, or cut earlier."""
    semitones = random.uniform([], -most_semitones, most_semitones + 1, tf.int32)
    semitones *= random.uniform([], 0, 2, tf.int32)
    pitch = labels['pitch'] + tf.cast(semitones, labels['pitch'].dtype)
    possible = (pitch >= 0) & (pitch < classifier_network.NUM_PITCHES)
    wave = _resampled(wave, tf.where(possible, 2.0 ** (tf.cast(semitones, tf.float32) / 12), 1.0))
    labels = {**labels, 'pitch': tf.where(possible, pitch, labels['pitch'])}

    delay = random.uniform([], 0, 1 + round(_MOST_DELAY * audio_length), tf.int32)
    wave = fit_length(tf.pad(wave, [[delay, 0]]), audio_length, fade_samples=fade_samples)
    kept = tf.where(random.uniform([]) < 0.5, random.uniform([], shortest, audio_length + 1, tf.int32), audio_length)
    fade = tf.cast(kept - tf.range(audio_length), tf.float32) / fade_samples
    return tf.where(kept < audio_length, wave * tf.clip_by_value(fade, 0, 1), wave), labels


def _resampled(wave: tf.Tensor, speed: tf.Tensor) -> tf.Tensor:
    """`wave` at `speed` times its speed, by linear interpolation, which is good enough for training."""
    last = tf.cast(tf.size(wave) - 1, tf.float32)
    positions = tf.range(0.0, last, speed)
    left = tf.cast(tf.floor(positions), tf.int32)
    fraction = positions - tf.floor(positions)
    right = tf.minimum(left + 1, tf.size(wave) - 1)
    return (1 - fraction) * tf.gather(wave, left) + fraction * tf.gather(wave, right)


def _to_examples(waves: tf.Tensor, labels: dict[str, tf.Tensor]) -> tuple[tf.Tensor, dict, dict]:
    known = {name: _is_known(labels[name], classifier_network.HEADS[name]) for name in ('pitch', 'family', 'source')}
    # Families that NSynth does not have are numbered after its own; they get no weight.
    targets = {name: tf.where(known[name], labels[name], 0) for name in known}
    # Neither do notes without qualities, which are those of other data sets.
    described = tf.reduce_any(labels['qualities'], axis=1)
    examples_weights = {**known, 'qualities': described}
    targets['qualities'] = tf.cast(labels['qualities'], tf.float32)
    return (classifier_network.waves_to_images(waves), targets,
            {name: tf.cast(weight, tf.float32) for name, weight in examples_weights.items()})


def _is_known(labels, num_classes: int):
    return (labels >= 0) & (labels < num_classes)
