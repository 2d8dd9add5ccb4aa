"""TOCO's graph transformations, by the files of tensorflow/lite/toco/graph_transformations."""
