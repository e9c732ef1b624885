"""The one exception that means: the input, not the program, is at fault."""


class InputError(ValueError):
    """Something the user gave cannot be used.

    The message is one line that says what is wrong, what was expected and what was received.
    Command-line tools print it without a traceback and exit with code 2.
    """
