// The page of `compare`: how far sides are apart, where they part, and how fast each is.

function verdict(doc) {
  if (doc.match === undefined) return null;
  return element(
    "p",
    { class: `verdict ${doc.match ? "good" : "bad"}` },
    doc.match ? "✓ All agree within the tolerance" : "✗ Something differs",
    element("small", {}, ` measured against ${doc.reference}`),
  );
}

function failures(doc) {
  return (doc.failed ?? []).map(({ error }) => element("p", { class: "error" }, error));
}

const sideLegend = (names) =>
  seriesLegend(names.map((name, i) => ({ name, series: sideSeries(name, i) })));

/// The greatest distance of a place in the histogram, which from 4 on is a power of two.
function ulpLabel({ distance }) {
  const most = Number(distance.split("-").at(-1));
  if (most < 1000) return String(most);
  return `2${String(Math.round(Math.log2(most))).replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])}`;
}

/// Shares of elements by their distance in units in the last place, of several sides.
function ulpFigure(title, items) {
  const known = items.filter(({ ulps }) => ulps?.length > 0);
  if (known.length === 0) return null;
  const longest = known.reduce((a, b) => (b.ulps.length > a.ulps.length ? b : a)).ulps;
  const series = known.map(({ name, ulps }) => {
    const all = sum(ulps, (entry) => entry.count);
    return { name, values: ulps.map((entry) => entry.count / all) };
  });
  return figure(
    title,
    "Share of the elements by their distance in units in the last place.",
    groups(longest.map(ulpLabel), series, {
      label: title,
      title: "units in the last place, up to",
    }),
    known.length > 1 ? sideLegend(series.map(({ name }) => name)) : null,
  );
}

const errorColumns = [
  { title: "result", value: (row) => (row.match ? "agrees" : "DIFFERS") },
  {
    title: "max abs error",
    number: true,
    value: (row) => row.max_abs_error,
    text: (row) => format.error(row.max_abs_error),
  },
  {
    title: "mean",
    number: true,
    value: (row) => row.mean_abs_error,
    text: (row) => format.error(row.mean_abs_error),
  },
  {
    title: "max rel error",
    number: true,
    value: (row) => row.max_rel_error,
    text: (row) => format.error(row.max_rel_error),
  },
  {
    title: "normwise",
    number: true,
    value: (row) => row.normwise_error,
    text: (row) => format.error(row.normwise_error),
  },
  {
    title: "cosine",
    number: true,
    value: (row) => row.cosine,
    text: (row) => row.cosine?.toFixed(7) ?? "",
  },
  {
    title: "PSNR",
    number: true,
    value: (row) => row.psnr_db,
    text: (row) => (row.psnr_db ? `${row.psnr_db.toFixed(1)} dB` : row.psnr_db === null ? "∞" : ""),
  },
];

/// The graph of the first side. `layers` know what the metrics and details show.
function comparedGraph(doc, selection, metrics, more) {
  const { layers, inputs, outputs } = doc.graph ?? { layers: [] };
  if (layers.length === 0) return null;
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
  selection.addEventListener("change", () => {
    if (layers[selection.layer])
      details.replaceChildren(...layerDetails(layers[selection.layer], selection.layer, more));
  });
  return section(
    `Graph on ${doc.reference}`,
    element("div", { class: "beside" }, graph.element, details),
  );
}

/// Errors over the depth of the graph: sides of {name, tensors: [{name, error, layer}]}.
function depthSection(sides, select) {
  const series = sides.map(({ name, tensors }) => ({
    name,
    points: tensors.map((tensor, at) => ({
      at,
      value: tensor.error,
      layer: tensor.layer,
      tip: `${tensor.name}\n${name}: normwise error ${format.error(tensor.error)}`,
    })),
  }));
  return section(
    "Error by depth",
    lines(series, {
      label: "Error by depth",
      count: greatest(sides, ({ tensors }) => tensors.length),
      text: (tick) => tick.toExponential(0),
      title: "tensors in order of execution",
      select,
    }),
    sideLegend(sides.map(({ name }) => name)),
  );
}

/// Outputs that --outputs fetched stand before the model's own, in the order of the graph.
function fetchedDepth(doc) {
  if (doc.outputs.length < 5) return null;
  const names = [...new Set(doc.outputs.flatMap(({ backends }) => backends.map((b) => b.backend)))];
  const entry = (output, name) => output.backends.find(({ backend }) => backend === name);
  const sides = names.map((name) => ({
    name,
    tensors: doc.outputs
      .filter((output) => entry(output, name))
      .map((output) => ({ name: output.name, error: entry(output, name).normwise_error })),
  }));
  return depthSection(sides);
}

