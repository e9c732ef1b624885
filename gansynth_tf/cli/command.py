"""The common parts of all command-line tools: flags, errors, and exit codes.

A tool is a module with a docstring (its help), absl flags of its own in `FLAGS`, a `main(argv)` and a `run()`:

    FLAGS = command.new_flags()
    FLAGS.define_integer('seed', 0, 'Where the randomness starts.')

    def main(argv):
        settings = command.model_settings(FLAGS)
        command.import_tensorflow()  # not at the top, so that --help does not wait for it
        instrument = gansynth_tf.load(**settings)

    run = command.tool(main)

Each tool has its own flags, instead of absl's global `flags.FLAGS`, so that it shows and accepts these alone, and two
tools may both have a `--seed`.

Exit codes: 0 success; 1 a fault of the program (with its traceback); 2 bad input (one line); 130 interrupted.
"""

import contextlib
import difflib
import functools
import inspect
import logging
import os
import pathlib
import re
import signal
import sys
import textwrap
import threading
import traceback
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence

from absl import flags

import gansynth_tf
from gansynth_tf import config as config_lib
from gansynth_tf import files, instrument, tensorflow_setup
from gansynth_tf.data import vocabulary
from gansynth_tf.errors import InputError, printable
from gansynth_tf.hyperparameters import GANSYNTH

EXIT_DONE = 0
EXIT_BAD_INPUT = 2
EXIT_INTERRUPTED = 130  # 128 + SIGINT, as shells report it
EXIT_NO_READER = 141  # 128 + SIGPIPE

# Files of models that are played without a GANSynth's experiment.json, such as exports; other code checks them.
_OTHER_MODELS = ('saved_model.pb', '*/saved_model.pb', 'generator.[!n]*', 'stage_*/model.ckpt-*', 'checkpoint-*.npz',
                 'model.ckpt-*')
_LONGEST_LINE = 1500
_HELP_FLAGS = ('-h', '-help', '--help', '--helpfull', '--helpshort')


class _PathParser(flags.ArgumentParser):
    """The parser of local paths, in which `~` is expanded."""

    syntactic_help = 'a path'

    def parse(self, argument) -> str:
        if fault := files.path_fault(argument):
            raise ValueError(fault)
        return str(files.expanded(argument))

    def flag_type(self) -> str:
        return 'path'


def _method(define: Callable) -> Callable:
    def method(self, *args, **kwargs):
        define(*args, flag_values=self, **kwargs)
    return method


class Flags(flags.FlagValues):
    """The flags of one tool. Its methods define flags as absl's `flags.DEFINE_bool` and so on do."""

    define_bool, define_integer = _method(flags.DEFINE_bool), _method(flags.DEFINE_integer)
    define_float, define_string = _method(flags.DEFINE_float), _method(flags.DEFINE_string)
    define_list, define_enum = _method(flags.DEFINE_list), _method(flags.DEFINE_enum)
    define_alias = _method(flags.DEFINE_alias)

    def define_path(self, name: str, help_text: str, *, default: str | None = None, required: bool = False) -> None:
        """Defines a flag whose value is a local path, a string in which `~` is expanded."""
        flags.DEFINE(_PathParser(), name, default, help_text, self, flags.ArgumentSerializer(), required=required)


def new_flags() -> Flags:
    """Flags for one tool: at first those that every tool has."""
    values = Flags()
    values.define_bool('help', False, 'Show this text and exit.')
    values.define_bool('version', False, 'Show the version and exit.')
    values.define_bool('traceback', False, 'Show where in the program bad input was noticed.')
    return values


def tool(main: Callable[[list[str]], int | None]) -> Callable[[], None]:
    """The `run()` of the tool whose module has this `main`."""
    return functools.partial(run, main, sys.modules[main.__module__])


def run(main: Callable[[list[str]], int | None], module: types.ModuleType) -> None:
    """Runs a tool on the process's arguments and ends the process with its exit code."""
    sys.exit(execute(main, module, sys.argv))


