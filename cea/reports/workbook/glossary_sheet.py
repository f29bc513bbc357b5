"""What words mean: states and strategies of the model, sources, and the terms of cost-effectiveness analysis."""

from __future__ import annotations

from cea.reports.catalogue import GRADES
from cea.reports.workbook.book import Sheet
from cea.reports.workbook.context import Context

TERMS = (
    ("Base case", "The single best value of every parameter, taken together."),
    ("Cohort", "The group of people that the model follows; all results are means per person of it."),
    (
        "Competing risks",
        "Rates out of a state become probabilities together: p = r / R * (1 - exp(-R * cycle length)).",
    ),
    ("Correction", "Weights with which payoffs at cycle boundaries make up a total over continuous time."),
    ("Cycle", "The step of time of the model; people change state between two cycle boundaries."),
    ("Discounting", "Costs and effects that come later count for less: (1 + rate) ^ -years."),
    ("Dominated", "Another strategy costs no more and gives no less."),
    ("Efficiency frontier", "The strategies that are the best choice at some threshold."),
    ("Extendedly dominated", "A mix of two other strategies costs no more and gives no less."),
    ("ICER", "Incremental cost-effectiveness ratio: extra cost per extra unit of effect."),
    ("Life-year", "A year of life, whatever its quality."),
    (
        "Net monetary benefit",
        "Threshold times effect, less cost; the best strategy has the highest one.",
    ),
    ("Perspective", "Whose costs count."),
    ("Probabilistic analysis", "Many draws of all uncertain parameters together, each with costs and effects."),
    ("QALY", "Quality-adjusted life-year: a year of life times its utility, 1 being full health."),
    ("Solved parameter", "A parameter set so that the model meets a target; a fixed number in this workbook."),
    ("Threshold", "What a payer gives for one more unit of effect."),
    ("Tunnel", "A state that people pass through in a fixed number of cycles, one step each."),
)


def add(context: Context, sheet: Sheet) -> None:
    """Writes the sheet."""
    model = context.model
    sheet.text(0, 0, "Glossary", "title")
    row = _block(sheet, 2, "Strategies", [(item.label, _switches(item.switches)) for item in model.strategies.values()])
    row = _block(sheet, row, "States", [(item.label, _state(context, name)) for name, item in model.states.items()])
    row = _block(sheet, row, "Terms", list(TERMS))
    grades = [(grade.capitalize(), meaning) for grade, meaning in GRADES.items()]
    row = _block(sheet, row, "Grades of values", grades)
    sources = [
        (item.key, "; ".join(filter(None, (item.citation, item.url, item.note)))) for item in model.sources.values()
    ]
    row = _block(sheet, row, "Sources", sources)
    sheet.widths(36, 120)
    sheet.print_setup(row - 1, 1, landscape=False)


def _block(sheet: Sheet, row: int, title: str, rows: list[tuple[str, str]]) -> int:
    if not rows:
        return row
    sheet.fill(row, 0, 1, "band")
    sheet.text(row, 0, title, "band")
    for word, meaning in rows:
        row += 1
        sheet.text(row, 0, word, "label_top")
        sheet.text(row, 1, meaning, "wrapped")
        sheet.fit(row, (word, 36), (meaning, 120))
    return row + 2


def _switches(switches: object) -> str:
    on = [f"{name} = {value:g}" for name, value in dict(switches).items()]  # type: ignore[call-overload]
    return "switches: " + (", ".join(on) or "none")


def _state(context: Context, name: str) -> str:
    state = context.model.states[name]
    words = ["dead: nobody leaves it"] if state.dead else []
    if state.then is not None:
        years = state.steps / context.model.settings.cycles_per_year
        words.append(
            f"a tunnel of {years:g} years ({state.steps} cycles), then {context.model.states[state.then].label}"
        )
    return "; ".join(words) or "people stay until a transition takes them out"
