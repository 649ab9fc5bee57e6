"""The permission map as a page: what it holds, and what a person does with it in a browser."""

import base64
import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import Browser
from support import model_of, soc, soc_model, tree_of

import scmigen
from scmigen.model.platform import Model, Platform
from scmigen.targets.permissions.page import page

MAX_BYTES = 2_000_000
DATA = '<script type="application/json" id="data">'


def platform_of(model: Model) -> Platform:
    (platform,) = model.platforms
    return platform


def element(html: bytes, start: str) -> str:
    """The text of the one element that begins with ``start``."""
    text = html.decode()
    (found,) = re.findall(re.escape(start) + r"(.*?)</(?:script|style)>", text, re.DOTALL)
    return str(found)


def data_of(html: bytes) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(element(html, DATA))
    return found


@pytest.fixture(scope="module")
def orrery(examples: Path) -> bytes:
    result = scmigen.compile(examples / "orrery-board.dts", agents=examples / "agents.yaml")
    return page(platform_of(result.model))


# The file


def test_the_page_asks_for_nothing_outside_itself(orrery: bytes) -> None:
    text = orrery.decode().replace("http://www.w3.org/2000/svg", "")
    text = text.replace(element(orrery, DATA), "")
    assert not re.search(r"https?:|@import|url\(", text)
    addresses = re.findall(r'(?:src|href|action)="([^"]*)"', text)
    assert all(address.startswith(("#", "data:,")) for address in addresses)


def test_the_policy_of_the_page_allows_its_own_script_and_style_alone(
    orrery: bytes, tool: Callable[[str], str]
) -> None:
    def digest(text: str) -> str:
        command = [tool("sha256sum")]
        done = subprocess.run(command, input=text.encode(), capture_output=True, check=True)
        return base64.b64encode(bytes.fromhex(done.stdout.split()[0].decode())).decode()

    script = digest(element(orrery, '<script type="module">'))
    style = digest(element(orrery, "<style>"))
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', orrery.decode())
    assert "default-src 'none'" in policy
    assert f"script-src 'sha256-{script}'" in policy
    assert f"style-src 'sha256-{style}'" in policy


def test_the_page_says_what_the_board_and_the_agents_file_say(orrery: bytes) -> None:
    """CRU clock 51 is linux's by the agents file; clock 48 is an explicit grant to vm1."""
    found = data_of(orrery)
    names = [agent["name"] for agent in found["agents"]]
    assert names == ["linux", "optee", "vm1", "vm2", "hypervisor"]
    clocks = {
        (resource["label"], resource["cells"]): at
        for at, resource in enumerate(found["resources"])
        if resource["kind"] == "clock"
    }
    assert names[found["resources"][clocks["cru", "51"]]["owner"]] == "linux"
    (grant,) = (g for g in found["grants"] if g["resource"] == clocks["cru", "48"])
    by_hand = [reason for reason in grant["because"] if reason["device"] is None]
    assert [reason["operations"] for reason in by_hand] == [["rate", "read"]]
    assert re.search(r"agents\.yaml:\d+:\d+$", by_hand[0]["at"])


HOSTILE = "</script><script>document.title = 'owned'</script><!--<img src=x onerror=alert(1)>"


def hostile() -> bytes:
    """A board whose names are markup."""
    tree = tree_of(
        f"""
        model = "{HOSTILE}";
        cc: clock-controller@1000 {{
            compatible = "acme,cc"; reg = <0x1000>; #clock-cells = <1>;
            clock-output-names = "{HOSTILE}", "&lt;b&gt;";
        }};
        d: dev@2000 {{ compatible = "x"; reg = <0x2000>; clocks = <&cc 0>, <&cc 1>;
                       clock-names = "<i>a</i>", "{HOSTILE}"; }};
        """
    )
    return page(platform_of(model_of(tree)))


