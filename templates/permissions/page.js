/*
 * The permission map draws itself from the JSON in #data.
 *
 * Names come from a device tree and may be hostile: text enters the page through textContent (see
 * `make`), never as HTML.
 */

const data = JSON.parse(document.getElementById("data").textContent);
const { agents, resources, devices } = data;

const byId = (id) => document.getElementById(id);
const plural = (count, word) => `${count} ${word}${count === 1 ? "" : "s"}`;

/** An element with properties and children; children are nodes or text. */
function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name in element) element[name] = value;
    else element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child != null));
  return element;
}

const named = (text, tag = "span") => make(tag, { className: "name" }, text);
const colour = (agent) => `var(--a${agent % 10})`;

/** The element in an agent's colour; what belongs to nobody is grey. */
function coloured(element, agent) {
  element.style.setProperty("--colour", agent == null ? "var(--nobody)" : colour(agent));
  return element;
}

/** A dot in the agent's colour and its name. */
function agentName(agent, className = "who") {
  const dot = coloured(make("span", { className: "dot" }), agent);
  return make("span", { className }, dot, named(agents[agent].name));
}

/** What an operation allows, in words. */
const MEANINGS = {
  state: "turn it on and off",
  rate: "set its rate",
  parent: "choose the clock that feeds it",
  reset: "reset what is behind it",
  level: { voltage: "set its voltage", performance: "set its performance level" },
  limits: "bound the performance level from below and above",
  config: {
    sensor: "enable it, and set its trip points",
    powercap: "set the cap and its averaging interval",
    pin: "set its function and its electrical configuration",
  },
  read: "read its state and values; changes nothing",
};
const meaning = (kind, operation) =>
  (typeof MEANINGS[operation] === "string" ? MEANINGS[operation] : MEANINGS[operation][kind]);

// What belongs together: each resource gets its grants by agent, each device its reasons.

for (const device of devices) {
  device.title = device.labels.length ? `&${device.labels[0]}` : device.name;
  device.words = [device.path, device.name, ...device.labels.map((label) => `&${label}`)]
    .join(" ").toLowerCase();
}
for (const resource of resources) resource.grants = new Map();
const reasonsOf = new Map(devices.map((device) => [device.path, []]));
const deviceAt = new Map(devices.map((device) => [device.path, device]));
for (const grant of data.grants) {
  resources[grant.resource].grants.set(grant.agent, grant);
  grant.devices = new Set();
  for (const reason of grant.because) {
    if (reason.device === null) continue;
    if (typeof reason.device === "number") reason.device = devices[reason.device].path;
    grant.devices.add(reason.device);
    if (!reasonsOf.has(reason.device)) reasonsOf.set(reason.device, []);
    reasonsOf.get(reason.device).push({ grant, reason });
  }
}
for (const resource of resources) {
  const grants = [...resource.grants.values()];
  resource.shared = grants.length > 1;
  resource.users = new Set(grants.flatMap((grant) => [...grant.devices]));
  resource.id = `${resource.label ? "&" + resource.label : resource.provider} ${resource.cells}`.trim();
  resource.words = [
    resource.kind, resource.number, resource.title,
    resource.name, resource.provider, resource.id, resource.macro ?? "", resource.fixed ?? "",
    ...[...resource.users].map((path) => deviceAt.get(path)?.words ?? path.toLowerCase()),
    ...grants.map((grant) => agents[grant.agent].name),
  ].join(" ").toLowerCase();
}
const kinds = [...new Set(resources.map((resource) => resource.kind))];

/** The operations of a grant as words; brackets hold what opens with an assignable device. */
function operations(grant) {
  const { kind } = resources[grant.resource];
  const driven = grant.driven ?? {};
  const word = (operation, later) => {
    const classes = ["op"];
    if (operation === "read") classes.push("read");
    if (data.decisive[kind].includes(operation)) classes.push("decisive");
    if (later) classes.push("later");
    if (operation in driven) classes.push("driven");
    const hint = meaning(kind, operation) + (later ? ", once a device is given to the agent" : "")
      + (operation in driven ? `; a driver does: ${driven[operation]}` : "");
    return make("span", { className: classes.join(" "), title: hint },
      later ? `(${operation})` : operation);
  };
  return [
    ...grant.operations.map((operation) => word(operation, false)),
    ...grant.later.map((operation) => word(operation, true)),
  ].flatMap((element) => [element, " "]);
}

