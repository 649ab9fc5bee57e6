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

// What belongs together: each resource gets its grants by agent, each device its reasons.

for (const resource of resources) resource.grants = new Map();
const reasonsOf = new Map(devices.map((device) => [device.path, []]));
for (const grant of data.grants) {
  resources[grant.resource].grants.set(grant.agent, grant);
  grant.devices = new Set();
  for (const reason of grant.because) {
    if (reason.device === null) continue;
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
    resource.kind, `${resource.kind}:${resource.number}`, resource.number, resource.name,
    resource.provider, resource.id, resource.macro ?? "", ...resource.users,
    ...grants.map((grant) => agents[grant.agent].name),
  ].join(" ").toLowerCase();
}
const kinds = [...new Set(resources.map((resource) => resource.kind))];

/** The operations of a grant as words; brackets hold what opens with an assignable device. */
function operations(grant) {
  const { kind } = resources[grant.resource];
  const word = (operation, later) => {
    const classes = ["op"];
    if (operation === "read") classes.push("read");
    if (data.decisive[kind].includes(operation)) classes.push("decisive");
    if (later) classes.push("later");
    return make("span", { className: classes.join(" ") }, later ? `(${operation})` : operation);
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
  const shared = resources.filter((resource) => resource.shared).length;
  byId("figures").append(...[
    [agents.length, "agent"], [resources.length, "resource"], [shared, "shared resource"],
    [devices.length, "device"], [data.grants.length, "grant"],
  ].map(([count, word]) => {
    const [number, ...rest] = plural(count, word).split(" ");
    return make("li", {}, make("b", {}, number), ` ${rest.join(" ")}`);
  }));
  // Paper is turned where the map is wide.
  document.body.classList.toggle("many", agents.length > 6);
  byId("agents").append(...agents.map((agent, at) => {
    const grants = data.grants.filter((grant) => grant.agent === at).length;
    const line = (...parts) => make("span", { className: "sub" }, parts.filter(Boolean).join(" · "));
    const button = make("button", { type: "button", ariaPressed: "false" },
      named(agent.name, "b"),
      line(`id ${agent.id}`, agent.role, agent.transport),
      line(plural(grants, "grant"), agent.permissions && "may change permissions",
        agent.systemPower && "system power"));
    button.addEventListener("click", () => {
      byId("agent").value = byId("agent").value === String(at) ? "" : String(at);
      applyFilters();
    });
    return make("li", {}, coloured(button, at));
  }));
}

// The map: a row a resource, a column an agent.

const rows = [];  // { element, resource, cells: Map of agent → td }

function drawMap() {
  const head = make("tr", {},
    make("th", { scope: "col", className: "number" }, make("span", {}, "No.")),
    make("th", { scope: "col", className: "resource" }, make("span", {}, "Resource")),
    ...agents.map((agent, at) => {
      const title = make("th", { scope: "col", className: "agent" }, named(agent.name));
      title.style.width = `${60 / agents.length}%`;
      return coloured(title, at);
    }));
  const bodies = kinds.map((kind) => {
    const found = resources.filter((resource) => resource.kind === kind);
    const title = make("th", { scope: "rowgroup", className: "kind", colSpan: agents.length + 2 },
      make("span", {}, kind, make("small")));
    return make("tbody", {}, make("tr", {}, title), ...found.map(drawRow));
  });
  const table = make("table", { role: "grid", id: "grid", ariaReadOnly: "true" },
    make("thead", {}, head), ...bodies);
  table.setAttribute("aria-labelledby", "map-title");
  byId("scroller").append(table);
  roveGrid(table);
}

function drawRow(resource) {
  const about = make("button", { type: "button", tabIndex: -1 }, named(resource.name),
    resource.owner === null ? null
      : make("span", { className: "badge owner" }, "owner ", named(agents[resource.owner].name)),
    resource.shared ? make("span", { className: "badge" }, `shared by ${resource.grants.size}`) : null,
    make("span", { className: "sub name" },
      resource.id, resource.macro === null ? null : ` · ${resource.macro}`));
  about.addEventListener("click", () => openDetails(about, () => aboutResource(resource)));
  const row = { resource, cells: new Map() };
  row.element = make("tr", { className: resource.shared ? "shared" : "" },
    make("td", { className: "number" }, make("span", {}, String(resource.number))),
    make("th", { scope: "row", className: "resource" }, about),
    ...agents.map((_, at) => {
      const cell = drawCell(resource, at);
      row.cells.set(at, cell);
      return cell;
    }));
  rows.push(row);
  return row.element;
}

function drawCell(resource, agent) {
  const grant = resource.grants.get(agent);
  const cell = coloured(make("td", { className: "grant", tabIndex: -1 }), agent);
  if (!grant) return cell;
  cell.removeAttribute("tabindex");
  cell.classList.add("given");
  const notes = [
    grant.id === resource.number ? null : `number ${grant.id}`,
    byHand(grant) ? "explicit" : null,
  ].filter(Boolean);
  const button = make("button", { type: "button", tabIndex: -1 }, ...operations(grant),
    notes.length ? make("span", { className: "cell-note" }, notes.join(", ")) : null);
  button.addEventListener("click", () => openDetails(button, () => aboutGrant(grant)));
  cell.append(button);
  return cell;
}

/** One stop for Tab; arrows, Home, End, Page Up and Page Down move between the cells. */
function roveGrid(table) {
  const target = (cell) => cell.querySelector("button") ?? cell;
  const shown = () => rows
    .filter((row) => !row.element.hidden)
    .map((row) => [...row.element.cells].slice(1));
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
    let line = lines.findIndex((cells) => cells.includes(cell));
    if (line < 0 || event.altKey || event.metaKey) return;
    let column = lines[line].indexOf(cell);
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
    column = Math.max(0, Math.min(agents.length, column));
    moveTo(target(lines[line][column]));
  });
  /** After filtering: the stop must be a cell that can be seen. */
  roveGrid.settle = () => {
    if (stop && !stop.closest("tr").hidden) return;
    const first = shown()[0];
    moveTo(first ? target(first[0]) : null, false);
  };
}

