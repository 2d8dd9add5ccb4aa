"""Models at a URL or in a bucket: they are copied first."""