const byHand = (grant) => grant.because.some((reason) => reason.device === null);

// The head.

function drawHead() {
  document.title = `Permission map: ${data.board || data.platform}`;
  byId("platform").append("of the SCMI platform ", named(data.platform),
    data.numbering === "per-agent" ? ", numbered for each agent" : "");
  byId("board").replaceChildren(named(data.board || data.platform));
  byId("figures").append(...[
    [agents.length, "agent"], [resources.length, "resource"],
    [devices.length, "device"], [data.grants.length, "grant"],
  ].map(([count, word]) => {
    const [number, ...rest] = plural(count, word).split(" ");
    return make("li", {}, make("b", {}, number), ` ${rest.join(" ")}`);
  }), make("li", {}, make("b", {}, String(resources.filter((one) => one.shared).length)), " shared"));
  // Paper is turned where the map is wide.
  document.body.classList.toggle("many", agents.length > 6);
  byId("agents").append(...agents.map((agent, at) => {
    const grants = data.grants.filter((grant) => grant.agent === at).length;
    const line = (...parts) => make("span", { className: "sub" }, parts.filter(Boolean).join(" · "));
    const button = make("button", { type: "button", ariaPressed: "false" },
      named(agent.name, "b"),
      line(`id ${agent.id}`, agent.role, agent.transport, agent.profile && `SCMI ${agent.profile}`),
      line(plural(grants, "grant"), agent.permissions && "may change permissions",
        { set: "system power", told: "told of system power" }[agent.systemPower]));
    button.addEventListener("click", () => {
      byId("agent").value = byId("agent").value === String(at) ? "" : String(at);
      filtersChanged();
    });
    return make("li", {}, coloured(button, at));
  }));
  for (const link of byId("sections").children) {
    // The address keeps its filters.
    link.addEventListener("click", (event) => {
      event.preventDefault();
      document.querySelector(link.getAttribute("href")).scrollIntoView();
    });
  }
}

/** What the operations of this map allow. */
function drawLegend() {
  const found = new Map();  // operation and its words → the kinds that have it so
  for (const { resource, operations: now, later } of data.grants) {
    const { kind } = resources[resource];
    for (const operation of [...now, ...later]) {
      const words = `${operation}|${meaning(kind, operation)}`;
      found.set(words, (found.get(words) ?? new Set()).add(kind));
    }
  }
  const order = Object.keys(MEANINGS);
  const words = [...found].map(([text, of]) => [...text.split("|"), [...of]])
    .sort(([one], [other]) => order.indexOf(one) - order.indexOf(other));
  byId("words").append(...words.flatMap(([operation, text, of]) => [
    make("dt", {}, make("b", { className: "op" }, operation)),
    make("dd", {}, of.join(", ")), make("dd", {}, text)]));
}

// The map: a row a resource, a column an agent.

const rows = [];  // { element, resource, cells: Map of agent → td }

function drawMap() {
  const head = make("tr", { role: "row" },
    make("th", { role: "columnheader", scope: "col", className: "number" }, make("span", {}, "No.")),
    make("th", { role: "columnheader", scope: "col", className: "resource" }, make("span", {}, "Resource")),
    ...agents.map((agent, at) => {
      const hint = [`id ${agent.id}`, agent.role, agent.transport].filter(Boolean).join(", ");
      return coloured(make("th", { role: "columnheader", scope: "col", className: "agent",
        title: hint }, named(agent.name)), at);
    }));
  const bodies = kinds.map((kind) => {
    const found = resources.filter((resource) => resource.kind === kind);
    const title = make("th", { scope: "rowgroup", className: "kind", colSpan: agents.length + 2 },
      make("span", {}, kind, make("small")));
    title.setAttribute("role", "rowheader");
    return make("tbody", { role: "rowgroup" }, make("tr", { role: "row" }, title),
      ...found.map(drawRow));
  });
  const table = make("table", { role: "grid", id: "grid", ariaReadOnly: "true" },
    make("thead", { role: "rowgroup" }, head), ...bodies);
  table.setAttribute("aria-label", "What each agent may do");
  byId("table").append(table);
  roveGrid(table);
}

