"""Specifications of the static models."""
