"""Contracts against closed forms, against an account of every path a person can take, and against each other."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cea
from cea.analysis.contracts import Cap, Contract, Discount, Instalments, Payments, Rebate, Response
from cea.analysis.headline import headlines
from cea.analysis.managed_entry import ContractComparison, ContractResult, Terms, compare_contracts
from cea.analysis.paths import Paths
from cea.analysis.price import highest_prices
from cea.engine.cohort import simulate
from cea.engine.solve import solved_values
from cea.errors import UsageError
from cea.loading.contracts_file import read_contracts
from cea.model.definition import Source
from tests.contract_model import contract_model
from tests.models import CIRRHOSIS, layer, shipped
from tests.two_states import small

SOURCE = Source("assumption", note="a test")
RESPONSE = Response(0.5, {"ill": ("well",), "well": ("well",)})
STATES = ("ill", "well", "gone")


def made(*contracts: Contract, model: cea.Model | None = None, draws: cea.Draws | None = None) -> ContractComparison:
    (found,) = compare_contracts(model or contract_model(), Terms(contracts, RESPONSE), draws)
    return found


def of(found: ContractComparison, name: str) -> ContractResult:
    return next(item for item in found.results if item.contract.name == name)


def paid(contract: Contract, **values: float) -> float:
    """What a person pays on average under one contract, at the list price."""
    found = made(contract, model=contract_model(**values))
    return float(of(found, contract.name).payments.at(found.price)[0])


# Following people.


@pytest.mark.parametrize("method", ["competing_risks", "matrix_exponential"])
def test_people_who_are_followed_are_the_cohort(method):
    for base, strategy in ((small(("share_well", 0.4)), "drug"), (shipped(), "msc_bridge")):
        model = replace(base, settings=replace(base.settings, transition_method=method))
        values = solved_values(model)
        paths = Paths(model, values, strategy, 20)
        cohort = simulate(model, values, (strategy,), 20)
        for groups in (None, tuple(model.start)):
            people = paths.start(groups)
            for cycle in (0, 7, 20):
                people = paths.advance(people, {0: 0, 7: 0, 20: 7}[cycle], cycle)
                occupancy = paths.by_state(people).sum(axis=1)[0]
                assert occupancy == pytest.approx(cohort.trace.occupancy[0, 0, cycle], abs=1e-14)


def test_a_group_that_starts_wholly_in_a_state_is_the_short_run_of_that_state():
    model = shipped()
    found = next(iter(compare_contracts(model, read_contracts(CIRRHOSIS, model))))
    frame = found.response_frame().set_index(["state", "strategy"])
    for state, better in (("child_pugh_c", ["child_pugh_b", "child_pugh_a"]), ("child_pugh_b", ["child_pugh_a"])):
        for strategy in ("msc", "palliative"):
            run = simulate(model, solved_values(model), (strategy,), 12, {state: 1.0})
            row = frame.loc[(state, strategy)]
            assert row["better"] == pytest.approx(sum(run.state(name)[0, 0, 3] for name in better))
            assert row["dead"] == pytest.approx(1 - run.alive[0, 0, 12])
            assert row["kept"] < row["better"]


# Contracts.


def test_a_rebate_has_its_closed_form():
    """Nobody relapses and the rates are constant, so that who responds and lives is a product of probabilities."""
    rates = {"relapse": 0.0, "discount": 0.04}
    model = contract_model(**rates)
    step, boosted, hazard, well = 0.25, 0.8 * 2, 0.4 * 0.7, 0.1
    leaving = 1 - np.exp(-(boosted + hazard) * step)
    to_well, stay = leaving * boosted / (boosted + hazard), 1 - leaving
    alive = 1 - leaving * hazard / (boosted + hazard)
    keep = np.exp(-well * step)
    respond = to_well * keep + stay * to_well  # well after two cycles
    success = respond * keep**2
    bought = 1 + alive  # doses at 0 and after a cycle, to all who live then
    for share in (0.5, 1.0):
        found = made(Rebate("back", "", SOURCE, share, True, 1.0), model=model)
        upfront = 900 * (1 + alive * 1.04**-0.25)
        refund = share * 900 * (bought - 2 * success) / 1.04
        assert of(found, "back").payments.at(900.0)[0] == pytest.approx(upfront - refund)
        assert of(found, "full_price").payments.at(900.0)[0] == pytest.approx(upfront)
    death_only = made(Rebate("back", "", SOURCE, 1.0, False, 1.0), model=model)
    later = {"ill": stay**4, "well": sum(stay**k * to_well * keep ** (3 - k) for k in range(4))}
    assert of(death_only, "back").payments.at(900.0)[0] == pytest.approx(
        upfront - 900 * (bought - 2 * sum(later.values())) / 1.04
    )


def account(contract: Contract, path: tuple[str, ...], price: float, rate: float) -> float:
    """What one person who goes this way, quarter by quarter, costs under a contract."""
    doses = [at for at in (0, 1) if path[at] != "gone"]
    factor = [(1 + rate) ** (-at / 4) for at in range(len(path))]
    full = sum(price * factor[at] for at in doses)
    if isinstance(contract, Discount):
        return full * (1 - contract.share)
    if isinstance(contract, Rebate):
        failed = contract.no_response and path[2] != "well"
        settled = 2
        if contract.death_within is not None:
            settled = max(2 if contract.no_response else 0, round(4 * contract.death_within))
            failed = failed or path[round(4 * contract.death_within)] == "gone"
        return full - failed * contract.share * price * sum(at <= settled for at in doses) * factor[settled]
    if isinstance(contract, Instalments):
        good = {"alive": ("ill", "well"), "better": ("well",), "not_worse": (path[0], "well")}[contract.condition]
        total = 0.0
        for dose in doses:
            total += price / contract.count * factor[dose]
            for due in range(dose + round(4 * contract.every), dose + contract.count * round(4 * contract.every),
                             round(4 * contract.every)):  # fmt: skip
                if path[due] not in good:
                    break
                total += price / contract.count * factor[due]
        return total
    assert isinstance(contract, Cap)
    most = contract.amounts.get("USD", price * (contract.units or 0.0))
    total, spent = 0.0, 0.0
    for dose in doses:
        amount = min(price, most - spent)
        spent += amount
        total += amount * factor[dose]
    return total


@settings(max_examples=12)
@given(
    rates=st.fixed_dictionaries(
        {
            "recover": st.floats(0, 3), "relapse": st.floats(0, 3), "death_ill": st.floats(0, 3),
            "death_well": st.floats(0, 1), "discount": st.floats(0, 0.2), "share_well": st.floats(0, 1),
        }
    ),
    price=st.floats(1, 3000),
    share=st.floats(0.01, 1),
)  # fmt: skip
def test_every_contract_is_the_sum_over_all_paths_of_what_each_person_pays(rates, price, share):
    contracts = (
        Discount("off", "", SOURCE, share),
        Rebate("both", "", SOURCE, share, True, 1.0),
        Rebate("early", "", SOURCE, share, True, 0.25),
        Rebate("response", "", SOURCE, share, True),
        Rebate("death", "", SOURCE, share, False, 0.75),
        *(Instalments(name, "", SOURCE, 3, 0.5, name) for name in ("alive", "better", "not_worse")),
        Cap("units", "", SOURCE, 1.5),
        Cap("amount", "", SOURCE, None, {"USD": 1000.0}),
    )
    model = contract_model(**rates, price=price)
    found = made(*contracts, model=model)
    go = Paths(model, solved_values(model), "drug", 5).go[0]
    start = {"ill": 1 - rates["share_well"], "well": rates["share_well"], "gone": 0.0}
    for contract in contracts:
        total = 0.0
        for path in product(STATES, repeat=6):
            weight = start[path[0]]
            for cycle, (here, there) in enumerate(pairwise(path)):
                weight *= go[cycle, STATES.index(here), STATES.index(there)]
            total += weight * account(contract, path, price, rates["discount"]) if weight else 0.0
        assert of(found, contract.name).payments.at(price)[0] == pytest.approx(total, rel=1e-9)


def test_all_of_the_price_off_is_a_price_of_zero():
    found = made(Discount("gift", "", SOURCE, 1.0))
    item = of(found, "gift")
    free = cea.run(contract_model(price=0.0))
    (headline,) = headlines(free)
    assert found.benefit(item, 5000.0) == pytest.approx(headline.net_benefit(5000.0))
    assert found.highest_price(item, 5000.0) == np.inf
    assert found.net_price(item) == 0.0


def test_instalments_without_deaths_and_discounting_are_the_full_price():
    still = {"death_ill": 0.0, "death_well": 0.0, "discount": 0.0}
    assert paid(Instalments("parts", "", SOURCE, 4, 0.25, "alive"), **still) == pytest.approx(2 * 900)
    assert paid(Instalments("parts", "", SOURCE, 4, 0.25, "better"), **still, recover=0.0) == pytest.approx(2 * 900 / 4)
    assert paid(Instalments("parts", "", SOURCE, 4, 0.25, "not_worse"), **still, recover=0.0) == pytest.approx(2 * 900)


def test_caps_bind_only_where_they_are_lower_than_what_is_bought():
    full = paid(Discount("none", "", SOURCE, 0.0))
    assert paid(Cap("two", "", SOURCE, 2.0)) == pytest.approx(full)
    assert paid(Cap("lot", "", SOURCE, None, {"USD": 1800.0})) == pytest.approx(full)
    assert paid(Cap("one", "", SOURCE, 1.0)) == pytest.approx(900)
    assert paid(Cap("less", "", SOURCE, None, {"USD": 500.0})) == pytest.approx(500)
    between = paid(Cap("some", "", SOURCE, None, {"USD": 1300.0}))
    assert between == pytest.approx(900 + (full - 900) * 400 / 900)


def test_a_cap_without_an_amount_in_the_currency_is_left_out_and_said():
    found = made(Cap("pounds", "", SOURCE, None, {"GBP": 5.0}), Cap("one", "", SOURCE, 1.0))
    assert [item.contract.name for item in found.results] == ["full_price", "one"]
    assert [(contract.name, reason) for contract, reason in found.skipped] == [("pounds", "it has no amount in USD")]


@given(
    weights=st.lists(st.floats(0.01, 1), min_size=1, max_size=4),
    most=st.one_of(st.just(np.inf), st.floats(1, 1e4)),
    size=st.floats(0.1, 3),
    price=st.floats(0.1, 1e4),
)
def test_the_price_of_a_payment_gives_that_payment(weights, most, size, price):
    payments = Payments(np.array([sorted(weights, reverse=True)]), size, most)
    amount = float(payments.at(price)[0])
    found = payments.price_of(amount)
    assert found is not None
    if np.isinf(found):
        assert amount == pytest.approx(most * max(weights))
    else:
        assert payments.at(found)[0] == pytest.approx(amount)
    assert payments.price_of(-1.0) is None
    if np.isfinite(most):
        assert payments.price_of(1.001 * most * max(weights)) == np.inf


# Comparisons.


def test_full_payment_is_the_base_case_of_the_shipped_model():
    for layers in ((), ("england",)):
        model = shipped(*layers)
        terms = read_contracts(CIRRHOSIS, model)
        limits = {
            (item.headline, item.threshold): item.price
            for item in highest_prices(model)
            if item.comparator == model.headlines[item.headline].comparator
        }
        run = cea.run(model)
        for found, headline in zip(compare_contracts(model, terms), headlines(run), strict=True):
            item = of(found, "full_price")
            for threshold in model.thresholds:
                assert found.benefit(item, threshold) == pytest.approx(headline.net_benefit(threshold), rel=1e-9)
                expected = limits[found.comparison.name, threshold]
                assert found.highest_price(item, threshold) == (None if expected is None else pytest.approx(expected))
            own = run.strategies.index(found.comparison.strategy)
            assert item.payments.at(found.price)[0] == pytest.approx(run.lines["msc_acquisition"].discounted[0, own])
            for other in found.results:
                highest = found.highest_price(other, model.threshold)
                if highest is not None and np.isfinite(highest):
                    assert found.benefit(other, model.threshold, highest) == pytest.approx(0.0, abs=1e-6)


def test_draws_agree_with_a_run_of_the_draws_and_equal_spending_is_equal():
    model = contract_model()
    draws = cea.sample(model, 700, 3)
    contracts = (
        Rebate("back", "", SOURCE, 0.5, True, 1.0),
        Discount("off", "", SOURCE, 0.3),
        Cap("most", "", SOURCE, None, {"USD": 1200.0}),
    )
    found = made(*contracts, model=model, draws=draws)
    outcomes = cea.run(model, draws).outcomes
    expected = outcomes.net_monetary_benefit(5000.0) @ np.array([-1, 1])
    full = of(found, "full_price")
    assert found.drawn_benefit(full, 5000.0) == pytest.approx(expected)
    assert found.loss(full, 5000.0) == (
        pytest.approx((expected < 0).mean()), pytest.approx(np.maximum(-expected, 0).mean())
    )  # fmt: skip
    for name in ("back", "off"):
        item = of(found, name)
        spent = item.drawn.at(found.equal_price(item)).mean()
        assert spent == pytest.approx(full.drawn.at(found.price).mean())
    assert found.drawn_benefit(of(found, "off"), 5000.0, found.equal_price(of(found, "off"))) == pytest.approx(expected)
    assert found.equal_price(of(found, "most")) is None  # the amount is less than two doses now
    one = simulate(model, {**draws.mapping(slice(0, 1))}, ("drug",), 2, {"ill": 1.0})
    assert found.drawn_outlook[0, 0, 0, 0] == pytest.approx(one.state("well")[0, 0, 2])
    frame = found.frame([1000.0, 5000.0])
    assert list(frame["contract"]) == [name for name in ("full_price", "back", "off", "most") for _ in range(2)]
    assert (frame["nmb_low"] < frame["nmb_mean"]).all() and (frame["nmb_mean"] < frame["nmb_high"]).all()


def test_a_refund_without_response_takes_risk_from_the_payer_where_response_is_what_is_valued():
    model = contract_model()
    found = made(Rebate("back", "", SOURCE, 1.0, True, 1.0), model=model, draws=cea.sample(model, 500, 1))
    full, back = (of(found, name) for name in ("full_price", "back"))
    equal = found.equal_price(back)
    assert equal > found.price
    gains, shared = (found.drawn_benefit(full, 50_000.0), found.drawn_benefit(back, 50_000.0, equal))
    assert shared.mean() == pytest.approx(gains.mean())
    assert np.std(shared) < 0.95 * np.std(gains)


def test_severity_weighs_effects_in_the_highest_price():
    model = shipped("england", "c_only")
    found = next(iter(compare_contracts(model, read_contracts(CIRRHOSIS, model))))
    assert found.weight == 1.2
    row = found.frame([30000.0]).iloc[0]
    assert row["highest_price_weighted"] == found.highest_price(found.results[0], 36000.0) > row["highest_price"]


def test_what_cannot_be_followed_is_explained():
    terms = Terms((Discount("off", "", SOURCE, 0.1),), RESPONSE)
    model = contract_model()
    with pytest.raises(UsageError, match="pays price as well"):
        compare_contracts(_with_other(1), terms, pair=("drug", "other"))
    with pytest.raises(UsageError, match="buys nothing"):
        compare_contracts(_with_other(0), terms, pair=("other", "usual"))
    with pytest.raises(UsageError, match="the model ends after 3"):
        compare_contracts(model, Terms((Instalments("long", "", SOURCE, 20, 1.0, "alive"),)))
    with pytest.raises(UsageError, match="needs a response"):
        compare_contracts(model, Terms((Rebate("back", "", SOURCE, 0.5, True),)))
    with pytest.raises(UsageError, match="people start in well"):
        compare_contracts(contract_model(share_well=0.1), Terms((), Response(0.5, {"ill": ("well",)})))
    with pytest.raises(UsageError, match="no cycle of the model"):
        compare_contracts(model, Terms((Rebate("odd", "", SOURCE, 0.5, False, 0.3),)))
    rent = """\
add:
  parameters: {one_year: {label: A year, value: 1, unit: year}}
  outcomes: {rent: {kind: cost, per_year: {ill: price / one_year}, when: treated}}"""
    with pytest.raises(UsageError, match="rent depends on price and is not paid at given times"):
        compare_contracts(model.with_layer(layer(rent)), terms)
    with pytest.raises(UsageError, match="names a `price`"):
        compare_contracts(replace(model, headlines={}), terms, pair=("drug", "usual"))
    with pytest.raises(ValueError, match="no response"):
        Rebate("nothing", "", SOURCE, 0.5)


def _with_other(treated: int) -> cea.Model:
    """The model with another strategy, with or without the drug."""
    text = f"add:\n  strategies:\n    other: {{label: Other, set: {{treated: {treated}}}}}"
    return contract_model().with_layer(layer(text))