// Devices.

const deviceRows = [];

function drawDevices() {
  const titles = ["Id", "Device", "Agents", "May be given to", "Grants"];
  const head = make("tr", {}, ...titles.map((title, at) =>
    make("th", { scope: "col", className: at ? "" : "number" }, make("span", {}, title))));
  const body = make("tbody", {}, ...devices.map((device) => {
    const button = make("button", { type: "button" }, named(device.path));
    button.addEventListener("click", () => openDetails(button, () => aboutDevice(device)));
    const grants = new Set(reasonsOf.get(device.path).map(({ grant }) => grant));
    const element = make("tr", {},
      make("td", { className: "number" }, make("span", {}, String(device.number ?? ""))),
      make("th", { scope: "row", className: "path" }, button),
      make("td", {}, make("span", {}, ...holders(device))),
      make("td", {}, make("span", {}, ...device.assignable.map((at) => agentName(at, "who maybe")))),
      make("td", {}, make("span", {}, String(grants.size))));
    deviceRows.push({ element, device });
    return element;
  }));
  const table = make("table", {}, make("thead", {}, head), body);
  table.setAttribute("aria-labelledby", "devices-title");
  byId("device-table").append(table);
}

const holders = (device) =>
  device.agents.length ? device.agents.map((at) => agentName(at)) : ["the platform"];

// Filters.

function drawFilters() {
  const choice = (value, text) => make("option", { value }, text);
  byId("agent").append(...agents.map((agent, at) => choice(String(at), agent.name)));
  byId("kind").append(...kinds.map((kind) => choice(kind, kind)));
  byId("device").append(...[...reasonsOf.keys()].sort().map((path) => choice(path, path)));
  byId("filters").addEventListener("input", applyFilters);
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("reset", () => setTimeout(applyFilters));
}

