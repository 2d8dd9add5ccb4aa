"""Find the known wordings in pasted text."""

import re
from collections import Counter
from functools import cache

from minmax_lint.escaping import markdown_code, shorten
from minmax_lint.symptoms import edgetpu, mlir, plain_words, post_training, runtime, toco, toolchain, training
from minmax_lint.symptoms.diagnosis import Diagnosis
from minmax_lint.symptoms.symptom import Symptom

_LONGEST_LINE = 4000
_LONGEST_WORD = 240
"""Characters of a word: a log may hold data that no name is as long as."""
_WORD = re.compile(r"\S+")
_LOCATION = re.compile(r"loc\([^\"]{0,80}\"(?:\w{1,80}:\", \")?(?P<array>[\w./\-]++)")
"""Where MLIR's messages say the op stands: `loc(callsite(fused["Add:", "block/add@function"] ...`."""
_LONGEST_MESSAGE = 15
"""Lines: a terminal or an issue tracker may have wrapped one message over so many."""
_FEWEST_WORDS = 3
"""Of a message that is given in part."""
_SHARED = 0.5
"""Weight of shared words from which a wording is near: two words that few wordings have, or one that is alone."""
_UNNAMED = {
    "array": "the array",
    "array_name": "OUTPUT",
    "consumer": "next",
    "op": "the op",
    "layer": "named",
    "output": "the output",
    "type": "arrays of a type",
}


@cache
def symptoms() -> tuple[Symptom, ...]:
    """Every known wording, the more telling first: the first that fits a line wins."""
    return (
        *toolchain.SYMPTOMS,
        *training.SYMPTOMS,
        *post_training.SYMPTOMS,
        *runtime.SYMPTOMS,
        *mlir.SYMPTOMS,
        *toco.SYMPTOMS,
        *plain_words.SPECIFIC,
        *plain_words.POST_TRAINING,
        *edgetpu.SYMPTOMS,
        *plain_words.GENERAL,
    )


def symptom_named(key: str) -> Diagnosis | None:
    """What a wording of that key means, without a message; None where there is none."""
    found = next((symptom for symptom in symptoms() if symptom.key == key), None)
    return None if found is None else _diagnosis(found, "", {})


def near_symptoms(text: str) -> tuple[str, ...]:
    """Keys of the three wordings that share most with a text: rare words count more. Empty where nothing is shared."""
    words = _words(text[: _LONGEST_MESSAGE * _LONGEST_LINE])
    spread = Counter(word for symptom in symptoms() for word in _words(symptom.says))
    shared = {
        symptom.key: sum(1 / spread[word] for word in words & _words(symptom.says)) for symptom in symptoms()
    }
    near = sorted((key for key in shared if shared[key] >= _SHARED), key=lambda key: -shared[key])
    return tuple(near[:3])


def _words(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in re.findall(r"[A-Za-z]{4,}", text))


def explain_message(text: str) -> Diagnosis | None:
    """What a pasted message means; the most telling line of several. None where no wording is known."""
    found = list(diagnoses(text))
    lines = _lines(text)
    if 1 < len(lines) <= _LONGEST_MESSAGE and (wrapped := _of_line(" ".join(lines))):
        found.append(wrapped)
    return min(found, key=_rank, default=None) or _shortened(" ".join(lines))


def _shortened(text: str) -> Diagnosis | None:
    """What a message means of which some words alone are given; None where no wording holds them."""
    words = re.sub(r"[\s.…]*(?:\.\.\.|…)$", "", text.strip()).lower()
    if len(words.split()) < _FEWEST_WORDS or len(words) > _LONGEST_WORD:
        return None
    plain = ((symptom, re.sub(r"\\(.)", r"\1", symptom.says).lower()) for symptom in symptoms())
    found = next((symptom for symptom, says in plain if words in says), None)
    return None if found is None else _diagnosis(found, text, {})


def explain_log(text: str) -> tuple[Diagnosis, ...]:
    """What a text says: of a few lines, one message; of a whole log, one of each kind, the most telling first."""
    if len(_lines(text)) <= _LONGEST_MESSAGE:
        found = explain_message(text)
        return () if found is None else (found,)
    kinds: dict[str, Diagnosis] = {}
    for diagnosis in diagnoses(text):
        kinds.setdefault(diagnosis.symptom, diagnosis)
    return tuple(sorted(kinds.values(), key=_rank))


def diagnoses(text: str) -> tuple[Diagnosis, ...]:
    """One diagnosis for each different message in `text` (a whole log may be given), in order."""
    found: dict[tuple[str, str | None, str | None], Diagnosis] = {}
    for line in _lines(text):
        diagnosis = _of_line(line)
        if diagnosis is not None:
            found.setdefault((diagnosis.symptom, diagnosis.array, diagnosis.op), diagnosis)
    return tuple(found.values())


def _rank(diagnosis: Diagnosis) -> int:
    return [symptom.key for symptom in symptoms()].index(diagnosis.symptom)


def _lines(text: str) -> list[str]:
    return [_bound(line) for line in text.splitlines() if line.strip()]


def _bound(line: str) -> str:
    """The line, and each word of it, with the middle left out where it is too long."""
    line = shorten(line.strip(), _LONGEST_LINE)
    return _WORD.sub(lambda word: shorten(word[0], _LONGEST_WORD), line)


def _of_line(line: str) -> Diagnosis | None:
    for symptom in symptoms():
        named = symptom.search(line)
        if named is not None:
            return _diagnosis(symptom, line, named)
    return None


def _diagnosis(symptom: Symptom, line: str, named: dict[str, str]) -> Diagnosis:
    location = _LOCATION.search(line)
    if location is not None and "array" not in named:
        named = {"array": location["array"], **named}
    words = {**_UNNAMED, **{role: markdown_code(text) for role, text in named.items()}}
    words["array_name"] = named.get("array", _UNNAMED["array_name"])
    return Diagnosis(
        symptom.key,
        symptom.speaker,
        line,
        symptom.codes,
        _sentence(symptom.cause, words),
        _sentence(symptom.remedy, words),
        named,
    )


def _sentence(text: str, words: dict[str, str]) -> str:
    filled = text.format(**words)
    return filled[0].upper() + filled[1:] if text.startswith("{") else filled  # names keep their case
