"""What a user does with the dashboard, in a real browser."""

from __future__ import annotations

import io
import json
import random
import shlex
import zipfile
from urllib.parse import urlencode

import pandas as pd
import pytest

import cea
from cea.cli import main
from cea.dashboard.setting import Setting
from cea.reports.run_tables import price_cell
from cea.reports.wording import describe_pair, effect, money
from tests.models import CIRRHOSIS, ROOT

PAGES = (
    "",
    "inputs",
    "base-case",
    "uncertainty",
    "sensitivity",
    "scenarios",
    "research",
    "verification",
    "export",
    "about",
)
PRICE = "MSC acquisition, per infusion, USD"
CARD = "Extra cost"


def extra_cost(price: float) -> str:
    """What the first headline's card says about its extra cost at a price."""
    found = cea.headlines(cea.run(cea.load(CIRRHOSIS, values={"msc_acquisition_per_infusion": price})))
    return f"{CARD} {money(found[0].pair.cost, 'USD')}"


def type_price(visit, value: str) -> None:
    field = visit.page.get_by_role("spinbutton", name=PRICE).first
    field.fill(value)
    field.press("Enter")


def test_a_changed_input_changes_the_answer_and_the_link(visit):
    page = visit.go()
    page.get_by_text(extra_cost(7_200.0)).wait_for()
    type_price(visit, "1000")
    page.get_by_text(extra_cost(1_000.0)).wait_for()
    page.get_by_text("What you changed").wait_for()
    page.wait_for_url("**set.msc_acquisition_per_infusion=1000.0**")
    page.reload()
    page.get_by_text(extra_cost(1_000.0)).wait_for()
    page.get_by_role("button", name="Reset 1 changed input").click()
    page.get_by_text(extra_cost(7_200.0)).wait_for()
    visit.rest()
    assert "set." not in page.url


def icer(price: float) -> str:
    """What the first headline's card says about its ratio at a price."""
    item = cea.headlines(cea.run(cea.load(CIRRHOSIS, values={"msc_acquisition_per_infusion": price})))[0]
    return f"{item.labels[0]} against {item.labels[1]}: {describe_pair(item.pair, 'USD', 'QALY')}."


def test_the_ratio_on_the_page_follows_an_input(visit):
    page = visit.go()
    page.get_by_text(icer(7_200.0)).wait_for()
    type_price(visit, "3000")
    page.get_by_text(icer(3_000.0)).wait_for()
    assert page.get_by_text(icer(7_200.0)).count() == 0


def test_the_keyboard_alone_changes_an_input_and_the_page(visit):
    page = visit.go()
    field = page.get_by_role("spinbutton", name=PRICE).first
    for _ in range(40):  # from one field to the next, as those do who use no mouse
        page.keyboard.press("Tab")
        if field.evaluate("field => field === document.activeElement"):
            break
    else:
        pytest.fail("Tab does not reach the first input")
    page.keyboard.press("Control+A")
    page.keyboard.type("1000")
    page.keyboard.press("Enter")
    page.get_by_text(extra_cost(1_000.0)).wait_for()
    link = page.get_by_role("link", name="Inputs", exact=True)
    link.focus()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Inputs", exact=True).wait_for()
    visit.rest()
    assert "set.msc_acquisition_per_infusion=1000.0" in page.url


def test_a_preset_changes_currency_and_numbers(visit):
    page = visit.go()
    page.get_by_label("Jurisdiction", exact=True).click()
    page.get_by_role("option", name="England").click()
    threshold = page.get_by_role("spinbutton", name="Threshold, GBP per QALY")
    threshold.wait_for()
    visit.rest()
    assert threshold.input_value() == "30000"
    assert "£" in page.locator(".st-key-answer").inner_text()


OPACITY = "parseFloat(getComputedStyle(document.querySelector('.st-key-results')).opacity)"


def test_an_invalid_value_greys_the_last_good_result_and_says_why(visit):
    page = visit.go()
    good = extra_cost(7_200.0)
    page.get_by_text(good).wait_for()
    type_price(visit, "-5")
    page.get_by_text("These inputs cannot be used").wait_for()
    assert page.get_by_text(good).count() == 1
    page.wait_for_function(f"{OPACITY} < 0.6")
    assert page.get_by_test_id("stException").count() == 0
    type_price(visit, "7200")
    page.get_by_text("These inputs cannot be used").wait_for(state="detached")
    visit.rest()
    page.wait_for_function(f"{OPACITY} == 1")


def test_draws_show_progress_stop_and_finish(visit):
    page = visit.go("uncertainty")
    draws = page.get_by_role("spinbutton", name="Draws", exact=True)
    draws.fill("50000")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("progressbar").first.wait_for()
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("50,000 draws: stopped").wait_for()
    draws.fill("600")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_text("600 draws, seed 1").wait_for()


