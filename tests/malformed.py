"""Broken copies of the small model: what is done to it, where the problem must point, and what the message must say.

The places are marked in the edits (see `small_model`); `at` gives those that no mark can give. A case lists every
problem that it makes, so a message about a mistake that is not there fails it too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.small_model import FILES, Edit

MODEL, RATES, COSTS, SOURCES = "model.yaml", "parameters/rates.yaml", "parameters/costs.yaml", "sources.yaml"
LIFE_TABLE, CORRELATION = "tables/life_table.csv", "tables/correlation.csv"
EURO, CHEAP = "jurisdictions/euro.yaml", "scenarios/cheap.yaml"


ONE_YEAR = "one_year: {label: One year, value: 1, unit: year, source: {ref: office, grade: published}}"


@dataclass(frozen=True)
class Malformed:
    """One broken model folder. `says` are parts of the message; `layers` and `values` are loaded with the model."""

    name: str
    edits: tuple[Edit, ...]
    says: tuple[str, ...]
    at: tuple[str, ...] = ()
    layers: tuple[str, ...] = ()
    values: Mapping[str, float] = field(default_factory=dict)


Texts = tuple[str, ...]


def case(name: str, *edits: Edit, says: Texts, at: Texts = (), layers: Texts = ()) -> Malformed:
    """A case as it stands in the tables."""
    return Malformed(name, edits, says, at, layers)


FILES_AND_YAML = [
    case("missing model.yaml", (MODEL, None, None), at=("model.yaml:1:1",), says=("has no model.yaml", "cea new")),
    case("empty file", (COSTS, None, ""), at=(f"{COSTS}:1:1",), says=("the file is empty",)),
    case("only comments", (COSTS, None, "# nothing here\n"), at=(f"{COSTS}:1:1",), says=("the file is empty",)),
    case("not UTF-8", (COSTS, None, FILES[COSTS].replace("custom", "coût").encode("latin-1")), at=(f"{COSTS}:1:97",),
         says=("not UTF-8", "save it with the encoding UTF-8")),
    case("binary file", (LIFE_TABLE, None, b"age,qx_total\n58,0.1\n59,\x00\n"), at=(f"{LIFE_TABLE}:3:4",),
         says=("U+0000 is not text", "plain text")),
    case("file too large", (COSTS, None, b"# " + b"x" * 2_000_001), at=(f"{COSTS}:1:1",),
         says=("larger than 2,000,000 bytes",)),
    case("formula of 10 MB", (MODEL, "0.5)\n", "0.5" + " + 1" * 2_500_000 + ")\n"), at=(f"{MODEL}:1:1",),
         says=("larger than 2,000,000 bytes", "split it")),
    case("formula of 40 kB", (MODEL, "waning: if(since_course < full_years, 1, 0.5)", "waning: ¦1" + " + 1" * 10_000),
         says=("40001 characters", "several named formulas")),
    case("brackets 1,000 deep", (MODEL, "waning: if(since_course < full_years, 1, 0.5)",
         "waning: " + "(" * 50 + "¦" + "(" * 450 + "1" + ")" * 500), says=("nested", "50")),
    case("lists 1,000 deep", (MODEL, "[50000]", "[" * 18 + "¦" + "[" * 982 + "]" * 1000),
         says=("nested deeper than 20 levels", "flatten")),
    case("mappings 1,000 deep", (COSTS, None, "¦" * 0 + "".join(" " * n + "a:\n" for n in range(1000))),
         at=(f"{COSTS}:21:21",), says=("nested deeper than 20 levels",)),
    case("tab for indentation", (MODEL, "  currency: USD", "¦\tcurrency: USD"), says=("not valid YAML",
         "spaces, not tabs")),
    case("syntax error", (MODEL, "[50000]\n", "[50000\n"), at=(f"{MODEL}:17:10",), says=("not valid YAML",
         "begun in line 16", "close every { and [")),
    case("YAML directive", (MODEL, "format: 1", "¦%YAML 1.2\n---\nformat: 1"), says=("directives", "delete this line")),
    case("anchor and alias", (MODEL, "discount_costs: discount\n  discount_effects: discount",
         "discount_costs: ¦&rate discount\n  discount_effects: ¦*rate"), says=("anchors and aliases", "same_as")),
    case("tag", (MODEL, "title: A small model", "title: ¦!!python/object/apply:os.system [ls]"), says=("tags such as",
         "delete the tag")),
    case("two documents", (SOURCES, "office:", "---\n¦office:"), says=("more than one YAML document",
         "remove the `---`")),
    case("duplicate key", (MODEL, "  effect: qaly", "  effect: qaly\n  ¦currency: EUR"),
         says=("the key 'currency' is given twice", "model.yaml:7:3")),
    case("parameter in two files", (COSTS, "cost_drug:", f"{ONE_YEAR}\ncost_drug:"), (RATES, "one_year:",
         "¦one_year:"), says=("the parameter 'one_year' is given twice", f"{COSTS}:9:1")),
    case("unquoted formula split at its commas", (MODEL, "fall_ill * hazard_ratio ^ (drug * waning), unit",
         "¦min(fall_ill, 2 * fall_ill), unit"), says=("split at its comma", "double quotes")),
    case("number too large", (COSTS, "value: 100,", "value: ¦1e999,"), says=("1e999 is too large", "finite")),
    case("not a number", (COSTS, "value: 100,", "value: ¦.nan,"), says=(".nan is not a number", "finite")),
    case("infinite", (COSTS, "value: 100,", "value: ¦-.inf,"), says=("-.inf is not a number",)),
    case("model.yaml is a list", (MODEL, None, "¦- format: 1\n- title: x\n"), says=("expected a mapping",)),
    case("parameters is a list", (COSTS, None, "¦[1, 2]\n"), says=("expected a mapping",)),
]
SHAPE = [
    case("unknown key", (MODEL, "correction: half", "¦corection: half"), says=("unknown key 'corection'",
         "did you mean 'correction'")),
    case("unknown section", (MODEL, "events:", "¦event:"), says=("unknown key 'event'", "did you mean 'events'")),
    case("unknown key deep down", (RATES, "one_year: {label: One year,", "one_year: {label: One year, ¦rnge: [1, 2],"),
         says=("unknown key 'rnge' in 'parameters.one_year'", "did you mean 'range'")),
    case("unknown key of an arrow", (MODEL, "{rate: treat_rate, when", "{rate: treat_rate, ¦wen"),
         says=("unknown key 'wen'", "'when'")),
    case("missing section", (MODEL, "states:", "estates:"), at=(f"{MODEL}:1:1", f"{MODEL}:19:1"),
         says=("has no 'states'", "add `states")),
    case("missing required key", (COSTS,
         "¦cost_well: {label: Cost when well, value: 100, unit: USD/year,".replace("¦", ""),
         "¦cost_well: {label: Cost when well, value: 100,"), says=("'parameters.cost_well' has no 'unit'",
         "add `unit")),
    case("no currency", (MODEL, "settings:\n  currency: USD", "¦settings:"), says=("'settings' has no 'currency'",)),
    case("key without value", (MODEL, "    key_unit: year", "    ¦key_unit:"),
         says=("'tables.life_table.key_unit' has no value", "delete the key")),
    case("text for a number", (COSTS, "value: 100,", "value: ¦about 100,"), says=("parameters.cost_well.value",
         "expected a number", "'about 100'")),
    case("number for a text", (MODEL, "title: A small model", "title: ¦7"), says=("title: expected text",
         "double quotes")),
    case("list for a mapping", (MODEL, "start: {well: share_well, ill: rest}", "start: ¦[well, ill]"),
         says=("start: expected a mapping",)),
    case("list for a formula", (MODEL, "rate: treat_rate", "rate: ¦[treat_rate]"),
         says=("expected a formula or a number, found a list",)),
    case("truth value for a formula", (MODEL, "when: drug}\n  ill ->", "when: ¦true}\n  ill ->"),
         says=("expected a formula or a number, found true",)),
    case("word for a choice", (MODEL, "correction: half_cycle", "correction: ¦half-cycle"),
         says=("settings.correction", "did you mean 'half_cycle'")),
    case("cycles that are not whole", (MODEL, "cycles_per_year: 4", "cycles_per_year: ¦4.5"),
         says=("expected a whole number, found 4.5",)),
    case("no cycles", (MODEL, "cycles_per_year: 4", "cycles_per_year: ¦0"), says=("must be at least 1",)),
    case("currency that is no code", (MODEL, "currency: USD", "currency: ¦dollars"), says=("expected a currency code",
         "USD")),
    case("currency that is not one", (MODEL, "currency: USD", "currency: ¦USX"), says=("'USX' is not a currency",
         "did you mean")),
    case("unknown grade", (COSTS, "grade: unverified", "grade: ¦guess"),
         says=("'published', 'derived', 'assumption' or 'unverified'",)),
    case("format of the future", (MODEL, "format: 1", "format: ¦2"), says=("format: expected 1, found 2",)),
]

NAMES = [
    case("unknown name", (MODEL, "rate: treat_rate", "rate: ¦treat_rat"),
         says=("ill -> treated: unknown name 'treat_rat'", "did you mean 'treat_rate'")),
    case("unknown name inside a formula", (MODEL, "death_ill * residual", "death_ill * ¦residul"),
         says=("unknown name 'residul'",)),
    case("unknown name in a folded formula", (MODEL, "      one_year)", "      ¦one_yaer)"),
         says=("unknown name 'one_yaer'",)),
    case("age without start_age", (MODEL, " start_age: first_age,", ""), (MODEL, "qx, age)", "qx, ¦age)"),
         says=("'age' needs `time.start_age`",)),
    case("name that is a cell", (MODEL, "  waning: if", "  ¦rr1: 1\n  waning: if"),
         says=("'rr1' cannot be the name of a formula", "reads it as a cell", "another name")),
    case("name in capitals", (RATES, "\none_year:",
         "\n¦One_year: {label: x, value: 1, unit: year, source: {ref: office, grade: published}}\none_year:"),
         says=("'One_year' cannot be the name of a parameter", "small letters")),
    case("switch that is a parameter", (MODEL, "{label: New drug, set: {drug: 1}}",
         "{label: New drug, set: {drug: 1, ¦one_year: 1}}"), says=("'one_year' is both a parameter and a switch",)),
    case("formula that is a parameter", (MODEL, "  waning: if", "  ¦one_year: 1\n  waning: if"),
         says=("'one_year' is both a parameter and a formula",)),
    case("unknown state of an arrow", (MODEL, "ill -> gone:", "¦ill -> gon:"), says=("unknown state 'gon'",
         "did you mean 'gone'")),
    case("unknown state of an outcome", (MODEL, "in: [well, ill]", "in: [well, ¦il]"), says=("unknown state 'il'",
         "'ill'")),
    case("unknown state of a payoff", (MODEL, "{well: cost_well, ill:", "{well: cost_well, ¦sick:"),
         says=("unknown state 'sick'",)),
    case("unknown state at the start", (MODEL, "start: {well:", "start: {¦healthy:"), says=("unknown state 'healthy'",
         )),
    case("unknown state after a tunnel", (MODEL, "then: well", "then: ¦wel"), says=("unknown state 'wel'",)),
    case("unknown strategy", (MODEL, "comparator: usual", "comparator: ¦usal"), says=("unknown strategy 'usal'",
         "'usual'")),
    case("unknown strategy of a solve", (RATES, "[new_drug, usual]", "[new_drug, ¦other]"),
         says=("unknown strategy 'other'",)),
    case("unknown table", (MODEL, "lookup(life_table,", "¦lookup(life_tables,"), says=("unknown table 'life_tables'",
         "'life_table'")),
    case("unknown column", (MODEL, "lookup(life_table, qx,", "¦lookup(life_table, qy,"),
         says=("unknown column of table life_table 'qy'", "known here: qx")),
    case("column that the file lacks", (MODEL, "column: qx_total", "column: ¦qx_men"), says=("has no column 'qx_men'",
         "qx_total")),
    case("unknown window", (MODEL, "per: course", "per: ¦coarse"), says=("unknown window 'coarse'",)),
    case("unknown event", (MODEL, "on: death", "on: ¦deth"), says=("unknown event 'deth'", "'death'")),
    case("label of an unknown event", (MODEL, "events: {illness:", "events: {¦ilness:"),
         says=("unknown event 'ilness'", "no arrow names it")),
    case("unknown source", (COSTS, "{grade: unverified, ref: office}", "{grade: unverified, ref: ¦ofice}"),
         says=("unknown source 'ofice'", "'office'")),
    case("unknown perspective", (MODEL, "perspective: payer", "perspective: ¦society"),
         says=("unknown perspective 'society'", "payer")),
    case("unknown effect", (MODEL, "effect: qaly", "effect: ¦qualy"), says=("unknown effect outcome 'qualy'",
         "'qaly'")),
    case("unknown parameter of a headline", (MODEL, "price: cost_drug", "price: ¦cost_drugs"),
         says=("unknown parameter 'cost_drugs'",)),
    case("unknown member of a joint group", (MODEL, "[fall_ill, death_ill]", "[fall_ill, ¦death_il]"),
         at=(f"{CORRELATION}:1:1",), says=("unknown parameter 'death_il'", "must be: fall_ill, death_il")),
]

HOSTILE = [
    case("call of Python", (MODEL, "rate: treat_rate,", """rate: "__import__(¦'os').system('x')","""),
         says=("ill -> treated", "no text in formulas", "without quotation marks")),
    case("attribute access", (MODEL, "rate: treat_rate", "rate: treat_rate¦.real"), says=("ill -> treated",
         "a name has no parts")),
    case("lambda", (MODEL, "rate: treat_rate", 'rate: "lambda¦: 1"'), says=("ill -> treated",)),
    case("text in a formula", (MODEL, "rate: treat_rate", "rate: \"treat_rate + ¦'1'\""), says=("no text in formulas",
         )),
    case("unknown function", (MODEL, "rate: treat_rate", "rate: ¦eval(treat_rate)"), says=("`eval`",)),
    case("assignment", (MODEL, "rate: treat_rate", "rate: treat_rate ¦= 1"), says=("==",)),
    case("spreadsheet formula", (COSTS, "value: 100,", "value: ¦=1+1,"), says=("expected a number, found '=1+1'",)),
    case("chained comparison", (MODEL, "since_course < full_years", "¦0 < since_course < full_years"), says=("chain",
         )),
    case("table outside the folder", (MODEL, "file: tables/life_table.csv", "file: ¦../../etc/passwd"),
         says=("is not a CSV file of the model folder", "inside the folder")),
    case("table by absolute path", (MODEL, "correlation: tables/correlation.csv", "correlation: ¦/etc/passwd.csv"),
         says=("is not a CSV file of the model folder",)),
    case("table with a name of no file", (MODEL, "file: tables/life_table.csv", 'file: ¦"\\0.csv"'),
         says=("unknown table file",)),
    case("unknown table file", (MODEL, "file: tables/life_table.csv", "file: ¦tables/lifetable.csv"),
         says=("did you mean 'tables/life_table.csv'",)),
    case("layers outside the folder", (MODEL, "layers: [jurisdictions, scenarios]", "layers: [jurisdictions, ¦../..]"),
         says=("is not the name of a folder with layers", "plain name")),
    case("layer beside that is not there", (MODEL, "events:", "beside: [¦scenarios/cheep]\nevents:"),
         says=("unknown layer", "'scenarios/cheap'")),
]

VALUES = [
    case("outside its bounds", (RATES, "value: 0.2\n", "value: ¦-0.2\n"), (RATES,
         "  distribution: {family: gamma, mean: 0.2, se: 0.04}\n", ""),
         says=("fall_ill = -0.2 is outside its bounds (0 to any)", "choose a value within")),
    case("outside the support of its distribution", (COSTS, "value: 0.6\n", "value: ¦1.6\n"),
         says=("outside what its distribution beta", "0 to 1")),
    case("wrong unit of a distribution", (COSTS, "{family: gamma, mean: 5000, se: 1000}",
         "¦{family: gamma, mean: 5, se: 1}"), says=("cost_ill = 5000 is far outside", "95 % interval", "another unit")),
    case("unknown family", (COSTS, "family: beta", "family: ¦betta"), says=("no family 'betta'", "beta")),
    case("distribution without a parameter", (COSTS, "{family: beta, mean: 0.6, se: 0.05}",
         "¦{family: beta, mean: 0.6}"), says=("lacks", "se")),
    case("distribution that cannot be", (COSTS, "se: 0.05", "se: ¦0.7"), says=("too large for a beta",)),
    case("distribution without a value", (RATES, "  solve:",
         "  ¦distribution: {family: normal, mean: 1, sd: 1}\n  solve:"),
         says=("residual has a distribution but no `value`", "delete")),
    case("bounds upside down", (RATES, "bounds: [0, null]", "bounds: ¦[1, 0]"),
         says=("the bounds of fall_ill: low is above high", "[low, high]")),
    case("range upside down", (RATES, "range: [0.1, 0.3]", "range: ¦[0.3, 0.1]"),
         says=("the range of fall_ill: low is above high",)),
    case("range beyond the bounds", (RATES, "range: [0.1, 0.3]", "range: ¦[-0.1, 0.3]"),
         says=("goes beyond its bounds",)),
    case("value and formula", (COSTS, "¦cost_well: {".replace("¦", ""), "¦cost_well: {formula: cost_ill, "),
         says=("exactly one of value, formula, same_as and solve; it has value and formula",)),
    case("neither value nor formula", (COSTS, "\ncost_well: {label: Cost when well, value: 100,",
         "\n¦cost_well: {label: Cost when well,"), says=("it has none of them",)),
    case("circle of same_as", (COSTS, "value: 100,", "same_as: ¦cost_other,"), (COSTS, "cost_funeral:",
         "cost_other: {label: x, same_as: cost_well, unit: USD/year, source: {ref: trial, grade: derived}}\n"
         "cost_funeral:"),
         says=("circular definition: cost_well -> cost_other -> cost_well",)),
    case("circular formula", (MODEL, "waning: if(since_course < full_years, 1, 0.5)",
         "waning: ¦fall_rate * full_years"), says=("circular definition: waning -> fall_rate -> waning",)),
    case("formula of itself", (MODEL, "waning: if(", "waning: ¦waning + if("),
         says=("circular definition: waning -> waning",)),
    case("target that needs its own solution", (RATES,
         "solve: {measure: hazard_ratio, strategies: [new_drug, usual], years: 5, target: target_ratio",
         "solve: ¦{measure: hazard_ratio, strategies: [new_drug, usual], years: 5, target: residual"),
         says=("circular definition: residual -> residual",)),
    case("grade published without ref", (COSTS, "USD/year, source: {ref: office, grade: published}}",
         "USD/year, source: ¦{grade: published}}"), says=("graded published needs a `ref`", "assumption")),
    case("assumption without note", (COSTS, "{grade: assumption, note: custom}", "¦{grade: assumption}"),
         says=("needs a `note`",)),
    case("source without grade", (COSTS, "{grade: unverified, ref: office}", "{ref: office}"), at=(f"{COSTS}:9:60",),
         says=("'parameters.cost_drug.source' has no 'grade'",)),
    case("dirichlet of one", (COSTS, "{family: beta, mean: 0.6, se: 0.05}",
         "¦{family: dirichlet, group: shares, alpha: 3}"), says=("one member only",)),
]

TEXTS = [*FILES_AND_YAML, *SHAPE, *NAMES, *HOSTILE, *VALUES]
