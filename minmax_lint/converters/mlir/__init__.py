"""The MLIR converter of every modelled release: when an op goes integer, when it silently stays float."""
