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
from driver_rows import driven
from support import model_of, soc, soc_model, tree_of

import scmigen
from scmigen.model.platform import Model, Platform
from scmigen.targets.permissions.page import page
from scmigen.targets.permissions.tables import markdown

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
    found = data_of(page(platform_of(model)))
    cells = [resource["cells"] for resource in found["resources"]]
    nodes = [
        (node.get("name") or cells[node["resource"]], node.get("parent"))
        for node in found["trees"]["clock"]
    ]
    assert nodes == [("&cc", None), ("2", 0), ("1", 1)]


def test_what_nobody_may_switch_says_so() -> None:
    """A regulator that is always on, one that the device may switch, one it may only read."""
    model = soc_model(
        """
        x: dev@1 { compatible = "x"; reg = <1>; clocks = <&cc 1>;
                   assigned-clocks = <&cc 2>; assigned-clock-rates = <1000000>; };
        """
    )
    said = {r["cells"]: r["fixed"] for r in data_of(page(platform_of(model)))["resources"]}
    assert said == {"1": None, "2": "nobody may switch it"}


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
    window(browser, 1440)
    show(browser, orrery, tmp_path)
    yield browser
    assert browser.problems() == []
    assert len(browser.requests()) == 1


def show(browser: Browser, html: bytes, folder: Path, state: str = "") -> None:
    path = folder / "permissions.html"
    path.write_bytes(html)
    browser.open(path, state)


def choose(browser: Browser, select: str, text: str) -> None:
    """Choose an option as the browser does when a person has."""
    browser.ask(
        f"(() => {{ const s = document.getElementById('{select}');"
        f"s.value = [...s.options].find(o => o.text === {json.dumps(text)}).value;"
        "s.dispatchEvent(new Event('input', {bubbles: true})); })()"
    )


#: JavaScript: all rows of the map that stand for a resource.
ROWS = "[...document.querySelectorAll('#grid tbody tr[data-id]')]"


def resources(browser: Browser) -> list[str]:
    """The resources that are shown: ``clock &cru 9``."""
    found: list[str] = browser.ask(
        f"{ROWS}.filter(r => r.checkVisibility()).map(r => r.dataset.id)"
    )
    return found


def search(browser: Browser, text: str) -> list[str]:
    """The resources that are shown for a text in the search field."""
    field = "document.getElementById('text')"
    browser.ask(
        f"{field}.value = {json.dumps(text)};"
        f"{field}.dispatchEvent(new Event('input', {{bubbles: true}}))"
    )
    return resources(browser)


def test_what_a_driver_asks_for_is_dotted_and_says_who(browser: Browser, tmp_path: Path) -> None:
    body = 'm { compatible = "acme,mmc"; clocks = <&cc 1>; clock-names = "ciu"; };'
    show(browser, page(platform_of(driven(tmp_path, body))), tmp_path)
    marked = "[...document.querySelectorAll('#grid .op.driven')].map(o => [o.textContent, o.title])"
    ((word, title),) = browser.ask(marked)
    assert word == "rate"
    assert title.endswith("a driver does: drivers/mmc/acme.c:set_ios (drivers.txt, sure)")
    browser.ask("document.querySelector('#grid .given > button').click()")
    text = browser.ask("document.getElementById('details-body').textContent")
    assert "its driver does so, the tree does not say it" in text
    assert "rate by drivers/mmc/acme.c:set_ios (drivers.txt, sure)" in text


def window(browser: Browser, width: int, height: int = 900, scheme: str = "light") -> None:
    """A window of that size in CSS pixels."""
    metrics = {"deviceScaleFactor": 1, "mobile": False}
    browser.send("Emulation.setDeviceMetricsOverride", width=width, height=height, **metrics)
    feature = {"name": "prefers-color-scheme", "value": scheme}
    browser.send("Emulation.setEmulatedMedia", features=[feature])


