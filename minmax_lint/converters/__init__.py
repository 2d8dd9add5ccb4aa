"""Static models of the real converters: what each will do with a graph, without running it."""