const target = (cell) => cell.querySelector("button") ?? cell;
const sub = (text, className = "") =>
  make("span", { className: `sub name ${className}`, title: text }, text);

/** Label and cells as in a source, without what the title has. */
function sourceOf({ title, id, cells }) {
  if (title === id) return null;
  const told = id.split(" ")[0] === title.split(" ")[0] && cells !== "";
  return sub(told ? `<${cells}>` : id, "code");
}

function drawRow(resource) {
  const about = make("button", { type: "button", tabIndex: -1 },
    named(resource.title, "b"),
    resource.owner === null ? null
      : make("span", { className: "badge owner" }, "owner ", named(agents[resource.owner].name)),
    resource.shared ? make("span", { className: "badge" }, `shared by ${resource.grants.size}`) : null,
    resource.fixed === null ? null : make("span", { className: "badge fixed" }, resource.fixed),
    resource.name === resource.title ? null : sub(resource.name),
    sourceOf(resource));
  about.firstChild.title = resource.title;
  opens(about, resourceId(resource), () => aboutResource(resource));
  const row = { resource, cells: new Map() };
  row.element = make("tr", { role: "row", className: resource.shared ? "shared" : "" },
    make("td", { role: "gridcell", className: "number" }, make("span", {}, String(resource.number))),
    make("th", { role: "rowheader", scope: "row", className: "resource" }, about),
    ...agents.map((_, at) => {
      const cell = drawCell(resource, at);
      row.cells.set(at, cell);
      return cell;
    }));
  row.element.dataset.id = `${resource.kind} ${resource.id}`;
  rows.push(row);
  return row.element;
}

function drawCell(resource, agent) {
  const grant = resource.grants.get(agent);
  const cell = coloured(
    make("td", { role: "gridcell", className: "grant", tabIndex: -1 }), agent);
  if (!grant) return cell;
  cell.removeAttribute("tabindex");
  cell.classList.add("given");
  const notes = [
    grant.id === resource.number ? null : `number ${grant.id}`,
    byHand(grant) ? "explicit" : null,
  ].filter(Boolean);
  const button = make("button", { type: "button", tabIndex: -1 },
    make("span", { className: "as name" }, agents[agent].name), " ", ...operations(grant),
    notes.length ? make("span", { className: "cell-note" }, notes.join(", ")) : null);
  opens(button, grantId(grant), () => aboutGrant(grant));
  cell.append(button);
  return cell;
}

/** A table that has no room for its columns puts them below each other. */
function fit(table) {
  table.classList.remove("stacked");
  table.classList.toggle("stacked", table.offsetWidth > table.parentElement.clientWidth + 1);
}

/** One stop for Tab; arrows, Home, End, Page Up and Page Down move between the cells. */
function roveGrid(table) {
  const shown = () => rows.filter((row) => !row.element.hidden).map((row) => row.element);
  // Stacked, a row has fewer cells than another.
  const cellsOf = (row) => [...row.cells].slice(1).filter((cell) => cell.checkVisibility());
  let stop = null;
  const moveTo = (element, focus = true) => {
    if (stop) stop.tabIndex = -1;
    stop = element;
    if (!stop) return;
    stop.tabIndex = 0;
    if (focus) stop.focus();
  };
  table.addEventListener("focusin", (event) => {
    const cell = event.target.closest("td, th");
    if (cell) moveTo(target(cell), false);
  });
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td, th");
    const lines = shown();
    let line = lines.indexOf(cell.parentElement);
    if (line < 0 || event.altKey || event.metaKey) return;
    let column = cellsOf(lines[line]).indexOf(cell);
    const last = lines.length - 1;
    const moves = {
      ArrowUp: () => { line -= 1; },
      ArrowDown: () => { line += 1; },
      ArrowLeft: () => { column -= 1; },
      ArrowRight: () => { column += 1; },
      PageUp: () => { line -= 10; },
      PageDown: () => { line += 10; },
      Home: () => { column = 0; if (event.ctrlKey) line = 0; },
      End: () => { column = agents.length; if (event.ctrlKey) line = last; },
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]();
    line = Math.max(0, Math.min(last, line));
    const cells = cellsOf(lines[line]);
    moveTo(target(cells[Math.max(0, Math.min(cells.length - 1, column))]));
  });
  /** After filtering: the stop must be a cell that can be seen. */
  roveGrid.settle = () => {
    if (stop?.checkVisibility()) return;
    const first = shown()[0];
    moveTo(first ? target(cellsOf(first)[0]) : null, false);
  };
}

