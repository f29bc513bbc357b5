"""contracts.yaml: what is read, and every mistake at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from cea.analysis.contracts import Cap, Discount, Instalments, Rebate
from cea.errors import InputError
from cea.loading.contracts_file import read_contracts
from tests.contract_model import CONTRACTS, contract_model
from tests.models import CIRRHOSIS, shipped


def test_every_kind_is_read(tmp_path: Path):
    model = contract_model()
    assert read_contracts(tmp_path, model) is None
    (tmp_path / "contracts.yaml").write_text(CONTRACTS, encoding="utf-8")
    terms = read_contracts(tmp_path, model)
    assert terms.response.at_years == 0.5 and terms.response.better == {"ill": ("well",), "well": ("well",)}
    off, back, parts, one, most = terms.contracts
    assert (type(off), off.share) == (Discount, 0.3)
    assert (type(back), back.share, back.no_response, back.death_within) == (Rebate, 0.5, True, 1.0)
    assert (type(parts), parts.count, parts.every, parts.condition) == (Instalments, 3, 0.5, "not_worse")
    assert (type(one), one.units) == (Cap, 1.0)
    assert (type(most), most.amounts, most.missing(model)) == (Cap, {"USD": 1200.0}, "")
    assert {contract.source.grade for contract in terms.contracts} == {"assumption"}


def test_the_shipped_contracts_are_assumptions_in_both_currencies():
    for layers in ((), ("england",)):
        terms = read_contracts(CIRRHOSIS, shipped(*layers))
        assert len(terms.contracts) == 8
        assert {contract.source.grade for contract in terms.contracts} == {"assumption"}
        assert not any(contract.missing(shipped(*layers)) for contract in terms.contracts)


BAD = """
response:
  at_years: 0.3
  better: {il: [well], well: [gone], ill: [wel]}
contracts:
  full_price: {label: F, kind: discount, share: 0.1, source: {grade: assumption, note: x}}
  off: {label: Off, kind: discount, units: 2, source: {ref: nowhere, grade: published}}
  back: {label: Back, kind: rebate, share: 0.5, no_response: false, source: {grade: assumption, note: x}}
  late: {label: Late, kind: rebate, share: 0.5, death_within: 0.9, source: {grade: assumption, note: x}}
  parts: {label: Parts, kind: instalments, count: 3, every_years: 0.1, source: {grade: assumption, note: x}}
  two: {label: Two, kind: cap, units: 2, amounts: {USD: 5}, source: {grade: assumption, note: x}}
  nil: {label: Nil, kind: cap, source: {grade: assumption, note: x}}
"""


def test_every_mistake_in_the_file_is_found_at_its_place(tmp_path: Path):
    (tmp_path / "contracts.yaml").write_text(BAD, encoding="utf-8")
    with pytest.raises(InputError) as error:
        read_contracts(tmp_path, contract_model())
    assert all(item.place is not None and item.remedy for item in error.value.problems)
    found = {(item.what, item.place.line, item.place.column) for item in error.value.problems}
    assert found == {
        ("0.3 years is 1.2 cycles", 3, 13),
        ("unknown state 'il'", 4, 12),
        ("gone is a dead state", 4, 31),
        ("unknown state 'wel'", 4, 44),
        ("the contract full_price is always there, as what the others are read against", 6, 3),
        ("contract off: discount needs `share`", 7, 3),
        ("contract off: `units` means nothing in a contract of the kind discount", 7, 37),
        ("unknown source 'nowhere'", 7, 61),
        ("contract back: rebate needs `no_response` or `death_within`", 8, 3),
        ("0.9 years is 3.6 cycles", 9, 63),
        ("contract parts: instalments needs `while`", 10, 3),
        ("0.1 years is 0.4 cycles", 10, 67),
        ("contract two: give `units` or `amounts`", 11, 3),
        ("contract nil: cap needs `units` or `amounts`", 12, 3),
    }


SOURCE = "source: {grade: assumption, note: x}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: {label: A, kind: gift, &}", "kind"),
        ("a: {label: A, kind: discount, share: 1.5, &}", "share"),
        ("a: {label: A, kind: discount, share: 25 %, &}", "share"),
        ("a: {label: A, kind: discount, share: 0.2, &, of: 2}", "of"),
        ("a: {label: A, kind: discount, share: 0.2}", "source"),
        ("a: {label: A, kind: cap, amounts: {USD: -5}, &}", "USD"),
        ("a: {label: A, kind: instalments, count: 1, every_years: 1, while: alive, &}", "count"),
        ("a: {label: A, kind: instalments, count: 2, every_years: 1, while: ill, &}", "while"),
        ("a: {label: A, kind: rebate, share: 1, no_response: true, &}", "depends on a response"),
        ("a: {label: A, kind: discount, share: null, &}", "needs `share`"),
        ("", "contracts"),
    ],
)
def test_what_has_no_meaning_is_refused(tmp_path: Path, text: str, words: str):
    body = "contracts: {" + text.replace("&", SOURCE) + "}"
    (tmp_path / "contracts.yaml").write_text(body, encoding="utf-8")
    with pytest.raises(InputError, match=words) as error:
        read_contracts(tmp_path, contract_model())
    assert all(item.place is not None for item in error.value.problems)