def execute(main: Callable[[list[str]], int | None], module: types.ModuleType, argv: Sequence[str]) -> int:
    """Runs a tool on `argv` (the program's name first) and returns its exit code.

    Args:
      main: called with [program name, commands...] after the flags are parsed; returns an exit code, or None for
        success.
      module: the tool; its docstring is the help text, its `FLAGS` (from `new_flags`) are accepted, and any of its
        `COMMANDS`, if it has them, before, between and after the flags.
      argv: the program's name and the arguments.
    """
    _quieten_tensorflow()
    logging.basicConfig(format='%(levelname)s: %(message)s')
    program = os.path.basename(argv[0])
    try:
        with _interrupted_by_signals():
            exit_code = _dispatch(main, module, program, argv)
        sys.stdout.flush()
        return exit_code
    except InputError as error:
        if '--traceback' in argv:
            traceback.print_exc()
        return _end(EXIT_BAD_INPUT, f'error: {_for_terminal(error)}')
    except KeyboardInterrupt:
        return _end(EXIT_INTERRUPTED, f'{program}: interrupted')
    except BrokenPipeError:
        # The reader of our output has ended (`| head`); Python would report that once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_NO_READER


def import_tensorflow(settings: Mapping[str, str] = tensorflow_setup.GENERATING) -> None:
    """Imports TensorFlow without its log lines; `tensorflow_setup` has the settings."""
    os.environ['KERAS_BACKEND'] = 'tensorflow'  # in the tool's process, whichever backend the user has set
    tensorflow_setup.import_tensorflow(settings)


def load(settings: Mapping[str, typing.Any]) -> instrument.Instrument:
    """The instrument that `model_settings` describe; imports TensorFlow if the model needs it."""
    os.environ['KERAS_BACKEND'] = 'tensorflow'
    return gansynth_tf.load(**settings)


def model_flags(values: Flags) -> None:
    """Defines the flags of the model and its settings; `model_settings` reads them."""
    values.define_path('ckpt_dir', "The model: a training run, a model directory, an export, a directory of Magenta's "
                       'original GANSynth, or a baseline. Without it, the built-in model.')
    values.define_enum('checkpoint', 'latest', ['latest', 'best'], 'Of a training run: the newest checkpoint, or that '
                       'of the lowest sliced Wasserstein distance in the newest stage.')
    values.define_bool('ema', True, 'Play with the moving average of the weights instead of the weights themselves.')
    values.define_enum('precision', 'fp32', ['fp32', 'bf16'], 'What the network computes in: bf16 is faster on '
                       'processors that have it, and costs quality. A SavedModel plays in what it was exported in.')
    values.define_bool('phase_locking', True, 'Give each partial of a note one phase, which makes it steadier and '
                       "clearer than the original's way, a phase a frequency. A SavedModel plays as it was exported.")
    values.define_float('latent_scale', None, 'How far random timbres are from the middle: 1 for all that the model '
                        "was trained for, less for fewer kinds, more of them in tune. Without it, the model's own.")
    values.define_integer('batch_size', instrument.DEFAULT_BATCH_SIZE, 'Notes generated at once.', lower_bound=1,
                          upper_bound=instrument.MAX_BATCH_SIZE)
    values.define_string('config', None, "The preset that a model of Magenta's was trained with; only used where its "
                         'experiment.json is missing.')
    values.define_string('hparams', '{}', 'Hyperparameters that differed from --config, as a JSON object: '
                         '{"fmap_max": 64}.')


def library_flag(values: Flags) -> None:
    """Defines the flag of the library of timbres; `library` reads it."""
    values.define_path('timbre_library', "A library of timbres whose names can be used. Without it, the model's own, "
                       'timbres.json in its directory, if it has one.')


