"""What is predicted for a small graph."""

from minmax_lint.converters.example import Net
from minmax_lint.converters.predict import predict
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import profile
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference


def predicted_of(net: Net, output: str, name: str) -> Prediction:
    """The prediction of the profile of that name, from the net's `input` to an output."""
    kept = trace(net.graph(), ["input"], [output])
    return predict(kept, Inference(kept, {}), profile(name))
