"""From ranges to quantized ops: preparation, propagation of scales, quantization, clean-up."""
