"""Fingerprints are what baselines and code scanning know a finding by: they outlive changes elsewhere."""

from dataclasses import replace

import pytest

from minmax_lint.rules.framework.finding import Finding, with_fingerprints

GAP = Finding(
    "MM110", "activation-without-range", "error", "no range", node="net/block/add", outputs=("out",)
)


def fingerprints(*findings: Finding) -> list[str]:
    return [found.fingerprint for found in with_fingerprints(findings)]


@pytest.mark.parametrize("node", ["net/block/add_1", "net/block_3/add", "net_1/block_12/add_7"])
def test_renumbered_names_keep_it(node: str) -> None:
    assert fingerprints(replace(GAP, node=node)) == fingerprints(GAP)


def test_words_profiles_and_severity_do_not_matter() -> None:
    other = replace(
        GAP, message="another message", severity="warning", profiles=("toco-2.15",), advice="none"
    )
    assert fingerprints(other) == fingerprints(GAP)


@pytest.mark.parametrize(
    "changed", [{"code": "MM101"}, {"node": "net/other/add"}, {"outputs": ("another",)}], ids=str
)
def test_another_rule_node_or_output_has_another(changed: dict[str, object]) -> None:
    assert fingerprints(replace(GAP, **changed)) != fingerprints(GAP)


def test_a_name_that_is_no_unicode_has_one() -> None:
    assert fingerprints(replace(GAP, node="net/\udcff")) != fingerprints(GAP)


def test_layers_added_elsewhere_change_nothing() -> None:
    other = replace(GAP, node="net/stem/mul")
    assert set(fingerprints(GAP)) < set(fingerprints(other, GAP))


def test_of_findings_alike_but_for_numbers_one_more_is_one_new() -> None:
    two = [replace(GAP, node=f"net/block_{i}/add") for i in (1, 2)]
    three = [replace(GAP, node=f"net/block_{i}/add") for i in (1, 2, 3)]
    assert len(set(fingerprints(*three))) == 3
    assert len(set(fingerprints(*three)) - set(fingerprints(*two))) == 1
