"""The verifiers of operations and of the finished function."""
