"""Specifications of control flow, lists of tensors and composite functions."""
