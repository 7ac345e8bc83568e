// The graph's page: asks for a neighbourhood, draws it with Cytoscape.js, and shows where each line is written.
// What notes say is set as text only; the one piece of markup it takes is the source panel, which the server escapes.
"use strict";

(() => {
  const KINDS = ["note", "entity", "tag", "day", "month", "year"];
  const FILTERS = ["depth", "limit", "nodes", "edges", "since", "until"];
  const TYPING = 120; // ms

  let root, words, drawing, shown, chosen, opener;
  let asked = 0; // of several answers that are on their way, the last one counts
  const part = (name) => root.querySelector(`.graph-${name}`);

  function el(tag, { text, on = {}, ...attributes } = {}, ...children) {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
    for (const [event, handler] of Object.entries(on)) made.addEventListener(event, handler);
    if (text !== undefined) made.textContent = text;
    made.append(...children.filter(Boolean));
    return made;
  }

  const filled = (template, values) => template.replace(/\{(\w+)\}/g, (_, name) => values[name]);

  async function get(path, parameters) {
    let answer;
    try {
      answer = await fetch(`graph/${path}?${new URLSearchParams(parameters)}`);
    } catch {
      throw new Error(words.failed);
    }
    const told = await answer.json().catch(() => ({}));
    if (!answer.ok) throw new Error(told.error ?? words.failed);
    return told;
  }

  function say(line) {
    part("status").textContent = line;
  }

  // --- what the address says: the centre and the filters, so that a reload and a link show the same ---

  function centreOfAddress() {
    const parameters = new URLSearchParams(location.search);
    for (const kind of KINDS) if (parameters.get(kind)) return `${kind}:${parameters.get(kind)}`;
    return parameters.get("name") ?? "";
  }

  function unchecked(group) {
    return [...root.querySelectorAll(`[name="${group}"]:not(:checked)`)].map((box) => box.value).join(",");
  }

  function filters() {
    const form = part("filters");
    const found = { nodes: unchecked("nodes"), edges: unchecked("edges") };
    for (const name of ["depth", "limit", "since", "until"]) found[name] = form.elements[name].value;
    return Object.fromEntries(FILTERS.filter((name) => found[name]).map((name) => [name, found[name]]));
  }

  function restoreFilters() {
    const parameters = new URLSearchParams(location.search);
    const form = part("filters");
    for (const name of ["depth", "limit", "since", "until"])
      if (parameters.get(name)) form.elements[name].value = parameters.get(name);
    for (const group of ["nodes", "edges"]) {
      const hidden = (parameters.get(group) ?? "").split(",");
      for (const box of root.querySelectorAll(`[name="${group}"]`)) box.checked = !hidden.includes(box.value.split(",")[0]);
    }
  }

  function remember(centre, { replace }) {
    const at = centre.indexOf(":");
    const parameters = new URLSearchParams([[centre.slice(0, at), centre.slice(at + 1)], ...Object.entries(filters())]);
    const address = `${location.pathname}?${parameters}`;
    if (address === location.pathname + location.search) return;
    history[replace ? "replaceState" : "pushState"](null, "", address);
  }

  // --- looking ---

  async function look(name, { replace = false, fromAddress = false } = {}) {
    const mine = ++asked;
    say(words.loading);
    try {
      const found = await get("near", { name, ...filters() });
      if (mine !== asked) return;
      shown = found;
      const centre = found.nodes[0];
      part("search").elements.name.value = centre.label;
      if (!fromAddress) remember(centre.id, { replace });
      list();
      draw();
      const count = { nodes: found.nodes.length, edges: found.edges.length, name: centre.label };
      say([filled(words.shown, count), found.chosen, found.nodes.length < 2 ? words.alone : ""].filter(Boolean).join(" "));
      await select(centre.id, { quietly: true });
    } catch (error) {
      if (mine === asked) say(error.message);
    }
  }

  const node = (id) => shown.nodes.find((one) => one.id === id);
  const edgesAt = (id) => shown.edges.filter((edge) => edge.source === id || edge.target === id);
  const across = (edge, id) => node(edge.source === id ? edge.target : edge.source);

  async function select(id, { quietly = false } = {}) {
    const mine = (chosen = id);
    mark([id]);
    let told;
    try {
      told = await get("node", { name: id });
    } catch (error) {
      say(error.message);
      return;
    }
    if (chosen !== mine) return;
    const isCentre = id === shown.nodes[0].id;
    const centre = isCentre ? null : button(words.centre, "graph-centre", () => look(id));
    const beside = edgesAt(id).map((edge) => {
      const other = across(edge, id);
      return el("li", {}, button(other.label, `graph-edge ${other.kind}`, () => selectEdge(edge), other.what));
    });
    side(
      el("p", { class: "graph-what", text: [told.what, told.notes].filter(Boolean).join(" · ") }),
      el("h3", { dir: "auto", text: told.label }),
      told.path && el("p", { class: "graph-path", text: told.path }),
      centre,
      ...told.why.map(passage),
      told.more && el("p", { class: "fine", text: told.more }),
      beside.length > 0 && el("h4", { text: words.neighbours }),
      beside.length > 0 && el("ul", { class: "graph-beside" }, ...beside),
    );
    if (!quietly) reveal();
  }

  function selectEdge(edge) {
    chosen = edge;
    mark([edge.source, edge.target], edge);
    const ends = { source: node(edge.source).label, target: node(edge.target).label };
    const kinds = edge.kinds.map((kind) => root.querySelector(`[name="edges"][value="${kind}"]`).parentElement.textContent);
    side(
      el("p", { class: "graph-what", text: kinds.join(" · ") }),
      el("h3", { dir: "auto", text: filled(words.joins, ends) }),
      ...edge.why.map(passage),
      el("p", { class: "graph-ends" }, ...[edge.source, edge.target].map((id) => button(node(id).label, "graph-end", () => select(id)))),
    );
    reveal();
  }

  function button(label, kind, press, title) {
    return el("button", { type: "button", class: kind, text: label, title, dir: "auto", on: { click: press } });
  }

  // One reason: what is said, how that is known, and the passage, which opens.
  function passage(why) {
    const quote = why.parts.length
      ? el("blockquote", { dir: "auto" }, why.parts[0], el("mark", { text: why.parts[1] }), why.parts[2])
      : null;
    const open = el("button", { type: "button", class: "graph-open", text: words.open });
    open.addEventListener("click", () => openSource(why, open));
    return el(
      "article",
      { class: "graph-why" },
      el("p", { class: "graph-sentence", dir: "auto", text: why.sentence }),
      quote,
      el("p", { class: "graph-at" }, el("bdi", { text: why.doc }), why.where && el("span", { class: "where", text: why.where })),
      el("p", { class: "graph-how" }, why.how, why.parts.length ? open : null),
    );
  }

  function side(...children) {
    part("side").replaceChildren(...children.filter(Boolean));
    part("side").scrollTop = 0;
  }

  // On a narrow screen what was chosen stands below the drawing.
  function reveal() {
    const panel = part("side");
    if (panel.getBoundingClientRect().top > innerHeight * 0.8) panel.scrollIntoView({ block: "nearest" });
  }

  // --- the note itself ---

  async function openSource(why, from) {
    try {
      const { html } = await get("source", { doc: why.doc, start: why.start, end: why.end });
      part("source").innerHTML = html;
    } catch (error) {
      say(error.message);
      return;
    }
    opener = from;
    const panel = part("source").querySelector(".source");
    panel.classList.add("open");
    const cited = panel.querySelector(".cited");
    const lines = panel.querySelector(".lines");
    if (cited) lines.scrollTop = cited.offsetTop - lines.offsetTop - lines.clientHeight / 3;
    panel.focus({ preventScroll: true });
  }

  function closeSource() {
    part("source").replaceChildren();
    if (opener?.isConnected) opener.focus({ preventScroll: true });
    opener = null;
  }

  async function copy(from) {
    const label = from.textContent;
    await navigator.clipboard.writeText(from.dataset.copy);
    from.textContent = from.dataset.done;
    setTimeout(() => (from.textContent = label), 1200);
  }

  // --- the list beside the drawing: the same nodes for the keyboard and for screen readers ---

  function list() {
    const groups = new Map();
    for (const one of shown.nodes) groups.set(one.what, [...(groups.get(one.what) ?? []), one]);
    const made = [...groups].map(([what, nodes]) =>
      el("li", {}, el("p", { text: what }), el("ul", {}, ...nodes.map((one) => el("li", {}, listed(one))))),
    );
    part("list").replaceChildren(el("ul", {}, ...made));
  }

  function listed(one) {
    const made = button(one.label, "graph-node", () => select(one.id), one.path || undefined);
    made.dataset.id = one.id;
    made.addEventListener("dblclick", () => look(one.id));
    made.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      look(one.id);
    });
    made.addEventListener("focus", () => mark([one.id]));
    return made;
  }

  function mark(ids, edge) {
    for (const one of root.querySelectorAll(".graph-node")) {
      if (ids.includes(one.dataset.id)) one.setAttribute("aria-current", "true");
      else one.removeAttribute("aria-current");
    }
    if (!drawing) return;
    drawing.elements().removeClass("on");
    drawing.nodes().filter((one) => ids.includes(one.id())).addClass("on");
    // Around the centre lies all there is: there the lines keep their kinds' colours.
    const isCentre = !edge && ids[0] === shown.nodes[0].id;
    const isOn = (one) => !isCentre && (edge ? one.data("edge") === edge : ids.includes(one.data("source")) || ids.includes(one.data("target")));
    drawing.edges().filter(isOn).addClass("on");
  }

  // --- the drawing ---

  function draw() {
    if (!window.cytoscape || !window.footnotesDrawing) return; // the list still works
    drawing?.destroy();
    drawing = window.footnotesDrawing.draw(part("canvas"), shown);
    drawing.on("tap", "node", ({ target }) => select(target.id()));
    drawing.on("dbltap", "node", ({ target }) => look(target.id()));
    drawing.on("tap", "edge", ({ target }) => selectEdge(target.data("edge")));
    root.graph = drawing; // for tests: where a node lies
  }

  function load(src) {
    return new Promise((done) => {
      const script = el("script", { src, on: { load: done, error: done } });
      document.head.append(script);
    });
  }

  // --- choosing the centre ---

  function suggest() {
    const input = part("search").elements.name;
    const options = root.querySelector("#graph-names");
    let typed = 0;

    function close() {
      options.hidden = true;
      input.setAttribute("aria-expanded", "false");
      input.removeAttribute("aria-activedescendant");
    }

    function take(option) {
      close();
      look(option.dataset.id);
    }

    async function fill() {
      const mine = ++typed;
      const { names } = await get("names", { q: input.value }).catch(() => ({ names: [] }));
      if (mine !== typed || document.activeElement !== input) return;
      const made = names.map((one, index) =>
        el(
          "li",
          { role: "option", id: `graph-name-${index}`, "data-id": one.id, "aria-selected": "false" },
          el("i", { class: `swatch ${one.kind}`, "aria-hidden": "true" }),
          el("span", { class: "label", dir: "auto", text: one.label }),
          el("span", { class: "fine", text: [one.what, one.count].filter(Boolean).join(" · ") }),
        ),
      );
      options.replaceChildren(...made);
      options.hidden = made.length === 0;
      input.setAttribute("aria-expanded", String(made.length > 0));
      input.removeAttribute("aria-activedescendant");
    }

    function move(by) {
      const all = [...options.children];
      if (!all.length) return;
      const now = all.findIndex((one) => one.getAttribute("aria-selected") === "true");
      const next = now < 0 ? (by > 0 ? 0 : all.length - 1) : (now + by + all.length) % all.length;
      all.forEach((one, index) => one.setAttribute("aria-selected", String(index === next)));
      input.setAttribute("aria-activedescendant", all[next].id);
      all[next].scrollIntoView({ block: "nearest" });
    }

    let timer;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(fill, TYPING);
    });
    input.addEventListener("focus", () => {
      input.select();
      fill();
    });
    input.addEventListener("blur", () => setTimeout(close, 150));
    options.addEventListener("pointerdown", (event) => {
      event.preventDefault(); // the box keeps the focus
      const option = event.target.closest("[role=option]");
      if (option) take(option);
    });
    input.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        event.preventDefault();
        if (options.hidden) fill();
        else move(event.key === "ArrowDown" ? 1 : -1);
      } else if (event.key === "Escape") close();
    });
    part("search").addEventListener("submit", (event) => {
      event.preventDefault();
      const option = options.querySelector('[aria-selected="true"]');
      if (option) take(option);
      else if (input.value.trim()) {
        close();
        look(input.value.trim());
      }
    });
  }

  // --- beginning ---

  async function begin(found) {
    root = found;
    words = root.dataset;
    restoreFilters();
    suggest();
    part("filters").addEventListener("change", () => shown && look(shown.nodes[0].id, { replace: true }));
    part("filters").addEventListener("submit", (event) => event.preventDefault());
    root.addEventListener("click", (event) => {
      if (event.target.closest(".source .close")) closeSource();
      else if (event.target.closest(".source .copy")) copy(event.target.closest(".copy"));
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && part("source").firstChild) closeSource();
      if (event.key === "/" && !event.target.closest?.("input, textarea, select")) {
        event.preventDefault();
        part("search").elements.name.focus();
      }
    });
    window.addEventListener("popstate", () => {
      restoreFilters();
      look(centreOfAddress(), { fromAddress: true });
    });
    const repaint = () => drawing?.style(window.footnotesDrawing.styles(part("canvas")));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
    new MutationObserver(repaint).observe(document.documentElement, { attributes: true, attributeFilter: ["data-theme"] });
    await Promise.all(["graph/cytoscape.js", "graph/drawing.js"].map(load));
    const centre = centreOfAddress() || (await get("names", { q: "" })).names[0]?.id;
    if (centre) await look(centre, { replace: true });
  }

  // The page may be drawn after this script was read.
  function wait() {
    if (!/\/graph\/?$/.test(location.pathname)) return;
    const found = document.querySelector("#graph");
    if (found) begin(found).catch((error) => say(error.message));
    else setTimeout(wait, 50);
  }

  wait();
})();
