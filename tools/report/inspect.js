// The page of `inspect`: a model layer by layer.

/// Bars of a sum by operator, the greatest first.
function byOperator(layers, value, text) {
  const sums = new Map();
  for (const layer of layers) sums.set(layer.op, (sums.get(layer.op) ?? 0) + value(layer));
  const whole = sum(layers, value);
  return bars(
    [...sums]
      .filter(([, all]) => all > 0)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 10)
      .map(([label, all]) => ({
        label,
        value: all,
        text: `${text(all)} · ${format.percent(all / whole)}`,
      })),
  );
}

function weightsSection(weights) {
  const number = (title, name) => ({
    title,
    number: true,
    value: (weight) => weight[name] ?? null,
    text: (weight) => format.number(weight[name] ?? NaN),
  });
  const count = (title, name) => timed(title, (weight) => weight[name], format.integer);
  const columns = [
    { title: "weight", value: (weight) => weight.name },
    { title: "type", value: (weight) => weight.type },
    timed("size", (weight) => weight.bytes, format.bytes),
    number("min", "min"),
    number("max", "max"),
    number("mean", "mean"),
    timed("zero", (weight) => weight.sparsity, format.percent),
    count("NaN", "nans"),
    count("Inf", "infinities"),
    {
      title: "histogram",
      value: (weight) => weight.name,
      text: () => "",
      draw: (weight) => sparkline(weight.histogram ?? []),
    },
  ];
  const table = new DataTable(weights, columns, { filter: true, empty: "It has no weights." });
  return section("Weights", table.element);
}

function inspectTiles({ totals }) {
  const { arena_bytes: arena, unshared_bytes: unshared } = totals;
  return tiles([
    ["layers", format.integer(totals.layers)],
    ["parameters", format.count(totals.parameters), format.bytes(totals.constant_bytes)],
    ["multiply-adds", format.count(totals.multiply_adds)],
    ["intermediate values", format.bytes(arena), `${format.bytes(unshared)} if none were reused`],
  ]);
}

function sizesFigure(layers, select) {
  const items = layers.map((layer, i) => ({
    value: layer.activation_bytes,
    layer: i,
    series: backendSeries(layer.backend),
    tip: `${layerTitle(layer, i)}\n${format.bytes(layer.activation_bytes)}`,
  }));
  const title = "layers in order of execution";
  const label = "Outputs by layer";
  return figure(label, null, columns(items, { label, text: format.bytes, title, select }));
}

function inspectColumns(layers) {
  const most = greatest(layers, (layer) => layer.multiply_adds);
  const work = timed("multiply-adds", ({ layer }) => layer.multiply_adds, format.count);
  return [
    { title: "output", value: ({ layer }) => shapeText(layer) },
    timed("parameters", ({ layer }) => layer.parameters, format.integer),
    { ...work, bar: ({ layer }) => layer.multiply_adds / most },
    timed("output size", ({ layer }) => layer.activation_bytes, format.bytes),
  ];
}

function inspectPage(doc) {
  if (doc.differences) return [differencesSection(doc.differences)];
  const { layers } = doc;
  const selection = new Selection();
  const select = (layer) => selection.select(layer);
  const share = (title, value) =>
    sum(layers, value) > 0 ? figure(title, null, byOperator(layers, value, format.count)) : null;
  return [
    inspectTiles(doc),
    section(
      "Where work and memory go",
      element(
        "div",
        { class: "figures" },
        share("Multiply-adds by operator", (layer) => layer.multiply_adds),
        share("Parameters by operator", (layer) => layer.parameters),
        doc.memory ? memoryFigures(doc.memory, layers, select) : sizesFigure(layers, select),
      ),
    ),
    ...layerSections({
      layers,
      selection,
      inputs: doc.inputs,
      outputs: doc.outputs,
      metrics: [
        heatMetric("multiply-adds", layers, (layer) => layer.multiply_adds, format.count),
        heatMetric("parameters", layers, (layer) => layer.parameters, format.count),
        heatMetric("output size", layers, (layer) => layer.activation_bytes, format.bytes),
        backendMetric(),
      ],
      columns: inspectColumns(layers),
      more: ({ activation_bytes: bytes }) => [
        ["output size", bytes > 0 ? format.bytes(bytes) : ""],
      ],
    }),
    doc.weights ? weightsSection(doc.weights) : null,
  ];
}

/// `inspect --diff`.
function differencesSection(differences) {
  const columns = [
    { title: "what", value: (difference) => difference.kind },
    { title: "name", value: (difference) => difference.name },
    { title: "difference", value: (difference) => difference.what },
  ];
  const table = new DataTable(differences, columns, { filter: true, empty: "Nothing differs." });
  return section("Differences", table.element);
}
