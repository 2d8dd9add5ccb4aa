"""What PrepareTFPass and the lowering passes make of ops that have no builtin of their own."""
