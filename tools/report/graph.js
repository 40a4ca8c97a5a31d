// The graph, drawn: dragging moves it, pinching or Ctrl and the wheel zoom it, a click selects.

const kNode = { width: 172, height: 44, gap: 30 };
const kTitlesFrom = 0.2; // and titles alone, written larger
const kNoteLetters = 28; // that fit into a node
const kLabelsFrom = 0.45; // scale from which labels can be read

/// Nodes and edges of a document: inputs, then layers, then outputs. Nodes of layers know theirs.
function graphOf(layers, inputs, outputs) {
  const nodes = [],
    edges = [],
    makers = new Map();
  for (const port of inputs) {
    if (port.has_default) continue; // a weight that a caller may replace
    makers.set(port.name, nodes.length);
    nodes.push({ title: port.name, note: port.type, kind: "port" });
  }
  const first = nodes.length; // the node of layer 0
  layers.forEach((layer, i) => {
    const from = new Set(
      [...layer.input_names, ...layer.captured_names].map((name, k) => {
        const producer = layer.producers[k] ?? -1; // other runtimes do not tell
        return producer >= 0 ? first + producer : makers.get(name);
      }),
    );
    for (const node of from) if (node !== undefined) edges.push([node, nodes.length]);
    layer.output_names.forEach((name) => makers.set(name, nodes.length));
    nodes.push({
      layer: i,
      title: layer.op,
      note: shapeText(layer),
      kind: layer.kernel === "view" ? "view" : "layer",
    });
  });
  for (const port of outputs) {
    const maker = makers.get(port.name);
    if (maker !== undefined) edges.push([maker, nodes.length]);
    nodes.push({ title: port.name, note: port.type, kind: "port" });
  }
  return { nodes, edges };
}

function shapeText(layer) {
  return (layer.output_shape ?? []).join(" × ") || (layer.outputs?.[0] ?? "");
}

function edgePath(points) {
  let path = `M${points[0].x} ${points[0].bottom}`;
  points.slice(1).forEach((point, i) => {
    const before = points[i],
      middle = (before.bottom + point.top) / 2;
    path += `C${before.x} ${middle} ${point.x} ${middle} ${point.x} ${point.top}`;
    if (i < points.length - 2) path += `V${point.bottom}`;
  });
  return path;
}

/// A view of the graph with its buttons. `metrics` colour it: {title, value(layer) from 0 to 1 or
/// null, text(layer)}.
class GraphView {
  constructor(graph, layers, metrics, selection) {
    Object.assign(this, { ...graph, layers, metrics, selection });
    const begin = performance.now();
    this.placed = placeGraph(this.nodes.length, this.edges, kNode);
    this.labels = new Map();
    this.nodeOf = new Map(this.nodes.map((node, i) => [node.layer, i]));
    this.draw();
    listenToGraph(this);
    this.colour(this.metrics[0]);
    this.element.dataset.drawnMs = (performance.now() - begin).toFixed(0);
    new ResizeObserver(() => this.resize()).observe(this.svg);
    selection.addEventListener("change", () => this.showSelected());
  }

  draw() {
    this.boxes = this.nodes.map((node, i) =>
      drawn("rect", {
        class: `node ${node.kind}`,
        "data-node": i,
        x: this.placed.nodes[i].x,
        y: this.placed.nodes[i].y,
        width: kNode.width,
        height: kNode.height,
        rx: node.kind === "port" ? kNode.height / 2 : 5,
      }),
    );
    this.lines = drawn("path", {
      class: "edges",
      d: this.placed.routes.map(edgePath).join(""),
    });
    this.marked = drawn("path", { class: "edges marked" });
    this.text = drawn("g", { class: "labels" });
    this.svg = drawn(
      "svg",
      {
        class: "graph",
        tabindex: 0,
        role: "application",
        "aria-label": "The model's graph. Arrow keys move it, plus and minus zoom.",
      },
      this.lines,
      this.marked,
      drawn("g", {}, this.boxes),
      this.text,
    );
    this.map = element("canvas", { class: "overview", title: "Overview: click to go there" });
    this.frame = element("div", { class: "frame" });
    const map = element("div", { class: "map" }, this.map, this.frame);
    this.element = element(
      "div",
      { class: "graph-view" },
      this.drawBar(),
      element("div", { class: "canvas" }, this.svg, map),
    );
  }