// Devices.

const deviceRows = [];

function drawDevices() {
  const titles = ["Id", "Device", "Agents", "May be given to", "Grants"];
  const head = make("tr", {}, ...titles.map((title, at) =>
    make("th", { scope: "col", className: ["number", "path"][at] ?? "" }, make("span", {}, title))));
  const byTitle = devices.toSorted((one, other) => order(one.title, other.title));
  const body = make("tbody", {}, ...byTitle.map((device) => {
    const button = make("button", { type: "button" }, named(device.title, "b"),
      device.name === device.title ? null : sub(device.name), sub(device.path, "code"));
    opens(button, deviceId(device), () => aboutDevice(device));
    const grants = new Set(reasonsOf.get(device.path).map(({ grant }) => grant));
    const maybe = device.assignable.map((at) => agentName(at, "who maybe"));
    const element = make("tr", {},
      make("td", { className: "number" }, make("span", {}, String(device.number ?? ""))),
      make("th", { scope: "row", className: "path" }, button),
      make("td", {}, make("span", {}, ...holders(device))),
      make("td", { className: maybe.length ? "" : "none" }, make("span", {}, ...maybe)),
      make("td", { className: "none" }, make("span", {}, String(grants.size))));
    deviceRows.push({ element, device });
    return element;
  }));
  const table = make("table", { id: "device-grid" }, make("thead", {}, head), body);
  table.setAttribute("aria-labelledby", "devices-title");
  byId("device-table").append(table);
}

const { compare: order } = new Intl.Collator("en", { numeric: true });

const holders = (device) =>
  device.agents.length ? device.agents.map((at) => agentName(at)) : ["the platform"];

// Policies.

function drawPolicies() {
  if (!data.policies.length) return;
  byId("policies").hidden = byId("policies-link").hidden = false;
  const where = (at) => at == null ? null : make("code", {}, ` ${at}`);
  byId("policy-list").append(...data.policies.map((policy) => make("li", {},
    make("b", {}, policy.text),
    policy.broken.length ? " does not hold" : ` ${policy.unused || "holds"}`,
    make("p", { className: "soft" }, policy.reason, where(policy.at)),
    ...policy.broken.map((broken) => make("div", { className: "broken" },
      make("p", {}, broken.text),
      broken.waived == null ? null : make("p", { className: "soft" }, `Waived: ${broken.waived}`),
      make("ol", {}, ...broken.way.map((step) => make("li", {}, step.text, where(step.at)))))))));
}

// Filters.

function drawFilters() {
  const choice = (value, text) => make("option", { value }, text);
  byId("agent").append(...agents.map((agent, at) => choice(String(at), agent.name)));
  byId("kind").append(...kinds.map((kind) => choice(kind, kind)));
  const paths = [...reasonsOf.keys()].map((path) => [deviceAt.get(path)?.title ?? path, path]);
  byId("device").append(...paths.sort(([one], [other]) => order(one, other))
    .map(([title, path]) => choice(path, title === path ? path : `${title} ${path}`)));
  byId("filters").addEventListener("input", (event) => filtersChanged(event.target.id === "text"));
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(filtersChanged));
}

const allOperations = new Set(data.grants.flatMap((grant) => [...grant.operations, ...grant.later]));
const agentNamed = new Map(agents.map((agent, at) => [agent.name.toLowerCase(), at]));

function wanted() {
  const agent = byId("agent").value;
  const words = byId("text").value.toLowerCase().split(/\s+/).filter(Boolean);
  return {
    agent: agent === "" ? null : Number(agent),
    kind: byId("kind").value,
    device: byId("device").value,
    shared: byId("shared").checked,
    words,
    // "vm1 rate": an operation is one of the agents that are named, or of any.
    operations: words.filter((word) => allOperations.has(word)),
    named: words.map((word) => agentNamed.get(word)).filter((at) => at !== undefined),
  };
}

