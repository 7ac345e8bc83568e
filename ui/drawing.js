// Draws a neighbourhood with Cytoscape.js: a shape and a colour a kind, labels as text. See graph.js.
"use strict";

window.footnotesDrawing = (() => {
  const LABEL = 26; // characters that a dot shows

  // As the page shows it, light or dark.
  function colour(canvas, name) {
    canvas.style.color = `var(--graph-${name})`;
    return getComputedStyle(canvas).color;
  }

  function styles(canvas) {
    const shapes = { note: "round-rectangle", entity: "ellipse", tag: "diamond", day: "hexagon", month: "hexagon", year: "hexagon" };
    const text = { color: colour(canvas, "ink"), "font-family": getComputedStyle(canvas).fontFamily, "font-size": 11 };
    return [
      {
        selector: "node",
        style: {
          ...text, label: "data(short)", width: "data(size)", height: "data(size)", "text-valign": "bottom", "text-margin-y": 4,
          "text-background-color": colour(canvas, "paper"), "text-background-opacity": 0.75, "text-background-padding": 1, "min-zoomed-font-size": 7,
        },
      },
      ...Object.entries(shapes).map(([kind, shape]) => ({ selector: `node.${kind}`, style: { shape, "background-color": colour(canvas, kind) } })),
      { selector: "edge", style: { width: "data(width)", "line-color": colour(canvas, "line"), "curve-style": "straight" } },
      { selector: "edge.LINKS_TO", style: { "line-color": colour(canvas, "note"), "target-arrow-shape": "triangle", "target-arrow-color": colour(canvas, "note"), "arrow-scale": 0.7, "curve-style": "bezier" } },
      { selector: "edge.RELATED", style: { "line-color": colour(canvas, "entity") } },
      { selector: "edge.TAGGED", style: { "line-color": colour(canvas, "tag"), "line-style": "dashed" } },
      { selector: "edge.ON_DATE", style: { "line-color": colour(canvas, "day"), "line-style": "dotted" } },
      { selector: "edge.ALIAS_OF", style: { "line-style": "dashed" } },
      { selector: "node.centre", style: { "font-weight": 700, "border-width": 3, "border-color": colour(canvas, "accent") } },
      { selector: "node.on", style: { "border-width": 3, "border-color": colour(canvas, "accent"), "z-index": 10 } },
      { selector: "edge.on", style: { "line-color": colour(canvas, "accent"), "target-arrow-color": colour(canvas, "accent"), "z-index": 9 } },
    ];
  }

  function elements(shown) {
    const around = shown.nodes.length;
    const degree = (id) => shown.edges.filter((edge) => edge.source === id || edge.target === id).length;
    const nodes = shown.nodes.map((one, index) => {
      const angle = (2 * Math.PI * index) / around;
      const letters = [...one.label];
      return {
        data: {
          id: one.id,
          short: letters.length > LABEL ? `${letters.slice(0, LABEL).join("")}…` : one.label,
          size: Math.min(34, 13 + 3 * Math.sqrt(degree(one.id))),
        },
        classes: index ? one.kind : `${one.kind} centre`,
        position: index ? { x: 200 * Math.cos(angle), y: 200 * Math.sin(angle) } : { x: 0, y: 0 },
      };
    });
    const edges = shown.edges.map((edge, index) => ({
      data: { id: `edge ${index}`, source: edge.source, target: edge.target, width: Math.min(4, 1 + edge.weight), edge },
      classes: edge.kinds.join(" "),
    }));
    return [...nodes, ...edges];
  }

  // The same nodes lie where they lay: nothing of the layout is left to chance.
  function draw(canvas, shown) {
    return window.cytoscape({
      container: canvas,
      elements: elements(shown),
      style: styles(canvas),
      minZoom: 0.2,
      maxZoom: 3,
      layout: {
        name: "cose", animate: false, randomize: false, padding: 24, componentSpacing: 60, nodeOverlap: 20, gravity: 0.6,
        numIter: 1500, nodeRepulsion: () => 60_000, idealEdgeLength: () => 90,
      },
    });
  }

  return { draw, styles };
})();
