"""The form of a symptom: one way in which a tool says that something about ranges is wrong."""

import re
from dataclasses import dataclass, field

ARRAY = r"['\"`]?(?P<array>[\w./\-…]++(?::\d+)?)['\"`]?"
"""An array's or a node's name inside a message; possessive, so that a long name is read once."""


@dataclass(frozen=True)
class Symptom:
    """A wording, and what it means.

    `says`: regular expression, searched in one line without regard to case; the named groups `array`, `op`,
    `consumer`, `output`, `layer`, `scope` hold what the message names. Of an alternative of it, the parts between
    `.*` are searched one behind the other, each once: the time is linear in the line. `cause` and `remedy`: one or
    two sentences; `{array}` and the like are filled from the groups. `codes`: the rules that find the cause in a
    graph, the likeliest first; none where two tools do not fit together.
    """

    key: str
    says: str
    speaker: str
    codes: tuple[str, ...]
    cause: str
    remedy: str
    _alternatives: tuple[tuple[re.Pattern[str], ...], ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parts = (tuple(re.compile(part, re.IGNORECASE) for part in one) for one in alternatives(self.says))
        object.__setattr__(self, "_alternatives", tuple(parts))

    def search(self, line: str) -> dict[str, str] | None:
        """What a line names, by role, where it is of this wording; None where it is not."""
        for parts in self._alternatives:
            named: dict[str, str] = {}
            end = 0
            for part in parts:
                match = part.search(line, end)
                if match is None:
                    break
                end = match.end()
                # Alternatives cannot share a group's name: `array_` and `array__` are `array` as well.
                named.update({role.rstrip("_"): text for role, text in match.groupdict().items() if text})
            else:
                return named
        return None


def alternatives(says: str) -> list[list[str]]:
    """The alternatives of an expression, each split where a `.*` stands outside all groups."""
    found: list[list[str]] = [[""]]
    depth, in_class = 0, False
    for token in re.findall(r"\\.|\.\*\??|\[\^?\]?|.", says):
        if in_class:
            in_class = token != "]"
        elif token.startswith("["):
            in_class = True
        elif token in ("(", ")"):
            depth += 1 if token == "(" else -1
        elif depth == 0 and token == "|":
            found.append([""])
            continue
        elif depth == 0 and token.startswith(".*"):
            found[-1].append("")
            continue
        found[-1][-1] += token
    return found


TOCO = "TOCO"
MLIR = "the MLIR converter"
CALIBRATOR = "the post-training quantizer"
EDGETPU = "edgetpu_compiler"
CONTRIB = "tf.contrib.quantize"
TFMOT = "tfmot"
CHECKPOINT = "TensorFlow (restoring a checkpoint)"
TENSORFLOW = "TensorFlow"
INTERPRETER = "TFLite's interpreter"
MICRO = "TFLite Micro"
KERAS = "the MLIR converter, of a Keras 3 model"
LITERT = "LiteRT's tools"
PEOPLE = "a report in people's words"
