"""What rules are made of: the base class, findings, the subject they look at, and who reports what."""
