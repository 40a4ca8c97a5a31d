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

function runTiles(doc, layers, activations) {
  const bad = sum(activations, (value) => value.nans + value.infinities);
  return tiles([
    ...(doc.run_ms === undefined ? [] : [["the run", format.ms(doc.run_ms)]]),
    ["layers", format.integer(layers.length)],
    ["values seen", format.integer(activations.length)],
    ["not finite", format.integer(bad), "elements"],
  ]);
}

/// Columns of what is known of a layer's first output; `of(layer)` gives its statistics.
function statColumns(of) {
  const number = (name) => ({
    title: name,
    number: true,
    value: ({ layer }) => of(layer)[name] ?? null,
    text: ({ layer }) => format.number(of(layer)[name]),
  });
  const zeros = ({ layer }) => of(layer).zeros / of(layer).elements;
  return [
    { title: "output", value: ({ layer }) => shapeText(layer) },
    number("min"),
    number("max"),
    number("mean"),
    { ...timed("zero", zeros, format.percent), bar: zeros },
    timed("NaN", ({ layer }) => of(layer).nans, format.integer),
    timed("Inf", ({ layer }) => of(layer).infinities, format.integer),
  ];
}

function runPage(doc) {
  const { layers = [], activations = [], inputs = [], outputs = [] } = doc;
  const byLayer = new Map();
  for (const value of [...activations].reverse()) byLayer.set(layers[value.layer], value);
  const of = (layer) => byLayer.get(layer) ?? {};
  const magnitude = (layer) => Math.max(Math.abs(of(layer).min), Math.abs(of(layer).max));
  const range = ({ min, max }) =>
    min === undefined ? "" : `${format.number(min)} to ${format.number(max)}`;
  return [
    runTiles(doc, layers, activations),
    outputs.length === 0
      ? null
      : section(
          "Outputs",
          element(
            "div",
            { class: "figures" },
            doc.classes ? classesFigure(doc.classes) : null,
            outputs.slice(0, 8).map(outputFigure),
          ),
        ),
    activationsSection(activations, layers),
    ...layerSections({
      layers,
      selection: new Selection(),
      inputs: inputs.map(({ name, value }) => ({ name, type: value })),
      outputs: outputs.map((output) => ({
        name: output.name,
        type: output.shape ? output.type + shapeSuffix(output) : "",
      })),
      metrics: [
        heatMetric("largest magnitude", layers, magnitude, format.number),
        heatMetric(
          "zeros",
          layers,
          (layer) => of(layer).zeros / of(layer).elements,
          format.percent,
          1,
        ),
        heatMetric(
          "not finite",
          layers,
          (layer) => of(layer).nans + of(layer).infinities,
          format.integer,
        ),
        backendMetric(),
      ],
      columns: statColumns(of),
      more: (layer) => [
        ["range", range(of(layer))],
        ["mean", format.number(of(layer).mean)],
        ["picture", of(layer).picture ? featureMaps(of(layer)) : ""],
      ],
    }),
  ];
}
