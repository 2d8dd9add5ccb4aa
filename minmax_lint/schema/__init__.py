"""TensorFlow's own protocol messages without TensorFlow (see `messages`)."""
