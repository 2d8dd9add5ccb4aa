"""One module a format, each with `render(run, out)`; a new file here is a new format."""
