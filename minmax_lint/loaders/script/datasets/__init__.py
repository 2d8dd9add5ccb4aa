"""What a script's representative dataset yields, read off its source."""
