"""The parts of the terminal report (`formats.full` puts them together)."""
