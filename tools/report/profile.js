// The page of `profile`: where the time of a run goes.

function profilePage(doc) {
  const { layers } = doc,
    selection = new Selection(),
    choose = (layer) => selection.select(layer);
  const longest = greatest(layers, (layer) => layer.ms);
  const whole = sum(layers, (layer) => layer.ms),
    operations = 2 * sum(layers, (layer) => layer.multiply_adds);
  const tip = (layer, i) =>
    `${layerTitle(layer, i)}\n${layer.kernel}\n${format.ms(layer.ms)}, ${format.percent(layer.ms / whole)}`;
  const rate = (layer) =>
    layer.multiply_adds > 0 && layer.ms > 0 ? (2e-6 * layer.multiply_adds) / layer.ms : null;
  const width = (layer) =>
    layer.traffic_bytes > 0 && layer.ms > 0 ? (1e-6 * layer.traffic_bytes) / layer.ms : null;
  const points = layers
    .map((layer, i) => ({
      operations: 2 * layer.multiply_adds,
      bytes: layer.traffic_bytes,
      ms: layer.ms,
      series: backendSeries(layer.backend),
      layer: i,
      tip: `${tip(layer, i)}\n${format.rate(rate(layer))} GFLOP/s`,
    }))
    .filter((point) => point.operations > 0 && point.bytes > 0 && point.ms > 0);
  const used = kBackends.filter((name) =>
    layers.some((layer) => layer.backend === name && layer.kernel !== "view"),
  );
  const legend = () => seriesLegend(used.map((name) => ({ name, series: backendSeries(name) })));
  return [
    tiles([
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
    ]),
    section(
      "Where the time goes",
      element(
        "div",
        { class: "figures" },
        figure(
          "By operator and kernel",
          null,
          bars(
            doc.kernels.slice(0, 14).map((kernel) => ({
              label: kernel.kernel === "view" ? `${kernel.op} (view)` : kernel.kernel,
              value: kernel.ms,
              text: `${format.ms(kernel.ms)} · ${format.percent(kernel.ms / whole)}`,
              series: backendSeries(kernel.backend),
              tip: `${kernel.op}, ${kernel.layers} layers`,
            })),
          ),
          legend(),
        ),
        points.length === 0 || !(doc.peak_gflops > 0 && doc.peak_gb_per_s > 0)
          ? null
          : figure(
              "Roofline",
              "The roof is what the machine allows; points are layers, larger where they take longer. What comes from caches may lie above it.",
              rooflineChart(points, doc.peak_gflops, doc.peak_gb_per_s, choose),
            ),
        figure(
          "By layer",
          null,
          columns(
            layers.map((layer, i) => ({
              value: layer.ms,
              tip: tip(layer, i),
              series: backendSeries(layer.backend),
              layer: i,
            })),
            {
              label: "Time of each layer",
              text: format.ms,
              title: "layers in order of execution",
              select: choose,
            },
          ),
        ),
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
      columns: [
        {
          title: "time",
          number: true,
          value: ({ layer }) => layer.ms,
          text: ({ layer }) => format.ms(layer.ms),
          bar: ({ layer }) => layer.ms / longest,
        },
        {
          title: "share",
          number: true,
          value: ({ layer }) => layer.ms,
          text: ({ layer }) => format.percent(layer.ms / whole),
        },
        {
          title: "GFLOP/s",
          number: true,
          value: ({ layer }) => rate(layer),
          text: ({ layer }) => format.rate(rate(layer)),
        },
        {
          title: "GB/s",
          number: true,
          value: ({ layer }) => width(layer),
          text: ({ layer }) => format.rate(width(layer)),
        },
        {
          title: "roofline",
          number: true,
          value: ({ layer }) => layer.roofline || null,
          text: ({ layer }) => (layer.roofline > 0 ? format.percent(layer.roofline) : ""),
        },
        {
          title: "memory",
          number: true,
          value: ({ layer }) => layer.memory_bytes,
          text: ({ layer }) => (layer.memory_bytes > 0 ? format.bytes(layer.memory_bytes) : ""),
        },
        { title: "output", value: ({ layer }) => shapeText(layer) },
      ],
      more: (layer) => [
        ["time", `${format.ms(layer.ms)}, ${format.percent(layer.ms / whole)} of all`],
        ["speed", rate(layer) ? `${format.rate(rate(layer))} GFLOP/s` : ""],
        [
          "traffic",
          width(layer)
            ? `${format.bytes(layer.traffic_bytes)}, ${format.rate(width(layer))} GB/s`
            : "",
        ],
        ["roofline", layer.roofline > 0 ? format.percent(layer.roofline) : ""],
        ["memory", layer.memory_bytes > 0 ? format.bytes(layer.memory_bytes) : ""],
      ],
    }),
  ];
}
