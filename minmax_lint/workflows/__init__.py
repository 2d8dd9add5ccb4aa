"""What a user asks for, from beginning to end: lint, fix, convert, explain."""
