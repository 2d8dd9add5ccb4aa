"""GraphDefs, binary and text: from the bytes of a file to a Graph."""
