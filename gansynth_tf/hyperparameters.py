"""Hyperparameters as the fields of a dataclass: each has its limits, its choices and its uses with it.

The properties of a field are its one definition: validation, changes of a run that goes on, the key of the spectrogram
cache and docs/hyperparameters.md all use them. `experiment.json` holds the values of a run.
"""

import dataclasses
import difflib
import logging
import math
import os
import pathlib
import sys
import typing
from collections.abc import Iterable, Mapping

from gansynth_tf import files
from gansynth_tf.errors import InputError

EXPERIMENT_FILE = 'experiment.json'
GANSYNTH = 'gansynth'  # the model of an experiment.json that names none

# Magenta's names for where the notes are, which her users put among the hyperparameters.
PATH_FLAGS = frozenset(('train_data_path', 'train_meta_path'))

FIXED, FREE, LATER = 'fixed', 'free', 'later'  # when a run goes on: no change, any, or for stages still to come

Kind = typing.TypeVar('Kind', bound='Hyperparameters')


@dataclasses.dataclass(frozen=True)
class Facts:
    """Properties of a hyperparameter beside name, type and default.

    Attributes:
      doc: its description, for the documentation.
      above, at_least, below, at_most: limits of its value, or of each item of a tuple.
      choices: the values that a string may have.
      expected: says the limits in words, for the error, where they do not say themselves.
      on_resume: FREE, LATER or FIXED.
      shapes_specgrams: whether the data's spectrograms depend on it.
    """

    doc: str
    above: float | None = None
    at_least: float | None = None
    below: float | None = None
    at_most: float | None = None
    choices: tuple[str, ...] = ()
    expected: str = ''
    on_resume: str = FIXED
    shapes_specgrams: bool = False

    def fault(self, number: float) -> str | None:
        """The limit that a number does not keep, in words; None if it keeps all."""
        if self.above is not None and not number > self.above:
            return self.expected or f'a number above {self.above}'
        if self.at_least is not None and not number >= self.at_least:
            return self.expected or f'a number of at least {self.at_least}'
        if self.below is not None and not number < self.below:
            return self.expected or f'a number below {self.below}'
        if self.at_most is not None and not number <= self.at_most:
            return f'at most {self.at_most}'
        return None


def hyperparameter(default, doc: str, **facts) -> typing.Any:
    """A dataclass field with `Facts`."""
    return dataclasses.field(default=default, metadata={'facts': Facts(doc, **facts)})


@dataclasses.dataclass(frozen=True, kw_only=True)
class Hyperparameters:
    """The base of a model's hyperparameters, which are fields made by `hyperparameter`.

    Their types are int, float, bool, str, float | None, tuple[int, ...] and tuple[float, ...].

    Raises:
      InputError: on construction, if a value is of the wrong type or out of its field's limits.
    """

    MODEL: typing.ClassVar[str] = GANSYNTH
    PASSED_OVER: typing.ClassVar[frozenset[str]] = frozenset()  # names in old experiment.json files that mean nothing

    def __post_init__(self):
        for field in dataclasses.fields(self):
            object.__setattr__(self, field.name, _checked_type(field, getattr(self, field.name)))
        for name, facts in self.facts().items():
            value = getattr(self, name)
            if facts.choices and value not in facts.choices:
                raise InputError(f'Unknown {name}: expected one of {", ".join(facts.choices)}'
                                 f'{did_you_mean(value, facts.choices)}. Received: {value!r}')
            numbers = value if isinstance(value, tuple) else () if value is None or facts.choices else (value,)
            for fault in filter(None, map(facts.fault, numbers)):
                require(False, name, fault.replace('a number', 'numbers') if isinstance(value, tuple) else fault, value)

    @classmethod
    def facts(cls) -> dict[str, Facts]:
        """The properties of each hyperparameter, by name."""
        return {field.name: field.metadata['facts'] for field in dataclasses.fields(cls)}

    @classmethod
    def check_names(cls, hparams: Iterable[str]) -> None:
        """Raises an InputError that suggests the nearest name if one of `hparams` is not a hyperparameter's name."""
        for name in hparams:
            if name in PATH_FLAGS:
                raise InputError(f'Not a hyperparameter: expected the notes in --tfds_data_dir, as '
                                 f'`gansynth_prepare_data --input=... --data_dir=...` writes them. '
                                 f'Received: {name!r}')
            if name not in cls.facts():
                raise InputError(f'Unknown hyperparameter: expected a field of {cls.__name__}'
                                 f'{did_you_mean(name, cls.facts())}. Received: {name!r}')

    @classmethod
    def from_dict(cls: type[Kind], hparams: Mapping) -> Kind:
        """From plain values; what is not given has its default."""
        cls.check_names(hparams)
        return cls(**hparams)

    def replace(self: Kind, **hparams) -> Kind:
        """A copy with other values; unknown names are errors that suggest the nearest."""
        self.check_names(hparams)
        return dataclasses.replace(self, **hparams)

    def to_dict(self) -> dict:
        """Plain values, as they stand in experiment.json."""
        values = dataclasses.asdict(self)
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


