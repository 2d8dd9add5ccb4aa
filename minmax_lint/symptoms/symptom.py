"""The form of a symptom: one way in which a tool says that something about ranges is wrong."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

ARRAY = r"['\"`]?(?P<array>[\w./\-…]+(?::\d+)?)['\"`]?"
"""An array's or a node's name inside a message."""


@dataclass(frozen=True)
class Symptom:
    """A wording, and what it means.

    `says`: regular expression, searched in one line without regard to case; the named groups `array`, `op`,
    `consumer`, `output`, `layer`, `scope` hold what the message names. `cause` and `remedy`: one or two
    sentences; `{array}` and the like are filled from the groups. `codes`: the rules that find the cause in
    a graph, the likeliest first.
    """

    key: str
    says: str
    speaker: str
    codes: tuple[str, ...]
    cause: str
    remedy: str
    pattern: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", re.compile(self.says, re.IGNORECASE))


TOCO = "TOCO"
MLIR = "the MLIR converter"
CALIBRATOR = "the post-training quantizer"
EDGETPU = "edgetpu_compiler"
CONTRIB = "tf.contrib.quantize"
TFMOT = "tfmot"
CHECKPOINT = "TensorFlow (restoring a checkpoint)"
TENSORFLOW = "TensorFlow"
PEOPLE = "a report in people's words"
