"""What runs a finished model says: TFLite's interpreter and its kernels, delegates, TFLite Micro.

Sources: tensorflow/lite/kernels/*.cc, core/subgraph.cc, tflite-micro's micro_allocator.cc and kernels, each kernel
message measured with TF 2.15 and 2.21 on models that convert and do not run.
"""

from minmax_lint.symptoms.symptom import EDGETPU, INTERPRETER, MICRO, Symptom

_NODE = r"Node number \d+ (?:\((?P<op>\w+)\) )?failed to (?:prepare|invoke)"
_REWRITE = (
    "`minmax-lint check MODEL.tflite` and `minmax-lint compare GRAPH` say which ways of converting give a model that "
    "runs."
)

SYMPTOMS = (
    Symptom(
        "micro-hybrid-model",
        r"Hybrid models are not supported on TFLite Micro"
        r"|Input type: FLOAT32 .{0,8}with filter type ?: INT8 .{0,8}not supported",
        MICRO,
        ("MM602", "MM501"),
        "The model has int8 weights and float activations (dynamic range quantization): optimizations was set "
        "without a representative_dataset. TFLite Micro runs float models and all-integer ones, no such mixture.",
        "Pass a representative_dataset, with supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8] and integer "
        "input and output types, and see with `minmax-lint check MODEL.tflite` that no op stays float.",
    ),
    Symptom(
        "micro-dense-per-channel",
        r"FULLY_CONNECTED per-channel quantized weights are not supported"
        r"|per.?channel quanti[sz]\w* .{0,40}(?:not supported|unsupported).{0,40}FULLY_CONNECTED",
        MICRO,
        ("MM501",),
        "Since TensorFlow 2.17 the converter gives the weights of a dense layer one scale a channel, and this "
        "runtime's FULLY_CONNECTED takes a single one.",
        "Set converter._experimental_disable_per_channel_quantization_for_dense_layers = True, or take a newer "
        "TFLite Micro.",
    ),
    Symptom(
        "micro-op-not-registered",
        r"Didn't find op for builtin opcode ['\"]?(?P<op>\w+)|Failed to get registration from op code (?P<op_>\w+)",
        MICRO,
        ("MM404", "MM402", "MM608"),
        "The program on the device has no kernel for {op}: it was not added to the op resolver, or this version of "
        "TFLite Micro has none.",
        "Add it to the MicroMutableOpResolver (`minmax-lint inspect MODEL.tflite` lists every op of the model); where "
        "there is no kernel, write the op with others.",
    ),
    Symptom(
        "micro-arena-too-small",
        r"Arena size is too small for (?:all|activation) buffers|Failed to resize buffer\. Requested",
        MICRO,
        ("MM602", "MM501"),
        "The memory that the program gives the interpreter does not hold the arrays of the model. Arrays in float take "
        "four times as much as in int8, those of 16x8 twice as much.",
        "Quantize activations as well (a representative_dataset with optimizations: `minmax-lint check MODEL.tflite` "
        "says whether an array is float), or give kTensorArenaSize the bytes that the message asks for.",
    ),
    Symptom(
        "node-failed-squared-difference",
        r"SquaredDifference only supports",
        INTERPRETER,
        ("MM406", "MM401"),
        "The model converts, but the interpreter has no kernel of this type for SQUARED_DIFFERENCE: 16x8 makes it "
        "int16, and the kernel takes float32, int32 and int8. LayerNormalization, variance and standard deviation "
        "hold one.",
        "Write it as a subtraction and a multiplication (d = a - b; d * d), which 16x8 has kernels for, or quantize "
        "to int8. " + _REWRITE,
    ),
    Symptom(
        "computed-filter",
        r"(?:depthwise_)?conv\.cc:\d+ .{0,80}zero_point->data|transpose_conv\.cc:\d+ weights->type"
        r"|fully_connected\.cc:\d+ input->type != kTfLiteFloat32|number of weight maxs and channels",
        INTERPRETER,
        ("MM406",),
        "The filter of a convolution, or the weights of a dense layer, are computed in the model. In int8 they have a "
        "zero point other than zero, in 16x8 they have 16 bits: kernels refuse both, and the quantizer for 16x8 of "
        "TensorFlow up to 2.16 stops there.",
        "Make the filter a constant, or keep that op float.",
    ),
    Symptom(
        "node-half-quantized",
        r"constant_values->type \((?:INT8|INT16|UINT8) != FLOAT32\)"
        r"|\((?:INT8|INT16|UINT8) != FLOAT32\)\s*Node number \d+ \((?P<op>\w+)\)"
        r"|fully_connected\.cc:\d+.{0,200}Node number \d+ \((?P<op_>FULLY_CONNECTED)\)"
        r"|(?P<op__>pad|fully_connected)\.cc:\d+ *$|\((?:INT8|INT16|UINT8) != FLOAT32\)",
        INTERPRETER,
        ("MM406", "MM401"),
        "A constant of {op} stayed float while its data became integer (the value of a padding, the zero of a "
        "comparison), so the kernel refuses the op. Converters before TensorFlow 2.4 did this to PADV2 in int8; "
        "today's do it in 16x8 alone.",
        "Convert with a newer TensorFlow; in 16x8 pad with zero (tf.pad without constant_values), or move the op "
        "out of the model. " + _REWRITE,
    ),
    Symptom(
        "divisor-quantized-to-zero",
        r"div\.cc:\d+ .{0,60}!= 0",
        INTERPRETER,
        ("MM406", "MM401"),
        "The divisor holds zeros once it is quantized, and the kernel of DIV refuses those.",
        "Keep the divisor away from zero (a maximum with a number larger than a step of its range), or multiply by "
        "the reciprocal where it is a constant.",
    ),
    Symptom(
        "kernel-of-that-type-missing",
        r"Type ['\"]?(?P<type>\w+)['\"]? (?:\(\d+\) )?(?:is )?not supported(?: by (?P<op>\w+))?"
        r"|Updates of type ['\"]?(?P<type_>\w+)['\"]? (?:is |are )?not supported|output_state != nullptr was not true"
        r"|Does not support type (?P<type__>\w+), requires"
        r"|(?:input|output) type \w+ (?:is )?not (?:currently )?supported",
        INTERPRETER,
        ("MM406", "MM401"),
        "The model converts, but what runs it has no kernel of this type for {op}: int16 data of 16x8 for TILE, "
        "SCATTER_ND or a sequence LSTM, int8 data for REVERSE_SEQUENCE.",
        "Write the op with others (TILE as a concatenation, or move it out of the model), or choose the other width. "
        + _REWRITE,
    ),
    Symptom(
        "dynamic-shape-for-delegate",
        r"delegate that only supports static-sized tensors with a graph that has dynamic-sized tensors"
        r"|Model failed in Tflite interpreter\. Please ensure model can be loaded",
        EDGETPU,
        ("MM404", "MM402"),
        "A dimension of the model is open, mostly the batch, or the model does not load at all. Edge TPU and many "
        "delegates take static shapes only. A recurrent layer (LSTM, GRU) of an open batch does not even convert.",
        "Fix every dimension before the conversion: tf.keras.Input(shape, batch_size=1), or a concrete function "
        "whose TensorSpec has a whole shape; then see that tf.lite.Interpreter loads the file.",
    ),
    Symptom(
        "node-failed",
        rf"{_NODE}|Node (?P<op_>[A-Z][A-Z0-9_]+) \(number \d+\) failed to (?:prepare|invoke)",
        INTERPRETER,
        ("MM406", "MM401"),
        "The model converts, but the kernel of {op} refuses what it is given. The words in front of `Node number` say "
        "which check failed.",
        _REWRITE,
    ),
)
