// Elements and numbers as the page shows them. Text from the document becomes text, never markup.

function fillElement(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return node;
}

/// An element with attributes, listeners ("onclick") and children.
function element(tag, attributes = {}, ...children) {
  return fillElement(document.createElement(tag), attributes, children);
}

/// The same inside a drawing.
function drawn(tag, attributes = {}, ...children) {
  return fillElement(
    document.createElementNS("http://www.w3.org/2000/svg", tag),
    attributes,
    children,
  );
}

function significant(number) {
  const size = Math.abs(number);
  return number.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : 2);
}

function scaled(number, step, units) {
  let unit = 0;
  while (Math.abs(number) >= step && unit < units.length - 1) {
    number /= step;
    unit += 1;
  }
  return [number, units[unit]];
}

const format = {
  ms(ms) {
    if (!Number.isFinite(ms)) return "";
    if (ms === 0) return "0";
    if (ms >= 1000) return `${significant(ms / 1000)} s`;
    return ms >= 1 ? `${significant(ms)} ms` : `${significant(ms * 1000)} µs`;
  },
  bytes(bytes) {
    if (!Number.isFinite(bytes)) return "";
    const [number, unit] = scaled(bytes, 1024, ["B", "KiB", "MiB", "GiB", "TiB"]);
    return `${unit === "B" ? number : significant(number)} ${unit}`;
  },
  count(count) {
    if (!Number.isFinite(count)) return "";
    if (Math.abs(count) < 1e5) return format.integer(count);
    const [number, unit] = scaled(count, 1000, ["", "k", "M", "G", "T", "P"]);
    return `${significant(number)} ${unit}`;
  },
  integer: (number) => (Number.isFinite(number) ? Math.round(number).toLocaleString("en") : ""),
  percent(part) {
    if (!Number.isFinite(part)) return "";
    const percent = 100 * part;
    return `${percent >= 99.95 || percent === 0 ? percent.toFixed(0) : percent.toFixed(1)} %`;
  },
  rate: (billions) => (Number.isFinite(billions) ? significant(billions) : ""),
  error(error) {
    if (error === null || error === undefined) return "";
    return error === 0 ? "0" : error < 0.001 ? error.toExponential(1) : error.toPrecision(2);
  },
  number: (number) => (Number.isFinite(number) ? String(Number(number.toPrecision(5))) : ""),
  /// The end of a long name says more than its beginning.
  name: (name, most) => (name.length > most ? `…${name.slice(1 - most)}` : name),
};

function sum(list, value) {
  return list.reduce((total, item) => total + (value(item) || 0), 0);
}

/// The greatest value of a list, however long; -Infinity for none.
function greatest(list, value) {
  return list.reduce((most, item) => Math.max(most, value(item) ?? -Infinity), -Infinity);
}

/// A part of the page under a heading.
function section(title, ...children) {
  return element("section", {}, element("h2", {}, title), ...children);
}

/// A chart or the like with a heading of its own, and what it says in a sentence.
function figure(title, note, ...children) {
  return element(
    "figure",
    {},
    element("figcaption", {}, element("h3", {}, title), note ? element("p", {}, note) : null),
    ...children,
  );
}

/// The figures at the top: [label, value, note] each.
function tiles(list) {
  return element(
    "dl",
    { class: "tiles" },
    list.map(([label, value, note]) =>
      element(
        "div",
        {},
        element("dt", {}, label),
        element("dd", {}, value, note ? element("small", {}, note) : null),
      ),
    ),
  );
}

/// What the pointer is on, said beside it; any element with data-tip has one.
function installTips() {
  const tip = element("div", { class: "tip", hidden: true, role: "tooltip" });
  document.body.append(tip);
  document.addEventListener("pointermove", (event) => {
    const text = event.target.closest?.("[data-tip]")?.getAttribute("data-tip");
    tip.hidden = !text;
    if (!text) return;
    tip.textContent = text;
    const left = Math.min(event.clientX + 12, innerWidth - tip.offsetWidth - 8);
    const below = event.clientY + 16 + tip.offsetHeight < innerHeight;
    tip.style.left = `${Math.max(left, 8)}px`;
    tip.style.top = `${below ? event.clientY + 16 : event.clientY - 12 - tip.offsetHeight}px`;
  });
  document.addEventListener("pointerleave", () => {
    tip.hidden = true;
  });
}

/// Which layer all parts of the page show.
class Selection extends EventTarget {
  layer = null;

  select(layer) {
    this.layer = layer;
    this.dispatchEvent(new Event("change"));
  }
}
