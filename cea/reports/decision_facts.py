"""What the analyses say about one decision, picked from their JSON: the numbers that a page for policy analysts tells.

Each function takes the JSON object of a command and gives plain values, by headline where there are several. Amounts
are in the model's currency per person, at the model's threshold unless a threshold stands beside them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Report = Mapping[str, Any]
Facts = dict[str, Any]

TOP = 5
"""Inputs that are named."""
FEW = 3
SEEN = 1.96
"""A value of information is told where it is that many standard errors above zero."""
NEGLIGIBLE = 0.01
"""Inputs with a smaller total order do not matter to the variance."""
_OWN = "model"


def run_facts(report: Report) -> Facts:
    """The comparisons of `cea run`: increments, their ratio and net benefit."""
    threshold = report["threshold"]
    first = report["headlines"][0]["setting"] if report["headlines"] else ""
    return {
        item["headline"]: {
            "cost": item["incremental_cost"],
            "effect": item["incremental_effect"],
            "icer": item["icer"],
            "quadrant": item["quadrant"],
            "nmb": threshold * item["incremental_effect"] - item["incremental_cost"],
        }
        for item in report["headlines"]
        if item["setting"] == first
    }


def one_way_facts(report: Report) -> Facts:
    """What each input alone does, from `cea dsa`, and two of them over a grid where it has one."""
    found = {}
    grids = {item["headline"]: item for item in report["two_way"]}
    for item in report["one_way"]:
        moving = [row for row in item["inputs"] if row["swing"] > 0]
        keys = ("input", "label", "unit", "base_value", "low_value", "high_value", "nmb_low", "nmb_high", "swing")
        found[item["headline"]] = {
            "moved": len(item["inputs"]),
            "matter": len(moving),
            "held": len(report["not_moved"]),
            "top": [{key: row[key] for key in keys} for row in moving[:TOP]],
            "turning": [row["label"] for row in moving if row["flips_pair"]],
            "grid": _grid_facts(grids.get(item["headline"])),
        }
    return found


def _grid_facts(grid: Report | None) -> Facts | None:
    if grid is None:
        return None
    cells = [value for row in grid["nmb"] for value in row]
    found = {"worth": sum(value >= 0 for value in cells) / len(cells)}
    for axis in ("first", "second"):
        values = grid[axis]["values"]
        found |= {axis: grid[axis]["input"], f"{axis}_low": values[0], f"{axis}_high": values[-1]}
    return found


def price_facts(report: Report) -> Facts:
    """Highest prices, their probability, the threshold value of an input, and how long it must last: `cea price`."""
    found: Facts = {}
    for name, now in report["price_now"].items():
        own = [item for item in report["highest_price"] if item["headline"] == name]
        spread = {item["threshold"]: item for item in report["distribution"]
                  if item["headline"] == name and item["comparator"] != "frontier"}  # fmt: skip
        against = {item["threshold"]: item for item in own if item["comparator"] == own[0]["comparator"]}
        found[name] = {
            "now": now,
            "levels": [
                {
                    "threshold": level,
                    "price": _limit(item),
                    "probability": spread[level]["probability_now"] if level in spread else None,
                    "none": spread[level]["none"] if level in spread else None,
                }
                for level, item in against.items()
            ],
            "draws": max((item["draws"] for item in spread.values()), default=0),
            "turns_at": _of(report["threshold_value"], name, ("parameter", "unit", "base", "values", "low", "high")),
            "lasting": _durability(_one(report["durability"], name), now),
        }
    return found


def _limit(item: Report) -> float | str | None:
    """The price, `any`, or None where not even zero is low enough."""
    return "any" if item["any"] else item["value"]


def _durability(item: Report | None, now: float) -> Facts | None:
    if item is None:
        return None
    at_now = {row["threshold"]: row["minimum"] for row in item["minimum"] if row["price"] == now}
    known = {key: item[key] for key in ("parameter", "unit", "low", "high")}
    return known | {"least": [{"threshold": level, "value": value} for level, value in at_now.items()]}


def scenario_facts(report: Report) -> Facts:
    """Which named scenarios turn the decision, and how far apart they are: `cea scenarios`."""
    ran = [row for row in report["scenarios"] if row.get("headline")]
    found = {}
    for name in dict.fromkeys(row["headline"] for row in ran):
        rows = sorted((row for row in ran if row["headline"] == name), key=lambda row: -row["nmb"])
        base = next(row for row in rows if row["scenario"] == "base")
        others = [row for row in rows if row is not base]
        found[name] = {
            "count": len(others),
            "worth_now": base["nmb"] >= 0,
            "turning": [row["label"] for row in others if (row["nmb"] >= 0) != (base["nmb"] >= 0)],
            "same": sum(row["nmb_change"] is not None and abs(row["nmb_change"]) < 1 for row in others),
            "best": [{key: row[key] for key in ("label", "nmb")} for row in others[:FEW]],
            "worst": [{key: row[key] for key in ("label", "nmb")} for row in others[: -FEW - 1 : -1]],
            "structural": [{key: row[key] for key in ("label", "nmb")} for row in others if row["structural"]],
        }
    return found


def combination_facts(report: Report) -> Facts:
    """Which combinations of scenarios are worth their cost, and which exclude each other: `cea scenarios --grid`."""
    pairs = [row for row in report["grid"] if row["row"] != "base" and row["column"] != "base"]
    names = dict.fromkeys(row["headline"] for row in report["grid"] if row.get("headline"))
    by_headline = {
        name: {
            "count": sum(row.get("headline") == name for row in pairs),
            "worth": [_pair(row) for row in pairs if row.get("headline") == name and row["nmb"] >= 0],
        }
        for name in names
    }
    excluded = [{"pair": _pair(row), "reason": row["reason"]} for row in pairs if not row.get("headline")]
    return {"by_headline": by_headline, "excluded": excluded}


def _pair(row: Report) -> str:
    return f"{row['row_label']} with {row['column_label']}"


def structure_facts(report: Report) -> Facts:
    """How far each structural question moves the decision, and the average over structures: `cea structures`."""
    ran = [row for row in report["structures"] if row.get("headline")]
    found: Facts = {}
    for name in dict.fromkeys(row["headline"] for row in ran):
        rows = [row for row in ran if row["headline"] == name]
        worth_now = rows[0]["nmb"] >= 0
        questions: dict[str, list[Report]] = {}
        for row in rows:
            questions.setdefault(row["dimension_label"], []).append(row)
        average = next(
            (row for row in report.get("by_structure", ())
             if (row["headline"], row["structure"], row["threshold"]) == (name, "average", report["threshold"])), None,
        )  # fmt: skip
        found[name] = {
            "count": sum(row["choice"] != "base" for row in rows),
            "turning": [row["label"] for row in rows if (row["nmb"] >= 0) != worth_now],
            "questions": [
                {"label": label, "low": min(row["nmb"] for row in own), "high": max(row["nmb"] for row in own)}
                for label, own in questions.items()
            ],
            "average": average and {
                key: average[key] for key in ("nmb", "probability_cost_effective", "value_of_structure")
            },
            "averaged": [
                {"label": row["label"], "share": row["share"]} for row in report.get("by_structure", ())
                if (row["headline"], row["threshold"]) == (name, report["threshold"]) and row["structure"] != "average"
            ],
        }  # fmt: skip
    return found


def sobol_facts(report: Report) -> Facts:
    """Where the variance of net benefit and of the decision comes from: `cea sobol`."""
    found: Facts = {}
    for outcome in report["outcomes"]:
        if outcome["measure"] not in ("nmb", "decision"):
            continue
        rows = [row for row in report["indices"] if row["outcome"] == outcome["outcome"]]
        varies = outcome["sd"] > 0
        keys = ("label", "S1", "S1_conf", "ST", "ST_conf")
        found.setdefault(outcome["headline"], {})[outcome["measure"]] = {
            "mean": outcome["mean"],
            "sd": outcome["sd"],
            "top": [{key: row[key] for key in keys} for row in rows[:FEW]] if varies else [],
            "negligible": sum(row["ST"] is not None and row["ST"] < NEGLIGIBLE for row in rows),
            "inputs": len(rows),
        }
    return {"by_headline": found, "n": report["n"], "evaluations": report["evaluations"].get("indices", 0)}


def voi_facts(report: Report) -> Facts:
    """What it is worth to know more before choosing: `cea voi`."""
    found: Facts = {}
    for name in dict.fromkeys(item["headline"] for item in report["evpi"]):
        perfect = [item for item in report["evpi"] if item["headline"] == name and item["prior"] == _OWN]
        partial = [item for item in report["evppi"] if item["headline"] == name]
        seen = [item for item in partial if item["value"] > SEEN * item["se"]]
        studies = [item for item in report["evsi"] if item["headline"] == name]
        found[name] = {
            "evpi": [{key: item[key] for key in ("threshold", "value", "se")} for item in perfect],
            "groups": [_learned(item) for item in seen if len(item["parameters"]) > 1][:FEW],
            "single": [_learned(item) for item in seen if len(item["parameters"]) == 1][:FEW],
            "unseen": len(partial) - len(seen),
            "studies": [
                {key: item[key] for key in ("design", "prior", "n", "value", "se", "net_benefit")} for item in studies
            ],
        }
    return {"by_headline": found, "n": report["manifest"]["n"], "missing": report["missing"]}


def _learned(item: Report) -> Facts:
    return {key: item[key] for key in ("input", "value", "se")}


def contract_facts(report: Report) -> Facts:
    """Ways to pay, by what the payer gains and how often it loses: `cea contracts`."""
    found: Facts = {}
    for item in report["contracts"]:
        level = next(row for row in item["by_threshold"] if row["threshold"] == report["threshold"])
        keys = ("nmb", "probability_loss", "mean_loss")
        row = {"label": item["label"], "net_price": item["net_price"], "price": _limit(_renamed(level))}
        entry = found.setdefault(item["headline"], {"contracts": [], "response": []})
        entry["contracts"].append(row | {key: level[key] for key in keys})
    for item in report["response"]:
        entry = found.setdefault(item["headline"], {"contracts": [], "response": []})
        entry["response"].append({key: item[key] for key in ("label", "strategy", "better")})
    return {"by_headline": found, "draws": report["draws"]}


def subgroup_facts(report: Report) -> Facts:
    """Whom to treat, and what a test would be worth: `cea subgroups`."""
    found: Facts = {}
    for item in report["subgroups"]:
        level = next(row for row in item["by_threshold"] if row["threshold"] == report["threshold"])
        row = {"label": item["label"], "by": item["by"], "nmb": level["nmb"], "price": _limit(_renamed(level))}
        found.setdefault(item["headline"], {"rows": [], "test": None})["rows"].append(row)
    for item in report["test"]:
        keys = ("label", "sensitivity", "specificity", "test_cost", "prevalence")
        value = next(row for row in item["test_value"] if row["threshold"] == report["threshold"])
        test = {key: item[key] for key in keys} | {key: value[key] for key in ("value", "perfect")}
        found.setdefault(item["headline"], {"rows": [], "test": None})["test"] = test
    missing = [{key: item[key] for key in ("label", "by")} for item in report["missing"]]
    return {"by_headline": found, "missing": missing}


def _renamed(level: Report) -> Facts:
    return {"any": level["any"], "value": level["highest_price"]}


def _one(items: Iterable[Report], headline: str) -> Report | None:
    return next((item for item in items if item["headline"] == headline), None)


def _of(items: Iterable[Report], headline: str, keys: Iterable[str]) -> Facts | None:
    item = _one(items, headline)
    return None if item is None else {key: item[key] for key in keys}