def test_a_click_on_a_dot_shows_its_draw(visit):
    page = visit.go("uncertainty")
    chart = page.get_by_test_id("stVegaLiteChart").first
    chart.locator("canvas").first.wait_for()
    visit.rest()
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    page.mouse.click(box["x"] + 0.7 * box["width"], box["y"] + 0.3 * box["height"])
    page.get_by_text("Its number is").wait_for()
    chosen = page.get_by_role("spinbutton", name="Look at one draw").input_value()
    assert 1 <= int(chosen) <= 2_000
    page.get_by_role("heading", name=f"Draw {int(chosen):,}").wait_for()


def test_a_share_link_gives_the_same_numbers_in_another_session(visit, chromium):
    page = visit.go()
    type_price(visit, "1000")
    page.get_by_text(extra_cost(1_000.0)).wait_for()
    page.get_by_role("link", name="Export", exact=True).click()
    page.get_by_role("heading", name="A link to this screen").wait_for()
    visit.rest()
    link = next(text for text in page.locator("code").all_inner_texts() if text.startswith("http"))
    assert "v=1-" in link
    other = chromium.new_context()
    try:
        second = other.new_page()
        second.goto(link.strip())
        second.get_by_text(extra_cost(1_000.0)).wait_for(timeout=20_000)
        assert second.get_by_text("another version").count() == 0
    finally:
        other.close()


def test_a_scenario_is_renamed_and_two_are_compared(visit):
    page = visit.go("scenarios?v=1&set.cost_a=30000.0")
    page.get_by_placeholder("What makes it different").fill("First")
    page.get_by_role("button", name="Save as a scenario").click()
    name = page.get_by_role("textbox", name="Name", exact=True).last
    name.wait_for()
    visit.rest()
    name.fill("Cheaper care")
    name.press("Enter")
    visit.rest()
    page.get_by_label("Compare", exact=True).press_sequentially("Cheaper")
    page.get_by_role("option", name="Cheaper care").click()
    page.keyboard.press("Escape")
    page.get_by_role("columnheader", name="Cheaper care").first.wait_for()
    values = {"cost_a": 30_000.0}
    item = cea.headlines(cea.run(cea.load(CIRRHOSIS, values=values)))[0]
    base = cea.headlines(cea.run(cea.load(CIRRHOSIS)))[0]
    cell = f"{money(item.pair.cost, 'USD')} ({money(item.pair.cost - base.pair.cost, 'USD')})"
    assert page.get_by_role("cell", name=cell, exact=True).count() == 2, "on the screen, and saved"


def test_a_scenario_is_saved_downloaded_loaded_and_compared(visit):
    page = visit.go("scenarios?v=1&set.cost_a=30000.0")
    page.get_by_placeholder("What makes it different").fill("Cheaper <i>care</i>")
    page.get_by_role("button", name="Save as a scenario").click()
    page.get_by_role("heading", name="Your scenarios").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Download", exact=True).first.click()
    text = download.value.path().read_text(encoding="utf-8")
    assert "cost_a: 30000.0" in text
    page.get_by_role("button", name="Reset 1 changed input").click()
    visit.rest()
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        {"name": "mine.yaml", "mimeType": "text/yaml", "buffer": text.replace("30000.0", "31000.0").encode()}
    )
    page.get_by_role("button", name="Load it").click()
    page.wait_for_url("**set.cost_a=31000.0**")
    page.get_by_text("31,000 USD per year").first.wait_for()
    assert page.locator("i", has_text="care").count() == 0, "text of a user is never markup"


def test_a_file_that_is_no_scenario_is_refused_and_changes_nothing(visit):
    page = visit.go("scenarios")
    page.get_by_test_id("stFileUploaderDropzoneInput").first.set_input_files(
        {"name": "bad.yaml", "mimeType": "text/yaml", "buffer": b"label: [unclosed"}
    )
    page.get_by_role("button", name="Load it").click()
    page.get_by_text("The file was not loaded").wait_for()
    assert "set." not in page.url


def test_the_archive_holds_the_tables_of_what_is_on_the_screen(visit):
    page = visit.go("export?v=1&set.cost_a=30000.0")
    with page.expect_download(timeout=120_000) as download:
        page.get_by_role("button", name="Everything (.zip)").click()
    with zipfile.ZipFile(download.value.path()) as archive:
        names = set(archive.namelist())
        table = pd.read_csv(io.BytesIO(archive.read("run/incremental.csv")))
    assert {"run/manifest.json", "run/trace.png", "run/trace.svg", "scenario.yaml", "reproduce.txt"} <= names
    own = cea.incremental(cea.run(cea.load(CIRRHOSIS, values={"cost_a": 30_000.0}))).frame()
    assert table["cost"].tolist() == own["cost"].tolist()


