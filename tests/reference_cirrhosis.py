"""The cirrhosis model once more in plain Python, written from its description alone; nothing comes from the engine.

Conventions: age at cycle t is the start age + t/12; the life table is read at the whole age, men and women are mixed
and then turned into a hazard; a flow during cycle t is booked and discounted at t + 1; state payoffs carry trapezoid
weights.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TABLES = Path(__file__).parent.parent / "inputs" / "cirrhosis" / "tables"
MONTHS = 12
TREATED = ("a", "b", "c")
LIVING = ("a", "b", "c", "hcc", "year_1", "later")


def column(file: str, name: str) -> dict[int, float]:
    """A column of a CSV table by age."""
    with (TABLES / file).open(encoding="utf-8", newline="") as handle:
        return {int(row["age"]): float(row[name]) for row in csv.DictReader(handle)}


MALE = column("life_table_us_2019.csv", "male_qx_2019")
FEMALE = column("life_table_us_2019.csv", "female_qx_2019")
NORM = column("utility_norm_us.csv", "eq5d_3l")


@dataclass
class Arm:
    """Totals of one strategy, and the share alive at each month."""

    cost: float = 0.0
    qalys: float = 0.0
    life_years: float = 0.0
    alive: list[float] = field(default_factory=list)


def norm(age: float) -> float:
    """Utility of the general population: the last band that begins at or below the age."""
    return NORM[max(start for start in NORM if start <= age + 1e-9)]


def exits(v: Mapping[str, float], year: float, msc: bool, listed: bool, residual: float) -> dict[str, dict[str, float]]:
    """Annual rates out of each living state."""
    age = v["start_age"] + year
    whole = math.floor(age + 1e-9)
    background = -math.log(1 - v["male_share"] * MALE[whole] - (1 - v["male_share"]) * FEMALE[whole])
    k = v["efficacy"]
    waning = 0.5 ** (max(0.0, year - v["msc_effect_full_years"]) / v["msc_effect_half_life"])
    worse = v["msc_worsening_rr"] ** (k * waning) if msc else 1.0
    deadly = residual ** (k * waning) if msc else 1.0
    cancer = v["msc_hcc_rr"] ** waning if msc else 1.0
    shifted = -math.log(1 - min(0.5, v["msc_improve_one_class"] * abs(k))) / 0.25
    better = shifted if msc and k > 0 and year < 0.25 - 1e-9 else 0.0
    harm = shifted if msc and k < 0 and year < 0.25 - 1e-9 else 0.0
    organ = v["rate_transplant_listed"] if listed and age < v["listing_age_limit"] - 1e-9 else 0.0
    rates = {
        "a": {
            "b": v["rate_a_to_b"] * worse + harm,
            "hcc": v["rate_hcc_a"] * cancer,
            "liver": v["excess_death_a"] * deadly,
        },
        "b": {
            "a": v["rate_b_to_a"] + better,
            "c": v["rate_b_to_c"] * worse + harm,
            "hcc": v["rate_hcc_b"] * cancer,
            "liver": v["excess_death_b"] * deadly,
            "year_1": organ,
        },
        "c": {
            "b": v["rate_c_to_b"] + better,
            "hcc": v["rate_hcc_b"] * cancer,
            "liver": v["excess_death_c"] * deadly,
            "year_1": organ,
        },
        "hcc": {"liver": v["excess_death_hcc"], "year_1": organ},
        "year_1": {"graft": v["transplant_excess_death_year_1"]},
        "later": {"graft": v["transplant_excess_death_later"]},
    }
    return {state: {**leaving, "other": background} for state, leaving in rates.items()}


def cohort(
    v: Mapping[str, float], months: int, msc: bool, listed: bool, residual: float
) -> Iterator[tuple[dict[str, float], float, float]]:
    """At each month: share in each living state, liver deaths and transplants of the month before."""
    share = {"a": v["start_share_a"], "b": v["start_share_b"], "c": 1 - v["start_share_a"] - v["start_share_b"]}
    share |= {"hcc": 0.0, "year_1": 0.0, "later": 0.0}
    first_year = [0.0] * MONTHS
    yield share, 0.0, 0.0
    for month in range(months):
        rates = exits(v, month / MONTHS, msc, listed, residual)
        arrived = dict.fromkeys([*LIVING, "liver", "graft", "other"], 0.0)
        stayed = {}
        for state, leaving in rates.items():
            total = sum(leaving.values())
            gone = 1 - math.exp(-total / MONTHS)
            stayed[state] = 1 - gone
            for target, rate in leaving.items():
                arrived[target] += share[state] * rate / total * gone
        first_year = [arrived["year_1"], *(item * stayed["year_1"] for item in first_year)]
        arrived["later"] += first_year.pop()
        share = {state: arrived[state] + share[state] * stayed[state] for state in ("a", "b", "c", "hcc", "later")}
        share["year_1"] = sum(first_year)
        yield share, arrived["liver"], arrived["year_1"]


def arm(v: Mapping[str, float], *, msc: bool, residual: float, listed: bool = False, until_age: float = 100) -> Arm:
    """Cost, QALYs and life-years of a strategy, discounted; health-sector perspective, one course of MSC."""
    utility = {"a": v["utility_a"], "hcc": v["utility_hcc"], "later": v["utility_transplant_later"]}
    utility |= {"b": utility["a"] - v["utility_decrement_a_b"], "year_1": v["utility_transplant_year_1"]}
    utility["c"] = utility["b"] - v["utility_decrement_b_c"]
    yearly = {
        "a": v["cost_a"],
        "b": v["cost_b"],
        "c": v["cost_b"] * v["cost_ratio_c_b"],
        "hcc": v["cost_hcc"],
        "year_1": 0.0,
        "later": v["cost_transplant_later"] + v["retransplant_later"] * v["cost_transplant"],
    }
    months = round((until_age - v["start_age"]) * MONTHS)
    found = Arm()
    for month, (share, deaths, organs) in enumerate(cohort(v, months, msc, listed, residual)):
        year = month / MONTHS
        weight = (0.5 if month in (0, months) else 1.0) / MONTHS
        money, health = (1 + v["discount_costs"]) ** -year, (1 + v["discount_effects"]) ** -year
        now = norm(v["start_age"] + year)
        there = norm(v["utility_reference_age"])
        found.alive.append(sum(share.values()))
        found.life_years += found.alive[-1] * weight * health
        found.qalys += sum(share[s] * min(now, utility[s] * now / there) for s in LIVING) * weight * health
        found.cost += sum(share[s] * yearly[s] for s in LIVING) * weight * money
        found.cost += money * (deaths * v["cost_end_of_life"])
        found.cost += money * organs * v["cost_transplant"] * (1 + v["retransplant_year_1"])
        treated = sum(share[s] for s in TREATED) if msc else 0.0
        if month == 0:
            found.cost += v["cost_evaluation"] if listed else 0.0
            found.cost += treated * (
                v["msc_monitoring_year_1"]
                + v["msc_fever_probability"] * v["msc_fever_cost"]
                + v["msc_sae_probability"] * v["msc_sae_cost"]
            )
            found.qalys -= treated * (
                v["msc_sae_probability"] * v["msc_sae_qaly_loss"]
                + v["msc_fever_probability"] * v["msc_fever_qaly_loss"]
            )
        if month < 3:
            found.cost += money * treated * (v["msc_acquisition_per_infusion"] + v["msc_administration_per_infusion"])
            found.qalys -= health * treated * v["msc_infusion_disutility"]
    return found


def solve_residual(v: Mapping[str, float]) -> float:
    """The residual hazard ratio at which ln S(5 years) with MSC over that of palliative care is the target."""
    until = v["start_age"] + 5
    standard = math.log(arm(v, msc=False, residual=1, until_age=until).alive[-1])
    low, high = 0.01, 20.0
    while high / low > 1 + 1e-15:
        middle = math.sqrt(low * high)
        if not low < middle < high:
            break
        ratio = math.log(arm(v, msc=True, residual=middle, until_age=until).alive[-1]) / standard
        low, high = (middle, high) if ratio < v["msc_target_hr"] else (low, middle)
    return low