def cell(browser: Browser, resource: str, agent: str) -> str:
    """The selector of the cell of a resource and an agent."""
    name = json.dumps(f"{resource} {agent}")
    browser.ask(
        "(() => { const heads = [...document.querySelectorAll('#grid thead th')];"
        f"const column = heads.findIndex(h => h.textContent === {json.dumps(agent)});"
        f"const row = {ROWS}.find(r => r.dataset.id === {json.dumps(resource)});"
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
    choose(shown, "device", "&rng /soc@0/rng@20f0000")
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
    (text,) = shown.texts("#grid .resource button")
    assert text.split("\n") == ["CRU_PCLK_PERI", "shared by 5", "adc-1060000-pclk", "&cru 9"]
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
    assert "&uart5 /soc@0/serial@20e0000 clocks[1] “apb_pclk”: state read" in text
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
    assert focus(shown).splitlines() == ["PD_GPU", "gpu-4000000", "&pmc 0"]
    shown.press("ArrowRight", times=3)
    assert focus(shown).split() == ["state", "read"]
    assert shown.ask("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    shown.press("Enter")
    assert shown.ask("document.activeElement.id") == "details-title"
    assert shown.texts("#details-title") == ["vm1 on PD_GPU"]
    shown.press("Escape")
    assert shown.texts("#details") == []
    assert focus(shown).split() == ["state", "read"]
    shown.press("Home")
    shown.press("ArrowDown")
    assert focus(shown).splitlines()[-1] == "&pmc 1"
    shown.press("End", ctrl=True)
    shown.press("Home")
    assert focus(shown).splitlines()[-1] == resources(shown)[-1].removeprefix("voltage ")
    shown.press("Tab")
    assert shown.ask("document.activeElement.closest('#grid')") is None


def test_a_tree_from_the_keyboard_alone(shown: Browser) -> None:
    """The power domain of the IOMMU has three below it; of these one has another."""
    shown.ask("document.querySelector('#power-forest .node[tabindex=\"0\"]').focus()")
    assert focus(shown).split()[1:] == ["&pmc", "power-controller@110000"]
    shown.press("ArrowDown", times=3)
    assert focus(shown).split()[1] == "PD_MEDIA"
    shown.press("ArrowRight")
    assert focus(shown).split()[0] == "PD_VPU"
    shown.press("ArrowDown", times=2)
    shown.press("ArrowRight")
    assert focus(shown).split()[0] == "PD_DSI"
    shown.press("Enter")
    assert shown.texts("#details-title") == ["power 10 PD_DSI"]
    shown.press("Escape")
    assert focus(shown).split()[0] == "PD_DSI"

    def count() -> int:
        return len(shown.texts("#power-forest .node"))

    lines = count()
    shown.press("ArrowLeft")
    assert focus(shown).split()[1] == "PD_DISPLAY"
    shown.press("ArrowLeft")  # shuts it
    assert count() == lines - 1
    shown.press("ArrowLeft")
    assert focus(shown).split()[1] == "PD_MEDIA"
    shown.press("ArrowLeft")
    assert shown.ask("document.activeElement.ariaExpanded") == "false"
    assert count() == lines - 4
    shown.press("ArrowRight")
    assert count() == lines - 1


def test_every_action_of_the_mouse_can_have_the_focus(shown: Browser) -> None:
    """What listens to clicks is a button, a link, a field, or a node of a tree."""
    count = shown.ask(
        "[...document.querySelectorAll('[onclick]')].length"
        " + [...document.querySelectorAll('*')].filter(e => getComputedStyle(e).cursor === "
        "'pointer' && !e.closest('a, button, select, label, [role=treeitem]')).length"
    )
    assert count == 0


def test_trees_have_a_line_for_each_resource_and_what_the_source_says(
    shown: Browser, orrery: bytes
) -> None:
    kinds = [resource["kind"] for resource in data_of(orrery)["resources"]]
    for kind in ("clock", "power", "voltage"):
        lines = f"#{kind}-forest .node:not(.provider, .outside)"
        assert len(shown.texts(lines)) == kinds.count(kind)
    clocks = [text.split("\n") for text in shown.texts("#clock-forest .node")]
    (crystal,) = (text for text in clocks if any(part.startswith("xin24m") for part in text))
    assert "24 MHz" in crystal  # clock-frequency of orrery.dtsi
    (i2s,) = (text for text in clocks if any(part.startswith("CRU_CLK_I2S0") for part in text))
    assert "24.576 MHz" in i2s  # assigned-clock-rates
    levels = "[...document.querySelectorAll('#clock-forest .node')].map(n => n.ariaLevel)"
    assert max(map(int, shown.ask(levels))) >= 4  # crystal, CRU, PLL, clock


def test_filters_apply_to_trees(shown: Browser) -> None:
    """What is left has what feeds it above it."""
    assert search(shown, "cru_clk_i2s0") == ["clock &cru 21"]
    names = [text.split()[0] for text in shown.texts("#clock-forest .node b")]
    assert names == ["xin24m", "&cru", "CRU_PLL_AUDIO", "CRU_CLK_I2S0"]
    assert shown.texts("#power-forest .node") == []


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
    for agent in ("linux", "optee", "vm1", "vm2", "hypervisor"):  # no head is cut
        assert re.search(rf"^ *No\..*\b{agent}\b", text, re.MULTILINE), agent
    assert "Clock tree" in text
    assert "shared only" not in text
    assert "Keys:" not in text


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [420, 900, 1440])
def test_the_page_is_what_scrolls_and_only_up_and_down(
    shown: Browser, width: int, scheme: str
) -> None:
    window(shown, width, scheme=scheme)
    shown.ask("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert shown.ask("document.documentElement.scrollWidth") <= width
    within = (
        "[...document.querySelectorAll('main *')].filter(e => "
        "['auto', 'scroll'].includes(getComputedStyle(e).overflowY) && e.tagName !== 'SELECT'"
        ").map(e => e.outerHTML.slice(0, 80))"
    )
    assert shown.ask(within) == []
    beyond = (
        "[...document.querySelectorAll('#grid .given button, .node, #devices button')].filter(e => "
        f"e.checkVisibility() && e.getBoundingClientRect().right > {width}).length"
    )
    assert shown.ask(beyond) == 0


@pytest.mark.parametrize("width", [420, 900, 1170, 1440])
def test_no_filter_is_narrower_than_what_it_says(shown: Browser, width: int) -> None:
    window(shown, width)
    hint = """(() => {
        const field = document.querySelector("#text"), style = getComputedStyle(field);
        const pen = document.createElement("canvas").getContext("2d");
        pen.font = style.font;
        const room = field.clientWidth - 2 * parseFloat(style.paddingLeft);
        return room - pen.measureText(field.placeholder).width;
    })()"""
    assert shown.ask(hint) >= 0
    # A copy that has the first choice alone is as wide as this wants to be.
    cut = """[...document.querySelectorAll(".filters select")].filter(select => {
        const copy = select.cloneNode();
        copy.append(select.options[0].cloneNode(true));
        copy.style.flex = "none";
        select.after(copy);
        const wanted = copy.getBoundingClientRect().width;
        copy.remove();
        return select.getBoundingClientRect().width < wanted;
    }).map(select => select.id)"""
    assert shown.ask(cut) == []
    fields = "[...document.querySelectorAll('.filters > *')]"
    bottom = f"Math.max(...{fields}.map(e => e.getBoundingClientRect().bottom))"
    assert shown.ask(f"{bottom} <= filters.getBoundingClientRect().bottom")


def whole_rows(browser: Browser) -> int:
    """How many rows of the map are in the window with all of their height."""
    count = browser.ask(
        f"{ROWS}.filter(r => r.checkVisibility()"
        " && r.getBoundingClientRect().bottom <= innerHeight).length"
    )
    return int(count)


def test_a_window_shows_25_resources_of_a_large_board(
    browser: Browser, large: bytes, tmp_path: Path
) -> None:
    window(browser, 1440)
    show(browser, large, tmp_path)
    assert whole_rows(browser) >= 25
    heights = browser.ask(f"[...new Set({ROWS}.map(r => Math.round(r.offsetHeight)))]")
    assert max(heights) - min(heights) <= 1  # one line each
    assert browser.problems() == []


def test_the_head_of_the_map_stays_in_sight(browser: Browser, large: bytes, tmp_path: Path) -> None:
    window(browser, 1440)
    show(browser, large, tmp_path)
    browser.ask("scrollTo({top: 900, behavior: 'instant'})")
    top = "(s => document.querySelector(s).getBoundingClientRect())"
    assert browser.ask(f"{top}('.filters').top") == 0
    assert browser.ask(f"{top}('#grid thead th').top") >= browser.ask(f"{top}('.filters').bottom")
    assert browser.ask(f"{top}('#grid thead th').bottom") < 100


@pytest.fixture(scope="module")
def large() -> bytes:
    """A board of 60 clocks whose names and macros are long, for three agents."""
    devices = "".join(
        f'd{n}: a-device-with-a-long-name@{n:x}000 {{ compatible = "acme,d"; reg = <0x{n:x}000>;'
        f" clocks = <&cc {n}>; }};"
        for n in range(1, 61)
    )
    domains = "".join(
        f'  vm{n}: {{id: {n}, access: [{{dev: "&d{n}"}}, {{dev: "&d{n + 9}"}}]}}\n' for n in (2, 3)
    )
    agents = "domains:\n  host: {id: 1, default: true}\n" + domains
    return page(platform_of(model_of(soc(devices), agents)))


# Searching, and the address


def test_search_knows_devices_by_their_labels_and_scmi_names(shown: Browser) -> None:
    by_path = search(shown, "/soc@0/rng@20f0000")
    assert by_path == ["clock &cru 9", "clock &cru 29", "reset &cru 16"]
    assert search(shown, "&rng") == by_path
    shown.ask("document.getElementById('clear').click()")
    shown.ask("new Promise(done => setTimeout(done, 20))")
    named = search(shown, "serial-20e0000")
    assert set(named) >= {"clock &cru 9", "clock &cru 14"}


def test_a_number_with_its_kind_is_one_resource(shown: Browser) -> None:
    """Not clock 10 to 19 besides."""
    assert search(shown, "clock:1") == ["clock &aon_cru 1"]
    assert search(shown, "clock:99") == []


def test_search_for_an_agent_and_an_operation(shown: Browser) -> None:
    """``vm1 rate`` is what vm1 may set the rate of, not what vm1 and a rate both occur in."""
    found = search(shown, "vm1 rate")
    assert "clock &cru 48" in found  # the grant of agents.yaml
    assert "clock &cru 21" not in found  # linux sets the rate
    for name in found:
        assert "rate" in shown.texts(cell(shown, name, "vm1"))[0].split("\n")[0]
    assert search(shown, "vm1 linux state") == [
        name for name in found_with(shown, "vm1") if name in found_with(shown, "linux")
    ]


def found_with(browser: Browser, agent: str) -> list[str]:
    """The resources that an agent may switch, by the cells of the map."""
    search(browser, "")
    names = resources(browser)
    heads = browser.texts("#grid thead th")
    column = heads.index(agent)
    texts = browser.ask(f"{ROWS}.map(r => r.cells[{column}].textContent)")
    return [n for n, text in zip(names, texts, strict=True) if re.search(r"\(?state\)?", text)]


def test_the_words_of_operations_are_told(shown: Browser) -> None:
    words = dict(zip(shown.texts("#words dt"), shown.texts("#words dd + dd"), strict=False))
    assert words["state"] == "turn it on and off"
    assert words["parent"] == "choose the clock that feeds it"
    hints = shown.ask("[...document.querySelectorAll('#grid .op')].every(op => op.title)")
    assert hints is True
    shown.click(cell(shown, "clock &cru 48", "vm1"))
    assert "set its rate" in shown.texts("#details")[0]


def test_what_nobody_may_switch_is_told(shown: Browser) -> None:
    """The audio PLL: linux sets its rate, and no device uses it as a clock."""
    assert search(shown, "cru_pll_audio nobody") == ["clock &cru 3"]
    assert shown.texts("#grid .badge.fixed") == ["nobody may switch it"]


def hash_of(browser: Browser) -> str:
    return str(browser.ask("location.hash"))


def test_the_address_has_the_state_and_back_goes_back(shown: Browser) -> None:
    choose(shown, "agent", "vm1")
    assert hash_of(shown) == "#agent=vm1"
    first = resources(shown)
    shown.press("/")
    for letter in "clk":
        shown.type(letter)
    assert hash_of(shown) == "#q=clk&agent=vm1"
    narrowed = resources(shown)
    assert narrowed != first
    shown.click(cell(shown, "clock &cru 48", "vm1"))
    assert hash_of(shown) == "#q=clk&agent=vm1&show=clock:50@vm1"
    back = "new Promise(done => {addEventListener('popstate', () => done(), {once: true});"
    back += "history.back()})"
    shown.ask(back)
    assert shown.texts("#details") == []
    assert resources(shown) == narrowed
    shown.ask(back)  # what was typed is one step
    assert (resources(shown), hash_of(shown)) == (first, "#agent=vm1")
    shown.ask(back)
    assert hash_of(shown) == ""


def test_a_link_opens_with_its_state(browser: Browser, orrery: bytes, tmp_path: Path) -> None:
    window(browser, 1440)
    state = "q=clk&agent=vm1&kind=clock&device=/soc@0/display-controller@4400000&show=clock:50@vm1"
    show(browser, orrery, tmp_path, state)
    assert resources(browser) == [
        name for name in resources(browser) if name.startswith("clock &cru")
    ]
    assert "clock &cru 48" in resources(browser)
    assert browser.texts("#details-title") == ["vm1 on CRU_CLK_DPI"]
    assert browser.ask("document.getElementById('kind').value") == "clock"
    assert hash_of(browser) == f"#{state}"
    assert browser.problems() == []


@pytest.mark.parametrize(
    "state", ["agent=nobody&kind=x&device=/none&show=clock:999", "%", "q=%00", "devices", "a=&=&&"]
)
def test_an_address_that_means_nothing_shows_everything(
    browser: Browser, orrery: bytes, tmp_path: Path, state: str
) -> None:
    window(browser, 1440)
    show(browser, orrery, tmp_path, state)
    found = browser.texts("#count")[0]
    assert found.startswith("0 of" if state.startswith("q") else "110 resources")
    assert browser.texts("#details") == []
    assert browser.problems() == []


def test_devices_are_listed_by_label_with_their_agent(shown: Browser) -> None:
    rows = [text.split("\n") for text in shown.texts("#device-grid tbody tr")]
    names = shown.texts("#device-grid .path b")
    assert names == sorted(names, key=lambda n: (not n.startswith("&"), *natural(n)))
    (rng,) = (row for row in rows if any("&rng" in part for part in row))
    assert any("optee" in part for part in rng)


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts numbers in a text by their value."""
    parts = re.findall(r"\d+|\D", text.lower())
    return [(p.isalnum() + p.isalpha(), int(p) if p.isdigit() else 0, p) for p in parts]


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
    words = []
    for sheet in text.split("<page ")[1:]:
        width = re.search(r'width="([\d.]+)"', sheet)
        assert width is not None
        if float(width[1]) < 800:  # points: A4 on its side has 842
            continue
        words += map(float, re.findall(r'xMax="([\d.]+)" yMax="[\d.]+">state<', sheet))
    # Each agent's own clock, and the shared one for all: all of it on the paper.
    assert len(words) == 32
    assert max(words) < 842 - 30


def test_a_link_leads_to_a_heading_that_can_be_seen(shown: Browser) -> None:
    choose(shown, "agent", "vm1")
    for name in ("legend", "devices", "clock-tree"):
        shown.click(f"#sections a[href='#{name}']")
        shown.ask(f"document.getElementById('{name}').scrollIntoView({{behavior: 'instant'}})")
        below = shown.ask("document.querySelector('.filters').getBoundingClientRect().bottom")
        heading = shown.ask(f"document.querySelector('#{name} h2').getBoundingClientRect().top")
        assert heading >= below
    assert hash_of(shown) == "#agent=vm1"


def test_without_room_for_columns_each_row_names_its_agents(
    browser: Browser, sixteen: bytes, tmp_path: Path
) -> None:
    window(browser, 900)
    show(browser, sixteen, tmp_path)
    (shared,) = (text for text in browser.texts("#grid tbody tr") if "shared by 16" in text)
    for number in range(1, 17):
        assert f"virtual-machine-{number} " in shared.replace("\n", " ")
    assert browser.ask("document.documentElement.scrollWidth") <= 900
    browser.ask("document.querySelector('#grid [tabindex=\"0\"]').focus()")
    browser.press("ArrowRight")
    assert "virtual-machine-1" in focus(browser)
    browser.press("ArrowRight", times=20)  # no further than the last that is shown
    assert browser.ask("document.activeElement.checkVisibility()") is True
    assert browser.problems() == []


BROKEN = """domains:
  linux: {id: 1, default: true, scmi: {role: ospm}}
  vm1: {id: 2, scmi: {role: vm}, grant: [{clock: "&cc 1", operations: [rate]}]}
platform: {owners: [{clock: "&cc 1", agent: vm1}]}
policies:
  - {never: {agent: vm1, affects: "&npu"}, reason: <b>certified</b>}
  - {only: {agents: linux, operation: reset, on: "&cc *"}, reason: resets}
  - {never: {agent: vm1, affects: "&npa"}, reason: misspelt}
waivers: [{check: policy-violated, resource: clock &cc 1, device: "&npu", agent: vm1, reason: late}]
"""


def test_a_policy_shows_the_way_of_what_violates_it(browser: Browser, tmp_path: Path) -> None:
    """It is waived: otherwise there would be no map. Names and reasons are no HTML."""
    board = soc('npu: npu { compatible = "acme,npu"; clocks = <&cc 1>; };')
    result = scmigen.compile(board, agents=scmigen.Text("agents.yaml", BROKEN))
    assert result.ok
    show(browser, page(platform_of(result.model)), tmp_path)
    lines = "[...document.querySelectorAll('#policy-list > li')].map(item => item.innerText)"
    first, second, third = browser.ask(lines)
    assert first.splitlines()[0] == "never vm1: affects &npu does not hold"
    assert "<b>certified</b> agents.yaml:6:13" in first
    assert "Waived: late" in first
    assert "explicit grant agents.yaml:3:42" in first
    assert "/npu clocks[0] needs it board.dts:1:" in first
    assert second.startswith("only linux: reset on &cc * holds")
    assert third.startswith("never vm1: affects &npa is about nothing here: no label &npa")
    assert not browser.ask("document.getElementById('policies-link').hidden")
    text = markdown(platform_of(result.model)).decode()
    assert r"| \<b\>certified\</b\> | no |" in text
    assert "| resets | yes |" in text


def test_a_board_without_policies_has_no_section_of_them(shown: Browser) -> None:
    assert shown.ask("document.getElementById('policies').hidden")
