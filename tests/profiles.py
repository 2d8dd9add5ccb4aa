"""The profiles that tests run everything on: those of the versions whose real answers are recorded."""

from minmax_lint.converters.profile import FAKE_QUANT_PROFILES, PROFILES

VERSIONS = {(1, 15), (2, 15), (2, 21)}
"""The TensorFlow versions of fixtures/corpus."""

RECORDED = {name: one for name, one in FAKE_QUANT_PROFILES.items() if one.version in VERSIONS}
"""Name -> profile, for each converter of fixtures/corpus."""

ALL = {name: one for name, one in PROFILES.items() if one.version in VERSIONS}
"""The same with post-training quantization."""
