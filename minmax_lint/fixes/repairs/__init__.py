"""One module a repair, and the pieces that repairs share."""
