"""The check that every range is there, and the walk that quantizes operator by operator.

Sources: tooling_util.cc (CheckIsReadyForQuantization), quantize.cc, remove_trivial_quantized_min_max.cc,
remove_trivial_quantized_activation_func.cc, ensure_uint8_weights_safe_for_fast_int8_kernels.cc.
"""

import math

from minmax_lint.converters.toco.constants import known_zero, no_bit_set
from minmax_lint.converters.toco.failure import CRASH, Fatal, MissingRange, NoQuantizedForm, Unmodeled
from minmax_lint.converters.toco.invariants import input_as_output, misplaced_abort
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import UNKNOWN, MinMax, Operator
from minmax_lint.converters.toco.quantization_util import Parameters, array_parameters, parameters
from minmax_lint.converters.toco.quantize.check_ready import lacks_range
from minmax_lint.converters.toco.tables import CLAMPS, FIXED_QUANTIZATION, Version
from minmax_lint.converters.toco.transformations.fakequants import check_contains_zero
from minmax_lint.converters.toco.transformations.fusion import BIAS_SLOT
from minmax_lint.converters.toco.transformations.trivial import remove_passthrough
from minmax_lint.graph.dtype import DType

FATAL_SUFFIX = (
    "Sorry, and patches welcome (that's a relatively fun patch to write, mostly providing the actual quantized "
    "arithmetic code for this op)."
)


