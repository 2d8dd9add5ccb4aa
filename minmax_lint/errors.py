"""The two families of errors: the user's (`UserError`) and everything else, which is a bug of ours."""


class UserError(Exception):
    """Something the user can put right: the message is one line that says what to do.

    The command line prints it without a traceback, writes nothing and exits with 2.
    """


class UnreadableModel(UserError):
    """The input is not a model we can read: missing, truncated, of another format, or damaged."""


class UnknownName(UserError):
    """A node, array, rule or profile of that name does not exist (the message suggests near ones)."""
