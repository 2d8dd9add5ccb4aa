"""The TensorFlow releases of `tests/versions.toml`, and how a new one is measured: `python -m tests.versions`."""
