"""Fuzzing: whatever comes in, one clear line or a lint comes out. By hand: `python -m tests.fuzz --seconds 600`."""

from pathlib import Path

FOUNDING = Path(__file__).parents[2] / "fixtures" / "founding"
HOSTILE = FOUNDING.with_name("hostile")
FIXTURES = (
    *(
        FOUNDING / name
        for name in ("eval-frozen.pb", "eval-guarded-frozen.pb", "eval.pb", "eval-saved_model")
    ),
    *sorted(FOUNDING.with_name("control_flow").glob("*.pb")),
)
