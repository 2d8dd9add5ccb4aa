"""Finished .tflite models: the flatbuffer, and the graph in it."""