/** Whether a grant is what the filters for agents, devices and operations ask for. */
const grantFits = (grant, want) =>
  (want.agent === null || grant.agent === want.agent)
  && (!want.named.length || want.named.includes(grant.agent))
  && (!want.device || grant.devices.has(want.device))
  && want.operations.every((operation) =>
    grant.operations.includes(operation) || grant.later.includes(operation));

/** `clock:12` is one resource; any other word may be a part of one's words. */
const hasWord = (resource, word) => (/^[a-z]+:\d+$/.test(word)
  ? word === resourceId(resource) : resource.words.includes(word));

function resourceFits(resource, want) {
  if (want.kind && resource.kind !== want.kind) return false;
  if (want.shared && !resource.shared) return false;
  const words = want.words.filter((word) => !allOperations.has(word));
  if (!words.every((word) => hasWord(resource, word))) return false;
  const grants = [...resource.grants.values()].filter((grant) => grantFits(grant, want));
  if (want.operations.length && want.named.length) {
    return want.named.every((at) => grants.some((grant) => grant.agent === at));
  }
  return grants.length > 0 || (want.agent === null && !want.device && !want.operations.length
    && !want.named.length);
}

function deviceFits(device, want) {
  const agentsOf = [...device.agents, ...device.assignable];
  if (want.agent !== null && !agentsOf.includes(want.agent)) return false;
  if (want.device && device.path !== want.device) return false;
  const used = reasonsOf.get(device.path).filter(({ grant }) => grantFits(grant, want))
    .map(({ grant }) => resources[grant.resource]);
  if (want.operations.length && !used.length) return false;
  if (want.kind && !used.some((resource) => resource.kind === want.kind)) return false;
  if (want.shared && !used.some((resource) => resource.shared)) return false;
  const texts = [device.words, ...agentsOf.map((at) => agents[at].name.toLowerCase())];
  return want.words.every((word) => allOperations.has(word)
    || texts.some((text) => text.includes(word)) || used.some((resource) => hasWord(resource, word)));
}

function applyFilters() {
  const want = wanted();
  const fitting = new Set(resources.filter((resource) => resourceFits(resource, want)));
  const bold = want.agent ?? want.named[0];
  for (const { element, resource, cells } of rows) {
    element.hidden = !fitting.has(resource);
    for (const [agent, grant] of resource.grants) {
      cells.get(agent).classList.toggle("dim", !grantFits(grant, want));
    }
  }
  for (const body of byId("grid").tBodies) {
    const all = body.rows.length - 1;
    const shown = [...body.rows].slice(1).filter((row) => !row.hidden).length;
    body.hidden = shown === 0;
    body.querySelector("small").textContent = countOf(shown, all);
  }
  for (const { element, device } of deviceRows) element.hidden = !deviceFits(device, want);
  byId("grid").querySelectorAll("thead .agent").forEach((head, at) =>
    head.classList.toggle("chosen", at === bold));
  byId("agents").querySelectorAll("button").forEach((button, at) => {
    button.ariaPressed = String(at === want.agent);
  });
  byId("count").textContent = countOf(fitting.size, resources.length) + filterWords(want);
  byId("nothing").hidden = fitting.size > 0;
  byId("table").hidden = fitting.size === 0;
  roveGrid.settle();
  settleTrees(fitting);
}

const countOf = (shown, all) => `${shown === all ? "" : `${shown} of `}${plural(all, "resource")}`;

/** What the filters are, for the count and for paper. */
function filterWords(want) {
  const words = [
    want.agent === null ? null : `agent ${agents[want.agent].name}`,
    want.kind || null,
    want.device ? deviceAt.get(want.device)?.title ?? want.device : null,
    want.words.length ? `“${want.words.join(" ")}”` : null,
    want.shared ? "shared" : null,
  ].filter(Boolean);
  return words.length ? `: ${words.join(", ")}` : "";
}

// Details: what is behind a cell, a resource or a device.

let opener = null;
let openId = null;
const openable = new Map();  // id → { element, content }, as the address has it

const resourceId = (resource) => `${resource.kind}:${resource.number}`;
const grantId = (grant) => `${resourceId(resources[grant.resource])}@${agents[grant.agent].name}`;
const deviceId = (device) => `device:${device.path}`;

