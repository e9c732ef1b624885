"""Makes a listening test of two or more systems, as one web page, and counts what listeners said.

    gansynth_listening_test --wav_dirs=real=notes/real,ours=notes/ours --output_dir=out
    gansynth_listening_test --score=listening_results.json,listening_results_2.json

The page works offline, in any browser, with the keyboard alone; sounds are in it. It asks of two notes at the same
pitch which sounds better, on five levels, and saves the answers as a JSON file. Audio files tell their pitches by their
names (pitch60, C4); the folder may also be one that gansynth_prepare_data wrote, for real notes.
"""

import sys

from absl import flags

from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

FLAGS = command.new_flags()
flags.DEFINE_list('wav_dirs', None, 'The systems: name=folder, with commas between them.', flag_values=FLAGS)
command.define_path('output_dir', 'Where listening_test.html goes.', FLAGS)
flags.DEFINE_integer('num_trials', 24, 'How many pairs a listener judges.', lower_bound=1, flag_values=FLAGS)
flags.DEFINE_integer('seed', 0, 'Which notes are chosen.', lower_bound=0, flag_values=FLAGS)
flags.DEFINE_list('score', None, 'Instead of making a test: the files that listeners saved, with commas between them.',
                  flag_values=FLAGS)


def main(argv):
    del argv
    if bool(FLAGS.score) == bool(FLAGS.wav_dirs):
        raise InputError('Unclear what to do: expected either --wav_dirs, to make a test, or --score. '
                         f'Received: {"both" if FLAGS.score else "neither"}')
    if FLAGS.score:
        from gansynth_tf.evaluation.listening import listening_scores
        print(listening_scores.markdown(listening_scores.compare(listening_scores.read(FLAGS.score))), end='')
        return
    if not FLAGS.output_dir:
        raise InputError('Missing flag: expected --output_dir=... . Received: no --output_dir')
    folders = parse_folders(FLAGS.wav_dirs)
    from gansynth_tf import files
    output_dir = files.make_directory(FLAGS.output_dir)
    command.import_tensorflow()
    from gansynth_tf.evaluation.listening import listening_page
    trials = listening_page.draw_trials(folders, num_trials=FLAGS.num_trials, seed=FLAGS.seed)
    print(listening_page.write(trials, output_dir / 'listening_test.html'))


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


def run():
    command.run(main, sys.modules[__name__])
