"""Children of `backends.conversion.child` forked from a process that has imported TensorFlow, in place of new ones."""
