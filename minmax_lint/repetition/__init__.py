"""Graphs that repeat themselves: predict and lint every distinct block once, and tell it of all its twins."""
