"""From TensorFlow's nodes to TOCO's operators (import_tensorflow.cc)."""
