"""Control flow, lists of tensors and composite functions, before ops are legalized."""
