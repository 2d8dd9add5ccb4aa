"""The optimization passes on legalized ops."""
