"""Edits of a graph: what a repair changes, how changes are composed, and what they are called."""
