/*
 * Trees of clocks, power domains and regulators: a line a node, parents above their children.
 *
 * A node is a resource, one of another provider's that SCMI does not serve, or a provider.
 */

/** Levels that have an indent of their own; a narrow page has no room for more. */
const DEEPEST = 16;

const forests = new Map();  // kind → the nodes of its trees, in order
const treeNodeOf = new Map();  // resource → its node and all nodes of that kind

function readTree(kind) {
  const nodes = data.trees[kind].map((node) => ({
    resource: null, parent: null, also: [], value: "", ...node, children: [], open: true }));
  for (const node of nodes) {
    node.depth = node.parent === null ? 0 : nodes[node.parent].depth + 1;
    if (node.parent !== null) nodes[node.parent].children.push(node);
    if (node.resource !== null) {
      node.resource = resources[node.resource];
      treeNodeOf.set(node.resource, { node, nodes });
    }
  }
  forests.set(kind, nodes);
}

const titleOf = (node) => (node.resource ? node.resource.title : node.name);

/** Who holds a node's resource. */
function holdersOf({ resource, provider }) {
  if (!resource) return provider ? [] : ["not served"];
  const holding = [...resource.grants.keys()];
  const owner = resource.owner === null ? null
    : make("span", { className: "badge owner" }, "owner ", named(agents[resource.owner].name));
  return holding.length ? [...holding.map((at) => agentName(at)), owner] : ["the platform"];
}

function drawNode(node, nodes) {
  const { resource } = node;
  const also = node.also.map((at) => titleOf(nodes[at]));
  const classes = [node.provider ? "provider" : resource ? "" : "outside",
    node.parent === null ? "root" : "", resource?.shared ? "shared" : ""];
  const element = make("div", {
    className: `node ${classes.filter(Boolean).join(" ")}`, role: "treeitem", tabIndex: -1,
    ariaLevel: String(node.depth + 1),
  },
  make("span", { className: "guides" }),
  make("span", { className: "twist", ariaHidden: "true" }, node.children.length ? "▾" : ""),
  make("span", { className: "what" }, ...[
    named(titleOf(node), "b"),
    resource ? sourceOf(resource) : node.source === node.name ? null : sub(node.source, "code"),
    resource && resource.name !== resource.title ? sub(resource.name) : null,
    also.length ? sub(`also from ${also.join(", ")}`) : null,
  ].filter(Boolean).flatMap((part) => [part, " "])),
  make("span", { className: "value name" }, node.value),
  make("span", { className: "holders" }, ...holdersOf(node)));
  element.style.setProperty("--depth", Math.min(node.depth, DEEPEST));
  if (node.children.length) element.ariaExpanded = "true";
  node.element = element;
  return element;
}

function drawForest(kind) {
  const nodes = forests.get(kind);
  const box = byId(`${kind}-forest`);
  if (!nodes.length) {
    box.append(make("p", { className: "notice" }, "This platform has none."));
    return;
  }
  box.append(...nodes.map((node) => drawNode(node, nodes)));
  box.firstChild.tabIndex = 0;
  roveTree(kind, box, nodes);
}

/** Opens or shuts what is below a node. */
function fold(node, open) {
  if (!node.children.length) return;
  node.open = open;
  node.element.ariaExpanded = String(open);
  node.element.querySelector(".twist").textContent = open ? "▾" : "▸";
  settleTrees();
}

/** One stop for Tab; up and down to the next line, left shuts or goes up, right opens or goes down. */
function roveTree(kind, box, nodes) {
  box.setAttribute("role", "tree");
  box.setAttribute("aria-labelledby", `${kind}-title`);
  const nodeOf = new Map(nodes.map((node) => [node.element, node]));
  const choose = (node) => {
    if (node.resource) openDetails(node.element, resourceId(node.resource));
    else fold(node, !node.open);
  };
  box.addEventListener("focusin", (event) => {
    const at = event.target.closest(".node");
    box.querySelector(".node[tabindex='0']")?.setAttribute("tabindex", -1);
    at.tabIndex = 0;
  });
  box.addEventListener("click", (event) => {
    const node = nodeOf.get(event.target.closest(".node"));
    if (!node) return;
    if (event.target.closest(".twist")) fold(node, !node.open);
    else choose(node);
  });
  box.addEventListener("keydown", (event) => {
    const node = nodeOf.get(event.target.closest(".node"));
    if (!node || event.altKey || event.ctrlKey || event.metaKey) return;
    const shown = nodes.filter(({ element }) => !element.hidden);
    const index = shown.indexOf(node);
    const shutting = node.children.length && node.open;
    const moves = {
      ArrowUp: () => shown[index - 1],
      ArrowDown: () => shown[index + 1],
      ArrowLeft: () => (shutting ? fold(node, false) : nodes[node.parent]),
      ArrowRight: () => (node.open ? node.children[0] : fold(node, true)),
      Home: () => shown[0],
      End: () => shown.at(-1),
      Enter: () => choose(node),
      " ": () => choose(node),
    };
    if (!moves[event.key]) return;
    event.preventDefault();
    moves[event.key]()?.element.focus();
  });
}

/** What a resource hangs below and what hangs below it, for its details. */
function treeFacts(resource) {
  const found = treeNodeOf.get(resource);
  if (!found) return [];
  const { node, nodes } = found;
  const word = (other) => (other.resource ? resourceLink(other.resource) : named(other.name));
  const words = (others) => others.map(word).flatMap((part, at) => (at ? [", ", part] : [part]));
  return [
    node.parent === null ? null : ["below", word(nodes[node.parent])],
    node.also.length ? ["also from", ...words(node.also.map((at) => nodes[at]))] : null,
    node.children.length ? ["feeds", ...words(node.children)] : null,
  ];
}

let fitting = new Set(resources);

/** Shows what the filters leave, what is above that, and what is open. */
function settleTrees(found = fitting) {
  fitting = found;
  const all = fitting.size === resources.length;
  for (const nodes of forests.values()) {
    for (const node of nodes) node.fits = all || (node.resource !== null && fitting.has(node.resource));
    for (const node of nodes) node.kept = node.fits;
    for (const node of nodes.toReversed()) {
      if (node.kept && node.parent !== null) nodes[node.parent].kept = true;
    }
    for (const node of nodes) {
      const above = nodes[node.parent];
      node.inside = !above || (above.inside && above.open);
      node.element.hidden = !node.kept || !node.inside;
      node.element.classList.toggle("dim", !node.fits);
    }
    const stop = nodes.find(({ element }) => element.tabIndex === 0);
    const first = nodes.find(({ element }) => !element.hidden);
    if (stop?.element.hidden && first) {
      stop.element.tabIndex = -1;
      first.element.tabIndex = 0;
    }
  }
}

// All of it, once; then what the address says.

function refit() {
  for (const name of ["grid", "device-grid"]) fit(byId(name));
}

drawHead();
drawLegend();
drawFilters();
drawMap();
drawDevices();
drawPolicies();
for (const kind of Object.keys(data.trees)) {
  readTree(kind);
  drawForest(kind);
}
refit();
recall();
addEventListener("popstate", recall);
addEventListener("beforeprint", () => {
  for (const name of ["grid", "device-grid"]) byId(name).classList.remove("stacked");
});
addEventListener("afterprint", refit);
addEventListener("resize", refit);