class Quantizer:
    """Quantizes the operators in order; `parameters` are those of the arrays done so far."""

    def __init__(self, model: Model, version: Version) -> None:
        self.model = model
        self.version = version
        self.parameters: dict[str, Parameters | None] = {}
        self.done: list[Operator] = []
        self._left: list[Operator] = []
        """FakeQuants whose range is not constant: Quantize passes over them."""
        self._quantized_constants: set[str] = set()
        self._output_that_is_an_input: Fatal | None = None
        self._misplaced_copy: Fatal | None = None

    def run(self, operators: list[Operator]) -> None:
        """Raises Fatal at the first operator at which TOCO aborts."""
        for op in operators:
            if op.type == "Dequantize":
                self._check_unread_input(op)
            elif op.type == "FakeQuant":
                self._left.append(op)
            elif not (self._trivial_clamp(op) or self._trivial_bound(op)):
                self._quantize(op)
                self.done.append(op)
        if self._output_that_is_an_input is not None:
            raise self._output_that_is_an_input
        if self._misplaced_copy is not None:
            raise self._misplaced_copy
        for op in self._left:
            self._refuse_fake_quant(op)
        # Measured: a missing range of a later operator is reported before the weights of an earlier one.
        self._check_all_weights()

    def _refuse_fake_quant(self, op: Operator) -> None:
        """The exporter reads a range that is not there, unless a quantized operand is missed before."""
        for name in op.inputs:
            producer = self.model.producer(name)
            if producer is not None and producer.type not in ("Dequantize", "FakeQuant"):
                raise Fatal.at(
                    op,
                    "Check failed: array.data_type == array.final_data_type Array "
                    f'"{name}_dequantized" has mis-matching actual and final data types (data_type=float, '
                    "final_data_type=uint8).",
                    name,
                )
        raise Fatal.at(op, CRASH)

    def _check_unread_input(self, op: Operator) -> None:
        if self.model.is_output(op.output) and not self.model.arrays[op.output].consumers:
            # RemoveFinalDequantizeOp makes the input itself the output, which no model may have. TOCO looks
            # at that when all operators are done (measured).
            self._output_that_is_an_input = input_as_output(op.inputs[0], op.node.name)

    def _trivial_clamp(self, op: Operator) -> bool:
        clamp = CLAMPS.get(op.type)
        return clamp is not None and self._within(op, *clamp) and self._drop(op)

    def _trivial_bound(self, op: Operator) -> bool:
        # What is not followed: of several readers of an input TOCO looks at a Minimum or Maximum once more when
        # its constant is a byte already. It reads that as a float, with whatever lies behind it in memory, and
        # drops the operator or not: the same for a whole process, another way in the next one (measured).
        if op.type not in ("Minimum", "Maximum") or not self.model.is_constant(op.inputs[1]):
            return False
        name = op.inputs[1]
        array = self.model.arrays[name]
        size = math.prod(array.shape or ())
        if size != 1:
            raise Fatal.at(op, f"Check failed: clamp_value_buffer.Length() == 1 ({size} vs. 1)", array.source)
        source = self.model.arrays[op.inputs[0]]
        if source.dtype is not DType.FLOAT:
            if self.model.is_input(op.inputs[0]):
                raise Fatal.at(
                    op,
                    "Check failed: GetQuantizedDataTypeNumericalRange: Type is not quantized",
                    source.source,
                )
            return False
        if name in self._quantized_constants and lacks_range(self.model, op.output):
            raise Unmodeled(
                f"{op.type} {op.node.name} shares its constant with an operator that is quantized before: TOCO "
                "then reads bytes as floats, and answers differently from run to run"
            )
        bound = self.model.scalar(name)
        if bound is None:
            return False
        limits = (-math.inf, bound) if op.type == "Minimum" else (bound, math.inf)
        return self._within(op, *limits) and self._drop(op)

    def _within(self, op: Operator, low: float, high: float) -> bool:
        """Whether no byte of input 0 lies outside [low, high]."""
        name = op.inputs[0]
        producer = self.model.producer(name)
        if producer is None or producer.type == "Dequantize" or name not in self.parameters:
            return False
        known = self.parameters[name]
        if known is None:
            if lacks_range(self.model, op.output):
                raise Unmodeled(
                    f"the range of {name} is not known, and whether {op.node.name} clamps it decides"
                )
            return False
        return known.lowest >= low and known.highest <= high

    def _drop(self, op: Operator) -> bool:
        """The clamp goes; what its input was quantized with stays."""
        source, output = op.inputs[0], op.output
        known = self.parameters[source]
        if not self.model.is_discardable(source) and not self.model.is_discardable(output):
            # The Dequantize behind an output that was quantized has no shape yet: no copy can be made. In the
            # next pass one can, and is put behind what reads it (measured).
            if op.type in CLAMPS and self.model.arrays[output].consumers:
                self._misplaced_copy = misplaced_abort(self.model.arrays[output].source, op.node.name)
            return False
        if not remove_passthrough(self.model, op, 0):
            return False
        self.parameters.setdefault(output, known)
        return True

    def _quantize(self, op: Operator) -> None:
        if op.type not in self.version.quantizable and not (
            op.type == "Unsupported" and op.node.flag("_output_quantized")
        ):
            raise NoQuantizedForm.at(
                op,
                f"{self.version.unsupported_prefix}Unimplemented: this graph contains an operator of type "
                f"{op.helpful_type} for which the quantized form is not yet implemented. {FATAL_SUFFIX}",
            )
        self._quantized_constants.update(name for name in op.inputs if self.model.is_constant(name))
        for name in op.inputs:
            producer, array = self.model.producer(name), self.model.arrays[name]
            if name not in self.parameters and producer is not None and producer.type == "Dequantize":
                self.parameters[name] = self._of_range(array.minmax, array.narrow_range)
            self._check_flat_constant(name, op)
        self._check_bias(op)
        for name in op.outputs:
            if self.model.arrays[name].dtype is DType.FLOAT:
                self._quantize_output(op, name)

    def _quantize_output(self, op: Operator, name: str) -> None:
        array = self.model.arrays[name]
        fixed = FIXED_QUANTIZATION.get(op.type)
        copies = op.type in self.version.copies_input
        if array.minmax is None:
            if fixed is not None or copies:
                raise MissingRange.at(
                    op, f"Check failed: output_array.minmax Output array named {name} lacks minmax", name
                )
            raise MissingRange.at(
                op,
                f"Array {name} does not have MinMax information, and is not a constant array. Cannot proceed with "
                "quantization.",
                name,
            )
        if fixed is not None:
            self.parameters[name] = Parameters(*fixed)
        elif copies:
            source = op.inputs[1 if op.type == "Split" else 0]
            if source not in self.parameters:
                source_array = self.model.arrays[source]
                self.parameters[source] = self._of_range(source_array.minmax, source_array.narrow_range)
            self.parameters[name] = self.parameters[source]
        else:
            self.parameters[name] = self._of_range(
                array.minmax, array.narrow_range, array.source, op.node.name
            )

    def _of_range(
        self, minmax: MinMax | None, narrow: bool, array: str = "", node: str | None = None
    ) -> Parameters | None:
        if minmax is None or minmax is UNKNOWN:
            return None
        check_contains_zero(minmax, array, node)
        return array_parameters(minmax, narrow)

    def _check_flat_constant(self, name: str, op: Operator) -> None:
        """QuantizeBuffer: a FakeQuant of no width made NaN of a constant, and no scale holds that."""
        array = self.model.arrays[name]
        if array.buffer is None or array.dtype is not DType.FLOAT or array.minmax is UNKNOWN:
            return
        if array.minmax is not None and array.minmax.min == array.minmax.max and not known_zero(array.buffer):
            raise Fatal.at(
                op,
                "Check failed: src_val == 0 (-nan vs. 0)The quantization scale for this array is 0, so all its "
                "values should be 0.",
                array.source,
            )

    def _check_bias(self, op: Operator) -> None:
        """QuantizeBuffer: with a scale of 0 (of the input or of the weights) a bias has to be 0 too."""
        slot = BIAS_SLOT.get(op.type)
        if slot is None or len(op.inputs) <= slot:
            return
        data, bias = self.parameters.get(op.inputs[0 if slot == 2 else 2]), op.inputs[slot]
        weights, buffer = self.model.arrays[op.inputs[1]].minmax, self.model.arrays[bias].buffer
        flat = weights is not None and weights is not UNKNOWN and weights.min == weights.max
        if buffer is None or not ((data is not None and data.scale == 0) or flat):
            return
        tensor = buffer.tensor()
        if tensor is not None and not no_bit_set(tensor):
            raise Fatal.at(
                op,
                "Check failed: src_val == 0 The quantization scale for this array is 0, so all its values should "
                "be 0.",
                self.model.arrays[bias].source,
            )

    def _check_all_weights(self) -> None:
        """EnsureUint8WeightsSafeForFastInt8Kernels ends at the first weights, and a repair has to know all."""
        errors: dict[str, Fatal] = {}
        for op in self.done:
            if op.type in ("Conv", "FullyConnected") and self.model.is_constant(op.inputs[1]):
                try:
                    self._check_weights(op.inputs[1], op)
                except Fatal as error:
                    errors.setdefault(op.inputs[1], error)
        if errors:
            first, *others = errors.values()
            first.next = tuple(others)
            raise first

    def _check_weights(self, name: str, op: Operator) -> None:
        from minmax_lint.converters.toco.weights import BAD_DISTANCE, bad_pair, value_range

        array = self.model.arrays[name]
        if array.dtype is not DType.FLOAT or array.narrow_range:
            return
        tensor = self.model.tensor(name)
        if tensor is None or array.minmax is UNKNOWN:
            return
        minmax = array.minmax or value_range(tensor)
        if minmax is None:
            return
        check_contains_zero(minmax, array.source, op.node.name)
        found = bad_pair(tensor, parameters(minmax))
        if found is not None:
            raise Fatal.at(
                op,
                f"Bad value for {name} at index {found[1]}, previous bad value at index {found[0]}, "
                f"distance={found[1] - found[0]}, kMinDistanceBetweenBadValues={BAD_DISTANCE}. Consider passing "
                "--allow_nudging_weights_to_use_fast_gemm_kernel if you don't care about accuracy.",
                array.source,
            )
