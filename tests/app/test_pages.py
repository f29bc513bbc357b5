"""Every page in a session without a browser: it draws, it follows the inputs, it survives bad ones."""

from __future__ import annotations

import json
import random
import shlex

import pytest

import cea
from cea.analysis.headline import with_threshold
from cea.cli import main
from cea.dashboard import computing, exports
from cea.dashboard.computing import Source
from cea.dashboard.main import PAGES
from cea.dashboard.setting import Setting
from cea.dashboard.text import plain
from cea.reports.wording import describe_pair, money
from tests.app.conftest import settled, shown
from tests.models import shipped

FOLDER = "inputs/cirrhosis"
VIEWS = tuple(title.lower().replace(" ", "-") for title, _ in PAGES)
ENGLAND = {"v": "1", "layers": "jurisdictions/england"}


def answer_of(app) -> str:
    """The answer in a sentence on the page Summary."""
    return next(item.value for item in app.info if "best buy" in item.value)


@pytest.mark.parametrize("jurisdiction", ["us", "england"])
def test_every_page_draws(dashboard, jurisdiction):
    app = dashboard("", ENGLAND if jurisdiction == "england" else None)
    titles = set()
    for page in VIEWS:
        settled(shown(app, page if page != "summary" else ""))
        titles.add(app.title[0].value)
    assert len(titles) == len(VIEWS)
    assert ("GBP" in app.sidebar.number_input[0].label) == (jurisdiction == "england")


def test_every_page_draws_for_another_model(dashboard, small_folder, monkeypatch):
    monkeypatch.setenv("CEA_INPUTS", str(small_folder))
    app = dashboard()
    for page in VIEWS:
        settled(shown(app, page if page != "summary" else ""))
        assert not app.error, page
    assert "EUR" in app.sidebar.number_input[0].label


def test_an_edit_changes_the_answer_to_that_of_a_run(dashboard):
    app = dashboard()
    field = next(item for item in app.sidebar.number_input if "per infusion" in item.label)
    field.set_value(1_000.0)
    settled(app)
    results = cea.run(cea.load(FOLDER, values={"msc_acquisition_per_infusion": 1_000.0}))
    found = cea.incremental(results)
    row = found.row(found.best(found.threshold))
    assert plain(money(row.icer or 0.0, found.currency)) in answer_of(app)
    for item in cea.headlines(results):
        assert plain(describe_pair(item.pair, found.currency, found.effect_unit)) in answer_of(app)
    assert app.query_params["set.msc_acquisition_per_infusion"] == "1000.0"
    app.sidebar.button[0].click().run()
    assert app.session_state["cea.setting"].is_base


def test_an_invalid_value_keeps_the_last_good_result_and_says_why(dashboard):
    app = dashboard()
    before = answer_of(app)
    field = next(item for item in app.sidebar.number_input if "per infusion" in item.label)
    field.set_value(-5.0)
    settled(app)
    assert "bounds" in app.error[0].value
    assert answer_of(app) == before
    again = next(item for item in app.sidebar.number_input if "per infusion" in item.label)
    assert again.value == -5.0, "what was typed stays, to be mended"
    again.set_value(7_000.0)
    settled(app)
    assert not app.error
    assert answer_of(app) not in ("", before)


def test_a_bad_link_is_told_and_the_base_case_is_shown(dashboard):
    app = dashboard("", {"v": "1-x", "layers": "nonsense", "set.cost_a": "abc", "<b>": "1"})
    text = " ".join(item.value for item in app.info)
    assert "nonsense" in text
    assert "cost\\_a" in text
    assert "\\<b\\>" in text
    assert app.session_state["cea.setting"] == Setting()


