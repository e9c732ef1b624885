"""Makes a listening test of two or more systems, as one web page, and counts what listeners said.

    gansynth_listening_test --ckpt_dir=run --wav_dirs=real=notes,theirs=their_wavs --output_dir=out
    gansynth_listening_test --wav_dirs=wavegan=run_1,wavenet=run_2 --output_dir=out
    gansynth_listening_test --score=listening_results.json,listening_results_2.json

The page works offline, in any browser, with the keyboard alone; sounds are in it. It asks of two notes at the same
pitch which sounds better, on five levels, and saves the answers as a JSON file. Audio files tell their pitches by their
names (pitch60, C4); the folder may also be one that gansynth_prepare_data wrote, for real notes, or a training run,
which then plays. A model named by --ckpt_dir is one more system, and so is the built-in one beside a single folder.
"""

import gansynth_tf
from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

FLAGS = command.new_flags()
command.model_flags(FLAGS)
FLAGS.define_list('wav_dirs', None, 'Systems: name=folder, with commas between them. A folder of audio files, of '
                  'prepared notes, or a training run.')
FLAGS.define_path('output_dir', 'Where listening_test.html goes.')
FLAGS.define_integer('num_trials', 24, 'How many pairs a listener judges.', lower_bound=1)
FLAGS.define_integer('seed', 0, 'Which notes are chosen, and timbres played.', lower_bound=0)
FLAGS.define_list('score', None, 'Instead of making a test: the files that listeners saved, with commas between them.')


def main(_):
    if bool(FLAGS.score) == bool(FLAGS.wav_dirs):
        raise InputError('Unclear what to do: expected either --wav_dirs, to make a test, or --score. '
                         f'Received: {"both" if FLAGS.score else "neither"}')
    if FLAGS.score and FLAGS.ckpt_dir:
        raise InputError('Flags that exclude each other: expected --ckpt_dir or --score. Received: both')
    if FLAGS.score:
        from gansynth_tf.evaluation.listening import listening_scores
        print(listening_scores.markdown(listening_scores.compare(listening_scores.read(FLAGS.score))), end='')
        return
    if not FLAGS.output_dir:
        raise InputError('Missing flag: expected --output_dir=... . Received: no --output_dir')
    folders, settings = parse_folders(FLAGS.wav_dirs), command.model_settings(FLAGS)
    from gansynth_tf import files
    output_dir = files.make_directory(FLAGS.output_dir)
    command.import_tensorflow()
    from gansynth_tf.evaluation.listening import listening_page
    systems = {name: _played(folder, settings) for name, folder in folders.items()}
    if FLAGS.ckpt_dir or len(systems) < 2:
        systems.setdefault(command.model_name(FLAGS), gansynth_tf.load(**settings))
    trials = listening_page.draw_trials(systems, num_trials=FLAGS.num_trials, seed=FLAGS.seed)
    print(listening_page.write(trials, output_dir / 'listening_test.html'))


def _played(folder: str, settings):
    """A system as `listening_page.draw_trials` takes it: an instrument where the folder is a training run."""
    from gansynth_tf import files, hyperparameters
    if not (files.expanded(folder) / hyperparameters.EXPERIMENT_FILE).exists():
        return folder
    return gansynth_tf.load(**{**settings, 'path': folder})


def parse_folders(items: list[str]) -> dict[str, str]:
    """The value of --wav_dirs: ['a=x', 'b=y'] as {'a': 'x', 'b': 'y'}.

    Raises:
      InputError: if one is not name=folder, or a name comes twice.
    """
    folders: dict[str, str] = {}
    for item in items:
        name, _, folder = item.partition('=')
        if not name or not folder or name in folders:
            raise InputError(f'Impossible --wav_dirs: expected name=folder, each name once. Received: {item!r}')
        folders[name] = folder
    return folders


run = command.tool(main)
