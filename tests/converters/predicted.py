"""What is predicted for a small graph."""

from collections.abc import Iterable

from minmax_lint.converters.predict import predict
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import Profile, profile
from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import as_names
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference


def predicted_of(
    net: Builder | Graph,
    outputs: str | Iterable[str],
    asked: str | Profile,
    inputs: Iterable[str] = ("input",),
) -> Prediction:
    """The prediction of a profile, from the net's inputs to its outputs."""
    graph = net.graph() if isinstance(net, Builder) else net
    return predicted_of_kept(trace(graph, tuple(inputs), as_names(outputs)), asked)


def predicted_of_kept(kept: Kept, asked: str | Profile) -> Prediction:
    """The same of a kept subgraph, whose inputs have the shapes that the graph says."""
    return predict(kept, Inference(kept, {}), profile(asked) if isinstance(asked, str) else asked)