/** An element that opens details when it is chosen. */
function opens(element, id, content) {
  openable.set(id, { element, content });
  element.addEventListener("click", () => openDetails(element, id));
}

/** Shows details beside the page; Escape goes back to what opened them. */
function openDetails(from, id) {
  showDetails(from, id);
  from.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  byId("details-title").focus({ preventScroll: true });
  remember();
}

function showDetails(from, id) {
  opener?.removeAttribute("aria-current");
  [opener, openId] = [from, id];
  opener.setAttribute("aria-current", "true");
  const [title, ...body] = openable.get(id).content();
  byId("details-title").replaceChildren(...title);
  byId("details-body").replaceChildren(...body.filter((part) => part != null));
  byId("details").hidden = false;
  byId("details").scrollTop = 0;
  document.body.classList.add("open");
  refit();
}

function hideDetails() {
  byId("details").hidden = true;
  document.body.classList.remove("open");
  opener?.removeAttribute("aria-current");
  [opener, openId] = [null, null];
  refit();
}

function closeDetails() {
  if (byId("details").hidden) return;
  const from = opener;
  hideDetails();
  // What opened it may be in a row that is filtered away by now.
  if (from.checkVisibility()) from.focus();
  else byId("text").focus();
  remember();
}

// The address: what follows its # is the state of the filters, and what is open.

function address() {
  const want = wanted();
  const state = new URLSearchParams([
    ["q", byId("text").value.trim()],
    ["agent", want.agent === null ? "" : agents[want.agent].name],
    ["kind", want.kind],
    ["device", want.device],
    ["shared", want.shared ? "1" : ""],
    ["show", openId ?? ""],
  ].filter(([, value]) => value));
  const readable = { "%2F": "/", "%3A": ":", "%40": "@", "%2C": "," };
  return state.toString().replace(/%2F|%3A|%40|%2C/g, (code) => readable[code]);
}

/** Puts the state into the address; while a person types, into the same entry of the history. */
function remember(typing = false) {
  const text = address();
  if (text === location.hash.slice(1)) return;
  const place = `${location.pathname}${location.search}${text ? `#${text}` : ""}`;
  if (typing && remember.typing) history.replaceState(null, "", place);
  else history.pushState(null, "", place);
  remember.typing = typing;
}

/** Takes the state from the address. `#devices` alone is a place in the page, and no state. */
function recall() {
  const state = new URLSearchParams(location.hash.slice(1));
  const agent = agents.findIndex(({ name }) => name === state.get("agent"));
  byId("text").value = state.get("q") ?? "";
  byId("agent").value = agent < 0 ? "" : String(agent);
  for (const name of ["kind", "device"]) {
    byId(name).value = state.get(name) ?? "";
    if (byId(name).selectedIndex < 0) byId(name).value = "";
  }
  byId("shared").checked = state.has("shared");
  remember.typing = false;
  applyFilters();
  const found = openable.get(state.get("show"));
  if (found) {
    showDetails(found.element, state.get("show"));
    found.element.scrollIntoView({ block: "center", behavior: "instant" });
  } else if (!byId("details").hidden) hideDetails();
}

function filtersChanged(typing = false) {
  applyFilters();
  remember(typing === true);
}

/** A button in the details that shows something else there; the way back stays where it was. */
function link(id, ...children) {
  const button = make("button", { type: "button", className: "link" }, ...children);
  button.addEventListener("click", () => openDetails(opener, id));
  return button;
}

const list = (pairs) => make("dl", {}, ...pairs.filter(Boolean).flatMap(([term, ...values]) =>
  [make("dt", {}, term), make("dd", {}, ...values)]));
const place = (at) => (at ? make("span", { className: "place name" }, at) : null);
const resourceLink = (resource) =>
  link(resourceId(resource), `${resource.kind} ${resource.number} `, named(resource.title));

