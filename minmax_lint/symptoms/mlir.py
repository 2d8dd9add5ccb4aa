"""What the MLIR converter, its Python layer and the post-training quantizer say (TF 2.0 to 2.21).

Sources: quantization_utils, flatbuffer_export.cc, lite.py, calibrator.py and the public threads of
fixtures/symptoms.
"""

from minmax_lint.symptoms.symptom import CALIBRATOR, MLIR, Symptom

SYMPTOMS = (
    Symptom(
        "returned-shape-changed",
        r"return operand #?\d+ \('tensor<(?P<shape>(?:[\d?]+x)*+)[^']*'\) doesn't match function result type "
        r"\('tensor<(?!(?P=shape)[a-z!])",
        MLIR,
        ("MM210",),
        "An output has another shape than before: the converter made one dilated convolution of SpaceToBatchND, a "
        "convolution and BatchToSpaceND, and what stands between the convolution and BatchToSpaceND (mostly its "
        "BiasAdd) kept the shape of the blocks.",
        "Put BiasAdd and activation behind BatchToSpaceND, or write the convolution with dilation_rate, which needs no "
        "SpaceToBatchND.",
    ),
    Symptom(
        "returned-type-changed",
        r"return operand #?\d+ .* doesn't match function result type",
        MLIR,
        ("MM210",),
        "An output has another quantized type than its own FakeQuant gives: two FakeQuants of different ranges stand "
        "there in a row. (Where only the shapes differ, it is a dilated convolution with its BiasAdd in front of "
        "BatchToSpaceND.)",
        "Leave one FakeQuant at the output. `minmax-lint check GRAPH --converter mlir` names it.",
    ),
    Symptom(
        "operands-of-other-shapes",
        r"['\"](?:tfl?\.)?(?P<op>\w+)['\"] op requires the same shape for all operands"
        r"|requires the same shape for all operands",
        MLIR,
        ("MM402",),
        "{op} takes operands of one shape, and those that it gets differ: one is broadcast implicitly, or the "
        "shapes that the graph states, or that were given for its inputs, do not fit each other.",
        "Write the broadcast out (tf.broadcast_to, tf.reshape, or a constant of the whole shape), give the inputs "
        "their real shapes, and try a newer TensorFlow. `minmax-lint inspect GRAPH` shows the shape of every array.",
    ),
    Symptom(
        "shared-scale-violated",
        r"['\"](?:tfl\.)?(?P<op>\w+)['\"] op quantization parameters "
        r"violate the same scale|violate the same scale constraint",
        MLIR,
        ("MM210",),
        "{op} must have one scale for its inputs and its output, but FakeQuants around it have different "
        "ranges.",
        "Give the arrays around it the same FakeQuant range (one shared FakeQuant in front, none behind). "
        "`minmax-lint check GRAPH --converter mlir` names the arrays.",
    ),
    Symptom(
        "range-not-constant",
        r"['\"]tf\.(?P<op>FakeQuantWithMinMaxVars\w*)['\"] op ?: ?illegal op still exists"
        r"|FakeQuantWithMinMax\w*.*illegal op still exists",
        MLIR,
        ("MM310", "MM205"),
        "The range of a FakeQuant is not a constant at conversion time: it comes from variables that were "
        "not frozen.",
        "Freeze the graph with its checkpoint first (convert_variables_to_constants), or convert the "
        "SavedModel through a concrete function.",
    ),
    Symptom(
        "fake-quant-left-over",
        r"['\"]tf\.(?P<op>FakeQuantWithMinMax\w*)['\"] op is neither a custom op nor a flex op"
        r"|Op type not registered ['\"](?P<op_>FakeQuant\w*)|(?P<op__>FakeQuant)\w* (?:op )?(?:is "
        r")?not supported",
        MLIR,
        ("MM602", "MM310", "MM205"),
        "A FakeQuant survived the conversion: its range is computed or has a num_bits that the converter "
        "does not take, or the post-training quantizer was run over a graph that was already trained with "
        "quantization.",
        "Convert a graph with FakeQuants without a representative_dataset; freeze its ranges into constants; "
        "use num_bits=8.",
    ),
    Symptom(
        "post-training-over-fake-quants",
        r"Quantization not yet supported for op: ['\"]?(?P<op>DEQUANTIZE|FAKE_QUANT|QUANTIZE)\b",
        CALIBRATOR,
        ("MM602",),
        "The model already is quantized (it has FakeQuants), and a representative_dataset was passed on top "
        "of it.",
        "Drop the representative_dataset: the FakeQuants say the ranges.",
    ),
    Symptom(
        "no-quantized-kernel",
        r"Quantization not yet supported for op: ['\"]?(?P<op>\w+)"
        r"|Quantization to \S+ not (?:yet )?supported for op: ['\"]?(?P<op_>\w+)",
        CALIBRATOR,
        ("MM401",),
        "{op} has no integer kernel.",
        "Write it with ops that have one (a division by a constant as a multiplication, SQUARED_DIFFERENCE "
        "as Sub and Mul), or choose outputs in front of it.",
    ),
    Symptom(
        "unsupported-op",
        r"['\"]tf\.(?P<op>\w+)['\"] op is neither a custom op nor a flex op"
        r"|list of operators for which you will need custom implementations: (?P<op_>\w+)"
        r"|operators in the model (?:are|is) not supported by the standard"
        r"|ops are not supported by the native TFLite runtime",
        MLIR,
        ("MM402", "MM401"),
        "{op} has no TFLite form at all.",
        "Choose outputs in front of it, write it with other ops, or allow TF Select or custom ops and run "
        "that part in float.",
    ),
    Symptom(
        "per-channel-on-wrong-op",
        r"['\"]tfl\.(?P<op>\w+)['\"] op (?:operand|result) #\d+ must be tensor of .* but got "
        r".*quant\.uniform",
        MLIR,
        ("MM205", "MM401"),
        "{op} got a quantized type that it does not take: a degenerate range, or a num_bits other than 8.",
        "Look at the ranges around it with `minmax-lint inspect GRAPH`.",
    ),
    Symptom(
        "representative-dataset-missing",
        r"representative_?dataset.*(?:must be specified|required|is not set|missing)"
        r"|full integer quantization, a .?representative_dataset",
        MLIR,
        ("MM603", "MM602", "MM601"),
        "Full integer quantization was asked for without data. A graph with FakeQuants needs none.",
        "For a graph with FakeQuants leave TFLITE_BUILTINS_INT8 out and set optimizations=[DEFAULT]; for a "
        "float graph pass a representative_dataset.",
    ),
    Symptom(
        "model-ends-not-quantized",
        r"Model (?:input|output) is not (?:de)?quantized"
        r"|inference_input_type and inference_output_type must be",
        MLIR,
        ("MM502", "MM110", "MM120"),
        "Integer inputs and outputs were asked for, but the array at that end has no range, so the op there "
        "stays float.",
        "Give the input and the output a FakeQuant: `minmax-lint check GRAPH --converter mlir-v2` names the "
        "arrays, `minmax-lint fix` repairs outputs.",
    ),
)
