"""The check that every range is there, and the quantization of every operator (quantize.cc)."""
