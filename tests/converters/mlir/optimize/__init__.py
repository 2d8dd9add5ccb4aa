"""Specifications of the optimization passes."""