def settings_at_random(count: int) -> list[Setting]:
    """Settings with one to three inputs moved within their ranges, some with a preset, a view or a threshold."""
    chance, model = random.Random(20_261), cea.load(CIRRHOSIS)
    ranged = [each for each in model.parameters.values() if each.range and each.value is not None]
    found = []
    for at in range(count):
        chosen = chance.sample([each for each in ranged if each.name in model.used], chance.randint(1, 3))
        edits = {each.name: round(chance.uniform(*each.range), 4) for each in chosen}
        layers = [(), ("jurisdictions/england",), ("populations/ineligible",)][at % 3]
        view = "societal" if at % 5 == 0 and not layers else None
        found.append(Setting(layers, view, chance.choice([None, 42_000.0])).with_values(edits))
    return found


@pytest.mark.parametrize("setting", settings_at_random(10), ids=lambda item: ",".join(item.values))
def test_the_numbers_on_the_page_are_those_of_cea_run_json(setting, visit, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    assert main([*shlex.split(setting.command("run", "inputs/cirrhosis", "--json"))[1:]]) == 0
    told = json.loads(capsys.readouterr().out)
    page = visit.go(f"?{urlencode(setting.to_query('x'))}")
    table = page.get_by_role("table", name="All strategies")
    shown = [row.get_by_role("cell").all_inner_texts() for row in table.get_by_role("row").all()[1:]]
    currency = told["currency"]
    rows = sorted(told["results"], key=lambda row: row["cost"])
    labels = {name: item.label for name, item in cea.load(CIRRHOSIS).strategies.items()}
    assert [cells[:4] for cells in shown] == [
        [labels[row["strategy"]], money(row["cost"], currency), effect(row["life_years"]), effect(row["effect"])]
        for row in rows
    ]
    for cells, row in zip(shown, rows, strict=True):
        if row["icer"] is not None:
            assert cells[6] == money(row["icer"], currency)
    cards = page.locator(".st-key-results").inner_text()
    own = [item for item in told["headlines"] if item["setting"] in ("base case", "as run")]
    assert own
    for item in own:
        assert f"{CARD} {money(item['incremental_cost'], currency)}" in cards
        limit = next(each for each in item["highest_price"] if each["threshold"] == told["threshold"])
        assert f"\n{price_cell(limit['value'], currency)}\n" in cards


@pytest.mark.parametrize("visit", [1280, 390], indirect=True)
def test_no_page_scrolls_sideways(visit):
    for page in PAGES:
        shown = visit.go(page)
        widths = shown.evaluate(
            "() => { const main = document.querySelector('[data-testid=stMain]');"
            " return [document.documentElement.scrollWidth - innerWidth, main.scrollWidth - main.clientWidth] }"
        )
        assert widths == [0, 0], f"{page or 'summary'}: {widths}"
        assert shown.get_by_test_id("stException").count() == 0, page
        assert shown.get_by_test_id("stAlertContentError").count() == 0, page


def test_every_chart_says_what_it_shows_to_those_who_do_not_see_it(visit):
    page = visit.go("base-case")
    page.get_by_test_id("stVegaLiteChart").nth(2).wait_for()
    texts = page.locator("[data-testid=stVegaLiteChart] [aria-label], [data-testid=stVegaLiteChart][aria-label]")
    told = [texts.nth(at).get_attribute("aria-label") or "" for at in range(texts.count())]
    assert any("Cost-effectiveness plane" in text for text in told), told


def test_a_workbook_is_made_downloaded_and_loaded_again(visit, tmp_path):
    page = visit.go(
        "export?v=1&layers=scenarios/horizon_10_years&set.cost_a=30000.0"
    )  # a short horizon is a small file
    page.get_by_role("slider").first.focus()
    page.keyboard.press("Home")
    visit.rest()
    page.get_by_role("button", name="Make the workbook").click()
    made = page.get_by_role("button", name="Workbook (.xlsx")
    made.wait_for(timeout=240_000)
    with page.expect_download() as download:
        made.click()
    file = tmp_path / "model.xlsx"
    download.value.save_as(file)
    page = visit.go("scenarios")
    page.get_by_text("Load the edits of an Excel workbook").click()
    page.get_by_test_id("stFileUploaderDropzoneInput").nth(1).set_input_files(file)
    page.get_by_text("model.xlsx").wait_for()
    page.get_by_role("button", name="Look at what it changes").click()
    page.get_by_text("30,000 USD per year").first.wait_for()
    page.get_by_role("button", name="Use it").click()
    page.wait_for_url("**horizon_10_years**set.cost_a=30000.0**")