def test_no_name_of_the_tree_is_written_as_html() -> None:
    text = hostile().decode()
    assert text.count("</script>") == 2
    assert "<img" not in text
    assert data_of(hostile())["board"] == HOSTILE


def test_trees_have_the_parents_of_the_device_tree() -> None:
    model = soc_model(
        """
        x: dev@1 { compatible = "x"; reg = <1>; clocks = <&cc 1>, <&cc 2>;
                   assigned-clocks = <&cc 1>; assigned-clock-parents = <&cc 2>; };
        """
    )
    nodes = data_of(page(platform_of(model)))["trees"]["clock"]
    assert [node["name"].split()[-1] for node in nodes] == ["1", "2"]
    assert [node["parent"] for node in nodes] == [1, None]


def test_parents_that_go_round_in_a_circle_still_make_a_tree() -> None:
    model = soc_model(
        """
        x: dev@1 { compatible = "x"; reg = <1>; clocks = <&cc 1>, <&cc 2>;
                   assigned-clocks = <&cc 1>, <&cc 2>;
                   assigned-clock-parents = <&cc 2>, <&cc 1>; };
        """
    )
    nodes = data_of(page(platform_of(model)))["trees"]["clock"]
    assert [(node["parent"], node["also"]) for node in nodes] == [(1, []), (None, [0])]


@pytest.mark.parametrize("board", ["imx8qm-mek", "mt8195-cherry-tomato-r2"])
def test_the_largest_boards_stay_small(corpus: Path, board: str) -> None:
    html = page(platform_of(scmigen.compile(corpus / f"{board}.dtb").model))
    assert len(html) < MAX_BYTES
    assert len(data_of(html)["resources"]) > 250


# In a browser


