"""What people write who have no error message: titles of public threads. Looser than the rest, so last."""

from minmax_lint.symptoms.symptom import CHECKPOINT, CONTRIB, PEOPLE, TENSORFLOW, Symptom

_NUMBER = r"-?\d*\.?\d+(?:e-?\d+)?"

SPECIFIC = (
    Symptom(
        "range-keeps-initial-value",
        r"(?:doesn't|does not|never|not) (?:change|update)\w* (?:the )?min,? ?(?:and |/)?max",
        TENSORFLOW,
        ("MM204",),
        "Plain variables were passed as the range. FakeQuantWithMinMaxVars reads them; it never updates "
        "them.",
        "Update them with assign_moving_average, as tf.contrib.quantize does, or train them by gradient.",
    ),
    Symptom(
        "relu-range-below-zero",
        r"-\d+\.\d+ ?(?:≤|<=|<) ?q ?(?:≤|<=|<)|(?:every|all) .*FakeQuant\w* .*same (?:constant|range|min)",
        PEOPLE,
        ("MM203", "MM204"),
        "The range still is the initial one ([-6, 6]) although the op before it gives nothing below zero: "
        "half of the byte values are lost.",
        "Train until the moving averages have settled, or restore the trained ranges.",
    ),
    Symptom(
        "range-misses-zero",
        rf"fake_?quant\w*\( ?{_NUMBER}, ?(?P<low>{_NUMBER}), ?{_NUMBER} ?\)|all values become"
        r"|fake_quant\w* (?:has|returns|shows|gives) [^.]{0,200}(?:odd|wrong|behaviou?r|\d)",
        TENSORFLOW,
        ("MM201", "MM204"),
        "The range does not hold zero, or misses the data. Zero must be exact in a quantized array, so the "
        "op shifts the range until it is, and values are clamped.",
        "Choose a range around zero that covers the data.",
    ),
    Symptom(
        "range-nudged",
        rf"range \[{_NUMBER}, ?{_NUMBER}\] becomes|quantized range is not num_bits|zero.?point "
        rf".*(?:round|nudge)",
        TENSORFLOW,
        ("MM202",),
        "The zero point is rounded to a whole byte, which shifts the range by less than one step.",
        "Nothing is wrong; where it must be exact, choose a range whose minimum is a multiple of the scale.",
    ),
)

POST_TRAINING = (
    Symptom(
        "inference-type-of-tf2",
        r"inference_type ?= ?\S+ (?:does not|doesn't|has no)|inference_type .{0,40}(?:ignored|no effect)",
        PEOPLE,
        ("MM607", "MM501"),
        "inference_type is a setting of TensorFlow 1. The converter of TensorFlow 2 ignores it: weights and "
        "activations become int8, whatever it says.",
        "Leave it out. For uint8 at the ends set inference_input_type and inference_output_type to tf.uint8; uint8 "
        "inside needs TOCO (tf.compat.v1.lite.TFLiteConverter.from_frozen_graph).",
    ),
    Symptom(
        "only-some-layers-quantized",
        r"quantize and dequantize layers? (?:always )?(?:come|appear|stand)"
        r"|(?:de)?quantize .{0,40}(?:around|after) (?:each|every)",
        PEOPLE,
        ("MM110", "MM111", "MM403", "MM610"),
        "Only some layers were annotated for quantization. The ops between them have no range and stay float, so the "
        "converter puts QUANTIZE and DEQUANTIZE around each island of integer ops.",
        "Quantize the whole model (quantize_model), or annotate the layers between as well: `minmax-lint check MODEL "
        "--converter mlir-v2` names every array without a range.",
    ),
    Symptom(
        "reshapes-around-dense",
        r"(?:adds?|extra|additional|more) .{0,20}RESHAPE",
        PEOPLE,
        (),
        "A dense layer over more than two dimensions is a matrix product between two reshapes in some forms of the "
        "graph. TensorFlow 2.21 makes one FULLY_CONNECTED of it; older converters leave the RESHAPEs, which cost no "
        "arithmetic.",
        "Convert with a newer TensorFlow, or reshape once in the model; `minmax-lint inspect MODEL.tflite` counts "
        "the ops.",
    ),
    Symptom(
        "requantization-dropped",
        r"(?:eliminates?|drops?|removes?|loses?) .{0,30}re-?quanti[sz]ation",
        PEOPLE,
        ("MM210", "MM206"),
        "Two FakeQuants of different ranges or widths stand on one array. The converter keeps the first and drops the "
        "second, so the values are off by many steps although every op is integer.",
        "Leave one FakeQuant on the array, with the range and the width that you want (num_bits=8); "
        "`minmax-lint convert --verify` shows how far the values are off.",
    ),
    Symptom(
        "constant-prediction",
        r"(?:infers?|predicts?|returns?|gives?|outputs?) .{0,20}(?:always )?the same (?:value|class|result|output)",
        PEOPLE,
        ("MM624", "MM205"),
        "The calibration samples mostly lie on another scale than the data at inference: raw pixels of 0 to 255 "
        "where the model takes 0 to 1, or the reverse. Everything then falls into a few steps of the range.",
        "Preprocess the samples of the representative_dataset exactly as in training, and quantize the input at "
        "inference with the scale and the zero point of the model's input.",
    ),
    Symptom(
        "accuracy-drops",
        r"(?:drop|loss|lower|decrease|degrad\w+) (?:in|of) (?:the )?accuracy|accuracy .{0,30}(?:drops?|lower|worse)",
        PEOPLE,
        ("MM210", "MM203", "MM205", "MM625"),
        "The integer model computes other values than the one that was trained. Mostly ranges differ from what was "
        "trained: a wide or untrained one, two FakeQuants on one array, an op quantized that training left float.",
        "`minmax-lint convert GRAPH --output MODEL.tflite --verify` compares the values and shows which output is off; "
        "`minmax-lint check GRAPH` lists ranges that lose steps.",
    ),
)