def parse_hparams(text: str) -> dict:
    """The value of `--hparams`: a JSON object of hyperparameters, e.g. '{"fmap_max": 64}'. Names are not checked."""
    try:
        hparams = files.parse_json(text or '{}')
    except ValueError as error:
        raise InputError(f'Cannot read --hparams: expected a JSON object such as \'{{"fmap_max": 64}}\' ({error}). '
                         f'Received: {text[:100]!r}') from error
    require(isinstance(hparams, dict), '--hparams', 'a JSON object', hparams)
    return hparams


def write_experiment(hyperparameters: Hyperparameters, directory: str | os.PathLike) -> pathlib.Path:
    """Writes `experiment.json` into `directory` and returns its path; 'model' is not written if it is GANSynth."""
    model = {} if hyperparameters.MODEL == GANSYNTH else {'model': hyperparameters.MODEL}
    return files.write_json(model | hyperparameters.to_dict(), pathlib.Path(directory) / EXPERIMENT_FILE)


def read_experiment(directory: str | os.PathLike, kind: type[Kind]) -> Kind:
    """Reads the `experiment.json` of a run or model directory.

    Names in `kind.PASSED_OVER` are passed over, with a warning that lists them.

    Raises:
      InputError: if it is missing, is not JSON, is of another model, or holds an unknown or impossible value.
    """
    path = pathlib.Path(directory) / EXPERIMENT_FILE
    if not path.exists():
        raise InputError(f'Not a model directory: expected {EXPERIMENT_FILE} in it. Received: {str(directory)!r}')
    hparams = files.read_json(path)
    model = hparams.pop('model', GANSYNTH)
    require(model == kind.MODEL, f'model in {path}', f'{kind.MODEL!r}', model)
    if passed_over := sorted(kind.PASSED_OVER & hparams.keys()):
        logging.warning('%s: these flags of the original mean nothing here: %s.', path, ', '.join(passed_over))
    try:
        return kind.from_dict({name: value for name, value in hparams.items() if name not in kind.PASSED_OVER})
    except InputError as error:
        raise InputError(f'{path}: {error}') from error


def require(condition: bool, name: str, expected: str, received) -> None:
    """Raises an InputError of the usual form unless `condition` holds."""
    if not condition:
        raise InputError(f'Impossible {name}: expected {expected}. Received: {received!r}')


def did_you_mean(name, known: Iterable[str]) -> str:
    """' (did you mean ...?)' with the nearest of the known names; '' if none is near."""
    nearest = difflib.get_close_matches(str(name), list(known), n=1, cutoff=0.5)
    return f' (did you mean {nearest[0]!r}?)' if nearest else ''


def _checked_type(field: dataclasses.Field, value):
    """`value` as the field's type; whole numbers pass for floats, lists for tuples, and nothing else is bent."""
    kind = typing.cast(type, field.type)
    if typing.get_origin(kind) is tuple:
        item_kind, _ = typing.get_args(kind)
        expected = {int: 'a list of whole numbers', float: 'a list of finite numbers'}[item_kind]
        require(isinstance(value, (list, tuple)), field.name, expected, value)
        items = tuple(_as_kind(item, item_kind) for item in value)
        require(None not in items, field.name, expected, value)
        return items
    if type(None) in typing.get_args(kind):
        if value is None:
            return None
        kind = float
    converted = _as_kind(value, kind)
    require(converted is not None, field.name, {int: 'a whole number', float: 'a finite number', str: 'a string',
                                                bool: 'true or false'}[kind], value)
    return converted


def _as_kind(value, kind: type):
    """`value` if it is of `kind` (a whole number also as a float), else None."""
    if kind is float and type(value) is int and abs(value) <= sys.float_info.max:
        value = float(value)
    finite = type(value) is not float or math.isfinite(value)
    return value if type(value) is kind and finite else None
