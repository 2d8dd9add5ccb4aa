"""Tables of the documentation that the code itself knows: they cannot fall behind it."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module

from minmax_lint.config.settings import Config, keys, required
from minmax_lint.converters.profile import ALIASES, SELECTABLE, Profile
from minmax_lint.converters.releases import MEASURED, MODELLED, dotted, spans, toco
from minmax_lint.reporters import format_names, format_summary
from minmax_lint.rules.framework.rule import rules
from minmax_lint.symptoms import symptoms
from minmax_lint.symptoms.symptom import MLIR, TOCO


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines)


def settings() -> str:
    """The keys of a configuration file, table by table."""
    return "\n\n".join(_keys("At the top", Config))


def _keys(title: str, of: type) -> Iterator[str]:
    found = keys(of)
    rows = [(f"`{name}`", "yes" if required(key) else "", key.metadata["doc"]) for name, key in found.items()]
    yield f"**{title}**\n\n{_table(('Key', 'Required', 'Meaning'), rows)}"
    for name, key in found.items():
        if "tables" in key.metadata:
            yield from _keys(f"In `[[{name}]]`", key.metadata["tables"])
        elif "table" in key.metadata:
            yield from _keys(f"In `[{name}]`", key.metadata["table"])


def formats() -> str:
    """The output formats."""
    return _table(("Format", "What it is"), [(f"`{name}`", format_summary(name)) for name in format_names()])


_SIXTEEN = "`EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8`"
_CALLS = {
    "": "`from_frozen_graph`, `inference_type=uint8`, `quantized_input_stats`",
    "v2": "`optimizations=[DEFAULT]`, no representative dataset, FakeQuants in the graph",
    "int8": "`optimizations=[DEFAULT]`, `representative_dataset`, with `TFLITE_BUILTINS` or `TFLITE_BUILTINS_INT8`",
    "16x8": f"`optimizations=[DEFAULT]`, `representative_dataset`, {_SIXTEEN} alone",
    "16x8-fallback": f"`optimizations=[DEFAULT]`, `representative_dataset`, {_SIXTEEN} and `TFLITE_BUILTINS`",
    "dynamic": "`optimizations=[DEFAULT]`, no representative dataset, no FakeQuants in the graph",
    "float16": "`optimizations=[DEFAULT]`, `supported_types=[tf.float16]`",
}
"""How the converter is called, in the profile's name -> the arguments that say so."""


def converters() -> str:
    """The profiles, those of all TensorFlow versions in one row."""
    aliases = defaultdict(list)
    for alias, name in ALIASES.items():
        aliases[name].append(f"`{alias}`")
    groups: dict[str, list[Profile]] = defaultdict(list)
    for name, profile in SELECTABLE.items():
        groups[re.sub(r"\d+\.\d+", "VERSION", name)].append(profile)
    rows = [
        (
            f"`{name}`",
            spans([one.version for one in found]),
            ", ".join(f"{alias} ({one.converter})" for one in found for alias in aliases[one.name]),
            _CALLS[found[0].call],
        )
        for name, found in groups.items()
    ]
    return _table(("Profile", "VERSION", "Alias", "Called with"), rows)


def releases() -> str:
    """What each TensorFlow runs, and whether its real answers were compared."""
    rows = []
    for number in sorted({*MODELLED["toco"], *MODELLED["mlir"]}):
        calls = {
            call: "measured" if number in known else "interpolated"
            for (engine, call), known in MEASURED.items()
            if engine == "mlir" and number in MODELLED["mlir"]
        }
        same = {
            state: [call or "TF1 flow" for call in calls if calls[call] == state] for state in calls.values()
        }
        mlir = "; ".join(f"{state}: {', '.join(found)}" for state, found in same.items())
        asked = {"dies": "ends at its start", "ignored": "MLIR runs, without a message"}.get(toco(number), "")
        how = "measured" if number in MEASURED["toco", ""] else "interpolated"
        rows.append((dotted(number), asked or f"runs; {how}", mlir or "not modelled"))
    return _table(("TensorFlow", "TOCO, when asked for", "MLIR"), rows)


def rule_list() -> str:
    """All rules; the links are those of the site."""
    rows = [
        (
            f"[{rule.code}](rules/{rule.code}.md)",
            f"`{rule.name}`",
            rule.severity,
            ", ".join(rule.fixes),
            rule.summary(),
        )
        for rule in rules()
    ]
    return _table(("Code", "Name", "Severity", "Fixes", "What it finds"), rows)


def repairs() -> str:
    """What `fix` does besides guard and retarget, as their files say it: each that a rule offers, safe ones first."""
    offered = {name for rule in rules() for name in rule.fixes} - {"guard", "retarget"}
    rows = [
        (f"`{name}`{', unsafe' if unsafe else ''}", summary)
        for unsafe, name, summary in sorted(map(_repair, offered))
    ]
    return _table(("Repair", "What it does"), rows)


def _repair(name: str) -> tuple[bool, str, str]:
    module = import_module(f"minmax_lint.fixes.repairs.{name}")
    summary = (module.__doc__ or "").splitlines()[0].partition(": ")[2].rstrip(".")
    return "Unsafe" in (getattr(module, name).__doc__ or ""), name, summary


def messages() -> str:
    """What converters and training tools say, by speaker: the converters first."""
    speakers = defaultdict(list)
    for symptom in symptoms():
        speakers[symptom.speaker].append(symptom)
    parts = []
    for speaker in sorted(speakers, key=lambda speaker: speaker not in (TOCO, MLIR)):
        parts.append(f"## {_capital(speaker)}")
        for symptom in speakers[speaker]:
            words = defaultdict(lambda: "…", array="the array", op="the op", consumer="next", layer="layer")
            cause, remedy = (text.format_map(words) for text in (symptom.cause, symptom.remedy))
            found_by = ", ".join(symptom.codes)
            parts.append(
                f"### {_capital(symptom.key.replace('-', ' '))}\n\n{_capital(cause)}\n\n"
                f"**What to do.** {_capital(remedy)}\n\nFound by {found_by}."
            )
    return "\n\n".join(parts)


def _capital(text: str) -> str:
    """Begun with a capital, unless the first word is a name in code."""
    word = text.split(" ", 1)[0]
    return text if "_" in word or "." in word.rstrip(".") else text[0].upper() + text[1:]


TABLES: Mapping[str, Callable[[], str]] = {
    "settings": settings,
    "formats": formats,
    "converters": converters,
    "releases": releases,
    "rules": rule_list,
    "messages": messages,
    "repairs": repairs,
}
