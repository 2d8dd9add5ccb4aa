"""Types, shapes and small values of every array, worked out from the graph alone."""
