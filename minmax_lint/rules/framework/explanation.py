"""Why an op of a finished model is float, by the graph that the model was made from."""

from typing import NamedTuple


class Explanation(NamedTuple):
    """What is wrong in the source graph."""

    graph: str
    """The graph's path."""
    array: str
    """The array in it that is to blame."""
    message: str
    code: str = ""
    """The rule that finds it there; empty where none does."""
    advice: str = ""