@pytest.fixture(scope="module")
def browser(
    tool: Callable[[str], str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Browser]:
    with Browser(tool("chromium"), tmp_path_factory.mktemp("profile")) as found:
        yield found


@pytest.fixture
def shown(browser: Browser, orrery: bytes, tmp_path: Path) -> Iterator[Browser]:
    """The example's page, just opened; at the end nothing may have gone wrong in it."""
    show(browser, orrery, tmp_path)
    yield browser
    assert browser.problems() == []


def show(browser: Browser, html: bytes, folder: Path) -> None:
    path = folder / "permissions.html"
    path.write_bytes(html)
    browser.open(path)


def choose(browser: Browser, select: str, text: str) -> None:
    """Choose an option as the browser does when a person has."""
    browser.ask(
        f"(() => {{ const s = document.getElementById('{select}');"
        f"s.value = [...s.options].find(o => o.text === {json.dumps(text)}).value;"
        "s.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


#: JavaScript: the kind, label and cells of a row of the map, without the macro behind them.
ROW_NAME = (
    "r => r.parentElement.querySelector('.kind span').firstChild.textContent"
    " + ' ' + r.querySelector('.resource .sub').textContent.split(' · ')[0]"
)
#: JavaScript: all rows of the map that stand for a resource.
ROWS = "[...document.querySelectorAll('#grid tbody tr')].filter(r => r.querySelector('.sub'))"


def resources(browser: Browser) -> list[str]:
    """The resources that are shown: ``clock &cru 9``."""
    found: list[str] = browser.ask(f"{ROWS}.filter(r => r.checkVisibility()).map({ROW_NAME})")
    return found


def cell(browser: Browser, resource: str, agent: str) -> str:
    """The selector of the cell of a resource and an agent."""
    name = json.dumps(f"{resource} {agent}")
    browser.ask(
        "(() => { const heads = [...document.querySelectorAll('#grid thead th')];"
        f"const column = heads.findIndex(h => h.textContent === {json.dumps(agent)});"
        f"const row = {ROWS}.find(r => ({ROW_NAME})(r) === {json.dumps(resource)});"
        f"row.cells[column].dataset.test = {name}; }})()"
    )
    return f"td[data-test={name}] button"


def focus(browser: Browser) -> str:
    """The text of what has the focus."""
    return str(browser.ask("document.activeElement.innerText"))


def test_the_page_loads_one_file(shown: Browser) -> None:
    assert [Path(url).name for url in shown.requests()] == ["permissions.html"]
    assert shown.texts("h1") == ["acme Orrery evaluation board"]
    assert shown.ask("document.title") == "Permission map: acme Orrery evaluation board"


def test_filter_by_agent_kind_and_sharing(shown: Browser) -> None:
    everything = resources(shown)
    choose(shown, "agent", "hypervisor")
    choose(shown, "kind", "power")
    assert resources(shown) == ["power &pmc 2"]
    assert shown.texts("#count") == [f"1 of {len(everything)} resources: agent hypervisor, power"]
    shown.click("#clear")
    shown.ask("new Promise(done => setTimeout(done, 20))")
    assert resources(shown) == everything
    choose(shown, "kind", "power")
    shown.click("#shared")
    assert resources(shown) == ["power &pmc 4", "power &pmc 6"]


def test_filter_by_device_leaves_what_the_device_uses(shown: Browser) -> None:
    choose(shown, "device", "/soc@0/rng@20f0000")
    assert resources(shown) == ["clock &cru 9", "clock &cru 29", "reset &cru 16"]


def test_filter_by_text_and_say_when_nothing_fits(shown: Browser) -> None:
    shown.press("/")
    assert shown.ask("document.activeElement.id") == "text"
    shown.type("CLOCK:13")
    assert resources(shown) == ["clock &cru 9"]
    shown.type(" nothing-has-this")
    assert resources(shown) == []
    assert shown.texts("#nothing") == ["No resource fits these filters."]


def test_the_macros_of_the_source_are_shown_and_found(shown: Browser) -> None:
    shown.press("/")
    shown.type("cru_pclk_peri")
    assert resources(shown) == ["clock &cru 9"]
    assert "&cru 9 · CRU_PCLK_PERI" in shown.texts("#grid tbody .sub")
    shown.click(cell(shown, "clock &cru 9", "optee"))
    shown.click("#details dl button")
    assert "CRU_PCLK_PERI" in shown.texts("#details dl")[0]


def test_an_agent_at_the_top_is_a_filter_too(shown: Browser) -> None:
    shown.click("#agents li:nth-child(2) button")
    assert shown.ask("document.getElementById('agent').selectedOptions[0].text") == "optee"
    assert "8 of " in shown.texts("#count")[0]
    shown.click("#agents li:nth-child(2) button")
    assert "of" not in shown.texts("#count")[0].split()


def test_a_click_on_a_grant_shows_its_uses_with_file_and_line(
    shown: Browser, examples: Path
) -> None:
    """The text of the sources says which lines these are; names are relative to the board."""
    shown.click(cell(shown, "clock &cru 9", "optee"))
    (text,) = shown.texts("#details")
    places = re.findall(r"(\S*orrery\.dtsi):(\d+):\d+", text)
    assert len(places) == 2
    for path, line in places:
        assert "clocks = <" in (examples / path).read_text().splitlines()[int(line) - 1]
    assert "/soc@0/serial@20e0000 clocks[1] “apb_pclk”: state read" in text
    assert "/soc@0/rng@20f0000 clocks[1]" in text


def test_an_owner_and_a_grant_by_hand_are_told(shown: Browser) -> None:
    assert shown.ask(
        "[...document.querySelectorAll('#grid .badge.owner')].map(e => e.innerText)"
    ) == ["owner linux"]
    shown.click(cell(shown, "clock &cru 48", "vm1"))
    assert "explicit grant: rate" in shown.texts("#details")[0]


def test_an_assignable_device_is_in_brackets(shown: Browser) -> None:
    selector = cell(shown, "power &pmc 4", "vm2")
    assert shown.ask(f"document.querySelector({json.dumps(selector)}).innerText").split() == [
        "(state)",
        "(read)",
    ]


def test_the_map_from_the_keyboard_alone(shown: Browser) -> None:
    """Tab comes into the table once; arrows move; Enter opens; Escape goes back."""
    stops = []
    for _ in range(40):
        shown.press("Tab")
        stops.append(shown.ask("document.activeElement.closest('#grid') !== null"))
        if stops[-1]:
            break
    assert stops[-1]
    assert focus(shown).splitlines() == ["gpu-4000000", "&pmc 0 · PD_GPU"]
    shown.press("ArrowRight", times=3)
    assert focus(shown).split() == ["state", "read"]
    assert shown.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    shown.press("Enter")
    assert shown.ask("document.activeElement.id") == "details-title"
    assert shown.texts("#details-title") == ["vm1 on gpu-4000000"]
    shown.press("Escape")
    assert shown.texts("#details") == []
    assert focus(shown).split() == ["state", "read"]
    shown.press("Home")
    shown.press("ArrowDown")
    assert focus(shown).splitlines()[-1] == "&pmc 1 · PD_NPU"
    shown.press("End", ctrl=True)
    shown.press("Home")
    assert focus(shown).splitlines()[-1] == resources(shown)[-1].removeprefix("voltage ")
    shown.press("Tab")
    assert shown.ask("document.activeElement.closest('#grid')") is None


def test_a_tree_from_the_keyboard_alone(shown: Browser) -> None:
    """The power domain of the IOMMU has three below it; of these one has another."""
    shown.ask("document.querySelector('#power-forest .node[tabindex=\"0\"]').focus()")
    label = "document.activeElement.getAttribute('aria-label')"
    assert shown.ask(label).startswith("2  iommu-4600000")
    shown.press("ArrowRight")
    assert shown.ask(label).startswith("3  video-codec")
    shown.press("ArrowDown", times=2)
    shown.press("ArrowRight")
    assert shown.ask(label).startswith("10  dsi-4500000")
    shown.press("Enter")
    assert shown.texts("#details-title") == ["power 10 dsi-4500000"]
    shown.press("Escape")
    shown.press("ArrowLeft", times=2)
    assert shown.ask(label).startswith("2  iommu-4600000")


def test_every_action_of_the_mouse_can_have_the_focus(shown: Browser) -> None:
    """What listens to clicks is a button, a link, a field, or a node of a tree."""
    count = shown.ask(
        "[...document.querySelectorAll('[onclick]')].length"
        " + [...document.querySelectorAll('*')].filter(e => getComputedStyle(e).cursor === "
        "'pointer' && !e.closest('a, button, select, label, [role=treeitem]')).length"
    )
    assert count == 0


def test_trees_are_drawn_once_for_each_resource(shown: Browser, orrery: bytes) -> None:
    kinds = [resource["kind"] for resource in data_of(orrery)["resources"]]
    for kind in ("clock", "power"):
        drawn = shown.ask(f"document.querySelectorAll('#{kind}-forest svg .node').length")
        assert drawn == kinds.count(kind)
    edges = shown.ask("document.querySelectorAll('#power-forest .edge').length")
    assert edges == 6


def test_hostile_names_are_text(browser: Browser, tmp_path: Path) -> None:
    show(browser, hostile(), tmp_path)
    assert browser.texts("h1") == [HOSTILE]
    assert browser.ask("document.title").startswith("Permission map: </script>")
    browser.ask("document.querySelectorAll('#grid .given button')[1].click()")
    assert HOSTILE in browser.texts("#details")[0]
    assert browser.ask("document.querySelectorAll('img, i, main b b').length") == 0
    assert browser.problems() == []
    assert len(browser.requests()) == 1


def test_dark_and_light_follow_the_system(shown: Browser) -> None:
    colours = {}
    for scheme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": scheme}
        shown.send("Emulation.setEmulatedMedia", features=[feature])
        colour = shown.ask("getComputedStyle(document.body).backgroundColor")
        colours[scheme] = sum(map(int, re.findall(r"\d+", colour)))
    shown.send("Emulation.setEmulatedMedia", features=[])
    assert colours["light"] > 700
    assert colours["dark"] < 100


def test_paper_shows_the_whole_map_and_no_controls(
    shown: Browser, tool: Callable[[str], str], tmp_path: Path
) -> None:
    everything = resources(shown)
    printed = shown.send("Page.printToPDF", printBackground=True, preferCSSPageSize=True)
    path = tmp_path / "map.pdf"
    path.write_bytes(base64.b64decode(printed["data"]))
    command = [tool("pdftotext"), "-layout", str(path), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for resource in everything:
        label = resource.partition(" ")[2]
        assert re.search(rf"{re.escape(label)}\b", text), label
    assert "Clock tree" in text
    assert "shared only" not in text
    assert "Keys:" not in text


def test_a_narrow_window_scrolls_the_table_not_the_page(shown: Browser) -> None:
    metrics = {"width": 390, "height": 844, "deviceScaleFactor": 1, "mobile": False}
    shown.send("Emulation.setDeviceMetricsOverride", **metrics)
    wide = shown.ask("document.documentElement.scrollWidth")
    shown.send("Emulation.clearDeviceMetricsOverride")
    assert wide <= 390


@pytest.fixture
def sixteen() -> bytes:
    """A board where each of 16 agents has a clock of its own and all share another."""
    devices = "".join(
        f'd{n}: d{n} {{ compatible = "acme,d"; clocks = <&cc {n}>, <&cc 99>; }};'
        for n in range(1, 17)
    )
    domains = "".join(
        f'  virtual-machine-{n}: {{id: {n}, access: [{{dev: "&d{n}"}}]}}\n' for n in range(1, 17)
    )
    return page(platform_of(model_of(soc(devices), "domains:\n" + domains)))


def test_paper_has_every_column_of_many_agents(
    browser: Browser, sixteen: bytes, tool: Callable[[str], str], tmp_path: Path
) -> None:
    """The map is on sheets that are turned, and what stands in the last column is on them."""
    show(browser, sixteen, tmp_path)
    printed = browser.send("Page.printToPDF", preferCSSPageSize=True)
    path = tmp_path / "map.pdf"
    path.write_bytes(base64.b64decode(printed["data"]))
    command = [tool("pdftotext"), "-bbox", str(path), "-"]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    sheets = [part for part in text.split("<page ")[1:] if ">state<" in part]
    words = []
    for sheet in sheets:
        width = re.search(r'width="([\d.]+)"', sheet)
        assert width is not None
        assert float(width[1]) > 800  # points: A4 on its side has 842
        words += map(float, re.findall(r'xMax="([\d.]+)" yMax="[\d.]+">state<', sheet))
    # Each agent's own clock, and the shared one for all: all of it on the paper.
    assert len(words) == 32
    assert max(words) < 842 - 30


def test_a_link_leads_to_a_heading_that_can_be_seen(shown: Browser) -> None:
    for name in ("map", "devices", "clock-tree"):
        shown.ask(f"document.getElementById('{name}').scrollIntoView({{behavior: 'instant'}})")
        below = shown.ask("document.querySelector('.filters').getBoundingClientRect().bottom")
        heading = shown.ask(f"document.querySelector('#{name} h2').getBoundingClientRect().top")
        assert heading >= below


def test_the_kind_can_be_read_wherever_the_map_is_scrolled(
    browser: Browser, sixteen: bytes, tmp_path: Path
) -> None:
    show(browser, sixteen, tmp_path)
    browser.ask("document.getElementById('scroller').scrollLeft = 400")
    left = browser.ask("document.getElementById('scroller').getBoundingClientRect().left")
    kind = browser.ask("document.querySelector('.kind > span').getBoundingClientRect().left")
    assert left <= kind <= left + 10
