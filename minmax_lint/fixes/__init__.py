"""Repairs: each turns a graph into an edit of it and says what it changes. One repair, one file."""
