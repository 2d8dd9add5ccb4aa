"""Propagation of scales, as the converter's own driver does it, order of visits included.

Source: quantization_driver.cc (QuantizationDriver) and prepare_quantize.cc. Scales of FakeQuants are
immutable; the last operation is visited first, and whatever a change touches is visited next.
"""

from collections.abc import Callable, Iterator

from minmax_lint.converters.mlir.behaviours import UNITES_UNSIGNED_CONCATENATIONS
from minmax_lint.converters.mlir.fake_quant_support import BIAS, Scale, unite_ranges
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.matchers import only_quantize, quantized_source
from minmax_lint.converters.mlir.pattern import quantization_driver_cc
from minmax_lint.converters.mlir.quantize.finalize import Rescale, Slot, State, materialize
from minmax_lint.converters.mlir.quantize.quantization_config import QuantizationSpecs
from minmax_lint.converters.mlir.tables import BIAS_SLOTS, FIXED
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType

ScaleRule = Callable[["Driver", Operation], bool | None]
"""Sets the scales that it knows for one operation. Whether one is new; None where it waits for one that is not set."""


FIXED_SIXTEEN = Scale(2**-15, 2**15, 16)


def trained_scale(value: Value) -> Scale | None:
    """The scale of what `value` is dequantized from."""
    source = quantized_source(value)
    return source.scale if source is not None else None


class Driver:
    """One run over a function: `run` inserts the quantize/dequantize pairs that the scales ask for."""

    def __init__(self, function: Function, version: Version, specs: QuantizationSpecs) -> None:
        self.function = function
        self.version = version
        self.signed = specs.signed
        self.activation_bits = specs.activation_bits
        self.states: dict[Value, State] = {}
        self.rescales: dict[int, list[Rescale]] = {}
        self.operand_states: dict[Slot, State] = {}
        self.result_states: dict[Slot, State] = {}
        self.argument_states: list[tuple[Value, State]] = []
        self.work: list[Operation] = []

        self.weights: set[Operation] = set()
        self.of_region = specs.infer_tensor_range is not None
        """Whether this is a region of another function, as the body of a loop: nothing is put behind its arguments."""
        self.infer_tensor_range = (
            specs.infer_tensor_range if self.of_region else any(op.name == DEQUANTIZE for op in function)
        )
        """Whether scales are read off constants and fixed ranges: only where anything is quantized yet."""

    def run(self) -> None:
        """Propagate, then materialize."""
        self._preprocess_constants()
        self._set_up()
        if self._propagate():
            self._finalize()

    # Setting up

    def _handles(self, op: Operation) -> bool:
        return op.name == CONST or op.name in self.version.quantizable or op.name in self.version.same_scale

    def _preprocess_constants(self) -> None:
        for constant in self.function:
            if constant.name != CONST or constant.result.dtype is not DType.FLOAT:
                continue
            uses = constant.result.uses
            for user, slot in uses:
                bias = BIAS_SLOTS.get(user.name) == slot
                if not bias and user.name not in self.version.same_scale and user.name != QUANTIZE:
                    self.weights.add(constant)
                elif len(uses) > 1:
                    self._duplicate(constant, user, slot)

    def _duplicate(self, constant: Operation, user: Operation, slot: int) -> None:
        copy = Operation(CONST, (), constant.nodes, **constant.attrs)
        source = constant.result
        copy.add_result(source.name, source.dtype, source.shape)
        self.function.insert_before(constant, copy)
        user.set_operand(slot, copy.result)

    def _set_up(self) -> None:
        for argument in self.function.arguments:
            quantize = only_quantize(argument)
            value = quantize.result if quantize is not None else argument
            self.argument_states.append((argument, self._state(value)))
        for op in self.function:
            if not self._handles(op):
                continue
            self.work.append(op)
            for slot, operand in enumerate(op.operands):
                self.operand_states[op, slot] = self._state(quantized_source(operand) or operand)
            for index, result in enumerate(op.results):
                quantize = only_quantize(result)
                written = quantize.result if quantize is not None else result
                self.result_states[op, index] = self._state(written)

    def _state(self, value: Value) -> State:
        found = self.states.get(value)
        if found is None:
            found = self.states[value] = State(value.scale, value.scale is not None)
        return found

    # Propagating

    def _propagate(self) -> bool:
        changed = False
        done: set[Operation] = set()
        while self.work:
            op = self.work.pop()
            if op in done:
                continue
            done.add(op)
            for rule in self._rules_of(op):
                set_any = rule(self, op)
                if set_any is None:
                    done.discard(op)
                    break
                changed |= set_any
        return changed

    def _rules_of(self, op: Operation) -> Iterator[ScaleRule]:
        if op.name == "CONCATENATION" and self._takes_trained_scales(op):
            yield unite_trained_scales
            return
        if op.name == CONST:
            yield set_constant_result_params
        if op.name in self.version.same_scale:
            yield get_quant_params_for_same_scale_constraint
        if op.name in FIXED:
            yield get_fixed_output_range
        if op.name in BIAS_SLOTS:
            yield get_bias_params

    def _takes_trained_scales(self, op: Operation) -> bool:
        if self.signed or not self.version.has(UNITES_UNSIGNED_CONCATENATIONS):
            return False
        scales = [trained_scale(value) for value in op.operands]
        first = next((scale for scale in scales if scale is not None), None)
        return first is not None and first.bits == 8

    def set_result(self, op: Operation, index: int, scale: Scale) -> bool:
        """Give a result the scale, or note that it is rescaled; whether anything changed."""
        state = self.result_states[op, index]
        if state.scale == scale:
            return False
        if state.scale is not None:
            self.rescales.setdefault(id(state), []).append(Rescale(scale, on_input=True))
            return True
        state.scale = scale
        self.work += op.results[index].users
        return True

    def set_operand(self, op: Operation, slot: int, scale: Scale) -> bool:
        """Give an operand the scale, or note that it is rescaled; whether anything changed."""
        state = self.operand_states[op, slot]
        if state.scale == scale:
            return False
        if state.scale is not None:
            rescales = self.rescales.setdefault(id(state), [])
            for rescale in rescales:
                if rescale.scale == scale:
                    rescale.users.append((op, slot))
                    return True
            rescales.append(Rescale(scale, on_input=False, users=[(op, slot)]))
            return True
        state.scale = scale
        producer = op.operands[slot].op
        if producer is not None:
            self.work.append(producer)
        return True

    def _finalize(self) -> None:
        places = [
            *(() if self.of_region else self.argument_states),
            *((op.results[index], state) for (op, index), state in self.result_states.items()),
        ]
        for value, state in places:
            materialize(self.function, value, state, self.rescales.get(id(state), []))