def library(values: flags.FlagValues) -> Mapping[str, typing.Any]:
    """Timbres by name, of the library that the flags of `model_flags` and `library_flag` name."""
    from gansynth_tf.music import timbre_library
    return timbre_library.of_model(values.ckpt_dir, path=values.timbre_library)


def model_name(values: flags.FlagValues) -> str:
    """The name of the model that the flags of `model_flags` name: that of its directory."""
    return pathlib.Path(values.ckpt_dir).resolve().name if values.ckpt_dir else 'built-in model'


def known_pitches(values: flags.FlagValues) -> tuple[int, ...] | None:
    """The MIDI pitches of the model that the flags of `model_flags` name; None if they are not in its directory."""
    directory = pathlib.Path(values.ckpt_dir or instrument.BUILT_IN_MODEL)
    if (directory / vocabulary.PITCH_COUNTS_FILE).exists():
        return vocabulary.read(directory).pitches
    return None


def model_settings(values: flags.FlagValues) -> dict[str, typing.Any]:
    """The arguments of `gansynth_tf.load`, `path` included, as the flags of `model_flags` give them.

    Raises:
      InputError: if a value is impossible, or --ckpt_dir holds no model, as far as can be checked without TensorFlow.
    """
    if values.ckpt_dir:
        directory = files.existing_directory(values.ckpt_dir)
        experiment = directory / config_lib.EXPERIMENT_FILE
        is_gansynth = not experiment.exists() or files.read_json(experiment).get('model', GANSYNTH) == GANSYNTH
        if is_gansynth and not any(next(directory.glob(pattern), None) for pattern in _OTHER_MODELS):
            config_lib.read_experiment(directory)
    if values.latent_scale is not None:
        config_lib.Config(latent_scale=values.latent_scale)  # raises if it is impossible
    return dict(path=values.ckpt_dir, config=config_lib.given_with_flags(values.config, values.hparams), ema=values.ema,
                precision=values.precision, latent_scale=values.latent_scale, batch_size=values.batch_size,
                checkpoint=values.checkpoint, phase_locking=values.phase_locking)


def midi_numbers(texts: Sequence[str], *, name: str, expected: str) -> list[int]:
    """The numbers in texts such as '60' and '64-66', for the flag called `name`.

    Raises:
      InputError: if a text is no such number or ascending range from 0 to 127; it tells what was `expected`.
    """
    numbers: list[int] = []
    for text in texts:
        match = re.fullmatch(r'\s*(\d{1,3})\s*(?:-\s*(\d{1,3})\s*)?', text)
        first, last = (int(match[1]), int(match[2] or match[1])) if match else (1, 0)
        if not first <= last <= 127:
            raise InputError(f'Impossible --{name}: expected {expected}. Received: {instrument.shortened(text)}')
        numbers += range(first, last + 1)
    return numbers


def help_text(program: str, module: types.ModuleType) -> str:
    """The tool's docstring and its flags, in the order in which they are defined."""
    commands = f' [{"|".join(module.COMMANDS)} ...]' if hasattr(module, 'COMMANDS') else ''
    lines = [inspect.cleandoc(module.__doc__ or ''), '', f'Usage: {program}{commands} [--flag=value ...]', '']
    for name in module.FLAGS:
        flag = module.FLAGS[name]
        lines.append(f'  --[no]{name}' if flag.boolean else f'  --{name}=...')
        default = '' if flag.default in (None, '') else f' (default: {flag.default_as_str[1:-1]})'  # it comes quoted
        lines += textwrap.wrap(_one_line(flag.help) + default, width=100, initial_indent=' ' * 6,
                               subsequent_indent=' ' * 6, break_on_hyphens=False)
    return '\n'.join(lines)


def _dispatch(main, module, program: str, argv: Sequence[str]) -> int:
    # These two work without required flags.
    if any(argument in _HELP_FLAGS for argument in argv[1:]):
        print(help_text(program, module))
        return EXIT_DONE
    if '--version' in argv[1:]:
        print(f'{program} {gansynth_tf.__version__}')
        return EXIT_DONE
    commands = _parse(module.FLAGS, argv, getattr(module, 'COMMANDS', ()))
    return main([program, *commands]) or EXIT_DONE


