"""An extension of Google's Model Explorer: `model-explorer --extensions=minmax_lint.model_explorer MODEL`."""
