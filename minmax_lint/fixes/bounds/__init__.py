"""What bounds an array: where its range can come from, and how large its values can get."""
