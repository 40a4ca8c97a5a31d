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

/// All maps of a picture in rows on one canvas.
function featureMaps(value) {
  const { maps, height, width, pixels } = value.picture;
  const bytes = Uint8Array.from(atob(pixels), (char) => char.charCodeAt(0));
  const flat = maps === 1 && height === 1,
    tall = flat ? 1 : height;
  const zoom =
    maps === 1
      ? Math.max(1, Math.floor((flat ? 480 : 224) / width))
      : Math.max(1, Math.floor(56 / Math.max(width, height)));
  const across = Math.min(maps, Math.max(1, Math.floor(560 / (width * zoom + 3))));
  const gap = maps > 1 ? 1 : 0,
    rows = Math.ceil(maps / across);
  const canvas = element("canvas", {
    class: "maps",
    role: "img",
    "aria-label": `${value.value}: ${maps} maps of ${width} × ${height}`,
    width: across * (width + gap) - gap,
    height: rows * (tall + gap) - gap,
  });
  canvas.style.width = `${canvas.width * zoom}px`;
  if (flat) Object.assign(canvas.style, { height: "28px" });
  const context = canvas.getContext("2d"),
    image = context.createImageData(width, tall);
  const colours = colourTable(value, value.layer < 0 && value.min >= 0);
  for (let map = 0; map < maps; map++) {
    for (let i = 0; i < width * height; i++) {
      image.data.set([...colours[bytes[map * width * height + i]], 255], 4 * i);
    }
    context.putImageData(
      image,
      (map % across) * (width + gap),
      Math.floor(map / across) * (tall + gap),
    );
  }
  return canvas;
}

/// A value's picture with what it stands for.
function activationFigure(value, layer) {
  const { maps, of } = value.picture;
  const note = [
    value.type,
    maps < of ? `the first ${maps} of ${of} maps` : maps > 1 ? `${maps} maps` : null,
  ]
    .filter(Boolean)
    .join(", ");
  const ramp = colourTable(value, value.layer < 0 && value.min >= 0)
    .slice(0, 255)
    .filter((_, i) => i % 32 === 0 || i === 254)
    .map((colour) => `rgb(${colour.map(Math.round).join()})`)
    .join();
  return element(
    "figure",
    { class: "activation" },
    element(
      "figcaption",
      {},
      element("h3", {}, layer ? `${layer.op} ` : "Input ", element("small", {}, value.value)),
      element("p", {}, note),
    ),
    featureMaps(value),
    element(
      "p",
      { class: "legend" },
      format.number(value.min),
      element("i", { class: "ramp", style: `background: linear-gradient(90deg, ${ramp})` }),
      format.number(value.max),
      value.nans + value.infinities > 0 ? ` ${value.nans + value.infinities} not finite` : "",
    ),
  );
}

function activationsSection(activations, layers) {
  const shown = activations.filter((value) => value.picture);
  if (shown.length === 0) return null;
  const left = activations.length - shown.length;
  return section(
    "Activations",
    element(
      "p",
      { class: "note" },
      "The first element of the batch; colours go from a value's least to its greatest element.",
      left > 0 ? ` ${left} values are left out, for the page would be too large.` : "",
    ),
    element(
      "div",
      { class: "activations" },
      shown.map((value) => activationFigure(value, layers[value.layer])),
    ),
  );
}
