"""What TensorFlow says of its ops, as data; what an engine does with them stands in `converters`."""
