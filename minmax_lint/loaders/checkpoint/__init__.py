"""Checkpoints: the prefix, the index (an SSTable), and the variables' values."""
