"""MM623: dataset-shape."""

from collections.abc import Iterator, Sequence

from minmax_lint.converters.call import COMMAND_LINE, ConverterCall
from minmax_lint.converters.call_prediction import misranked, sampled, unknown_names
from minmax_lint.converters.call_site import YIELD
from minmax_lint.converters.dataset import NO_DICTIONARY, NOT_CALLABLE, SHORT_TUPLE, Dataset, fitted
from minmax_lint.graph.tensor import shape_text
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import (
    WITHIN_ONE,
    CallRule,
    Fault,
    dataset_example,
    dataset_expression,
)


class DatasetShape(CallRule):
    """The samples of the representative dataset do not fit the model's inputs in number, names or shape.

    ## What it does
    Compares each sample with the inputs: it is a list with one array an input, or a mapping by the signature's keys, and
    each array has the input's rank and fixed sizes. Where several signatures are converted together, a mapping comes in
    a tuple with the signature's key; signatures without samples stay float, which is a warning.

    ## Why
    The converter feeds what it gets, and stops inside a kernel with a message about sizes.

    ## Symptom
    ```
    Invalid input shapes: expected 1 items got 2 items.
    input->dims->size != 4 (3 != 4)Node number 0 (CONV_2D) failed to prepare.
    SignatureDef signature_key is None and model has 0 Signatures.
    Invalid signature_key provided: "serve".
    You need to provide either a dictionary with input names and values in the second argument in the tuple
    'generator' object is not callable
    ```

    ## Fix
    Yield `[array]` with the batch dimension: `sample[None, ...]`.

    ## Converters
    MLIR with a representative dataset (error).
    """

    name = "dataset-shape"
    severity = "error"
    needs = "dataset"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        dataset = call.dataset
        if dataset is None or dataset.empty:
            return
        if dataset.refused:
            numbers = dataset.refused.startswith("AttributeError")
            yield Fault(dataset.refused, _INSTEAD.get(dataset.refused, _ARRAYS if numbers else _NAMED))
            return
        if dataset.unfed:
            yield Fault(
                "the samples are for one signature alone: the others of the model stay float",
                f"{_NAMED} Or name one signature with signature_keys.",
                severity="warning",
            )
        if not dataset.listed:
            text = dataset_expression(call, 0)
            changes = {f"{YIELD}0": f"[{text}]"} if text else {}
            yield Fault("the dataset yields arrays and no list of arrays", "Write `yield [sample]`.", changes)
            return
        unnamed = unknown_names(call, dataset)
        if unnamed:
            model = "Yield a list of arrays: the model of this converter has no signature."
            yield Fault(unnamed, f"{model}{_OBJECT * call.unsigned}")
            return
        wrong = _missing(dataset, subject) or _wrong_count(dataset, list(subject.kept.inputs))
        if wrong is not None:
            yield wrong
            return
        yield from _misfits(call, subject)

    def examples(self) -> Examples:
        return Examples(failing=dataset_example(WITHIN_ONE, WITHIN_ONE), passing=dataset_example(WITHIN_ONE))


def _missing(dataset: Dataset, subject: Subject) -> Fault | None:
    """Inputs without an array of their name."""
    if not dataset.missing:
        return None
    wanted, theirs = ", ".join(dataset.missing), ", ".join(map(repr, dataset.unknown))
    alone = " An array that is alone needs no name." if len(subject.kept.inputs) == 1 else ""
    return Fault(
        f"the samples have no array for input {wanted}"
        + (f": their arrays are named {theirs}" if theirs else ""),
        f"Name the arrays after the inputs: {wanted}.{alone}",
    )


def _wrong_count(dataset: Dataset, names: Sequence[str]) -> Fault | None:
    """More arrays without names than inputs, or fewer."""
    count = len(dataset.arrays)
    if count == len(names) or dataset.keyed or not (count or dataset.blank):
        return None
    return Fault(
        f"a sample has {count or 'no'} arrays, and the model {len(names)} input{'s' * (len(names) != 1)} ({', '.join(names)})",
        "Yield one array for each input.",
    )


def _reshape_advice(call: ConverterCall, line: str) -> str:
    if call.origin == COMMAND_LINE:
        return (
            f"Save {line.replace('sample', 'data')}."
            if line
            else "Save samples of that shape, their number in front."
        )
    return f"Yield {line}." if line else "Yield samples of that shape, the batch dimension first."


_OBJECT = " Or give from_concrete_functions the object of the function as well."
_NAMED = "Yield samples for each signature, with its key: `yield 'serving_default', {'input': sample}`."
_ARRAYS = "Yield arrays of numpy: `yield [np.asarray(sample, np.float32)]`."
_INSTEAD = {
    NO_DICTIONARY: "Yield a list of arrays, and no tuple: `yield [a, b]`.",
    SHORT_TUPLE: "Yield a list of arrays, and no tuple: `yield [a]`.",
    NOT_CALLABLE: "Give the function itself: `converter.representative_dataset = dataset`, without calling it.",
}
"""What the converter raises -> what to write instead."""


def _misfits(call: ConverterCall, subject: Subject) -> Iterator[Fault]:
    refused = misranked(call, subject.kept, subject.inference)
    for name, sample in sampled(call, subject.kept):
        shape = subject.inference.shape(name)
        if shape is None or sample.shape is None:
            continue
        alike = len(shape) == len(sample.shape)
        fits = alike and all(
            wanted is None or wanted == size for wanted, size in zip(shape[1:], sample.shape[1:], strict=True)
        )
        if not fits:
            yield Fault(
                f"a sample for input {name!r} has shape {shape_text(sample.shape)}, and the input {shape_text(shape)}",
                _reshape_advice(call, fitted("sample", sample.shape, shape)),
                severity=None if alike or name == refused else "warning",
            )
