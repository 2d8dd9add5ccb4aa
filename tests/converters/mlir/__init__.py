"""Specifications of the MLIR converter's model."""
