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

/// Which part of the arena holds which values while layers run, and how much of it is in use.
function memoryFigures(memory, layers, select) {
  const { buffers, arena_bytes: arena, peak_layer: peak } = memory;
  const inUse = memory.bytes_by_layer.map((value, i) => ({
    value,
    layer: i,
    series: i === peak ? 1 : 0,
    tip: `${layerTitle(layers[i], i)}\n${format.bytes(value)} in use`,
  }));
  const over = "layers in order of execution";
  return [
    figure(
      "Memory over time",
      peak === null
        ? null
        : `Most is in use at layer #${peak}: ${format.bytes(memory.peak_bytes)}.`,
      columns(inUse, { label: "Memory over time", text: format.bytes, title: over, select }),
    ),
    figure(
      "The arena",
      "Each block is a part of the arena and the layers while which it is in use; those in use at the peak stand out.",
      chart("The arena over time", (width) => {
        const plot = new Plot(width, 220);
        const ticks = byteTicks(arena);
        const y = linearScale(ticks);
        plot.yAxis(ticks, y, format.bytes);
        plot.xTitle(over);
        for (const buffer of buffers) {
          const left = plot.x(buffer.first_layer / layers.length);
          const right = plot.x((buffer.last_layer + 1) / layers.length);
          const top = plot.y(y(buffer.offset + buffer.bytes));
          plot.add("rect", {
            class: `series-${buffer.at_peak ? 1 : 0} choice block`,
            x: left,
            y: top,
            width: Math.max(right - left - 1, 1),
            height: Math.max(plot.y(y(buffer.offset)) - top - 1, 1),
            "data-tip": `${buffer.values.join("\n")}\n${format.bytes(buffer.bytes)}, layers ${buffer.first_layer} to ${buffer.last_layer}`,
            onclick: () => select(buffer.first_layer),
          });
        }
        return plot.svg;
      }),
    ),
  ];
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

function inspectPage(doc) {
  if (doc.differences) return [differencesSection(doc.differences)];
  const { layers, totals } = doc,
    selection = new Selection(),
    choose = (layer) => selection.select(layer);
  const most = greatest(layers, (layer) => layer.multiply_adds);
  const some = (value) => sum(layers, value) > 0;
  const byteColumns = layers.map((layer, i) => ({
    value: layer.activation_bytes,
    layer: i,
    series: backendSeries(layer.backend),
    tip: `${layerTitle(layer, i)}\n${format.bytes(layer.activation_bytes)}`,
  }));
  return [
    tiles([
      ["layers", format.integer(totals.layers)],
      ["parameters", format.count(totals.parameters), format.bytes(totals.constant_bytes)],
      ["multiply-adds", format.count(totals.multiply_adds)],
      [
        "intermediate values",
        format.bytes(totals.arena_bytes),
        `${format.bytes(totals.unshared_bytes)} if none were reused`,
      ],
    ]),
    section(
      "Where work and memory go",
      element(
        "div",
        { class: "figures" },
        some((layer) => layer.multiply_adds)
          ? figure(
              "Multiply-adds by operator",
              null,
              byOperator(layers, (layer) => layer.multiply_adds, format.count),
            )
          : null,
        some((layer) => layer.parameters)
          ? figure(
              "Parameters by operator",
              null,
              byOperator(layers, (layer) => layer.parameters, format.count),
            )
          : null,
        doc.memory
          ? memoryFigures(doc.memory, layers, choose)
          : figure(
              "Outputs by layer",
              null,
              columns(byteColumns, {
                label: "Outputs by layer",
                text: format.bytes,
                title: "layers in order of execution",
                select: choose,
              }),
            ),
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
      columns: [
        { title: "output", value: ({ layer }) => shapeText(layer) },
        {
          title: "parameters",
          number: true,
          value: ({ layer }) => layer.parameters,
          text: ({ layer }) => (layer.parameters > 0 ? format.integer(layer.parameters) : ""),
        },
        {
          title: "multiply-adds",
          number: true,
          value: ({ layer }) => layer.multiply_adds,
          text: ({ layer }) => (layer.multiply_adds > 0 ? format.count(layer.multiply_adds) : ""),
          bar: ({ layer }) => layer.multiply_adds / most,
        },
        {
          title: "output size",
          number: true,
          value: ({ layer }) => layer.activation_bytes,
          text: ({ layer }) =>
            layer.activation_bytes > 0 ? format.bytes(layer.activation_bytes) : "",
        },
      ],
      more: (layer) => [
        ["output size", layer.activation_bytes > 0 ? format.bytes(layer.activation_bytes) : ""],
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