def test_presets_change_currency_and_drop_what_does_not_fit(dashboard):
    app = dashboard()
    app.sidebar.selectbox(key="perspective").set_value("societal")
    settled(app)
    assert app.session_state["cea.setting"].perspective == "societal"
    app.sidebar.selectbox(key="layers jurisdictions").set_value("jurisdictions/england")
    settled(app)
    assert "not possible" in app.error[0].value
    app.sidebar.selectbox(key="perspective").set_value("health_sector")
    settled(app)
    assert not app.error
    assert "£" in answer_of(app)


def test_inputs_show_grade_and_reset_one(dashboard):
    app = dashboard("inputs", {"v": "1", "set.cost_a": "30000"})
    assert app.number_input(key="page cost_a").value == 30_000
    app.button(key="reset cost_a").click()
    settled(app)
    assert app.number_input(key="page cost_a").value == shipped().parameters["cost_a"].value


def test_a_run_of_draws_goes_stale_and_equals_the_command(dashboard, capsys):
    app = dashboard("uncertainty")
    app.number_input(key="n").set_value(300)
    next(button for button in app.button if button.label == "Run").click()
    settled(app)
    key, report = app.session_state["cea.found"]["psa"]
    assert main(["psa", "--json", "-n", "300"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert report.results.sha256 == told["sha256"]
    assert key[2:] == (300, 1)
    app.session_state["live"] = False
    app.session_state["cea.live"] = False
    app.session_state["cea.setting"] = Setting().with_value("cost_a", 30_000.0)
    settled(app)
    assert any("out of date" in item.value.lower() for item in app.warning)


def test_scenarios_are_saved_and_compared(dashboard):
    app = dashboard("scenarios", {"v": "1", "set.cost_a": "30000"})
    app.text_input[0].set_value("Cheaper <b>A</b>")
    next(button for button in app.button if button.label == "Save as a scenario").click()
    settled(app)
    saved = app.session_state["cea.saved"]
    assert [(item.name, item.setting.values) for item in saved] == [("Cheaper <b>A</b>", {"cost_a": 30_000.0})]
    text = " ".join(item.value for item in app.info)
    assert "<b>" not in text.replace("\\<", "")


def settings_at_random(count: int) -> list[Setting]:
    """Settings with one to three inputs of the evidence moved within their ranges."""
    chance = random.Random(20251)
    model = shipped()
    ranged = [
        item for item in model.parameters.values() if item.range and item.value is not None and item.name in model.used
    ]
    found = []
    for at in range(count):
        edits = {
            item.name: round(chance.uniform(*item.range), 4) for item in chance.sample(ranged, chance.randint(1, 3))
        }
        limit = chance.choice([None, 42_000.0])
        layers = ("populations/ineligible",) if at % 3 == 0 else ()
        found.append(Setting(layers, chance.choice([None, "societal"]), limit).with_values(edits))
    return found


@pytest.mark.parametrize("setting", settings_at_random(10), ids=lambda item: ",".join(item.values))
def test_the_numbers_are_those_of_cea_run_json(setting, monkeypatch, capsys, dashboard):
    source = Source.now()
    assert main([*shlex.split(setting.command("run", FOLDER, "--json"))[1:]]) == 0
    told = json.loads(capsys.readouterr().out)
    report = computing.report(source, setting)
    ours = report.as_dict(exports.manifest(source, setting, "run"))
    for side in (told, ours):
        side.pop("manifest")
    assert json.loads(json.dumps(ours)) == told


def test_one_setting_on_the_page_equals_the_command(dashboard, capsys):
    setting = settings_at_random(2)[1]
    app = dashboard("", setting.to_query(Source.now().version))
    model = with_threshold(cea.load(FOLDER, setting.layers, setting.values), setting.threshold)
    found = cea.incremental(cea.run(model, perspective=setting.perspective))
    table = next(item.value for item in app.table if "Life-years" in item.value.columns)
    assert [cell.replace("\\", "") for cell in table["Cost"]] == [
        money(row.cost, found.currency) for row in sorted(found.rows, key=lambda row: row.cost)
    ]
