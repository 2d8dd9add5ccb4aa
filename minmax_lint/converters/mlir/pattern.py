"""A rewrite pattern as data: what it is called in TensorFlow, where it starts, which versions have it, an example.

The decorator that declares a pattern is the file of TensorFlow that has it, such as `optimize_patterns_td`.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Generic, ParamSpec, TypeVar

from minmax_lint.converters.example import Before
from minmax_lint.converters.mlir.bounds import FIRST, LAST, Bounds
from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.mlir.rewriter import Patterns, Rewrite, Rewriter
from minmax_lint.converters.releases import Number

P = ParamSpec("P")
T_co = TypeVar("T_co", covariant=True)


@dataclass(frozen=True, eq=False)
class Pattern(Bounds, Generic[P, T_co]):
    """One pattern, or one step of a pass; calling it does what the decorated function does."""

    rewrite: Callable[P, T_co] = field(kw_only=True)
    name: str = field(kw_only=True)
    roots: tuple[str, ...] = field(kw_only=True)
    """The operations at which it starts; none where it looks at a whole function."""
    tf_name: str = field(kw_only=True)
    """What TensorFlow calls it; several names where its generated patterns are one here."""
    source: str = field(kw_only=True)
    """The file of TensorFlow that has it."""
    before: Before = field(kw_only=True)
    """Builds a graph that reads `input`, on which the pattern works; returns the output."""
    after: str = field(kw_only=True)
    """The operations of the quantized function of that graph, in their order; none where quantization fails."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T_co:
        """What the function makes of them; for a pattern of the rewriter, whether something was rewritten."""
        return self.rewrite(*args, **kwargs)


RewritePattern = Pattern[[Rewriter, Operation], bool]
"""One that the rewriter applies at an operation."""


@dataclass(frozen=True)
class TensorFlowFile:
    """A file of TensorFlow's source; as a decorator it declares the function a pattern of that file.

    The pattern has the name of the function, and TensorFlow's is the same in camel case unless `tf_name` is given.
    """

    path: str

    def __call__(
        self,
        *roots: str,
        before: Before,
        after: str,
        tf_name: str = "",
        since: Number = FIRST,
        until: Number = LAST,
        lacking: tuple[Number, ...] = (),
    ) -> Callable[[Callable[P, T_co]], Pattern[P, T_co]]:
        """The decorator; the arguments are the pattern's fields."""

        def declared(rewrite: Callable[P, T_co]) -> Pattern[P, T_co]:
            name = getattr(rewrite, "__name__", "")
            return Pattern(
                since,
                until,
                lacking=lacking,
                rewrite=rewrite,
                name=name,
                roots=roots,
                tf_name=tf_name or "".join(word.capitalize() for word in name.split("_")),
                source=self.path,
                before=before,
                after=after,
            )

        return declared


# The files whose patterns are modelled; those without a folder lie in tensorflow/compiler/mlir/.
canonicalize_td = TensorFlowFile("canonicalize.td")
dilated_conv_h = TensorFlowFile("dilated_conv.h")
constant_fold_cc = TensorFlowFile("tensorflow/transforms/constant_fold.cc")
einsum_cc = TensorFlowFile("einsum.cc")
fake_quant_utils_h = TensorFlowFile("fake_quant_utils.h")
fold_broadcast_cc = TensorFlowFile("tensorflow/transforms/fold_broadcast.cc")
layout_optimization_cc = TensorFlowFile("layout_optimization.cc")
legalize_patterns_td = TensorFlowFile("legalize_patterns.td")
legalize_tf_cc = TensorFlowFile("legalize_tf.cc")
lower_tf_cc = TensorFlowFile("lower_tf.cc")
lower_tf_td = TensorFlowFile("lower_tf.td")
operation_cpp = TensorFlowFile("mlir/lib/IR/Operation.cpp")
optimize_batch_matmul_cc = TensorFlowFile("optimize_batch_matmul.cc")
optimize_batch_matmul_td = TensorFlowFile("optimize_batch_matmul.td")
optimize_broadcast_like_pass_cc = TensorFlowFile("optimize_broadcast_like_pass.cc")
optimize_broadcast_like_patterns_td = TensorFlowFile("optimize_broadcast_like_patterns.td")
optimize_cc = TensorFlowFile("optimize.cc")
optimize_pass_cc = TensorFlowFile("optimize_pass.cc")
optimize_patterns_td = TensorFlowFile("optimize_patterns.td")
optimize_td = TensorFlowFile("optimize.td")
post_quantize_cc = TensorFlowFile("post_quantize.cc")
post_quantize_patterns_td = TensorFlowFile("post_quantize_patterns.td")
prepare_patterns_td = TensorFlowFile("prepare_patterns.td")
prepare_quantize_cc = TensorFlowFile("prepare_quantize.cc")
prepare_tf_cc = TensorFlowFile("prepare_tf.cc")
push_transpose_through_ewise_cc = TensorFlowFile("push_transpose_through_ewise.cc")
quantization_driver_cc = TensorFlowFile("quantization_driver.cc")
quantization_utils_h = TensorFlowFile("quantization_utils.h")
quantize_cc = TensorFlowFile("quantize.cc")
quantize_patterns_td = TensorFlowFile("quantize_patterns.td")
tensorflow_optimize_cc = TensorFlowFile("tensorflow/transforms/optimize.cc")
tf_arith_ops_folder_h = TensorFlowFile("tf_arith_ops_folder.h")
tf_ops_a_m_cc = TensorFlowFile("tf_ops_a_m.cc")
tf_ops_n_z_cc = TensorFlowFile("tf_ops_n_z.cc")
tfl_ops_cc = TensorFlowFile("tfl_ops.cc")

named_in_libraries = TensorFlowFile("by name in the libraries of 2.15.1 and 2.21, and measured")
"""For a pattern whose file was not read."""


@cache
def by_root(patterns: tuple[RewritePattern, ...], number: Number) -> Patterns:
    """Operation -> what the patterns of a version do that start at it, in the order of the list."""
    return {
        root: tuple(_rewrite(one, number) for one in found) for root, found in patterns_of(patterns).items()
    }


def _rewrite(one: RewritePattern, number: Number) -> Rewrite:
    """What the pattern does in that version.

    The span of the version is narrowed where one with bounds rewrites something, and where one that other versions
    have could start.
    """
    if not one.changes:
        return one.rewrite
    if one.holds(number):
        return lambda rewriter, op: one.rewrite(rewriter, op) and rewriter.version.has(one)
    return lambda rewriter, op: rewriter.version.has(one)


AnyPattern = TypeVar("AnyPattern", bound=Pattern[..., object])


def patterns_of(patterns: Iterable[AnyPattern]) -> dict[str, tuple[AnyPattern, ...]]:
    """Root -> the patterns that start at it, in the order of the list."""
    found: dict[str, tuple[AnyPattern, ...]] = {}
    for one in patterns:
        for root in one.roots:
            found[root] = (*found.get(root, ()), one)
    return found
