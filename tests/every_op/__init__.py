"""Every op of TensorFlow's registry, one small graph each, and what real converters do with it."""
