// The page of `run`: what came out, and every value on the way.

const kElementsDrawn = 20000, // of an output
  kElementsListed = 2000;

function classesFigure(classes) {
  return classes.slice(0, 16).map((ranked, i) =>
    figure(
      classes.length > 1 ? `Classes of element ${i}` : "Classes",
      null,
      bars(
        ranked.map((entry) => ({
          label: entry.label,
          value: entry.probability,
          text: format.percent(entry.probability),
        })),
        1,
      ),
    ),
  );
}

/// An output's elements as columns, and in numbers for who opens the list.
function outputFigure(output) {
  const title = `${output.name}, ${output.type ?? "no tensor"}${shapeSuffix(output)}`;
  const data = output.data ?? [];
  if (!data.some(Number.isFinite)) {
    return figure(title, null, element("p", { class: "empty" }, "Holds no numbers to draw."));
  }
  if (data.length > kElementsDrawn) {
    const words = `${format.integer(data.length)} elements; --show-activations draws them.`;
    return figure(title, null, element("p", { class: "empty" }, words));
  }
  const items = data.map((value, i) => ({
    value: Number.isFinite(value) ? value : 0,
    tip: `[${i}] ${shown(value)}`,
  }));
  return figure(
    title,
    null,
    columns(items, { label: title, text: format.number, title: "elements" }),
    element("details", {}, element("summary", {}, "Elements"), outputTable(data)),
  );
}

const shown = (value) => format.number(value) || String(value);
const shapeSuffix = (output) => (output.shape ? `[${output.shape.join()}]` : "");

function outputTable(data) {
  const rows = data.slice(0, kElementsListed).map((value, i) => ({ value, i }));
  const most = greatest(rows, ({ value }) => Math.abs(value) || 0);
  return new DataTable(rows, [
    { title: "element", number: true, value: ({ i }) => i },
    {
      title: "value",
      number: true,
      value: ({ value }) => value,
      text: ({ value }) => shown(value),
      bar: ({ value }) => Math.abs(value) / most,
    },
  ]).element;
}

function runPage(doc) {
  const layers = doc.layers ?? [],
    selection = new Selection(),
    activations = doc.activations ?? [];
  const byLayer = new Map();
  for (const value of activations) if (!byLayer.has(value.layer)) byLayer.set(value.layer, value);
  const of = (layer) => byLayer.get(layers.indexOf(layer)) ?? {};
  const stat =
    (name) =>
    ({ layer }) =>
      of(layer).elements > 0 ? of(layer)[name] : null;
  const count = (name) => ({
    title: name === "nans" ? "NaN" : "Inf",
    number: true,
    value: stat(`${name}`),
    text: ({ layer }) => (of(layer)[name] > 0 ? format.integer(of(layer)[name]) : ""),
  });
  const number = (title, name) => ({
    title,
    number: true,
    value: stat(name),
    text: ({ layer }) => format.number(stat(name)({ layer })),
  });
  const zeros = (layer) => (of(layer).elements > 0 ? of(layer).zeros / of(layer).elements : null);
  const bad = (layer) => (of(layer).nans ?? 0) + (of(layer).infinities ?? 0);
  const magnitude = (layer) => Math.max(Math.abs(of(layer).min ?? 0), Math.abs(of(layer).max ?? 0));
  return [
    tiles(
      [
        doc.run_ms === undefined ? null : ["the run", format.ms(doc.run_ms)],
        ["layers", format.integer(layers.length)],
        ["values seen", format.integer(activations.length)],
        [
          "not finite",
          format.integer(sum(activations, (value) => value.nans + value.infinities)),
          "elements",
        ],
      ].filter(Boolean),
    ),
    (doc.outputs ?? []).length === 0
      ? null
      : section(
          "Outputs",
          element(
            "div",
            { class: "figures" },
            doc.classes ? classesFigure(doc.classes) : null,
            doc.outputs.slice(0, 8).map(outputFigure),
          ),
        ),
    activationsSection(activations, layers),
    ...layerSections({
      layers,
      selection,
      inputs: (doc.inputs ?? []).map(({ name, value }) => ({ name, type: value })),
      outputs: (doc.outputs ?? []).map((output) => ({
        name: output.name,
        type: output.shape ? `${output.type}[${output.shape.join()}]` : "",
      })),
      metrics: [
        heatMetric("largest magnitude", layers, magnitude, format.number),
        heatMetric("zeros", layers, zeros, format.percent, 1),
        heatMetric("not finite", layers, bad, format.integer),
        backendMetric(),
      ],
      columns: [
        { title: "output", value: ({ layer }) => shapeText(layer) },
        number("min", "min"),
        number("max", "max"),
        number("mean", "mean"),
        {
          title: "zero",
          number: true,
          value: ({ layer }) => zeros(layer),
          text: ({ layer }) => format.percent(zeros(layer) ?? NaN),
          bar: ({ layer }) => zeros(layer) ?? 0,
        },
        count("nans"),
        count("infinities"),
      ],
      more: (layer) => [
        [
          "range",
          of(layer).elements > 0
            ? `${format.number(of(layer).min)} to ${format.number(of(layer).max)}`
            : "",
        ],
        ["mean", format.number(of(layer).mean ?? NaN)],
        ["picture", of(layer).picture ? featureMaps(of(layer)) : ""],
      ],
    }),
  ];
}
