"""Which repairs are tried, in which order, and which of them stay."""
