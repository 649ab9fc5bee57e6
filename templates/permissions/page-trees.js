/*
 * The clock and power trees, as SVG.
 *
 * What has a parent or a child is drawn as a tree from left to right; the rest stands in columns,
 * by provider. A drawing is cut into pieces that fit a sheet of paper.
 */

const BOX = { width: 208, height: 40, gapX: 36, gapY: 8 };
const GUTTER = 12;
/** Rows of one piece, so that it fits on a sheet of paper. */
const PIECE_ROWS = 16;
/** Providers with fewer nodes than this are drawn together. */
const FEW = 5;

const forests = new Map();  // kind → the nodes of its trees
const treeNodeOf = new Map();  // resource → its node and all nodes of that kind

/** An SVG element with attributes. */
function draw(tag, attributes = {}, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function readTree(kind) {
  const nodes = data.trees[kind].map((node) => ({ ...node, children: [] }));
  for (const node of nodes) {
    if (node.parent !== null) nodes[node.parent].children.push(node);
    if (node.resource !== null) {
      node.resource = resources[node.resource];
      treeNodeOf.set(node.resource, { node, nodes });
    }
  }
  forests.set(kind, nodes);
}

const label = (node) => (node.resource ? node.resource.name : node.name);

/** Rows and columns of one tree: a leaf has a row, a parent stands beside its first child. */
function layOut(root) {
  const placed = [];
  let row = 0;
  const stack = [{ node: root, depth: 0 }];
  while (stack.length) {
    const { node, depth } = stack.pop();
    placed.push(node);
    node.depth = depth;
    node.row = row;
    if (!node.children.length) row += 1;
    for (const child of [...node.children].reverse()) stack.push({ node: child, depth: depth + 1 });
  }
  return placed;
}

const middle = (node) => node.y + BOX.height / 2;

function edge(parent, child) {
  const bend = child.x - BOX.gapX / 2;
  const line = `M${parent.x + BOX.width} ${middle(parent)}H${bend}V${middle(child)}H${child.x}`;
  return draw("path", { class: "edge", d: line });
}

/** A line to a further possible parent, which may stand anywhere in the drawing. */
function detour(parent, child) {
  const [x1, y1] = [parent.x + BOX.width, middle(parent)];
  const [x2, y2] = [child.x, middle(child)];
  const line = `M${x1} ${y1}C${x1 + 40} ${y1} ${x2 - 40} ${y2} ${x2} ${y2}`;
  return draw("path", { class: "edge also", d: line });
}

const ruler = document.createElement("canvas").getContext("2d");

/** The text with its middle cut out to fit a width in pixels: names often differ at their end. */
function fitted(text, width, font) {
  ruler.font = font;
  if (ruler.measureText(text).width <= width) return text;
  const cut = (kept) =>
    `${text.slice(0, Math.ceil(kept / 2))}…${text.slice(text.length - Math.floor(kept / 2))}`;
  let kept = Math.min(text.length, 60);
  while (kept && ruler.measureText(cut(kept)).width > width) kept -= 1;
  return cut(kept);
}

/** Who holds a node's resource, in words. */
function holdersOf(resource, holders) {
  if (!resource) return "not of this platform";
  if (!holders.length) return "the platform’s own";
  if (agents.length === 1) return resource.id;
  const owner = resource.owner === null ? "" : `, owner ${agents[resource.owner].name}`;
  return holders.map((at) => agents[at].name).join(", ") + owner;
}

/** The box of a node: tinted for one agent, marked when shared, with a stripe for each holder. */
function drawBox(resource, holders) {
  const size = { width: BOX.width, height: BOX.height, rx: 4 };
  const parts = [draw("rect", { class: "box", ...size })];
  if (holders.length === 1) parts.push(coloured(draw("rect", { class: "tint", ...size }), holders[0]));
  if (!resource) return parts;
  const stripes = holders.length ? holders.slice(0, 6) : [null];
  const height = BOX.height / stripes.length;
  const stripe = (at, index) =>
    coloured(draw("rect", { class: "stripe", width: 5, y: index * height, height }), at);
  return [...parts, ...stripes.map(stripe)];
}

function drawNode(node, level) {
  const { resource } = node;
  const holders = resource ? [...resource.grants.keys()] : [];
  const under = holdersOf(resource, holders);
  const number = resource ? `${resource.number}  ` : "";
  const room = BOX.width - 22;
  const title = draw("text", { x: 14, y: 17 }, draw("tspan", { class: "no" }), draw("tspan"));
  ruler.font = `12px ${FONT}`;
  const left = room - ruler.measureText(number).width;
  title.firstChild.textContent = number;
  title.lastChild.textContent = fitted(label(node), left, `12px ${FONT}`);
  const sub = draw("text", { class: "sub", x: 14, y: 32 });
  sub.textContent = fitted(under, room, `10.5px ${FONT}`);
  const hint = draw("title");
  hint.textContent = `${number}${label(node)} (${under})`;
  const element = draw("g", {
    class: `node${holders.length > 1 ? " shared" : ""}${resource ? "" : " outside"}`,
    transform: `translate(${node.x} ${node.y})`,
    tabindex: -1,
    role: "treeitem",
    "aria-level": level,
    "aria-label": hint.textContent,
  }, hint, ...drawBox(resource, holders), title, sub);
  if (resource) {
    const show = () => openDetails(element, () => aboutResource(resource));
    element.addEventListener("click", show);
    element.addEventListener("activate", show);
  }
  node.element = element;
  return element;
}

const FONT = getComputedStyle(document.body).fontFamily;

/** One piece of drawing: nodes with their places, and the lines between those that are in it. */
function drawPiece(nodes, lines) {
  const width = Math.max(...nodes.map((node) => node.x + BOX.width)) + 2;
  const height = Math.max(...nodes.map((node) => node.y + BOX.height)) + 2;
  return draw("svg", { width, height, viewBox: `-1 -1 ${width} ${height}`, role: "group" },
    ...lines, ...nodes.map((node) => drawNode(node, (node.depth ?? 0) + 1)));
}

function drawTree(root, all) {
  const placed = layOut(root);
  for (const node of placed) {
    node.x = node.depth * (BOX.width + BOX.gapX);
    node.y = node.row * (BOX.height + BOX.gapY);
  }
  const inside = new Set(placed);
  const others = (node) => node.also.map((at) => all[at]).filter((other) => inside.has(other));
  const lines = placed.flatMap((node) => [
    ...others(node).map((other) => detour(other, node)),
    ...(node.parent === null ? [] : [edge(all[node.parent], node)]),
  ]);
  return drawPiece(placed, lines);
}

/** Nodes without a parent or a child, in as many columns as there is room for. */
function drawLoose(nodes, columns) {
  const pieces = [];
  const size = columns * PIECE_ROWS;
  for (let start = 0; start < nodes.length; start += size) {
    const part = nodes.slice(start, start + size);
    const rowCount = Math.ceil(part.length / columns);
    part.forEach((node, at) => {
      node.x = Math.floor(at / rowCount) * (BOX.width + GUTTER);
      node.y = (at % rowCount) * (BOX.height + BOX.gapY);
    });
    pieces.push(drawPiece(part, []));
  }
  return pieces;
}

/** Draws the trees of a kind into a width in pixels. */
function drawForest(kind, width) {
  const target = byId(`${kind}-forest`);
  const nodes = forests.get(kind);
  if (!nodes.length) {
    const none = `This platform has no ${kind} resources.`;
    target.replaceChildren(make("p", { className: "notice" }, none));
    return;
  }
  const roots = nodes.filter((node) => node.parent === null);
  const trees = roots.filter((node) => node.children.length);
  const loose = roots.filter((node) => !node.children.length);
  const columns = Math.max(1, Math.floor((width + GUTTER) / (BOX.width + GUTTER)));
  target.replaceChildren(
    make("div", { className: "trees" }, ...trees.map((root) => drawTree(root, nodes))),
    ...looseGroups(loose).flatMap(([title, found]) =>
      [make("h3", {}, ...title), ...drawLoose(found, columns)]));
  target.querySelector(".node").setAttribute("tabindex", 0);
}

/** Nodes by provider, each group with its title; providers with few nodes share one group. */
function looseGroups(loose) {
  const providers = new Map();
  for (const node of loose) {
    const provider = node.resource?.provider ?? "";
    providers.set(provider, [...(providers.get(provider) ?? []), node]);
  }
  const large = [...providers].filter(([, found]) => found.length >= FEW);
  const rest = [...providers].filter(([, found]) => found.length < FEW);
  const few = rest.flatMap(([, found]) => found);
  const groups = large.map(([provider, found]) =>
    [[named(provider), `: ${found.length}`, fedBy(provider)], found]);
  if (few.length) {
    const word = large.length ? "other provider" : "provider";
    groups.push([[`${plural(rest.length, word)}: ${few.length}`], few]);
  }
  return groups;
}

/** What a clock provider takes its clocks from. */
function fedBy(provider) {
  const inputs = inputsOf(provider);
  if (!inputs.length) return "";
  const more = inputs.length > 4 ? ` and ${inputs.length - 4} more` : "";
  return make("span", { className: "soft" }, " fed by ", ...commas(inputs.slice(0, 4)), more);
}

const inputsOf = (provider) => (data.inputs[provider] ?? []).map((input) =>
  (typeof input === "number" ? resourceLink(resources[input]) : named(input)));
const commas = (parts) => parts.flatMap((part, at) => (at ? [", ", part] : [part]));

/** One stop for Tab; up and down to the next node, left to the parent, right to the first child. */
function roveTree(kind) {
  const target = byId(`${kind}-forest`);
  const nodes = forests.get(kind);
  if (!nodes.length) return;
  target.setAttribute("role", "tree");
  target.setAttribute("aria-label", `${kind} tree`);
  target.addEventListener("focusin", (event) => {
    const at = event.target.closest(".node");
    if (!at) return;
    target.querySelector(".node[tabindex='0']")?.setAttribute("tabindex", -1);
    at.setAttribute("tabindex", 0);
  });
  target.addEventListener("keydown", (event) => {
    const at = event.target.closest(".node");
    if (!at || event.altKey || event.ctrlKey || event.metaKey) return;
    const order = [...target.querySelectorAll(".node")];
    const index = order.indexOf(at);
    const node = nodes.find((found) => found.element === at);
    const moves = {
      ArrowUp: () => order[index - 1],
      ArrowDown: () => order[index + 1],
      ArrowLeft: () => nodes[node.parent]?.element,
      ArrowRight: () => node.children[0]?.element,
      Home: () => order[0],
      End: () => order.at(-1),
    };
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      at.dispatchEvent(new Event("activate"));
    } else if (moves[event.key]) {
      event.preventDefault();
      moves[event.key]()?.focus();
    }
  });
}

