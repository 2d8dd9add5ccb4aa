"""Every wording that users pasted in public is recognised, with the rule that finds its cause."""

import json
import re
import time
from pathlib import Path

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.trace import trace
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.rules.framework.rule import rules
from minmax_lint.symptoms import diagnoses, explain_log, explain_message, near_symptoms, recognition, symptoms
from minmax_lint.symptoms.symptom import KERAS, LITERT, PEOPLE, TFMOT

CASES = json.loads((Path(__file__).parents[2] / "fixtures/symptoms/public_cases.json").read_text())

F1 = (
    "Array {array}, which is an input to the {consumer} operator producing the output array {output}, is "
    "lacking min/max data, which is necessary for quantization. If accuracy matters, either target a "
    "non-quantized output format, or run quantized training with your model from a floating point checkpoint "
    "to change the input graph to contain min/max information. If you don't care about accuracy, you can "
    "pass --default_ranges_min= and --default_ranges_max= for easy experimentation."
)


def test_there_are_88_public_cases():
    assert [case["number"] for case in CASES] == list(range(1, 89))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['number']}-{case['thread']}")
def test_public_case_names_the_rules_of_its_cause(case):
    assert case["codes"][0] in explain_message(case["symptom"]).codes
    assert set(case["codes"]) <= {code for found in diagnoses(case["symptom"]) for code in found.codes}