function wanted() {
  const agent = byId("agent").value;
  return {
    agent: agent === "" ? null : Number(agent),
    kind: byId("kind").value,
    device: byId("device").value,
    shared: byId("shared").checked,
    words: byId("text").value.toLowerCase().split(/\s+/).filter(Boolean),
  };
}

/** Whether a grant is what the agent and device filters ask for. */
const grantFits = (grant, want) =>
  (want.agent === null || grant.agent === want.agent)
  && (!want.device || grant.devices.has(want.device));

function resourceFits(resource, want) {
  if (want.kind && resource.kind !== want.kind) return false;
  if (want.shared && !resource.shared) return false;
  if (!want.words.every((word) => resource.words.includes(word))) return false;
  if (want.agent === null && !want.device) return true;
  return [...resource.grants.values()].some((grant) => grantFits(grant, want));
}

function deviceFits(device, want) {
  const agentsOf = [...device.agents, ...device.assignable];
  if (want.agent !== null && !agentsOf.includes(want.agent)) return false;
  if (want.device && device.path !== want.device) return false;
  const used = reasonsOf.get(device.path).map(({ grant }) => resources[grant.resource]);
  if (want.kind && !used.some((resource) => resource.kind === want.kind)) return false;
  if (want.shared && !used.some((resource) => resource.shared)) return false;
  const texts = [device.path.toLowerCase(), ...used.map((resource) => resource.words)];
  return want.words.every((word) => texts.some((text) => text.includes(word)));
}

function applyFilters() {
  const want = wanted();
  const fitting = new Set(resources.filter((resource) => resourceFits(resource, want)));
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
    head.classList.toggle("chosen", at === want.agent));
  byId("agents").querySelectorAll("button").forEach((button, at) => {
    button.ariaPressed = String(at === want.agent);
  });
  byId("count").textContent = countOf(fitting.size, resources.length) + filterWords(want);
  byId("nothing").hidden = fitting.size > 0;
  byId("scroller").hidden = fitting.size === 0;
  roveGrid.settle();
  dimTrees(fitting);
}

const countOf = (shown, all) => `${shown === all ? "" : `${shown} of `}${plural(all, "resource")}`;

/** What the filters are, for the count and for paper. */
function filterWords(want) {
  const words = [
    want.agent === null ? null : `agent ${agents[want.agent].name}`,
    want.kind || null,
    want.device || null,
    want.words.length ? `“${want.words.join(" ")}”` : null,
    want.shared ? "shared" : null,
  ].filter(Boolean);
  return words.length ? `: ${words.join(", ")}` : "";
}

// Details: what is behind a cell, a resource or a device.

let opener = null;

/** Shows `content()` beside the page; Escape goes back to what opened it. */
function openDetails(from, content) {
  opener?.removeAttribute("aria-current");
  opener = from;
  opener.setAttribute("aria-current", "true");
  const [title, ...body] = content();
  byId("details-title").replaceChildren(...title);
  byId("details-body").replaceChildren(...body.filter((part) => part != null));
  byId("details").hidden = false;
  byId("details").scrollTop = 0;
  document.body.classList.add("open");
  from.scrollIntoView({ block: "nearest", inline: "nearest", behavior: "instant" });
  byId("details-title").focus({ preventScroll: true });
}

function closeDetails() {
  if (byId("details").hidden) return;
  byId("details").hidden = true;
  document.body.classList.remove("open");
  opener.removeAttribute("aria-current");
  // What opened it may be in a row that is filtered away by now.
  if (opener.closest("[hidden]")) byId("text").focus();
  else opener.focus();
  opener = null;
}

/** A button in the details that shows something else there; the way back stays where it was. */
function link(content, ...children) {
  const button = make("button", { type: "button", className: "link" }, ...children);
  button.addEventListener("click", () => openDetails(opener, content));
  return button;
}

