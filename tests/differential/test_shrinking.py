"""Shrinking keeps what is shown and drops the rest."""

from dataclasses import replace

from tests.corpus_maker.program import Program, Quant, Ref, build, chain
from tests.corpus_maker.random_programs import random_program
from tests.differential.shrinking import shrink


def _ops(program: Program) -> list[str]:
    return [node.op for node in build(program).graph]


def test_only_the_op_that_matters_is_left() -> None:
    steps = ("Relu", ("Softmax", Quant(0.0, 1.0)), "Tanh", "Sigmoid")
    program = replace(chain((1, 8), *steps, quant=Quant(-1.0, 1.0)), outputs=(Ref(4), Ref(1)))
    smallest = shrink(program, lambda p: "Softmax" in _ops(p))
    assert [step.piece for step in smallest.steps] == ["Softmax"]
    assert smallest.outputs == (Ref(1),)
    assert smallest.quant is None
    assert not any(smallest.steps[0].quants)


def test_random_programs_are_the_same_for_the_same_seed() -> None:
    assert [random_program(seed) for seed in range(50)] == [random_program(seed) for seed in range(50)]