function aboutGrant(grant) {
  const resource = resources[grant.resource];
  return [
    [agentName(grant.agent), " on ", named(resource.title)],
    list([
      ["resource", resourceLink(resource), " ", make("code", { className: "name" }, resource.id)],
      grant.id === resource.number ? null : ["its number", String(grant.id)],
      resource.owner === null ? null : ["owner", agentName(resource.owner)],
      resource.shared ? ["shared with", ...others(resource, grant.agent)] : null,
    ]),
    make("h3", {}, "It may"),
    list([...grant.operations, ...grant.later].map((operation) => [
      make("b", {}, operation),
      meaning(resource.kind, operation)
        + (grant.later.includes(operation) ? " (once a device is given to it)" : "")
        + (operation in (grant.driven ?? {}) ? "; its driver does so, the tree does not say it" : "")])),
    make("h3", {}, `Because of ${plural(grant.because.length, "use")}`),
    make("ul", { className: "reasons" }, ...grant.because.map(drawReason)),
  ];
}

const others = (resource, agent) => [...resource.grants.values()]
  .filter((grant) => grant.agent !== agent)
  .map((grant) => link(grantId(grant), agentName(grant.agent)));

function drawReason(reason) {
  const words = `: ${reason.operations.join(" ")}`;
  if (reason.device === null) {
    return make("li", {}, make("b", {}, "explicit grant"), words,
      reason.reason ? `, because ${reason.reason}` : null, place(reason.at));
  }
  const via = `through ${reason.via.join(", ")}`;
  return make("li", {},
    deviceLink(reason.device), " ", make("code", { className: "name" }, reason.entry),
    reason.name ? make("span", {}, " “", named(reason.name), "”") : null,
    words,
    reason.via.length ? make("span", { className: "place name" }, via) : null,
    ...(reason.drivers ?? []).map(place),
    place(reason.at));
}

function deviceLink(path) {
  const device = deviceAt.get(path);
  if (!device) return named(path);
  return make("span", {}, link(deviceId(device), named(device.title)), " ",
    make("span", { className: "soft name" }, path));
}

function aboutResource(resource) {
  const grants = [...resource.grants.values()];
  return [
    [`${resource.kind} ${resource.number} `, named(resource.title)],
    list([
      resource.name === resource.title ? null : ["SCMI name", named(resource.name)],
      ["provider", named(resource.provider)],
      resource.cells === "" ? null : ["cells", resource.cells],
      resource.macro === null ? null : ["macro", named(resource.macro)],
      resource.owner === null ? null : ["owner", agentName(resource.owner)],
      ...resource.facts.map(([label, text]) => [label, named(text)]),
      resource.fixed === null ? null : ["switching", resource.fixed],
      ...treeFacts(resource),
      resource.at ? ["stands at", make("span", { className: "mono name" }, resource.at)] : null,
    ]),
    make("h3", {}, grants.length ? "Who may do what" : "No agent may use it: the platform keeps it"),
    make("ul", { className: "reasons" }, ...grants.map((grant) => make("li", {},
      link(grantId(grant), agentName(grant.agent)), " ", ...operations(grant),
      make("span", { className: "place" }, plural(grant.because.length, "use"))))),
  ];
}

function aboutDevice(device) {
  const reasons = reasonsOf.get(device.path);
  return [
    [named(device.title)],
    list([
      ["path", named(device.path)],
      ["SCMI name", named(device.name)],
      device.labels.length > 1 ? ["labels", named(device.labels.join(", "))] : null,
      device.number === null ? null : ["device id", String(device.number)],
      ["belongs to", ...holders(device)],
      device.assignable.length
        ? ["may be given to", ...device.assignable.map((at) => agentName(at))] : null,
      device.at ? ["stands at", make("span", { className: "mono name" }, device.at)] : null,
    ]),
    make("h3", {}, plural(reasons.length, "use")),
    make("ul", { className: "reasons" }, ...reasons.map(({ grant, reason }) => make("li", {},
      resourceLink(resources[grant.resource]), " for ",
      link(grantId(grant), agentName(grant.agent)),
      make("code", { className: "name" }, reason.entry),
      `: ${reason.operations.join(" ")}`, place(reason.at)))),
  ];
}

// Keys that work everywhere.

document.addEventListener("keydown", (event) => {
  const typing = event.target.matches?.("input, select");
  if (event.key === "Escape" && !byId("details").hidden) {
    event.preventDefault();
    closeDetails();
  } else if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    byId("text").focus();
  }
});
byId("close").addEventListener("click", closeDetails);
