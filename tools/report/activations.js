// Values as pictures: feature maps of convolutions, rows of matrices, vectors as strips.

/// Colours from 0 to 254 and for what is not finite: from dark to light where a value has one sign
/// (after viridis, which keeps its order in grey and for colour-blind people), otherwise blue below
/// zero, white, orange above.
function colourTable({ min, max }, grey) {
  const stops = grey
    ? [
        [0, 0, 0],
        [255, 255, 255],
      ]
    : [
        [68, 1, 84],
        [59, 82, 139],
        [33, 145, 140],
        [94, 201, 98],
        [253, 231, 37],
      ];
  const mix = (a, b, part) => a.map((channel, i) => channel + (b[i] - channel) * part);
  const table = Array.from({ length: 256 }, (_, level) => {
    if (min < 0 && max > 0) {
      const value = (min + ((max - min) * level) / 254) / Math.max(-min, max);
      return mix(
        [247, 247, 247],
        value < 0 ? [0, 90, 181] : [220, 90, 0],
        Math.min(Math.abs(value), 1),
      );
    }
    const at = Math.min(level / 254, 1) * (stops.length - 1),
      low = Math.min(Math.floor(at), stops.length - 2);
    return mix(stops[low], stops[low + 1], at - low);
  });
  table[255] = [255, 0, 255];
  return table;
}

const coloursOf = (value) => colourTable(value, value.layer < 0 && value.min >= 0);

/// Where maps of that size go: `zoom` pixels for an element, `across` maps in a row.
function arrangeMaps({ maps, height, width }) {
  if (maps === 1) {
    return { zoom: Math.max(1, Math.floor((height === 1 ? 480 : 224) / width)), across: 1 };
  }
  const zoom = Math.max(1, Math.floor(56 / Math.max(width, height)));
  const room = Math.max(1, Math.floor(560 / (width * zoom + 3)));
  return { zoom, across: Math.ceil(maps / Math.ceil(maps / room)) };
}

/// All maps of a picture in rows on one canvas; in words where all elements are the same.
function featureMaps(value) {
  if (value.min === value.max && value.nans + value.infinities === 0) {
    const what = value.elements === 1 ? "It is" : "All elements are";
    return element("p", {}, `${what} ${format.number(value.min)}.`);
  }
  const { maps, height, width, pixels } = value.picture;
  const bytes = Uint8Array.from(atob(pixels), (char) => char.charCodeAt(0));
  const { zoom, across } = arrangeMaps(value.picture);
  const gap = maps > 1 ? 1 : 0;
  const canvas = element("canvas", {
    class: "maps",
    role: "img",
    "aria-label": `${value.value}: ${maps} maps of ${width} × ${height}`,
    width: across * (width + gap) - gap,
    height: Math.ceil(maps / across) * (height + gap) - gap,
  });
  canvas.style.width = `${canvas.width * zoom}px`;
  if (maps === 1 && height === 1) canvas.style.height = "28px";
  const context = canvas.getContext("2d");
  const image = context.createImageData(width, height);
  const colours = coloursOf(value);
  for (let map = 0; map < maps; map++) {
    for (let i = 0; i < width * height; i++) {
      image.data.set([...colours[bytes[map * width * height + i]], 255], 4 * i);
    }
    const row = Math.floor(map / across);
    context.putImageData(image, (map % across) * (width + gap), row * (height + gap));
  }
  return canvas;
}

/// The colours of a picture, and what its ends stand for.
function colourLegend(value) {
  if (value.min === value.max) return null;
  const stops = coloursOf(value)
    .slice(0, 255)
    .filter((_, i) => i % 32 === 0 || i === 254)
    .map((colour) => `rgb(${colour.map(Math.round).join()})`);
  const style = `background: linear-gradient(90deg, ${stops.join()})`;
  const others = value.nans + value.infinities;
  return element(
    "p",
    { class: "legend" },
    format.number(value.min),
    element("i", { class: "ramp", style }),
    format.number(value.max),
    others > 0 ? ` ${format.integer(others)} not finite` : null,
  );
}

/// A value's picture with what it stands for.
function activationFigure(value, layer) {
  const { maps, of } = value.picture;
  const count = maps < of ? `the first ${maps} of ${of} maps` : maps > 1 ? `${maps} maps` : "";
  const title = element("h3", {}, layer ? layer.op : "Input", " ");
  title.append(element("small", {}, value.value));
  return element(
    "figure",
    { class: "activation" },
    element(
      "figcaption",
      {},
      title,
      element("p", {}, [value.type, count].filter(Boolean).join(", ")),
    ),
    featureMaps(value),
    colourLegend(value),
  );
}

function activationsSection(activations, layers) {
  const shown = activations.filter((value) => value.picture);
  if (shown.length === 0) return null;
  const left = activations.filter((value) => !value.picture && value.elements > 0).length;
  const note =
    "The first element of the batch; colours go from a value's least to its greatest element." +
    (left > 0 ? ` ${left} values are left out, as the page would be too large.` : "");
  return section(
    "Activations",
    element("p", { class: "note" }, note),
    element(
      "div",
      { class: "activations" },
      shown.map((value) => activationFigure(value, layers[value.layer])),
    ),
  );
}
