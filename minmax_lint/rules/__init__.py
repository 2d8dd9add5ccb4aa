"""The rules: one file each; they return findings as data and never print."""
