// The page of `profile`: where the time of a run goes.

/// Billions of operations in a second; null where there are none.
function flopRate({ multiply_adds: work, ms }) {
  return work > 0 && ms > 0 ? (2e-6 * work) / ms : null;
}

/// Billions of bytes in a second.
function byteRate({ traffic_bytes: bytes, ms }) {
  return bytes > 0 && ms > 0 ? (1e-6 * bytes) / ms : null;
}

function profileTiles(doc) {
  const operations = 2 * sum(doc.layers, (layer) => layer.multiply_adds);
  return tiles([
    ["a run", format.ms(doc.run_ms), `mean of ${format.integer(doc.runs)}`],
    ["first run", format.ms(doc.first_run_ms)],
    ["in layers", format.percent(doc.layers_ms / doc.run_ms)],
    [
      "speed",
      `${format.rate((operations / doc.run_ms) * 1e-6)} GFLOP/s`,
      `of ${format.rate(doc.peak_gflops)} at most`,
    ],
    ["memory's speed", `${format.rate(doc.peak_gb_per_s)} GB/s`],
    ["threads", String(doc.threads)],
  ]);
}

function kernelsFigure(doc, whole) {
  const shared = (name) => doc.kernels.filter(({ kernel }) => kernel === name).length > 1;
  const items = doc.kernels.slice(0, 14).map((kernel) => ({
    label: shared(kernel.kernel) ? `${kernel.kernel} (${kernel.op})` : kernel.kernel,
    value: kernel.ms,
    text: `${format.ms(kernel.ms)} · ${format.percent(kernel.ms / whole)}`,
    series: backendSeries(kernel.backend),
    tip: `${kernel.op}, ${kernel.layers} layers`,
  }));
  const used = kBackends.filter((name) =>
    doc.layers.some(({ backend, kernel }) => backend === name && kernel !== "view"),
  );
  const legend = seriesLegend(used.map((name) => ({ name, series: backendSeries(name) })));
  return figure("By operator and kernel", null, bars(items), legend);
}

function rooflineFigure(doc, tip, select) {
  const points = doc.layers
    .map((layer, i) => ({
      operations: 2 * layer.multiply_adds,
      bytes: layer.traffic_bytes,
      ms: layer.ms,
      series: backendSeries(layer.backend),
      layer: i,
      tip: `${tip(layer, i)}\n${format.rate(flopRate(layer))} GFLOP/s`,
    }))
    .filter((point) => point.operations > 0 && point.bytes > 0 && point.ms > 0);
  if (points.length === 0 || !(doc.peak_gflops > 0 && doc.peak_gb_per_s > 0)) return null;
  return figure(
    "Roofline",
    "The roof is what the machine allows; points are layers, larger where they take longer. " +
      "What comes from caches may lie above it.",
    rooflineChart(points, doc.peak_gflops, doc.peak_gb_per_s, select),
  );
}

function timesFigure(layers, tip, select) {
  const items = layers.map((layer, i) => ({
    value: layer.ms,
    tip: tip(layer, i),
    series: backendSeries(layer.backend),
    layer: i,
  }));
  const title = "layers in order of execution";
  const label = "Time of each layer";
  return figure("By layer", null, columns(items, { label, text: format.ms, title, select }));
}

function profileColumns(layers, whole) {
  const longest = greatest(layers, (layer) => layer.ms);
  const ofLayer = (title, value, text) => timed(title, ({ layer }) => value(layer), text);
  return [
    {
      ...ofLayer("time", (layer) => layer.ms, format.ms),
      bar: ({ layer }) => layer.ms / longest,
    },
    ofLayer("share", (layer) => layer.ms / whole, format.percent),
    ofLayer("GFLOP/s", flopRate, format.rate),
    ofLayer("GB/s", byteRate, format.rate),
    ofLayer("roofline", (layer) => layer.roofline, format.percent),
    ofLayer("memory", (layer) => layer.memory_bytes, format.bytes),
    { title: "output", value: ({ layer }) => shapeText(layer) },
  ];
}

function profilePage(doc) {
  const { layers } = doc;
  const selection = new Selection();
  const select = (layer) => selection.select(layer);
  const whole = sum(layers, (layer) => layer.ms);
  const tip = (layer, i) =>
    [
      layerTitle(layer, i),
      layer.kernel,
      `${format.ms(layer.ms)}, ${format.percent(layer.ms / whole)}`,
    ].join("\n");
  const shown = (value, text) => (value > 0 ? text(value) : "");
  return [
    profileTiles(doc),
    section(
      "Where the time goes",
      element(
        "div",
        { class: "figures" },
        kernelsFigure(doc, whole),
        rooflineFigure(doc, tip, select),
        timesFigure(layers, tip, select),
        doc.memory ? memoryFigures(doc.memory, layers, select) : null,
      ),
    ),
    ...layerSections({
      layers,
      selection,
      inputs: doc.inputs,
      outputs: doc.outputs,
      metrics: [
        heatMetric("time", layers, (layer) => layer.ms, format.ms),
        heatMetric("share of roofline", layers, (layer) => layer.roofline, format.percent, 1),
        heatMetric("memory", layers, (layer) => layer.memory_bytes, format.bytes),
        heatMetric("multiply-adds", layers, (layer) => layer.multiply_adds, format.count),
        backendMetric(),
      ],
      columns: profileColumns(layers, whole),
      more: (layer) => [
        ["time", `${format.ms(layer.ms)}, ${format.percent(layer.ms / whole)} of all`],
        ["speed", shown(flopRate(layer), (rate) => `${format.rate(rate)} GFLOP/s`)],
        [
          "traffic",
          shown(
            byteRate(layer),
            (rate) => `${format.bytes(layer.traffic_bytes)}, ${format.rate(rate)} GB/s`,
          ),
        ],
        ["roofline", shown(layer.roofline, format.percent)],
        ["memory", shown(layer.memory_bytes, format.bytes)],
      ],
    }),
  ];
}
