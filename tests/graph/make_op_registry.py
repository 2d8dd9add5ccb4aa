"""Write minmax_lint/graph/op_registry.json from the OpDefs of the installed TensorFlows.

    python -m tests.graph.make_op_registry

It needs the interpreters of `tests/interpreters.py` with TF 1.15, 2.15 and 2.21. An entry is "inputs|results|versions|
references", with a `!` at its end where the op is stateful: how many inputs it has (`1+` for one or more),
one word for each result argument (`T`, `N@T` for a count, `*@Tout` for a list of types), the places of the versions
that have the op, the inputs that are references.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from minmax_lint.graph.dtype import DType
from tests.graph.make_op_defaults import installed_ops
from tests.interpreters import tensorflow

TABLE = Path(__file__).parents[2] / "minmax_lint" / "graph" / "op_registry.json"
VERSIONS = ("1.15", "2.15", "2.21")


def entry(op: Any) -> tuple[str, str, str]:
    """(inputs, results, references) of an OpDef as the table spells them."""
    least = {attr.name: attr.minimum for attr in op.attr}
    lists = [arg.number_attr or arg.type_list_attr for arg in op.input_arg]
    inputs = f"{sum(least[one] if one else 1 for one in lists)}{'+' * any(lists)}"
    references = [str(place) for place, arg in enumerate(op.input_arg) if arg.is_ref]
    return inputs, " ".join(map(_result, op.output_arg)), " ".join(references) + "!" * op.is_stateful


def _result(arg: Any) -> str:
    if arg.type_list_attr:
        return f"*@{arg.type_list_attr}"
    kind = arg.type_attr or DType(arg.type).name
    return f"{arg.number_attr}@{kind}" if arg.number_attr else kind


def main() -> None:
    """Write the table."""
    found: dict[str, tuple[str, str, str]] = {}
    versions: dict[str, str] = {}
    for place, version in enumerate(VERSIONS):
        for name, op in installed_ops(tensorflow(version)).items():
            found[name] = entry(op)
            versions[name] = versions.get(name, "") + str(place)
    lines = (
        f"{json.dumps(name)}: {json.dumps(f'{inputs}|{results}|{versions[name]}|{references}')}"
        for name, (inputs, results, references) in sorted(found.items())
    )
    TABLE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{TABLE}: {len(found)} ops, {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    main()
