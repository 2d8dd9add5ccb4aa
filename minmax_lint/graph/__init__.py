"""The immutable graph model: nodes, arrays, the kept subgraph, FakeQuants. Never imports TensorFlow."""
