"""The exception for unusable input, and text of users made safe to print."""

from collections.abc import Collection


def printable(text: str) -> str:
    """A text, such as a file's name, that is safe in a terminal: control characters become escape sequences."""
    return ''.join(char if char.isprintable() else char.encode('unicode_escape').decode() for char in text)


def first_line(error: BaseException) -> str:
    """The first line of an error's text, at most 300 characters; the error's type if it has none.

    >>> first_line(KeyError()), first_line(OSError('No such file. Try another one.'))
    ('KeyError', 'No such file. Try another one.')
    """
    return (str(error).strip() or type(error).__name__).split('\n')[0][:300]


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one line that says what is wrong, what was expected and what was received.
    Command-line tools print it without a traceback and exit with code 2.
    """


def require_one_of(name: str, value: object, choices: Collection[str]) -> None:
    """Raises an `InputError` unless `value`, the argument called `name`, is one of `choices`."""
    if not isinstance(value, str) or value not in choices:
        raise InputError(f'Unknown {name}: expected one of {", ".join(choices)}. Received: {value!r}')
