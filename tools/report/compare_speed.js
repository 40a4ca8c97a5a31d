// The page of `compare --speed`: how long each side takes for each layer, and what else could.

/// Bars of the layers that take longest on any side, a bar for each side.
function slowestLayers(doc, names, entry) {
  const longest = (row) => Math.max(...row.sides.map((side) => side.ms));
  const slowest = [...doc.layers].sort((a, b) => longest(b) - longest(a)).slice(0, 12);
  const items = slowest.flatMap((row) =>
    names.map((name, i) => ({ row, name, series: sideSeries(name, i), side: entry(row, name) })),
  );
  return bars(
    items
      .filter(({ side }) => side?.ms > 0)
      .map(({ row, name, series, side }) => ({
        series,
        value: side.ms,
        label: name === names[0] ? row.tensor : "",
        text: format.ms(side.ms),
        tip: `${row.op} ${row.tensor}\n${name}: ${side.kernel}, ${format.ms(side.ms)}`,
      })),
    longest(slowest[0]),
  );
}

function runTimes(sides, ms) {
  return bars(
    sides.map((side, i) => ({
      label: side.backend,
      value: ms(side),
      series: sideSeries(side.backend, i),
      text: `${format.ms(ms(side))} · ${(ms(sides[0]) / ms(side)).toFixed(2)}×`,
      tip: side.layers
        ? `${side.fallback_layers} of ${side.layers} layers on reference kernels`
        : null,
    })),
  );
}

function choicesSection(doc) {
  const rows = (doc.choices ?? []).flatMap(({ node, op, candidates }) =>
    candidates.map((candidate) => ({ ...candidate, node, op })),
  );
  if (rows.length === 0) return null;
  const columns = [
    { title: "operator", value: (row) => row.op },
    { title: "node", value: (row) => row.node },
    { title: "kernel", value: (row) => row.kernel },
    timed("time", (row) => row.ms, format.ms),
    timed("roofline", (row) => row.share_of_roofline, format.percent),
    { title: "what auto says", value: (row) => row.reason },
  ];
  return section(
    "Kernels of each layer with a choice",
    new DataTable(rows, columns, { filter: true }).element,
  );
}

function speedPage(doc) {
  const selection = new Selection();
  const layers = doc.graph?.layers ?? [];
  const names = doc.backends.map((side) => side.backend);
  const entry = (row, name) => row?.sides.find((side) => side.backend === name);
  const rowOf = new Map(
    doc.layers.flatMap((row) =>
      (entry(row, names[0])?.layers ?? []).map((layer) => [layers[layer], row]),
    ),
  );
  const columns = [
    { title: "operator", value: (row) => row.op },
    { title: "tensor", value: (row) => row.tensor },
    ...names.flatMap((name) => [
      timed(name, (row) => entry(row, name)?.ms, format.ms),
      timed("roofline", (row) => entry(row, name)?.share_of_roofline, format.percent),
      { title: "kernel", value: (row) => entry(row, name)?.kernel ?? "" },
    ]),
  ];
  const select = (row) => {
    selection.select(entry(row, names[0])?.layers.at(-1) ?? null);
    table.mark(row);
  };
  const table = new DataTable(doc.layers, columns, { filter: true, select });
  const metrics = names.map((name) =>
    heatMetric(
      `time on ${name}`,
      layers,
      (layer) => entry(rowOf.get(layer), name)?.ms ?? 0,
      format.ms,
    ),
  );
  return [
    section(
      "A whole run",
      runTimes(doc.backends, (side) => side.min_ms),
    ),
    section("The slowest layers", slowestLayers(doc, names, entry), sideLegend(names)),
    comparedGraph(doc, selection, [...metrics, backendMetric()], (layer) =>
      (rowOf.get(layer)?.sides ?? []).map((side) => [
        side.backend,
        `${format.ms(side.ms)}, ${side.kernel}`,
      ]),
    ),
    section("Layers", table.element),
    choicesSection(doc),
  ];
}
