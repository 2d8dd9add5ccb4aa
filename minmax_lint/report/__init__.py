"""What a user learns about one model, as data."""
