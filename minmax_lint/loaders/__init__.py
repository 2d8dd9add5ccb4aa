"""Loaders: files and objects to the graph model, distinguished by content, without TensorFlow."""

from minmax_lint.loaders.load import load
from minmax_lint.loaders.model import Model, Signature

__all__ = ["Model", "Signature", "load"]