def _parse(values: flags.FlagValues, argv: Sequence[str], commands: Sequence[str] = ()) -> list[str]:
    """Sets `values` from `argv`, with defaults for all other flags; returns the commands."""
    values.unparse_flags()
    values.set_gnu_getopt(True)
    try:
        leftover = values(list(argv))[1:]
    except flags.UnrecognizedFlagError as error:
        raise InputError(f'Unknown flag: expected one of those that --help lists{_nearest(error.flagname, values)}. '
                         f'Received: --{error.flagname}') from error
    except flags.IllegalFlagValueError as error:
        raise InputError(_bad_value(error, values)) from error
    except flags.Error as error:
        raise InputError(f'Cannot read the command line: expected --flag=value. Received: {error}') from error
    if unknown := [argument for argument in leftover if argument not in commands]:
        expected = f'{", ".join(commands)} or --flag=value' if commands else '--flag=value only'
        raise InputError(f'Unexpected argument: expected {expected}. Received: {" ".join(unknown)!r}')
    return leftover


def _nearest(name: str, values: flags.FlagValues) -> str:
    known = [*values, *(f'no{name}' for name in values if values[name].boolean)]
    nearest = difflib.get_close_matches(name.replace('-', '_'), known, n=1, cutoff=0.5)
    return f' (did you mean --{nearest[0]}?)' if nearest else ''


def _bad_value(error: flags.IllegalFlagValueError, values: flags.FlagValues) -> str:
    """The project's wording of absl's 'flag --name=value: reason'."""
    match = re.match(r'flag --(\w+)=(.*?): (.*)', _one_line(error))
    if match is None or match[1] not in values:
        return f'Cannot use the flags: expected other values. Received: {_one_line(error)}'
    name, received, reason = match.groups()
    flag = values[name]
    if flag.value is None and received == 'None':
        return f'Missing flag: expected --{name}=... . Received: no --{name}'
    choices = getattr(flag.parser, 'enum_values', None)
    expected = {'int': 'a whole number', 'float': 'a number', 'bool': 'true or false'}.get(flag.flag_type(), reason)
    if choices:
        nearest = difflib.get_close_matches(received, choices, n=1, cutoff=0.5)
        expected = f'one of {", ".join(choices)}' + (f' (did you mean {nearest[0]!r}?)' if nearest else '')
    elif getattr(flag.parser, 'lower_bound', None) is not None or getattr(flag.parser, 'upper_bound', None) is not None:
        expected = flag.parser.syntactic_help
    return f'Impossible --{name}: expected {expected}. Received: {instrument.shortened(received)}'


@contextlib.contextmanager
def _interrupted_by_signals() -> Iterator[None]:
    """Makes SIGTERM and SIGHUP act like Ctrl-C while entered, so that incomplete files are removed.

    Signals that are ignored, as under nohup, stay ignored. Windows has no SIGHUP.
    """
    def interrupt(*_):
        raise KeyboardInterrupt

    before = {}
    if threading.current_thread() is threading.main_thread():
        for name in ('SIGTERM', 'SIGHUP'):
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _for_terminal(text) -> str:
    """The text as one line of bounded length, without control characters, which names of files may have."""
    line = ''.join(letter if letter.isprintable() else '?' for letter in _one_line(text))
    return line if len(line) <= _LONGEST_LINE else f'{line[:_LONGEST_LINE]}...'


def _one_line(text) -> str:
    return ' '.join(str(text).split())


def _end(exit_code: int, line: str) -> int:
    print(printable(line), file=sys.stderr)
    return exit_code


def _quieten_tensorflow() -> None:
    """Turns off TensorFlow's log lines; its errors are raised as exceptions anyway."""
    os.environ.setdefault('TF_CPP_MIN_LOG_LEVEL', '3')