GENERAL = (
    Symptom(
        "float-model-asked-to-be-quantized",
        r"toco (?:abort|fail|crash)\w* (?:on|for|with) |tooling_util\.cc.*min/max"
        r"|(?:change|get|add) .*graph .*min/?max|contain min/max",
        PEOPLE,
        ("MM120", "MM110"),
        "A float graph was given to a quantized conversion.",
        "Use a model that was trained with quantization, or convert to FLOAT, or quantize after training.",
    ),
    Symptom(
        "no-fake-quant-made",
        r"no FakeQuant (?:nodes?|ops?)? ?(?:at all|in)|(?:no|missing) (?:weights?|activations?)\S* "
        r"quanti[sz]ation",
        CONTRIB,
        ("MM110", "MM111", "MM120"),
        "The rewriter's matcher knows Conv or MatMul, then BiasAdd or BatchNorm, then an activation. "
        "Anything else it passes over in silence.",
        "Add the bias or the activation, or put FakeQuants by hand; `minmax-lint check GRAPH` lists where.",
    ),
    Symptom(
        "bypass-not-rewritten",
        r"no FakeQuants? on|(?:not|un)[- ]?quanti[sz]ed? (?:in|with|without|for) [^.]{0,200}activation"
        r"|(?P<op>\w+) (?:is )?unsupported in contrib\.quantize",
        CONTRIB,
        ("MM110",),
        "The rewriter does not know the pattern (a residual Add, a layer without activation, an activation "
        "other than Relu and Relu6) and left its output without a range.",
        "Put a FakeQuant there by hand; `minmax-lint check GRAPH` lists where.",
    ),
    Symptom(
        "fake-quant-before-clip",
        r"FakeQuant (?:sits|stands|is|comes) (?:after|behind|before) .*(?:clip|relu)",
        CONTRIB,
        ("MM113",),
        "The FakeQuant stands between the halves of one activation, so the converter cannot fuse them.",
        "Use tf.nn.relu6 instead of relu(max_value=6), or move the FakeQuant behind the clip.",
    ),
    Symptom(
        "output-without-activation",
        r"(?:QUANTIZED_UINT8|quanti[sz]\w+).*last \w+\(?.*no activation|last layer .*no activation",
        CONTRIB,
        ("MM102", "MM101"),
        "The last layer has no activation, so the rewriter had nothing to hang its FakeQuant on.",
        "Put an activation or a `minmax_lint.guard` behind the output before create_training_graph.",
    ),
    Symptom(
        "keras-batch-norm",
        r"(?:convert\w*|fail\w*|QAT).*(?:tf\.keras|keras) MobileNet\w*|keras (?:BN|batch ?norm)",
        PEOPLE,
        ("MM112", "MM110"),
        "Keras batch normalizations are fused, and tf.contrib.quantize does not fold those.",
        "Build them with fused=False, or train with tfmot.",
    ),
    Symptom(
        "quantized-training-failed",
        r"\b(?:QAT|quanti[sz]\w*(?:[- ]aware)? training)\b.*(?:fail|error|crash)\w*",
        CHECKPOINT,
        ("MM301", "MM130"),
        "Mostly the restored checkpoint lacks the range variables that the rewrite added.",
        "`minmax-lint check CHECKPOINT` compares the graph's ranges with the checkpoint's keys.",
    ),
)