  /// What colours the graph, and its buttons.
  drawBar() {
    const button = (sign, title, onclick) =>
      element("button", { type: "button", title, "aria-label": title, onclick }, sign);
    const onchange = (event) => this.colour(this.metrics[event.target.selectedIndex]);
    const options = this.metrics.map((metric) => element("option", {}, metric.title));
    const choice = element("label", {}, "Colour by ", element("select", { onchange }, options));
    this.legend = element("span", { class: "legend" });
    const buttons = element(
      "span",
      { class: "buttons" },
      element("span", { class: "hint" }, "drag to move, Ctrl and wheel to zoom"),
      button("−", "Zoom out", () => this.zoom(1 / 1.4)),
      button("+", "Zoom in", () => this.zoom(1.4)),
      button("Fit", "Show the whole graph", () => this.fit()),
    );
    const bar = element("div", { class: "bar" }, this.legend, buttons);
    if (options.length > 0) bar.prepend(choice);
    return bar;
  }

  /// Shows the whole graph where it can be read, its beginning otherwise.
  start() {
    const whole = this.wholeScale();
    this.scale = whole >= kLabelsFrom ? Math.min(whole, 1.1) : 0.8;
    const { width } = this.size;
    this.x = (this.placed.width - width / this.scale) / 2;
    if (whole < kLabelsFrom && this.placed.nodes.length > 0) {
      this.x = this.placed.nodes[0].x + kNode.width / 2 - width / this.scale / 2;
    }
    this.y = whole >= kLabelsFrom ? (this.placed.height - this.size.height / this.scale) / 2 : -16;
  }

  wholeScale() {
    const { width, height } = this.size;
    return Math.min(width / (this.placed.width + 40), height / (this.placed.height + 40));
  }

  fit() {
    this.scale = Math.min(this.wholeScale(), 1.5);
    this.x = (this.placed.width - this.size.width / this.scale) / 2;
    this.y = (this.placed.height - this.size.height / this.scale) / 2;
    this.update();
  }

  resize() {
    const box = this.svg.getBoundingClientRect();
    if (box.width === 0) return;
    const fresh = this.size === undefined;
    this.size = { width: box.width, height: box.height };
    if (fresh) this.start();
    this.drawMap();
    this.update();
  }

  /// Zooms about a point of the drawing area, its middle by default.
  zoom(factor, at = { x: this.size.width / 2, y: this.size.height / 2 }) {
    const least = Math.min(this.wholeScale(), 0.2);
    const scale = Math.min(Math.max(this.scale * factor, least), 3);
    this.x += at.x / this.scale - at.x / scale;
    this.y += at.y / this.scale - at.y / scale;
    this.scale = scale;
    this.update();
  }

  move(dx, dy) {
    this.x -= dx / this.scale;
    this.y -= dy / this.scale;
    this.update();
  }

