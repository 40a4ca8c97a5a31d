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
  return (doc.failed ?? []).map((failure) =>
    element(
      "p",
      { class: "error" },
      typeof failure === "string" ? failure : Object.values(failure).join(": "),
    ),
  );
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
    groups(
      longest.map((entry) => entry.distance),
      series,
      { label: title, title: "units in the last place" },
    ),
    known.length > 1 ? seriesLegend(series.map(({ name }, i) => ({ name, series: i }))) : null,
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

function outputsPage(doc) {
  const rows = doc.outputs.flatMap((output) =>
    output.backends.map((entry) => ({ name: output.name, type: output.type, ...entry })),
  );
  const selection = new Selection();
  return [
    section(
      "Outputs",
      new DataTable(
        rows,
        [
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
        ],
        { filter: rows.length > 12, empty: "No output was compared." },
      ).element,
      element(
        "div",
        { class: "figures below" },
        doc.outputs.slice(0, 6).map((output) =>
          ulpFigure(
            output.name,
            output.backends.map(({ backend, ulps }) => ({ name: backend, ulps })),
          ),
        ),
      ),
    ),
    doc.backends?.length > 0
      ? section(
          "Time of a run",
          runTimes(doc.backends, (side) => side.median_ms),
        )
      : null,
    comparedGraph(doc, selection, [backendMetric()], () => []),
  ];
}

function tensorsPage(doc) {
  const selection = new Selection(),
    layers = doc.graph?.layers ?? [];
  const sides = doc.sides.filter((side) => side.tensors?.length > 0);
  const rows = sides.flatMap((side) =>
    side.tensors.map((tensor) => ({ ...tensor, side: side.backend })),
  );
  const at = (layer) => rows.filter((row) => row.reference_layer.index === layer);
  const worst = (side) => (layer) =>
    Math.max(
      0,
      ...side.tensors
        .filter((t) => layers[t.reference_layer.index] === layer)
        .map((t) => t.normwise_error),
    );
  const metrics = sides.map((side) => {
    const errors = new Map(layers.map((layer) => [layer, worst(side)(layer)]));
    const known = [...errors.values()].filter((error) => error > 0),
      most = Math.max(...known),
      least = Math.min(...known);
    const part = (error) =>
      most > least ? 0.1 + (0.9 * Math.log(error / least)) / Math.log(most / least) : 1;
    return {
      title: `normwise error of ${side.backend}`,
      value: (layer) => (errors.get(layer) > 0 ? part(errors.get(layer)) : 0),
      text: (layer) => (errors.get(layer) > 0 ? format.error(errors.get(layer)) : "exact"),
      legend: () =>
        known.length > 0
          ? ["0 or ", format.error(least), element("i", { class: "ramp" }), format.error(most)]
          : ["all exact"],
    };
  });
  const series = sides.map((side) => ({
    name: side.backend,
    points: side.tensors.map((tensor, i) => ({
      at: i,
      value: tensor.normwise_error,
      layer: tensor.reference_layer.index,
      tip: `${tensor.layer.op} ${tensor.name}\n${side.backend}: normwise error ${format.error(tensor.normwise_error)}`,
    })),
  }));
  const table =
    rows.length === 0
      ? null
      : new DataTable(
          rows,
          [
            { title: "operator", value: (row) => row.layer.op },
            { title: "tensor", value: (row) => row.name },
            { title: "side", value: (row) => row.side },
            { title: "kernel", value: (row) => row.layer.kernel },
            { title: "reference's", value: (row) => row.reference_layer.kernel },
            ...errorColumns,
          ],
          {
            filter: true,
            select: (row) => {
              selection.select(row.reference_layer.index);
              table.mark(row);
            },
          },
        );
  return [
    ...doc.sides.map((side) => firstDifference(side)),
    rows.length === 0
      ? null
      : section(
          "Error by depth",
          lines(series, {
            label: "Error by depth",
            count: Math.max(...sides.map((side) => side.tensors.length)),
            text: (tick) => tick.toExponential(0),
            title: "tensors in order of execution; those that are the same lie at the bottom",
            select: (layer) => selection.select(layer),
          }),
          seriesLegend(series.map(({ name }, i) => ({ name, series: i }))),
        ),
    comparedGraph(doc, selection, metrics, (layer) =>
      at(layers.indexOf(layer)).flatMap((row) => [
        [row.side, `${row.layer.kernel}, normwise error ${format.error(row.normwise_error)}`],
        ["", ulpFigure(`${row.name} on ${row.side}`, [{ name: row.side, ulps: row.ulps }])],
      ]),
    ),
    table && section("Tensors", table.element),
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
