// What pages about layers share: the graph beside what is known of the chosen layer, and the table.

const kBackends = ["native", "onednn", "reference"];
/// The number of a backend's colour.
const backendSeries = (backend) => (kBackends.includes(backend) ? kBackends.indexOf(backend) : 3);

/// The number of a side's colour, the same wherever it is shown; `i` is its place among the sides.
function sideSeries(name, i) {
  const known = [...kBackends, "onnxruntime", "openvino"].indexOf(name);
  return known < 0 ? i : known;
}

function layerTitle(layer, i) {
  return [`#${i} ${layer.op}`, layer.name].filter(Boolean).join("\n");
}

function backendMetric() {
  return {
    title: "backend",
    value: () => null,
    group: (layer) => (layer.kernel === "view" ? null : backendSeries(layer.backend)),
    text: (layer) => layer.kernel,
    legend: () =>
      kBackends.map((name, series) =>
        element("span", { class: "key" }, element("i", { class: `series-${series}` }), name),
      ),
  };
}

/// A metric that grows from 0; the deepest colour is its greatest value, or `most`.
function heatMetric(title, layers, value, text, most) {
  const top = most ?? Math.max(0, ...layers.map((layer) => value(layer) || 0));
  return {
    title,
    value: (layer) => (top > 0 ? (value(layer) || 0) / top : 0),
    text: (layer) => (value(layer) > 0 ? text(value(layer)) : ""),
    legend: () => [text(0), element("i", { class: "ramp" }), text(top)],
  };
}

/// A line of a list; without a name the value takes all of it.
function definition(name, value) {
  return value === "" || value === undefined || value === null
    ? null
    : [
        name === "" ? [] : element("dt", {}, name),
        element("dd", { class: name === "" ? "wide" : null }, value),
      ];
}

/// What is known of one layer; `more(layer)` gives further [name, value] pairs.
function layerDetails(layer, i, more) {
  const named = (names, types) =>
    names.map((name, k) =>
      name === ""
        ? null
        : element(
            "div",
            { class: "port" },
            element("span", {}, name),
            element("small", {}, types[k]),
          ),
    );
  return [
    element("h3", {}, `${layer.op} `, element("small", {}, `#${i}`)),
    element("p", { class: "name" }, layer.name),
    element(
      "dl",
      {},
      more(layer).map(([name, value]) => definition(name, value)),
      definition("kernel", layer.kernel === "view" ? "view: costs nothing" : layer.kernel),
      definition("inputs", named(layer.input_names, layer.inputs)),
      definition("read by its subgraphs", layer.captured_names.join(", ")),
      definition("outputs", named(layer.output_names, layer.outputs)),
      definition("parameters", layer.parameters > 0 ? format.count(layer.parameters) : ""),
      definition("multiply-adds", layer.multiply_adds > 0 ? format.count(layer.multiply_adds) : ""),
      definition("scratch", layer.scratch_bytes > 0 ? format.bytes(layer.scratch_bytes) : ""),
    ),
    layer.refusals.length === 0
      ? null
      : element(
          "details",
          {},
          element("summary", {}, "Why not another kernel"),
          element(
            "ul",
            {},
            layer.refusals.map((refusal) => element("li", {}, refusal)),
          ),
        ),
  ]
    .flat()
    .filter(Boolean);
}

/// The graph with the chosen layer's details, then the table of all.
function layerSections({ layers, inputs, outputs, metrics, columns: own, more, selection }) {
  if (layers.length === 0)
    return [
      section("Graph", element("p", { class: "empty" }, "The model has no layers left to run.")),
    ];
  const rows = layers.map((layer, i) => ({ layer, i }));
  const graph = new GraphView(graphOf(layers, inputs, outputs), layers, metrics, selection);
  const details = element(
    "aside",
    { class: "details" },
    element(
      "p",
      { class: "empty" },
      "Choose a layer in the graph, a chart or the table to see it here.",
    ),
  );
  const table = new DataTable(
    rows,
    [
      { title: "#", value: ({ i }) => i, number: true },
      { title: "operator", value: ({ layer }) => layer.op },
      { title: "name", value: ({ layer }) => layer.name },
      ...own,
      { title: "kernel", value: ({ layer }) => layer.kernel },
    ],
    {
      filter: true,
      select: ({ i }) => selection.select(i),
      onfilter: (shown) => graph.highlight(shown && new Set(shown.map(({ i }) => i))),
    },
  );
  selection.addEventListener("change", () => {
    if (selection.layer === null) return;
    details.replaceChildren(...layerDetails(layers[selection.layer], selection.layer, more));
    table.mark(rows[selection.layer]);
  });
  return [
    section("Graph", element("div", { class: "beside" }, graph.element, details)),
    section("Layers", table.element),
  ];
}