@pytest.mark.parametrize(
    ("message", "symptom", "named"),
    [
        (
            F1.format(array="block/add:1", consumer="Concatenation", output="concat"),
            "op-input-without-range",
            {"array": "block/add:1", "consumer": "Concatenation", "output": "concat"},
        ),
        (
            F1.format(array="pre", consumer="(Unsupported TensorFlow op: Cumsum)", output="o"),
            "op-input-without-range",
            {"array": "pre", "consumer": "(Unsupported TensorFlow op: Cumsum)", "output": "o"},
        ),
        (
            "2026-01-01 10:00:00.5: F "
            "tensorflow/lite/toco/graph_transformations/quantize.cc:186] Array Relu6 "
            "does not have MinMax information, and is not a constant array. Cannot proceed with "
            "quantization.",
            "op-output-without-range",
            {"array": "Relu6"},
        ),
        (
            "Check failed: output_array.minmax Output array named head/Reshape lacks minmax",
            "op-output-without-range",
            {"array": "head/Reshape"},
        ),
        (
            "Unimplemented: this graph contains an operator of type (Unsupported TensorFlow op: Cumsum) for "
            "which the quantized form is not yet implemented. Sorry, and patches welcome",
            "no-quantized-form",
            {"op": "Cumsum"},
        ),
        (
            "Bad value for w1/FakeQuantWithMinMaxVars at index 3, previous bad value at index 1, distance=2, "
            "kMinDistanceBetweenBadValues=16. Consider passing "
            "--allow_nudging_weights_to_use_fast_gemm_kernel",
            "bad-weights",
            {"array": "w1/FakeQuantWithMinMaxVars"},
        ),
        (
            'loc(fused["Minimum:", "n3"]): \'tfl.minimum\' op quantization parameters violate the same scale '
            "constraint: !quant.uniform<u8:f32, 0.1> vs. !quant.uniform<u8:f32, 0.2>",
            "shared-scale-violated",
            {"array": "n3", "op": "minimum"},
        ),
        (
            "type of return operand 0 ('tensor<1x8x!quant.uniform<u8:f32, 0.1>>') doesn't match function "
            "result type ('tensor<1x8x!quant.uniform<u8:f32, 0.2>>') in function @main",
            "returned-type-changed",
            {},
        ),
        (
            "'tf.FakeQuantWithMinMaxVars' op is neither a custom op nor a flex op",
            "fake-quant-left-over",
            {"op": "FakeQuantWithMinMaxVars"},
        ),
        (
            "ValueError: Input 0 of node Conv/weights_quant/AssignMinLast was passed float from "
            "Conv/weights_quant/min:0 incompatible with expected float_ref.",
            "training-graph-frozen",
            {"array": "Conv/weights_quant/AssignMinLast"},
        ),
        (
            "RuntimeError: Layer rescaling:<class 'keras.layers.Rescaling'> is not supported. You "
            "can quantize "
            "this layer by passing a `tfmot.quantization.keras.QuantizeConfig` instance to the "
            "`quantize_annotate_layer` API.",
            "tfmot-layer-not-supported",
            {"layer": "rescaling"},
        ),
        (
            "CONV_2D                        70         Operation is working on an unsupported data type",
            "edgetpu-op-not-mapped",
            {"op": "CONV_2D"},
        ),
        (
            'Specified output array "head" is not produced by any op in this graph. Is it a typo?',
            "output-not-in-graph",
            {"array": "head"},
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and " " not in value else "",
)
def test_the_converters_own_words_give_what_they_name(message, symptom, named):
    found = explain_message(message)
    assert (found.symptom, dict(found.named)) == (symptom, named)


@pytest.mark.parametrize(
    ("array", "node"),
    [
        ("net/BatchNorm/FusedBatchNormV3_mul_0", "net/BatchNorm/FusedBatchNormV3"),
        ("net/BatchNorm/FusedBatchNorm_add_param", "net/BatchNorm/FusedBatchNorm"),
        ("conv/weights_reordered", "conv/weights"),
        ("split:1", "split"),
        ("conv/BiasAdd", "conv/BiasAdd"),
    ],
)
def test_arrays_that_toco_makes_lead_to_the_node_they_are_made_from(array, node):
    assert explain_message(F1.format(array=array, consumer="Add", output="y")).node == node


@pytest.mark.parametrize(
    "text",
    [
        "",
        "INFO:tensorflow:Restoring parameters from /tmp/model.ckpt-1000",
        "Model compiled successfully in 17 ms.",
        "before Group bidirectional sequence lstm/rnn: 12 operators, 30 arrays (0 quantized)",
        "Converted 102 variables to const ops.",
        "W tensorflow/stream_executor/platform/default/dso_loader.cc:64] Could not load libcudart.so.11.0",
        "CONV_2D                        12         Mapped to Edge TPU",
        "KeyError: 'weights'",
    ],
)
def test_what_says_nothing_about_ranges_has_no_diagnosis(text):
    assert explain_message(text) is None


def test_a_log_gives_each_different_message_once_and_the_most_telling_first():
    log = "\n".join(
        [
            "Constant array conv/weights lacks MinMax information. To make up for that, we will now compute",
            "I toco_tooling.cc:471] Before general graph transformations: 12 operators",
            F1.format(array="a", consumer="Add", output="y"),
            F1.format(array="a", consumer="Add", output="y"),
            "Constant array conv/weights lacks MinMax information. To make up for that, we will now compute",
        ]
    )
    assert [found.array for found in diagnoses(log)] == ["conv/weights", "a"]


def test_a_message_that_the_terminal_wrapped_is_still_known():
    wrapped = re.sub(r"(.{40}) ", r"\1\n", F1.format(array="a/Relu", consumer="Conv", output="y"))
    assert explain_message(wrapped).array == "a/Relu"


def test_every_wording_has_its_own_key_and_names_rules():
    keys = [symptom.key for symptom in symptoms()]
    assert len(set(keys)) == len(keys)
    assert all(re.fullmatch(r"MM\d{3}", code) for symptom in symptoms() for code in symptom.codes)
    without = {symptom.speaker for symptom in symptoms() if not symptom.codes}
    assert without == {TFMOT, KERAS, LITERT, PEOPLE}


def _report(*findings: Finding) -> Report:
    b = Builder()
    b.add("Relu6", "output", b.placeholder("input", [1, 4]))
    graph = b.graph()
    kept = trace(graph, ["input"], ["output"])
    return Report("m.pb", "graphdef", {}, ("output",), "", {}, findings, graph, kept)


def test_in_a_graph_the_findings_about_the_named_array_explain_the_message():
    here = Finding(
        "MM101", "output-fakequant-outside", "error", "cut off", node="act/FakeQuant", array="output"
    )
    elsewhere = Finding("MM110", "activation-without-range", "error", "no range", node="other", array="other")
    message = "Array output does not have MinMax information, and is not a constant array."
    assert explain_message(message).findings(_report(elsewhere, here)) == (here,)


def test_where_no_finding_is_about_the_array_those_of_the_rules_explain_it():
    first = Finding("MM110", "activation-without-range", "error", "no range", node="other", array="other")
    better = Finding("MM101", "output-fakequant-outside", "error", "cut off", node="a", array="b")
    stranger = Finding("MM202", "range-nudged", "info", "nudged", node="c", array="c")
    message = "Array output does not have MinMax information, and is not a constant array."
    assert explain_message(message).findings(_report(stranger, first, better)) == (better, first)


def test_markdown_says_cause_remedy_and_rules():
    found = explain_message("Array output does not have MinMax information, and is not a constant array.")
    text = found.markdown([])
    assert "`output` is an output of the converted model" in text
    assert "minmax-lint fix GRAPH -o output" in text
    assert "- `minmax-lint explain MM101`" in text
    assert "no finding explains this message" in text


_RETURNED = (
    "type of return operand 0 ('tensor<{}>') doesn't match function result type ('tensor<{}>') in @main"
)
POST_TRAINING = {
    "'tfl.add' op requires the same shape for all operands": ("operands-of-other-shapes", "tf.broadcast_to"),
    "tensorflow/lite/kernels/pad.cc:267 (INT16 != FLOAT32)": ("node-half-quantized", "pad with zero"),
    "fully_connected.cc:221": ("node-half-quantized", "newer TensorFlow"),
    _RETURNED.format("4x4x4x16xf32", "1x8x8x16xf32"): ("returned-shape-changed", "dilation_rate"),
    _RETURNED.format("1x4x!quant.uniform<u8:f32, 0.1>", "1x4xf32"): (
        "returned-type-changed",
        "one FakeQuant",
    ),
    "Hybrid models are not supported on TFLite Micro.": ("micro-hybrid-model", "representative_dataset"),
    "Node CONV_2D (number 4) failed to invoke with status 1": ("node-failed", "check MODEL.tflite"),
    "'tfl.concatenation' op operand #0 must be variadic of tensor of 32-bit float or QI8 type values, but got "
    "'tensor<1x2x4x8x!quant.uniform<i16:f32, 1.8301586396472081E-4:-17>>'": (
        "sixteen-bit-range",
        "num_bits=8",
    ),
    "FULLY_CONNECTED per-channel quantized weights are not supported": (
        "micro-dense-per-channel",
        "_experimental_disable_per_channel_quantization_for_dense_layers = True",
    ),
    "error: missing attribute 'value'": ("keras-3-conversion", "TensorFlow 2.17"),
    "LLVM ERROR: Failed to infer result type(s).": ("keras-3-conversion", "TF_USE_LEGACY_KERAS=1"),
    "ValueError: `to_quantize` can only either be a keras Sequential or Functional model.": (
        "keras-3-model-for-tfmot",
        "TF_USE_LEGACY_KERAS=1",
    ),
    "RuntimeError: Select TensorFlow op(s), included in the given model, is(are) not supported by this interpreter.": (
        "select-tf-ops-uncalibrated",
        "TF 2.18",
    ),
    "ValueError: Failed to parse the model: Did not get tensors in subgraph 1.": (
        "select-tf-ops-uncalibrated",
        "TFLITE_BUILTINS",
    ),
    "RuntimeError: Unsupported output type INT16 for output tensor 'y' of type FLOAT32.": (
        "float-end-of-legacy-quantizer",
        "inference_output_type",
    ),
    "ValueError: Invalid signature key 'serve' found. Valid keys are 'serving_default,two'.": (
        "signature-unknown",
        "in a list",
    ),
    "ValueError: No 'serve' in the SavedModel's SignatureDefs. Possible values are 'two,__saved_model_init_op'.": (
        "signature-unknown",
        "in a list",
    ),
    "AttributeError: 'TFLiteSavedModelConverterV2' object has no attribute '_funcs'": (
        "toco-of-tf2",
        "experimental_new_converter",
    ),
    "'tf.TensorListReserve' op requires element_shape to be static during TF Lite transformation pass": (
        "tensor-list-of-open-shape",
        "batch_size=1",
    ),
    "ValueError: Cannot set tensor: Got value of type FLOAT64 but expected type FLOAT32 for input 0, name: x": (
        "dataset-of-wrong-type",
        "numpy.float32",
    ),
    "RuntimeError: Max and min for dynamic tensors should be recorded during calibration: Failed for tensor arg1": (
        "calibration-range-missing",
        "unroll=True",
    ),
    "Empty min/max for tensor arg1": ("calibration-range-missing", "unroll=True"),
    "ERROR: Attempting to use a delegate that only supports static-sized tensors with a graph that has "
    "dynamic-sized tensors.": ("dynamic-shape-for-delegate", "batch_size=1"),
    "pad.cc:118 op_context.input->type != op_context.constant_values->type (INT8 != FLOAT32)Node number 3 (PADV2) "
    "failed to prepare.": ("node-half-quantized", "newer TensorFlow"),
    "SquaredDifference only supports FLOAT32 and INT32 now, got 7. Node number 2 (SQUARED_DIFFERENCE) failed to "
    "invoke.": ("node-failed-squared-difference", "subtraction and a multiplication"),
    "ValueError: The inference_input_type and inference_output_type must be tf.float32.": (
        "integer-ends-without-quantization",
        "optimizations = [tf.lite.Optimize.DEFAULT]",
    ),
    "error: scale out of expressed type range [1.401298e-45, 3.402823e+38]": (
        "calibration-not-finite",
        "isfinite",
    ),
    "Type 'INT16' is not supported by tile.": ("kernel-of-that-type-missing", "TILE"),
    "Didn't find op for builtin opcode 'ADD' version '1'": (
        "micro-op-not-registered",
        "MicroMutableOpResolver",
    ),
    "conv.cc:345 input->dims->size != 4 (3 != 4)Node number 0 (CONV_2D) failed to prepare.": (
        "dataset-of-wrong-form",
        "batch dimension",
    ),
    "fully_connected.cc:221 input->type != kTfLiteFloat32 (INT16 != FLOAT32)Node number 2 (FULLY_CONNECTED) failed": (
        "computed-filter",
        "constant",
    ),
    "transpose_conv.cc:335 weights->type != kTfLiteInt8 (7 != 9)Node number 3 (TRANSPOSE_CONV) failed to prepare.": (
        "computed-filter",
        "constant",
    ),
    "RuntimeError: Mismatch between number of weight maxs and channels: 1 vs 4": (
        "computed-filter",
        "constant",
    ),
    "SOFTMAX   1   More than one subgraph is not supported": ("edgetpu-not-mapped-in-one-piece", "first op"),
}


@pytest.mark.parametrize("message", POST_TRAINING)
def test_messages_of_post_training_and_runtimes_lead_to_their_remedy(message):
    key, remedy = POST_TRAINING[message]
    found = explain_message(message)
    assert found.symptom == key
    assert remedy in found.remedy


def test_names_of_tools_and_settings_keep_their_case():
    assert explain_message("converter.inference_type = tf.uint8 does not produce uint8").cause.startswith(
        "inference"
    )
    assert explain_message("Quantization not yet supported for op: 'SIN'.").cause.startswith("`SIN`")


def test_mlir_says_where_the_op_stands():
    line = 'error: loc(callsite(fused["TensorListReserve:", "seq/lstm/TensorArrayV2@__inference_f_8332"] at x)): '
    found = explain_message(line + "'tf.TensorListReserve' op requires element_shape to be static")
    assert (found.array, found.op) == ("seq/lstm/TensorArrayV2", "TensorListReserve")


def test_in_a_graph_the_nodes_of_the_op_are_named():
    found = explain_message("Quantization to 16x8-bit not yet supported for op: 'RELU6'.")
    assert found.nodes(_report()) == ("output",)


HOSTILE_WORDS = sorted({word for one in symptoms() for word in re.findall(r"[A-Za-z_/.]{4,}", one.says)})


@pytest.mark.slow
@pytest.mark.parametrize("between", ["", " ", ".", "/", "_", " '"])
def test_the_time_of_a_log_is_linear_in_its_length(between):
    """Every word that a wording looks for, repeated through a whole line; and data without an end."""
    for word in HOSTILE_WORDS[:: len(between) + 3]:
        started = time.process_time()
        explain_log((word + between) * (4000 // len(word + between)))
        assert time.process_time() - started < 1
    started = time.process_time()
    explain_log("\n".join(["QUJD" * 1000] * 5))
    assert time.process_time() - started < 1


def test_an_unknown_message_has_near_ones():
    assert near_symptoms("the tensor lacks MinMax, quantization aborts in toco")[0] in {
        one.key for one in symptoms()
    }
    assert near_symptoms("zzz") == ()


def test_the_message_that_a_rule_about_the_call_shows_leads_to_that_rule():
    """Of those messages that are known: each of them names the rule among its own."""
    wrong = []
    for one in rules():
        symptom = re.search(r"## Symptom\n+```\n(.*?)```", one.documentation(), re.S)
        if not one.code.startswith("MM6") or symptom is None:
            continue
        known = [found for line in symptom[1].splitlines() if (found := explain_message(line))]
        wrong += [(one.code, found.symptom) for found in known if one.code not in found.codes]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "symptom"),
    [
        ("Max and min for dynamic tensors ...", "calibration-range-missing"),
        ("Cannot set tensor", "dataset-of-wrong-type"),
        ("Didn't find op", "micro-op-not-registered"),
        ("element_shape to be static", "tensor-list-of-open-shape"),
        ("node number 12 failed to prepare", "node-failed"),
        (
            "Arena size is too small for all buffers. Needed 100 but only 50 was available.",
            "micro-arena-too-small",
        ),
        ("Input type: FLOAT32 with filter type : INT8 not supported", "micro-hybrid-model"),
    ],
)
def test_a_message_that_is_given_in_part_is_known(text, symptom):
    assert explain_message(text).symptom == symptom


@pytest.mark.parametrize("text", ["type", "the op", "not supported", "zzz is not known ..."])
def test_a_few_words_that_many_messages_have_name_none(text):
    assert explain_message(text) is None


@pytest.mark.parametrize("symptom", symptoms(), ids=lambda one: one.key)
def test_a_wording_can_be_explained_without_what_a_message_names(symptom):
    found = recognition.symptom_named(symptom.key)
    assert found.cause
    assert found.remedy
