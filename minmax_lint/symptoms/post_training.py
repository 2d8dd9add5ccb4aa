"""What post-training quantization says: the Python layer, the calibrator and the quantizers (TF 2.3 to 2.21).

Sources: lite.py, optimize/calibrator.py, calibration_wrapper.cc, quantize_model.cc, operator_property.cc; each
message measured with TF 2.15 and 2.21 (but for what older versions say), and the threads named in the cases.
"""

from minmax_lint.symptoms.symptom import CALIBRATOR, MLIR, Symptom

_TENSOR = r"(?P<array>[\w./:;\-]++)"

SYMPTOMS = (
    Symptom(
        "calibration-range-missing",
        rf"Max and min for dynamic tensors should be recorded during calibration(?:: ?Failed for tensor {_TENSOR})?"
        rf"|Empty min/max for tensor {_TENSOR.replace('array', 'array_')}",
        CALIBRATOR,
        ("MM401", "MM620"),
        "Calibration gave {array} no range, and the quantizer of 16x8 (and the old one of int8) stops there. "
        "Either the representative_dataset yields nothing, or the tensor belongs to a loop or a branch (a GRU or "
        "LSTM that stays a loop, If, While), whose inside this quantizer does not calibrate.",
        "See that the dataset yields samples. A recurrent layer: build it with unroll=True and a fixed batch, or "
        "quantize to int8 with the default quantizer, which takes loops and branches. A branch: let the samples "
        "enter it, or take the condition out of the model.",
    ),
    Symptom(
        "dataset-of-wrong-type",
        r"Cannot set tensor: Got value of type (?P<type>\w++) but expected type \w++(?: for input \d+, name: "
        rf"{_TENSOR})?",
        CALIBRATOR,
        ("MM622",),
        "The representative_dataset yields {type}, which is another type than the input's. numpy makes float64 "
        "unless set otherwise.",
        "Cast the samples to the type of the input: yield [x.astype(numpy.float32)].",
    ),
    Symptom(
        "dataset-of-wrong-form",
        r"Invalid input shapes: expected \d+ items got \d+ items"
        r"|SignatureDef signature_key is .{0,40} and model has \d+ Signatures"
        r"|input->dims->size != \d+ \(\d+ != \d+\)"
        r"|input_channel % filter_input_channel != 0"
        r"|representative_dataset.{0,40}(?:object is not callable|not iterable)|'(?:list|tuple|ndarray)' object is not "
        r"callable",
        CALIBRATOR,
        ("MM623",),
        "The representative_dataset does not yield what the model takes: another number of arrays, another rank "
        "(the batch dimension is missing), another order of dimensions (channels first), unknown names, or it is "
        "an array or a list instead of a function.",
        "Pass a function that yields one list an input set, each array with its batch dimension: def data(): "
        "for x in samples: yield [x[numpy.newaxis].astype(numpy.float32)].",
    ),
    Symptom(
        "calibration-not-finite",
        r"scale out of expressed type range|illegal scale: ?(?:INF|NAN)|nan value during calibration"
        r"|(?:NaN|inf\w*) .{0,40}calibration",
        CALIBRATOR,
        ("MM621", "MM205"),
        "Values were infinite or not a number in calibration: in the samples themselves, or behind an op such as "
        "the logarithm of zero or an exponential that overflows. The converter crashes on infinity, and leaves "
        "the model float on NaN.",
        "Look at the samples (numpy.isfinite), and bound the values in front of the op: a maximum with a small "
        "number in front of a logarithm, a minimum in front of an exponential.",
    ),
    Symptom(
        "signature-unknown",
        r"Invalid signature key .{0,80} found|in the SavedModel's SignatureDefs\. Possible values are",
        MLIR,
        ("MM613",),
        "The call names a signature that the SavedModel lacks; the message lists those that it has.",
        "Name one of these, in a list: signature_keys=['serving_default']. Without signature_keys all are converted.",
    ),
    Symptom(
        "integer-ends-without-quantization",
        r"inference_input_type and inference_output_type must be tf\.float32",
        MLIR,
        ("MM604", "MM602", "MM502"),
        "Integer inputs or outputs are asked for in a conversion that quantizes nothing: `optimizations` is not "
        "set. A representative_dataset alone does not count. (An input type of int8 without a dataset gives the "
        "same message.)",
        "Set converter.optimizations = [tf.lite.Optimize.DEFAULT]; for a model without FakeQuants keep the "
        "representative_dataset as well.",
    ),
    Symptom(
        "ends-of-another-width",
        r"inference_input_type and inference_output_type must be in \["
        r"|Unsupported .?inference_(?:input|output)_type.? value\. Expected to be in",
        MLIR,
        ("MM604", "MM502"),
        "Inputs and outputs are asked for in a type that this conversion does not make: int8 and uint8 belong to "
        "int8 quantization, int16 to 16x8.",
        "Set inference_input_type and inference_output_type to one of the types that the message lists, or "
        "change supported_ops to the kind of quantization you want.",
    ),
    Symptom(
        "sixteen-bit-range",
        r"['\"](?:tfl\.)?(?P<op>\w+)['\"] op (?:operand|result) #\d+ must be .*quant\.uniform<i16"
        r"|['\"](?:tfl\.)?(?P<op_>\w+)['\"] op quantization parameters violate the same scale .*quant\.uniform<i16",
        MLIR,
        ("MM206", "MM210", "MM401"),
        "FakeQuants of 16 bits stand around {op}. The converter makes int16 tensors of them, and {op} takes no such "
        "operand, or not several of different scales.",
        "Train with num_bits=8 for activations. For 16-bit activations convert the float model after training "
        "(16x8: EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8) instead.",
    ),
    Symptom(
        "tensor-list-of-open-shape",
        r"['\"]tf\.(?P<op>TensorList\w+)['\"] op requires element_shape to be static"
        r"|(?:lowering|lower) tensor list ops|requires element_shape to be 1D tensor",
        MLIR,
        ("MM402",),
        "{op} holds the steps of a recurrent layer (LSTM, GRU), and a dimension of them is open: mostly the batch.",
        "Fix the batch: build the layer's model with batch_size=1 (tf.keras.Input(shape, batch_size=1)), or convert "
        "a concrete function whose TensorSpec has a whole shape.",
    ),
    Symptom(
        "operands-of-other-types",
        r"['\"]tfl\.(?P<op>\w+)['\"] op requires the same type for all operands and results",
        MLIR,
        ("MM401",),
        "Quantization changed some operands of {op} and not the others: a constant of it stays float.",
        "Compute the constant side outside of the model, or write {op} with other ops.",
    ),
    Symptom(
        "select-tf-ops-uncalibrated",
        r"Select TensorFlow op\(s\), included in the given model, is\(are\) not supported by this interpreter"
        r"|Failed to parse the model: Did not get tensors in subgraph",
        CALIBRATOR,
        ("MM612", "MM402"),
        "The call allows SELECT_TF_OPS, and the model holds ops of TensorFlow (Flex). The calibration of TF 2.19 and "
        "newer has no kernels for them; TF 2.17 and older cannot read a model back that holds nothing else.",
        "Write these ops in ones with a kernel of TFLite (an LSTM layer: unroll=True, or batch_size=1), keep "
        "TFLITE_BUILTINS beside SELECT_TF_OPS, or calibrate with TF 2.18.",
    ),
    Symptom(
        "float-end-of-legacy-quantizer",
        r"Unsupported (?:input|output) type INT\d+ for (?:input|output) tensor \S+ of type FLOAT32",
        CALIBRATOR,
        ("MM610", "MM401"),
        "The call asks for an integer input or output, and the op at that end of the model stays float: the quantizer "
        "for 16x8 ends there, where that for int8 leaves the end float.",
        "Leave inference_input_type and inference_output_type out, or write the op at that end in one with an integer "
        "form.",
    ),
    Symptom(
        "toco-of-tf2",
        r"'TFLiteSavedModelConverterV2' object has no attribute '_funcs'",
        CALIBRATOR,
        ("MM611",),
        "experimental_new_converter is False on the TF2 converter, which has no TOCO for a SavedModel.",
        "Leave experimental_new_converter out.",
    ),
)
