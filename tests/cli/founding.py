"""The founding graphs, as arguments of the command line."""

from pathlib import Path

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"

BROKEN = str(FOUNDING / "eval-frozen.pb")
"""Frozen; the FakeQuant of `output` stands behind it."""

BROKEN_FORMS = tuple(
    str(FOUNDING / name)
    for name in (
        "eval.pb",
        "eval.pbtxt",
        "eval-frozen.pb",
        "eval-checkpoint",
        "eval-checkpoint/model.ckpt",
        "eval-checkpoint/model.ckpt.meta",
        "eval-saved_model",
    )
)

CHECKPOINT = str(FOUNDING / "eval-checkpoint" / "model.ckpt")
SAVED_MODEL = str(FOUNDING / "eval-saved_model")

GUARDED = str(FOUNDING / "eval-guarded-frozen.pb")
"""The same, put right by hand; its output is `output_guarded`."""
