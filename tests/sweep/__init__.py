"""Sweeps: the project's commands, and real converters, over folders of models that were made elsewhere."""
