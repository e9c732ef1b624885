"""Plays a model in the browser: a keyboard, a map of timbres, MIDI files. Everything stays on this machine.

    gansynth_play                                   the built-in model, at http://127.0.0.1:8765
    gansynth_play --ckpt_dir=my_run --port=9000     one's own
    gansynth_play --ckpt_dir=my_onnx_export         an export of gansynth_export --format=onnx: needs no TensorFlow

Ctrl-C ends it.
"""

import importlib.util
import pathlib
import sys
import threading
import time
import webbrowser

from gansynth_tf.cli import command
from gansynth_tf.errors import InputError

FLAGS = command.new_flags()
command.model_flags(FLAGS)
command.library_flag(FLAGS)
FLAGS.set_default('batch_size', 1)  # a key waits for the batch before its own
FLAGS.define_integer('port', 8765, 'Where it listens, on this machine alone; if that port is in use, the next free '
                     'one.', lower_bound=1, upper_bound=65535)
FLAGS.define_bool('browser', True, 'Open the page in the browser.')

FLAGS.define_path('user_dir', 'Where timbres go that are kept and, while they are made, pieces.',
                  default='~/gansynth_tf')

_PACKAGES = ('starlette', 'uvicorn', 'python_multipart')


def main(_):
    if missing := [name for name in _PACKAGES if importlib.util.find_spec(name) is None]:
        raise InputError(f'The player is not installed: expected pip install "gansynth_tf[play]". '
                         f'Received: no {", ".join(missing)}')
    settings = command.model_settings(FLAGS)
    from gansynth_tf.music import timbre_library
    from gansynth_tf.player import player, serving
    library = timbre_library.entries_of(FLAGS.ckpt_dir, path=FLAGS.timbre_library)
    with serving.listening(FLAGS.port) as server_socket:
        port = server_socket.getsockname()[1]
        if port != FLAGS.port:
            _say(f'Port {FLAGS.port} is in use: taking {port}')
        name = command.model_name(FLAGS)
        _say(f'Loading {FLAGS.ckpt_dir or f"the {name}"} ...')
        begin = time.perf_counter()
        instrument = command.load(settings)
        instrument.generate(instrument.sample_latents(1, seed=0), instrument.pitches[:1])  # the first takes longest
        playing = player.Player(instrument, name=name, load_seconds=time.perf_counter() - begin,
                                directory=pathlib.Path(FLAGS.user_dir), library=library)
        _say(f'Loaded in {time.perf_counter() - begin:.1f} s. Timbres are kept in {FLAGS.user_dir}. Ctrl-C ends it.')
        playing.prepare()
        token = serving.new_token()
        print(serving.address(port, token), flush=True)
        if FLAGS.browser:
            # In a thread, since a browser of the terminal keeps the caller.
            threading.Thread(target=webbrowser.open, args=[serving.address(port, token)], daemon=True).start()
        try:
            serving.server(playing, port=port, token=token).run(sockets=[server_socket])
        finally:
            playing.close()


def _say(line):
    print(line, file=sys.stderr, flush=True)


run = command.tool(main)
