"""What a fix could not heal, and why: sentences for the user."""

from collections.abc import Iterator, Sequence

from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.fixes.engine.gaps import fill, is_constant_output, missing_ranges, takes_range
from minmax_lint.fixes.engine.steps import not_approximated
from minmax_lint.fixes.engine.trial import Trial


def describe_rest(after: Trial, options: FixOptions) -> Iterator[str]:
    """Why the selected profiles are not all content with the graph of trial `after`."""
    gaps = tuple(array for array in missing_ranges(after, ["no-range"]) if takes_range(after, array))
    constant = tuple(array for array in gaps if is_constant_output(after, array))
    source = after.ranges(options)
    known = tuple(array for array in gaps if array not in constant and source.of(array) is not None)
    if not options.unsafe:
        known = ()
    known += tuple(array for array in gaps if array not in constant + known and _is_quantized(after, array))
    unknown = tuple(array for array in gaps if array not in constant + known)
    if unknown:
        unsafe = "" if options.unsafe else "--unsafe-fixes and "
        yield f"No range is known for {_few(unknown)}: give {unsafe}--ranges, --calibrate or --default-range."
    if known:
        yield from _arrays_unhelped(after, options, known)
    if options.unsafe:
        yield from (f"{text[0].upper()}{text[1:]}." for text in not_approximated(after, options))
    if constant:
        yield f"No range helps a constant output: leave {_few(constant)} out of the outputs."


def _arrays_unhelped(after: Trial, options: FixOptions, known: tuple[str, ...]) -> Iterator[str]:
    """Why a known range is of no use: what the profiles say once it is there."""
    last = fill(after, options)[1]
    inside = [array for array in known if array not in {claim.place for claim in last.repair.claims}]
    if inside:
        yield f"A FakeQuant does not help {_few(inside)}: the range is missed inside the op."
    others = [array for array in known if array not in inside]
    for profile, old, new in zip(after.profiles, after.predictions, last.predictions, strict=True):
        if others and new.verdict != "quantized" and (old.verdict, old.message) != (new.verdict, new.message):
            then = {"abort": "abort", "float": "leave ops in float"}.get(new.verdict, "be in doubt")
            yield f"With a range for {_few(others)}, {profile.title} would {then}: {new.message.rstrip('.')}."


def _is_quantized(after: Trial, array: str) -> bool:
    """Whether nothing reads an array but through a FakeQuant."""
    return bool(after.subject.kept.uses(array)) and not after.subject.coverage.is_read_raw(array)


def _few(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
