"""What training, rewriting, freezing and restoring say: tf.contrib.quantize, tfmot, checkpoints. Sources:
contrib/quantize/python, tfmot quantization/keras, saver.py and the public threads of fixtures/symptoms.
"""

from minmax_lint.symptoms.symptom import ARRAY, CHECKPOINT, CONTRIB, TENSORFLOW, TFMOT, Symptom

_RANGE = r"(?:act|weights?|activation|conv|\w+)_quan\w*"

SYMPTOMS = (
    Symptom(
        "fake-quant-in-gradients",
        rf"uninitialized value (?P<array>\S*(?:_grad/|gradients/)\S*{_RANGE}\S*)",
        CONTRIB,
        ("MM131", "MM112", "MM301"),
        "create_training_graph was called after the gradients were built, so FakeQuants were put into the "
        "backward pass.",
        "Call create_training_graph before optimizer.minimize, and fold batch normalizations.",
    ),
    Symptom(
        "range-uninitialized",
        rf"uninitialized value {ARRAY}",
        CHECKPOINT,
        ("MM301", "MM130", "MM302"),
        "The range {array} was made by the rewrite but is not in the checkpoint that was restored.",
        "Restore a checkpoint that was saved after the rewrite. `minmax-lint check CHECKPOINT` compares the "
        "range variables of the graph with the keys of the checkpoint.",
    ),
    Symptom(
        "range-under-other-scope",
        rf"Key (?P<array>[\w./\-]*\w_\d+/\S*{_RANGE}\S*) not found in checkpoint"
        r"|create_eval_graph does not reuse|name scope vs\.? variable scope",
        CHECKPOINT,
        ("MM301", "MM303"),
        "The graph was built in another scope than at training (`_1` at the end of a scope's name), so the "
        "trained ranges are under other names.",
        "Build the evaluation graph in a fresh tf.Graph or with reuse=tf.AUTO_REUSE. `minmax-lint check "
        "CHECKPOINT` finds near keys.",
    ),
    Symptom(
        "range-not-in-checkpoint",
        rf"Key (?P<array>\S*?{_RANGE}[\w./\-]*)\S* (?:not found in checkpoint"
        rf"|when restoring)"
        rf"|Variable \[?{ARRAY.replace('array', 'array_')}\]? is not available in checkpoint"
        rf"|Key (?P<array__>\S+?)\S* not found in checkpoint|(?:Saver|restor\w+) error|QAT:? (?:\w+ )?Saver",
        CHECKPOINT,
        ("MM301", "MM303"),
        "The range variable {array} of the graph has no entry in the checkpoint: it was saved before the "
        "rewrite, by another rewrite, or under other names.",
        "Harmless where quantized training starts from a float checkpoint; fatal for export. Restore a "
        "checkpoint of the quantized training; `minmax-lint check CHECKPOINT` lists every missing key.",
    ),
    Symptom(
        "range-not-restored",
        r"min/max .*(?:never|not) (?:be )?restored|variables that (?:are|were) not restored",
        CHECKPOINT,
        ("MM301", "MM302"),
        "The list of variables to restore was made before the rewrite added the ranges.",
        "Make the Saver after create_training_graph or create_eval_graph.",
    ),
    Symptom(
        "training-graph-frozen",
        r"node (?P<array>\S+?) was passed \w+ from \S+ incompatible with expected \w+_ref"
        r"|(?:freez\w+|export\w*|convert\w*) .*create_training_graph|create_training_graph.*(?:freez|export)",
        TENSORFLOW,
        ("MM130",),
        "The training rewrite was frozen: the moving averages of its ranges assign to variables that are "
        "constants now.",
        "Build the graph a second time for inference, call create_eval_graph on it, restore the checkpoint "
        "and freeze that one.",
    ),
    Symptom(
        "export-without-eval-rewrite",
        r"Didn't find expected Conv2D (?:or DepthwiseConv2dNative )?input|graph_hook_fn|graph_rewriter_fn"
        r"|concat causes error in toco",
        CONTRIB,
        ("MM130", "MM120"),
        "The model was trained with the quantization hook, but the exporter did not call it, or called the "
        "training one.",
        "Make the exporter call the graph rewriter with is_training=False.",
    ),
    Symptom(
        "rewriter-skips-pattern",
        r"Skipping .*(?:because its followed by an activation|quant after|no activation)"
        r"|Skipping quant (?:after|before)",
        CONTRIB,
        ("MM110",),
        "The rewriter met a pattern that it does not know and left an array without a FakeQuant.",
        "`minmax-lint check GRAPH` says whether that array needs one. If so, put it there by hand with "
        "tf.quantization.fake_quant_with_min_max_vars.",
    ),
    Symptom(
        "tfmot-layer-not-supported",
        r"Layer (?P<layer>[\w./\-]+):?.* is not supported\. You can quantize this layer"
        r"|pass(?:ing)? a .{0,2}tfmot\.quantization\.keras\.QuantizeConfig",
        TFMOT,
        ("MM110", "MM401"),
        "tfmot has no default quantization for the layer {layer}.",
        "Annotate it with quantize_annotate_layer and a QuantizeConfig of your own. A layer that hands values on "
        "(slicing, reshaping, nearest or bilinear upsampling) needs no quantizer in it; one that computes new values "
        "(a rescaling) needs an output quantizer. Then `minmax-lint check` the exported SavedModel.",
    ),
    Symptom(
        "tfmot-nested-model",
        r"Quantizing a tf\.keras Model inside another tf\.keras Model is not supported"
        r"|to_annotate.{0,3} can only be a",
        TFMOT,
        ("MM120", "MM110"),
        "tfmot does not look into nested models, or got a layer of another Keras.",
        "Flatten the model before quantize_model; use tf_keras throughout.",
    ),
)
