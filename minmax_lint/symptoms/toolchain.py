"""What tools say that do not fit together: Keras 3 with older TensorFlow and tfmot, LiteRT's converters, TOCO.

Sources: research into the public threads (tensorflow#65012, #64273, #63987, model-optimization#1140, #1144) and runs
of litert-converter 0.5.0 and ai-edge-quantizer 0.10.0.
"""

from minmax_lint.symptoms.symptom import KERAS, LITERT, TENSORFLOW, TFMOT, Symptom

_LEGACY = (
    "Install tf_keras and set TF_USE_LEGACY_KERAS=1 before TensorFlow is imported (in code: import tf_keras), and "
    "build or load the model with it"
)

SYMPTOMS = (
    Symptom(
        "keras-3-model-for-tfmot",
        r"to_quantize.{0,4} can only either be a keras Sequential or Functional model"
        r"|to_annotate.{0,4} can only be a .{0,30}(?:keras|tf_keras)\S* .{0,40}instance",
        TFMOT,
        (),
        "tfmot knows Keras 2 alone, and this model, or layer, is of Keras 3 (tf.keras since TensorFlow 2.16).",
        f"{_LEGACY}; then quantize it.",
    ),
    Symptom(
        "keras-3-conversion",
        r"error: missing attribute 'value'|LLVM ERROR: Failed to infer result type",
        KERAS,
        (),
        "A Keras 3 model was given to the converter of TensorFlow 2.15 or 2.16, which does not understand how it "
        "reads its variables.",
        f"Take TensorFlow 2.17 or newer; or save with model.export(folder) and convert that SavedModel. Or: {_LEGACY}.",
    ),
    Symptom(
        "litert-takes-no-graph",
        r"operation being parsed with an unregistered dialect|UNIMPLEMENTED: Not implemented yet"
        r"|litert[-_ ]converter\b.*(?:TensorFlow|graph|saved.?model|keras)|which LiteRT tool",
        LITERT,
        (),
        "litert-converter takes StableHLO (from JAX and PyTorch), no TensorFlow graph, SavedModel or Keras model. "
        "ai-edge-quantizer takes a finished float .tflite, and litert-torch a PyTorch model.",
        "Convert TensorFlow and Keras models with tf.lite.TFLiteConverter (TensorFlow 2.21 has it), and give "
        "ai-edge-quantizer the float .tflite that it makes.",
    ),
    Symptom(
        "quantizer-takes-float-tflite",
        r"ai[-_]edge[-_]quantizer|\bAEQ\b.*quantiz",
        LITERT,
        ("MM501",),
        "ai-edge-quantizer quantizes a finished float .tflite. It takes no TensorFlow graph, and no model that is "
        "quantized already: FakeQuants are for tf.lite.TFLiteConverter.",
        "Convert to a float .tflite first (no optimizations), or quantize in the conversion: `minmax-lint compare "
        "GRAPH` shows what that gives.",
    ),
    Symptom(
        "toco-from-protos-missing",
        r"toco_from_protos: (?:command )?not found|Unknown command line flag 'debug_proto_file'",
        TENSORFLOW,
        ("MM611",),
        "TensorFlow 1 and 2.0 to 2.18 run TOCO as the script toco_from_protos, which must be on PATH and of the same "
        "TensorFlow.",
        "Activate the environment that TensorFlow is installed in (its bin folder holds the script); TensorFlow 2.17 "
        "and newer have no working TOCO.",
    ),
)