/** What a resource hangs below and what hangs below it, for its details. */
function treeFacts(resource) {
  const found = treeNodeOf.get(resource);
  if (!found) return [];
  const { node, nodes } = found;
  const word = (other) => (other.resource ? resourceLink(other.resource) : named(other.name));
  const words = (others) => commas(others.map(word));
  const inputs = inputsOf(resource.provider);
  return [
    node.parent === null ? null : ["parent", word(nodes[node.parent])],
    node.also.length ? ["may switch to", ...words(node.also.map((at) => nodes[at]))] : null,
    node.children.length ? ["feeds", ...words(node.children)] : null,
    inputs.length && resource.kind === "clock" ? ["provider takes", ...commas(inputs)] : null,
  ];
}

let fitting = new Set(resources);

/** Fades what the filters leave out. */
function dimTrees(found = fitting) {
  fitting = found;
  const all = fitting.size === resources.length;
  for (const node of [...forests.values()].flat()) {
    node.element.classList.toggle("dim", !all && !(node.resource && fitting.has(node.resource)));
  }
}

// The drawings are made for a width: the window's, or the paper's.

const PAPER_WIDTH = 700;
let drawnFor = 0;

function drawForests(width) {
  if (width === drawnFor || width <= 0) return;
  drawnFor = width;
  for (const kind of forests.keys()) drawForest(kind, width);
  dimTrees();
}

const roomFor = () => byId("map").clientWidth;

drawHead();
drawFilters();
drawMap();
drawDevices();
for (const kind of ["clock", "power"]) {
  readTree(kind);
  roveTree(kind);
}
drawForests(roomFor());
applyFilters();
addEventListener("beforeprint", () => drawForests(PAPER_WIDTH));
addEventListener("afterprint", () => drawForests(roomFor()));

let pending = 0;
new ResizeObserver(() => {
  clearTimeout(pending);
  // A drawing that has the focus, or has opened the details, stays as it is.
  const busy = () => opener?.closest(".forest") || document.activeElement.closest(".forest");
  pending = setTimeout(() => {
    if (!busy() && !matchMedia("print").matches) drawForests(roomFor());
  }, 150);
}).observe(byId("map"));
