"""Calibration: the ranges of arrays, observed while TensorFlow runs the graph over the user's data."""

from minmax_lint.backends.calibration.check import check_data
from minmax_lint.backends.calibration.run import METHODS, Calibration, Data, Method, calibrate

__all__ = ["METHODS", "Calibration", "Data", "Method", "calibrate", "check_data"]
