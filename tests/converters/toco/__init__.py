"""Specifications of the TOCO model."""
