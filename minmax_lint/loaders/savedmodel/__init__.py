"""SavedModels and MetaGraphs: signatures, functions and the object graph."""