function outputsPage(doc) {
  const rows = doc.outputs.flatMap((output) =>
    output.backends.map((entry) => ({ name: output.name, type: output.type, ...entry })),
  );
  const columns = [
    { title: "output", value: (row) => row.name },
    { title: "type", value: (row) => row.type },
    { title: "side", value: (row) => row.backend },
    ...errorColumns,
    {
      title: "passes from --rtol",
      number: true,
      value: (row) => row.least_rtol,
      text: (row) => format.error(row.least_rtol),
    },
  ];
  const table = new DataTable(rows, columns, {
    filter: rows.length > 12,
    empty: "No output was compared.",
  });
  const histograms = doc.outputs
    .slice(-6)
    .map(({ name, backends }) =>
      ulpFigure(
        name,
        backends.map(({ backend, ulps }) => ({ name: backend, ulps })),
      ),
    )
    .filter(Boolean);
  return [
    section(
      "Outputs",
      table.element,
      histograms.length > 0 ? element("div", { class: "figures below" }, histograms) : null,
    ),
    fetchedDepth(doc),
    doc.backends?.length > 0
      ? section(
          "Time of a run",
          runTimes(doc.backends, (side) => side.median_ms),
        )
      : null,
    comparedGraph(doc, new Selection(), [backendMetric()], () => []),
  ];
}

/// Colours layers by the error of what they compute on a side, on a logarithmic scale.
function errorMetric(side, layers) {
  const errors = new Map();
  for (const {
    reference_layer: { index },
    normwise_error: error,
  } of side.tensors) {
    errors.set(layers[index], Math.max(errors.get(layers[index]) ?? 0, error));
  }
  const known = [...errors.values()].filter((error) => error > 0);
  const most = greatest(known, (error) => error);
  const least = -greatest(known, (error) => -error);
  const part = (error) =>
    most > least ? 0.1 + (0.9 * Math.log(error / least)) / Math.log(most / least) : 1;
  return {
    title: `normwise error of ${side.backend}`,
    value: (layer) => (errors.get(layer) > 0 ? part(errors.get(layer)) : 0),
    text: (layer) => (errors.get(layer) === 0 ? "exact" : format.error(errors.get(layer))),
    legend: () =>
      known.length > 0
        ? ["0 or ", format.error(least), element("i", { class: "ramp" }), format.error(most)]
        : ["all exact"],
  };
}

function tensorTable(rows, selection) {
  const columns = [
    { title: "operator", value: (row) => row.layer.op },
    { title: "tensor", value: (row) => row.name },
    { title: "side", value: (row) => row.side },
    { title: "kernel", value: (row) => row.layer.kernel },
    { title: "reference's", value: (row) => row.reference_layer.kernel },
    ...errorColumns,
  ];
  const select = (row) => {
    selection.select(row.reference_layer.index);
    table.mark(row);
  };
  const table = new DataTable(rows, columns, { filter: true, select });
  return table.element;
}

/// `compare --per-layer` and `--first-divergence`.
function tensorsPage(doc) {
  const selection = new Selection();
  const layers = doc.graph?.layers ?? [];
  const sides = doc.sides.filter((side) => side.tensors?.length > 0);
  const rows = sides.flatMap((side) =>
    side.tensors.map((tensor) => ({ ...tensor, side: side.backend })),
  );
  const more = (layer) =>
    rows
      .filter((row) => layers[row.reference_layer.index] === layer)
      .flatMap((row) => [
        [row.side, `${row.layer.kernel}, normwise error ${format.error(row.normwise_error)}`],
        ["", ulpFigure(row.name, [{ name: row.side, ulps: row.ulps }])],
      ]);
  const depth = sides.map((side) => ({
    name: side.backend,
    tensors: side.tensors.map((tensor) => ({
      name: `${tensor.layer.op} ${tensor.name}`,
      error: tensor.normwise_error,
      layer: tensor.reference_layer.index,
    })),
  }));
  const metrics = sides.map((side) => errorMetric(side, layers));
  return [
    ...doc.sides.map((side) => firstDifference(side)),
    rows.length > 0 ? depthSection(depth, (layer) => selection.select(layer)) : null,
    comparedGraph(doc, selection, metrics, more),
    rows.length > 0 ? section("Tensors", tensorTable(rows, selection)) : null,
  ];
}

function firstDifference(side) {
  const first = side.first_difference;
  if (!first)
    return element(
      "p",
      { class: "facts" },
      `${side.backend}: ${format.integer(side.compared)} tensors compared, all agree`,
    );
  return section(
    `The first difference on ${side.backend}`,
    element(
      "dl",
      { class: "facts-list" },
      [
        ["tensor", `${first.tensor}, ${first.type}`],
        ["node", `${first.layer.name} (${first.layer.op})`],
        ["kernels", `${first.layer.kernel}; reference: ${first.reference_layer.kernel}`],
        ["where", first.reason],
        ...first.inputs.map((input) => [
          "input",
          `${input.name}, normwise error ${format.error(input.normwise_error)}`,
        ]),
      ].map(([name, value]) => definition(name, value)),
    ),
    ulpFigure("Units in the last place", [{ name: side.backend, ulps: first.ulps }]),
  );
}

function comparePage(doc) {
  const shows = doc.sides
    ? tensorsPage
    : doc.outputs
      ? outputsPage
      : doc.layers
        ? speedPage
        : () => [];
  return [verdict(doc), ...failures(doc), ...shows(doc)];
}
