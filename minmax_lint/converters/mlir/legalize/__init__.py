"""From TensorFlow's ops to TFLite's: import, preparation, legalization."""
