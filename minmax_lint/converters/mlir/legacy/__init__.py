"""The C++ quantizer that TensorFlow keeps for 16-bit activations (tensorflow/lite/tools/optimize)."""