@quantization_driver_cc(
    tf_name="QuantizationDriver::SetConstantResultParams()",
    before=lambda n: n.fq(n.mat_mul(n.x(), n.weights())),
    after="FULLY_CONNECTED",
)
def set_constant_result_params(driver: Driver, op: Operation) -> bool | None:
    """Weights without FakeQuant get the scale of their values, where anything else is quantized."""
    if (
        not driver.infer_tensor_range
        or op not in driver.weights
        or driver.result_states[op, 0].scale is not None
    ):
        return False
    return driver.set_result(op, 0, Scale(0.0, 0, channels=((0.0, id(op)),)))


@quantization_driver_cc(
    tf_name="QuantizationDriver::GetQuantParamsForSameScaleConstraint()",
    before=lambda n: n.fq(n.op("Relu", n.reshape(n.x(), 8, 1))),
    after="RELU RESHAPE",
)
def get_quant_params_for_same_scale_constraint(driver: Driver, op: Operation) -> bool | None:
    """All float operands and results of an operation of one scale get it, as soon as one of them has it."""
    scale = _common_scale(driver, op)
    if scale is None:
        return None
    changed = False
    for slot, operand in enumerate(op.operands):
        if operand.dtype is DType.FLOAT:
            changed |= driver.set_operand(op, slot, scale)
    for index, result in enumerate(op.results):
        if result.dtype is DType.FLOAT:
            changed |= driver.set_result(op, index, scale)
    return changed


@quantization_driver_cc(
    tf_name="FixedOutputRangeInterface", before=lambda n: n.op("Sigmoid", n.x()), after="LOGISTIC"
)
def get_fixed_output_range(driver: Driver, op: Operation) -> bool | None:
    """The result of an operation that fixes its range gets that one, where anything else is quantized.

    In 16 bits all have that of the numbers below 1 (GetFixedOutputRange of quantization_utils.cc).
    """
    sixteen = driver.activation_bits == FIXED_SIXTEEN.bits
    return driver.infer_tensor_range and driver.set_result(
        op, 0, FIXED_SIXTEEN if sixteen else Scale(*FIXED[op.name])
    )


@quantization_driver_cc(
    tf_name="QuantizationDriver::GetBiasParams()",
    before=lambda n: n.fq(n.op("BiasAdd", n.mat_mul(n.x(), n.fq(n.weights())), n.c(0.5, -0.5, 0.25, 1.0))),
    after="FULLY_CONNECTED",
)
def get_bias_params(driver: Driver, op: Operation) -> bool | None:
    """A bias gets the product of the scales of what is multiplied, as soon as both have one."""
    slot = BIAS_SLOTS[op.name]
    if slot >= len(op.operands):
        return False
    scale = driver.operand_states[op, slot].scale
    if scale is None:
        if any(driver.operand_states[op, factor].scale is None for factor in (slot - 2, slot - 1)):
            return None
        scale = BIAS
    return driver.set_operand(op, slot, scale)


def unite_trained_scales(driver: Driver, op: Operation) -> bool | None:
    """What a CONCATENATION joins keeps its scale; all else takes the result's, or the union of the operands'."""
    operands = [trained_scale(value) for value in op.operands]
    users = op.result.users
    results = [user.result.scale for user in users if user.name == QUANTIZE]
    if None not in operands and len(results) == len(users):
        return False
    known = [scale for scale in operands if scale is not None]
    scale = results[0] if results else unite_ranges(known)
    assert scale is not None
    changed = False
    for slot, found in enumerate(operands):
        if found is None:
            changed |= driver.set_operand(op, slot, scale)
    if not results:
        changed |= driver.set_result(op, 0, scale)
    return changed


def _common_scale(driver: Driver, op: Operation) -> Scale | None:
    """The scale of the first that has one, those of FakeQuants before all others.

    Operands come before results, but behind the only result of several operands.
    """
    operands = [driver.operand_states[op, slot] for slot in range(len(op.operands))]
    results = [driver.result_states[op, index] for index in range(len(op.results))]
    result_first = len(results) == 1 != len(operands)
    states = [*results, *operands] if result_first else [*operands, *results]
    for immutable in (True, False):
        for state in states:
            if state.immutable is immutable and state.scale is not None:
                return state.scale
    return None
