"""Models to sweep over, made by every Keras."""
