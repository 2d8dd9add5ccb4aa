"""Keras files: their recipe is checked here and loaded in a child process."""
