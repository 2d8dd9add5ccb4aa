"""One network in every form that people save it in."""
