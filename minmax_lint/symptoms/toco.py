"""What TOCO says (TF 1.8 to 2.15). Sources: tooling_util.cc, graph_transformations/quantize.cc,
import_tensorflow.cc, export.cc, toco_tooling.cc and the public threads of fixtures/symptoms.
"""

from minmax_lint.symptoms.symptom import ARRAY, TOCO, Symptom

_LACKS = (
    r"(?:is )?lack(?:ing|s) min/?max (?:data|info\w*)"
    r"|(?:does not|doesn't) have min/?max(?: info\w*)?"
    r"|min/max (?:data |info\w* )?(?:is |are )?missing"
)
_INPUT_OF = (
    rf"(?:Array )?{ARRAY},? (?:which )?is an input to the "
    r"(?P<consumer>\(?[\w ]+?(?:: ?\w+\))?) operator (?:producing (?:the output array )?(?P<output>[^\s,]+))?"
)
_LEGACY = (
    r"(?:Dequantize|QuantizeV2|Quantize|RequantizationRange|Requantize|QuantizeDownAndShrinkRange"
    r"|Quantized\w+)"
)
_COVERAGE = (
    "Run `minmax-lint check GRAPH -o OUTPUT`: it lists every array without a range in one run, where the "
    "converter stops at the first."
)

SYMPTOMS = (
    Symptom(
        "batch-norm-without-range",
        r"(?<![\w./\-])(?=[\w./\-]*?(?:FusedBatchNorm|batch_?norm))(?P<array>[\w./\-]++)"
        rf"[^.]{{0,200}}?(?:{_LACKS})"
        r"|lack\w* min/?max[^.]{0,200}(?:FusedBatchNorm|batch_?norm)|min/max missing for FusedBatchNorm",
        TOCO,
        ("MM112", "MM110", "MM120"),
        "A batch normalization was not folded into the convolution before it. "
        "TOCO splits it into a Mul and an Add, and those have no ranges.",
        "Fold it: let tf.contrib.quantize see Conv -> BatchNorm -> activation in this order, with "
        "create_eval_graph on a graph built with is_training=False, or build the layer with fused=False. "
        + _COVERAGE,
    ),
    Symptom(
        "dropout-in-kept-part",
        rf"{_INPUT_OF}.*?(?<=[/ ])dropout[\w./]*.*?(?:{_LACKS})|dropout/\w+.*(?:{_LACKS})",
        TOCO,
        ("MM130", "MM110", "MM301"),
        "The training graph was exported: Dropout still computes in the part that the converter keeps.",
        "Build the graph a second time for inference, call create_eval_graph on it, restore the checkpoint "
        "and export that one.",
    ),
    Symptom(
        "weights-without-range-warning",
        rf"Constant array {ARRAY} lacks MinMax|make up for that, we will now compute the MinMax",
        TOCO,
        ("MM111", "MM120", "MM112", "MM205"),
        "Weights reach the op without a FakeQuant. TOCO takes their smallest and largest value as the "
        "range, which is not what the training saw. Dozens of these lines mean a float graph.",
        "Train with quantization (tf.contrib.quantize, tfmot) so that weights get a FakeQuant, or convert "
        "to FLOAT. " + _COVERAGE,
    ),
    Symptom(
        "op-output-without-range",
        rf"(?:Array )?{ARRAY} does not have MinMax information(?!.*input to)"
        rf"|Output array named {ARRAY.replace('array', 'array_')} lacks minmax",
        TOCO,
        ("MM101", "MM102", "MM103", "MM110"),
        "{array} is an output of the converted model, or an output nobody reads, and has no range. Either "
        "its FakeQuant stands behind it and is cut off with everything else behind the outputs (MM101), or "
        "none was ever made, as for a last layer without activation (MM102).",
        "`minmax-lint fix GRAPH -o {array_name} --output FILE` repairs the first kind: it makes the "
        "FakeQuant the "
        "output, or puts a guard behind it. For the second kind put an activation or a "
        "`minmax_lint.guard` behind the output in the model code before create_training_graph.",
    ),
    Symptom(
        "inner-array-as-output",
        r"requires? min/?max info\w* for taking output from|min/?max.*intermediate (?:node|layer"
        r"|tensor|output)",
        TOCO,
        ("MM101", "MM102"),
        "An inner array was chosen as the output. Its FakeQuant is the first thing behind it, so it falls "
        "out of the part that the converter keeps.",
        "Choose the FakeQuant as the output, or run `minmax-lint fix GRAPH -o OUTPUT --output FILE`.",
    ),
    Symptom(
        "op-input-without-range",
        rf"{_INPUT_OF}.*?(?:{_LACKS})",
        TOCO,
        ("MM110", "MM120", "MM112", "MM130"),
        "{array} feeds the {consumer} op and has no range: the quantization rewrite did not recognise the "
        "pattern around it, or the graph was never rewritten at all (MM120: a float graph).",
        _COVERAGE + " Then give {array} a FakeQuant in the model code "
        "(`tf.quantization.fake_quant_with_min_max_vars`), or convert a graph that was trained with "
        "quantization.",
    ),
    Symptom(
        "min-max-lacking",
        rf"(?:{_LACKS})|lacks? min/?max\b|need\w* to provide min/?max|(?:contain|provide|have) "
        rf"min/?max.*for\b",
        TOCO,
        ("MM110", "MM120", "MM112"),
        "An array of the kept part has no range: a pattern that the quantization rewrite does not know "
        "(residual Add, scaled branch, convolution without activation), or no rewrite at all.",
        _COVERAGE,
    ),
    Symptom(
        "legacy-eight-bit-op",
        rf"(?:\(Unsupported TensorFlow op: |unsupported operation: |custom implementations?: "
        rf")(?P<op>{_LEGACY})\b"
        rf"|(?P<op_>{_LEGACY})\b.*(?:needs? a custom|custom implementation|not (?:yet "
        rf")?(?:supported|implemented))"
        r"|quantize_nodes|graph_?transforms?\b.*quanti|not able to handle the output of graph_transform"
        r"|toco fails on quanti[sz]ed",
        TOCO,
        ("MM121",),
        "The graph was quantized by the old graph_transforms (quantize_nodes, retrain.py *_quantized): it "
        "holds eight-bit ops that no TFLite converter reads.",
        "Go back to the float graph and train it with FakeQuants (tf.contrib.quantize, tfmot), or quantize "
        "the float model after training.",
    ),
    Symptom(
        "detection-post-process",
        r"TFLite_Detection_PostProcess.*(?:unsupported|not supported|not (?:yet )?implemented|quanti[sz]ed)",
        TOCO,
        ("MM402", "MM401"),
        "The custom op TFLite_Detection_PostProcess has no quantized form and stands before the outputs.",
        "Pass --allow_custom_ops, or name the two arrays that feed it as outputs and run it in float.",
    ),
    Symptom(
        "no-quantized-form",
        r"operator of type \(?(?:Unsupported TensorFlow op: )?(?P<op>\w+)\)? for which the quantized form"
        r"|quantized form (?:is|of).*not yet implemented|['\"]?(?P<op_>\w+)['\"]? is unsupported when QUANT",
        TOCO,
        ("MM401",),
        "{op} has no quantized form in this converter, wherever ranges stand.",
        "Take {op} out of the part between inputs and outputs (choose earlier outputs), write it with other "
        "ops, or try the other converter: `minmax-lint check GRAPH --converter toco --converter mlir` says "
        "which can.",
    ),
    Symptom(
        "quantization-flags-missing",
        r"FAKE_QUANT operation.*was not converted|make sure you are passing --inference_type"
        r"|std_values and --mean_values|FakeQuant\w* .*was not converted|warning for every act_quant"
        r"|quantized_input_stats.* (?:must be defined|flag)|input stats are not available for input",
        TOCO,
        ("MM601",),
        "The graph has FakeQuants, but the converter was not asked to quantize, or does not know how the input maps to "
        "bytes.",
        "Pass --inference_type=QUANTIZED_UINT8 with --mean_values and --std_values (Python: "
        "inference_type=tf.uint8 and quantized_input_stats={{input: (mean, std)}}). `minmax-lint convert` "
        "does it for you.",
    ),
    Symptom(
        "float-input-of-quantized-model",
        r"Quantized inference is not allowed with float inputs",
        TOCO,
        ("MM601", "MM502"),
        "inference_input_type is float while inference_type is uint8.",
        "Leave inference_input_type alone, or set it to tf.uint8.",
    ),
    Symptom(
        "bad-weights",
        rf"Bad value for {ARRAY} at index .*previous bad value|allow_nudging_weights_to_use_fast_gemm_kernel",
        TOCO,
        ("MM111", "MM205"),
        "Two weights of {array} that stand close together quantize to byte 0, which TOCO's fast kernels do "
        "not allow. Weights with a FakeQuant of narrow range never do; these have none, or a wide one.",
        "Give the weights a FakeQuant with narrow_range=True, or pass "
        "--allow_nudging_weights_to_use_fast_gemm_kernel.",
    ),
    Symptom(
        "scale-zero",
        r"quantization scale for this array is 0",
        TOCO,
        ("MM205", "MM204"),
        "A range is [0, 0]: it was never trained, and nothing but zero fits into it.",
        "Restore the trained ranges (check the checkpoint's step), or train some steps with quantization.",
    ),
    Symptom(
        "unequal-select-branches",
        r"Check failed: input_minmax_1\.(?:min|max) ==",
        TOCO,
        ("MM210",),
        "The two branches of a Select have different ranges.",
        "Give both branches the same FakeQuant range, or one FakeQuant behind the Select.",
    ),
    Symptom(
        "output-is-input",
        rf"(?:The )?array {ARRAY} is listed in both --input_arrays and --output_arrays"
        r"|Check failed: passthru_it->get\(\) == passthru_op",
        TOCO,
        ("MM103",),
        "Between an input and an output nothing computes: the converter removes no-ops and the output "
        "becomes the input.",
        "Name an array behind the first op that computes as the output.",
    ),
    Symptom(
        "unused-input",
        rf"Array {ARRAY} has mis-matching actual and final data types"
        rf"|input array {ARRAY.replace('array', 'array_')} is not consumed by any op",
        TOCO,
        ("MM904",),
        "The input {array} is named, but nothing on the way to the outputs reads it.",
        "Leave it out of the inputs.",
    ),
    Symptom(
        "output-not-in-graph",
        rf"Specified output array {ARRAY} is not produced by any op|Invalid tensors .* were found"
        rf"|{ARRAY.replace('array', 'array_')} (?:is )?not in graph\b",
        TOCO,
        ("MM901",),
        "The graph has no array of that name.",
        "`minmax-lint inspect GRAPH` lists the outputs; names are those of the frozen graph, without `:0`.",
    ),
    Symptom(
        "concat-range-not-union",
        r"concat\w* output range .*union|change_concat_input_ranges|Tweaking the MinMax of array",
        TOCO,
        ("MM210",),
        "The inputs of a Concat have different ranges; TOCO gives each its own scale unless set otherwise.",
        "Pass --change_concat_input_ranges=true, or give all inputs one range in training.",
    ),
)