const list = (pairs) => make("dl", {}, ...pairs.filter(Boolean).flatMap(([term, ...values]) =>
  [make("dt", {}, term), make("dd", {}, ...values)]));
const place = (at) => (at ? make("span", { className: "place name" }, at) : null);
const resourceLink = (resource) =>
  link(() => aboutResource(resource), `${resource.kind} ${resource.number} `, named(resource.name));

function aboutGrant(grant) {
  const resource = resources[grant.resource];
  return [
    [agentName(grant.agent), " on ", named(resource.name)],
    list([
      ["may", ...operations(grant)],
      ["resource", resourceLink(resource), " ", make("code", { className: "name" }, resource.id)],
      grant.id === resource.number ? null : ["its number", String(grant.id)],
      resource.owner === null ? null : ["owner", agentName(resource.owner)],
      resource.shared ? ["shared with", ...others(resource, grant.agent)] : null,
    ]),
    make("h3", {}, `Because of ${plural(grant.because.length, "use")}`),
    make("ul", { className: "reasons" }, ...grant.because.map(drawReason)),
  ];
}

const others = (resource, agent) => [...resource.grants.values()]
  .filter((grant) => grant.agent !== agent)
  .map((grant) => link(() => aboutGrant(grant), agentName(grant.agent)));

function drawReason(reason) {
  const words = `: ${reason.operations.join(" ")}`;
  if (reason.device === null) {
    return make("li", {}, make("b", {}, "explicit grant"), words, place(reason.at));
  }
  const via = `through ${reason.via.join(", ")}`;
  return make("li", {},
    deviceLink(reason.device), " ", make("code", { className: "name" }, reason.entry),
    reason.name ? make("span", {}, " “", named(reason.name), "”") : null,
    words,
    reason.via.length ? make("span", { className: "place name" }, via) : null,
    place(reason.at));
}

const deviceAt = new Map(devices.map((device) => [device.path, device]));

function deviceLink(path) {
  const device = deviceAt.get(path);
  return device ? link(() => aboutDevice(device), named(path)) : named(path);
}

function aboutResource(resource) {
  const grants = [...resource.grants.values()];
  return [
    [`${resource.kind} ${resource.number} `, named(resource.name)],
    list([
      ["provider", named(resource.provider)],
      resource.cells === "" ? null : ["cells", resource.cells],
      resource.macro === null ? null : ["macro", named(resource.macro)],
      resource.owner === null ? null : ["owner", agentName(resource.owner)],
      ...resource.facts.map(([label, text]) => [label, named(text)]),
      ...treeFacts(resource),
      resource.at ? ["stands at", make("span", { className: "mono name" }, resource.at)] : null,
    ]),
    make("h3", {}, grants.length ? "Who may do what" : "No agent may use it: the platform keeps it"),
    make("ul", { className: "reasons" }, ...grants.map((grant) => make("li", {},
      link(() => aboutGrant(grant), agentName(grant.agent)), " ", ...operations(grant),
      make("span", { className: "place" }, plural(grant.because.length, "use"))))),
  ];
}

function aboutDevice(device) {
  const reasons = reasonsOf.get(device.path);
  return [
    [named(device.path)],
    list([
      device.number === null ? null : ["device id", String(device.number)],
      ["belongs to", ...holders(device)],
      device.assignable.length
        ? ["may be given to", ...device.assignable.map((at) => agentName(at))] : null,
      device.at ? ["stands at", make("span", { className: "mono name" }, device.at)] : null,
    ]),
    make("h3", {}, plural(reasons.length, "use")),
    make("ul", { className: "reasons" }, ...reasons.map(({ grant, reason }) => make("li", {},
      resourceLink(resources[grant.resource]), " for ",
      link(() => aboutGrant(grant), agentName(grant.agent)),
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
