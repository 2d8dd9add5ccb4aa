"""Conversion scripts: the call of the converter is read off, never run."""
