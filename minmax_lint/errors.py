"""The two families of errors: the user's (`UserError`) and everything else, which is a bug of ours."""

from minmax_lint.escaping import printable

TENSORFLOW_EXTRA = "pip install 'minmax-lint[tensorflow]'"
"""How TensorFlow comes beside minmax-lint: the core does without it."""


class UserError(Exception):
    """Something the user can put right: the message is one line that says what to do.

    The command line prints it without a traceback, writes nothing and exits with 2. What a damaged file has in
    its names, such as line ends and what terminals obey, is escaped.
    """

    def __str__(self) -> str:
        return printable(super().__str__())


class UnreadableModel(UserError):
    """The input is not a model we can read: missing, truncated, of another format, or damaged."""


class UnknownName(UserError):
    """A node, array, rule or profile of that name does not exist (the message suggests near ones)."""
