"""What edgetpu_compiler says, and what people see in the finished .tflite file. Sources: the tracker of
google-coral/edgetpu and the public threads of fixtures/symptoms.
"""

from minmax_lint.symptoms.symptom import EDGETPU, PEOPLE, Symptom

_FLOAT = r"(?:float(?:32)?|fp32|f32)"

SYMPTOMS = (
    Symptom(
        "edgetpu-optimizations-unset",
        r"Model not quantized.*(?:EfficientNet|optimizations|post.?training)|optimizations? (?:is "
        r"|are )?(?:un|not )set",
        EDGETPU,
        ("MM501", "MM602"),
        "The file holds float ops. After training-free quantization that mostly means that optimizations or "
        "the representative_dataset were not set.",
        "Set optimizations=[tf.lite.Optimize.DEFAULT] and a representative_dataset; then "
        "`minmax-lint check MODEL.tflite` lists what is still float.",
    ),
    Symptom(
        "edgetpu-partly-float",
        r"Model not quantized.*FakeQuant|FakeQuant\w*.*Model not quantized",
        EDGETPU,
        ("MM501", "MM110"),
        "The graph has FakeQuants, but some arrays have none, and the MLIR converter leaves the ops there "
        "float without a word.",
        "`minmax-lint check GRAPH --converter mlir` names the arrays without a range and every op that goes "
        "float because of them.",
    ),
    Symptom(
        "edgetpu-model-not-quantized",
        r"Model not quantized",
        EDGETPU,
        ("MM501", "MM502", "MM110", "MM606", "MM609"),
        "At least one op, input or output of the file is float: often the ends alone, because inference_input_type and "
        "inference_output_type were not set. The compiler does not say which.",
        "`minmax-lint check MODEL.tflite` names each float op and end; linting the graph that it was made "
        "from names the missing FakeQuant.",
    ),
    Symptom(
        "edgetpu-invalid-model",
        r"Invalid model\b|(?:fails? to|could ?n[o']t) compile.*(?:edge ?tpu|PTQ|U-?Net)|PTQ fails to compile",
        EDGETPU,
        ("MM501", "MM609"),
        "The compiler takes fully quantized files of static shapes, and this one holds float ops, or its inputs and "
        "outputs are float because inference_input_type and inference_output_type were not set.",
        "`minmax-lint check MODEL.tflite` names float ops and ends. Set both types to tf.uint8 or tf.int8 and convert "
        "again.",
    ),
    Symptom(
        "edgetpu-op-not-mapped",
        r"^ *(?P<op>[A-Z][A-Z0-9_]+) +\d+ +(?:Operation is working on an unsupported data type"
        r"|Operation not supported|Filter, bias, or other param is not constant|Tensor has unsupported rank)"
        r"|Operation is working on an unsupported data type|Filter, bias, or other param is not constant"
        r"|Tensor has unsupported rank|^Operation not supported",
        EDGETPU,
        ("MM501", "MM404", "MM401"),
        "{op} will run on the CPU: its data is float, or the Edge TPU has no such op.",
        "`minmax-lint check MODEL.tflite --converter edgetpu` says which ops those are, and why.",
    ),
    Symptom(
        "edgetpu-not-mapped-in-one-piece",
        r"(?P<op>[A-Z][A-Z0-9_]+) +\d+ +(?:More than one subgraph|Operation is otherwise supported|Operation version)"
        r"|More than one subgraph is not supported|Operation is otherwise supported, but not mapped"
        r"|Operation version not supported",
        EDGETPU,
        ("MM404",),
        "The compiler maps one piece of the model, from the inputs to the first op that the Edge TPU does not take. "
        "What stands behind that op runs on the CPU, although it could be mapped.",
        "Find the first op that is not mapped and write it in another form: `minmax-lint check MODEL.tflite "
        "--converter edgetpu` names it, and says what the Edge TPU takes.",
    ),
    Symptom(
        "ends-stay-quantize-dequantize",
        r"(?:spurious|remove|trailing|extra) [^.]{0,200}(?:De)?quantize\b.*|Quantize/Dequantize at the ends?"
        r"|(?:input|output)s? (?:is|are|stays?) (?:still )?float",
        PEOPLE,
        ("MM502", "MM104"),
        "The model's ends are float, or ops stand behind the last FakeQuant, so the converter adds QUANTIZE "
        "and DEQUANTIZE there.",
        "Set inference_input_type and inference_output_type to an integer type, and choose outputs that have "
        "a FakeQuant: `minmax-lint check GRAPH` finds ops behind the last one.",
    ),
    Symptom(
        "float-between-quantize-ops",
        rf"(?:conv\w*|dense|fully\w*|op)\b.*(?:stays?|remains?|is still|left)\b.*{_FLOAT}.*between Quantize",
        PEOPLE,
        ("MM111", "MM110", "MM501"),
        "The op has a range on one side only: its weights or its output lack one.",
        "`minmax-lint check GRAPH --converter mlir` names the array.",
    ),
    Symptom(
        "default-qat-leaves-float",
        rf"QAT leaves \w+.*{_FLOAT}",
        PEOPLE,
        ("MM110", "MM501"),
        "The quantize configuration of a layer leaves its output without a FakeQuant, so the op stays float.",
        "Give the layer a QuantizeConfig with an output quantizer; `minmax-lint check` on the exported "
        "SavedModel names the array.",
    ),
    Symptom(
        "ops-stay-float",
        rf"(?:weights?|conv\w*|ops?|layers?|model|dense|fully\w*)\b.*"
        rf"(?:stays?|remains?|is|are|still|left|leaves?|in)\b.*{_FLOAT}|{_FLOAT} weights"
        rf"|(?:conv\w*|weights) {_FLOAT}",
        PEOPLE,
        ("MM501", "MM110"),
        "Ops of the finished model are float: arrays at them have no range, and the converter does not say "
        "so.",
        "`minmax-lint check MODEL.tflite` lists them; linting the graph names the missing FakeQuant.",
    ),
)