  update() {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      const width = this.size.width / this.scale,
        height = this.size.height / this.scale;
      this.x = Math.min(Math.max(this.x, 60 - width), this.placed.width - 60);
      this.y = Math.min(Math.max(this.y, 60 - height), this.placed.height - 60);
      this.svg.setAttribute("viewBox", `${this.x} ${this.y} ${width} ${height}`);
      this.svg.dataset.scale = this.scale;
      this.showLabels(this.x, this.y, width, height);
      this.showFrame(width, height);
    });
  }

  /// Labels exist only of what can be seen and read.
  showLabels(x, y, width, height) {
    const shown = new Set();
    this.text.classList.toggle("far", this.scale < kLabelsFrom);
    if (this.scale >= kTitlesFrom) {
      this.placed.nodes.forEach((at, i) => {
        if (
          at.x < x + width &&
          at.x + kNode.width > x &&
          at.y < y + height &&
          at.y + kNode.height > y
        ) {
          shown.add(i);
        }
      });
    }
    for (const [i, label] of this.labels) {
      if (!shown.has(i)) {
        label.remove();
        this.labels.delete(i);
      }
    }
    for (const i of shown) {
      if (this.labels.has(i)) continue;
      this.labels.set(i, this.label(i));
      this.text.append(this.labels.get(i));
    }
  }

  label(i) {
    const node = this.nodes[i],
      at = this.placed.nodes[i],
      middle = at.x + kNode.width / 2;
    const said =
      node.layer !== undefined && this.metric ? this.metric.text(this.layers[node.layer]) : "";
    const both = [node.note, said].filter(Boolean).join(" · ");
    return drawn(
      "g",
      {},
      drawn("text", { class: "title", x: middle, y: at.y + 18 }, format.name(node.title, 24)),
      drawn("text", { class: "far-title", x: middle, y: at.y + 30 }, format.name(node.title, 13)),
      drawn(
        "text",
        { class: "note", x: middle, y: at.y + 34 },
        format.name(both.length > kNoteLetters && said ? said : both, kNoteLetters),
      ),
    );
  }

  colour(metric) {
    this.metric = metric;
    if (!metric) return;
    this.boxes.forEach((box, i) => {
      const layer = this.layers[this.nodes[i].layer];
      const value = layer === undefined ? null : metric.value(layer);
      const group = layer === undefined || !metric.group ? null : metric.group(layer);
      this.nodes[i].marked = value > 0.15 || group !== null;
      box.style.setProperty("--heat", `${100 * Math.min(Math.max(value ?? 0, 0), 1)}%`);
      box.style.setProperty("--group", group === null ? "" : `var(--series-${group})`);
      box.classList.toggle("grouped", group !== null);
      box.setAttribute(
        "data-tip",
        layer === undefined
          ? this.nodes[i].title
          : [`#${this.nodes[i].layer} ${layer.op} ${layer.name}`, layer.kernel, metric.text(layer)]
              .filter(Boolean)
              .join("\n"),
      );
    });
    this.legend.replaceChildren(...[metric.legend?.() ?? []].flat());
    for (const label of this.labels.values()) label.remove();
    this.labels.clear();
    if (this.size) {
      this.drawMap();
      this.update();
    }
  }

  /// The overview on the right, stretched to its whole height.
  drawMap() {
    const { clientWidth: width, clientHeight: height } = this.map,
      ratio = devicePixelRatio;
    if (width === 0) return;
    this.map.width = width * ratio;
    this.map.height = height * ratio;
    const context = this.map.getContext("2d");
    const across = this.map.width / this.placed.width,
      along = this.map.height / this.placed.height;
    this.placed.nodes.forEach((at, i) => {
      const style = getComputedStyle(this.boxes[i]);
      context.fillStyle = this.nodes[i].marked ? style.fill : style.stroke;
      const wide = Math.max(kNode.width * across - 1, 2),
        tall = Math.max(kNode.height * along, 1);
      context.fillRect(at.x * across, at.y * along, Math.min(wide, this.map.width), tall);
    });
  }

  showFrame(width, height) {
    const part = (begin, size, whole) =>
      [Math.max(begin / whole, 0), Math.min((begin + size) / whole, 1)].map((p) => 100 * p);
    const [left, right] = part(this.x, width, this.placed.width);
    const [top, bottom] = part(this.y, height, this.placed.height);
    Object.assign(this.frame.style, {
      left: `${left}%`,
      width: `${Math.max(right - left, 0)}%`,
      top: `${top}%`,
      height: `max(${Math.max(bottom - top, 0)}%, 6px)`,
    });
  }

  choose(node) {
    this.selection.select(this.nodes[node].layer ?? null);
  }

  /// A copy of everything, labels of all nodes included.
  wholeDrawing() {
    const labels = this.nodes.map((_, i) => this.label(i));
    return drawn(
      "g",
      {},
      this.lines.cloneNode(),
      this.boxes.map((box) => box.cloneNode()),
      drawn("g", { class: "labels" }, labels),
    );
  }

  centre(x, y) {
    this.x = x - this.size.width / this.scale / 2;
    this.y = y - this.size.height / this.scale / 2;
    this.update();
  }

  showSelected() {
    this.svg.querySelector(".selected")?.classList.remove("selected");
    const i = this.selection.layer === null ? undefined : this.nodeOf.get(this.selection.layer);
    this.marked.setAttribute(
      "d",
      i === undefined
        ? ""
        : this.edges
            .map((edge, k) => (edge.includes(i) ? edgePath(this.placed.routes[k]) : ""))
            .join(""),
    );
    if (i === undefined) return;
    this.boxes[i].classList.add("selected");
    const at = this.placed.nodes[i];
    const out =
      at.x < this.x ||
      at.y < this.y ||
      at.x + kNode.width > this.x + this.size.width / this.scale ||
      at.y + kNode.height > this.y + this.size.height / this.scale;
    if (this.scale < kLabelsFrom) this.scale = 0.8;
    else if (!out) return;
    this.centre(at.x + kNode.width / 2, at.y + kNode.height / 2);
  }

  /// Nodes whose layers are not in the set are drawn faintly; null: all are in it.
  highlight(layers) {
    this.boxes.forEach((box, i) => {
      const layer = this.nodes[i].layer;
      box.classList.toggle("faint", layers !== null && !layers.has(layer));
    });
  }
}
