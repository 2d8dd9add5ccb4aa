"""Dataclasses that are quick to define: code is written and compiled for `__init__` alone.

What the standard library compiles for each of them besides (`__eq__`, `__hash__`, `__repr__`, and two methods that
refuse changes) is a tenth of a small check's time. Here all classes share it. That nothing changes a frozen one is left
to type checkers, for which it is a dataclass like any other.
"""

from __future__ import annotations

import dataclasses
from dataclasses import field, replace
from typing import TYPE_CHECKING, Any

__all__ = ["dataclass", "field", "replace"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(
        cls: type | None = None, /, *, frozen: bool = False, eq: bool = True, **options: Any
    ) -> Any:
        """As `dataclasses.dataclass`."""
        if cls is None:
            return lambda one: dataclass(one, frozen=frozen, eq=eq, **options)
        own = vars(cls)
        if options.setdefault("repr", True) and "__repr__" not in own:
            cls.__repr__ = _repr
        if eq and "__eq__" not in own:
            cls.__eq__ = _eq
            cls.__hash__ = own.get("__hash__") or (_hash if frozen else None)
        return dataclasses.dataclass(**{**options, "eq": False, "repr": False})(cls)


def _compared(one: Any) -> list[Any]:
    return [getattr(one, name) for name, field in type(one).__dataclass_fields__.items() if field.compare]


def _eq(self: Any, other: object) -> bool:
    return _compared(self) == _compared(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(tuple(_compared(self)))


def _repr(self: Any) -> str:
    shown = [name for name, field in type(self).__dataclass_fields__.items() if field.repr]
    return f"{type(self).__qualname__}({', '.join(f'{name}={getattr(self, name)!r}' for name in shown)})"
