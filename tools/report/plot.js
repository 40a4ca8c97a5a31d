// What charts are made of: a drawing as wide as there is room, scales and axes.

const kPaperWidth = 660; // of a page, in CSS pixels

/// A drawing that draw(width) makes anew whenever its width changes, and for paper.
function chart(label, draw) {
  const holder = element("div", { class: "chart" });
  let before = 0;
  const redraw = (width) => {
    if (width === 0 || Math.abs(width - before) < 1) return;
    before = width;
    const drawing = draw(width);
    drawing.setAttribute("role", "img");
    drawing.setAttribute("aria-label", label);
    holder.replaceChildren(drawing);
  };
  new ResizeObserver(([entry]) => redraw(Math.floor(entry.contentRect.width))).observe(holder);
  addEventListener("beforeprint", () => redraw(kPaperWidth));
  addEventListener("afterprint", () => redraw(Math.floor(holder.clientWidth)));
  return holder;
}

/// Some round numbers from at most `least`, which is not above zero, to at least `most`.
function linearTicks(most, least = 0) {
  if (!(most > least)) return [least, least + 1];
  const raw = (most - least) / 4,
    power = 10 ** Math.floor(Math.log10(raw));
  const step = power * [1, 2, 2.5, 5, 10].find((factor) => factor * power >= raw * 0.999);
  const first = Math.floor(least / step + 1e-9);
  const count = Math.ceil(most / step - 1e-9) - first + 1;
  return Array.from({ length: count }, (_, i) => (first + i) * step);
}

/// The same for bytes: steps are powers of two.
function byteTicks(most) {
  const step = 2 ** Math.ceil(Math.log2(Math.max(most, 1) / 4));
  return Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
}

/// Powers of ten about [least, most], few enough to be told apart.
function logTicks(least, most, wanted = 6) {
  const first = Math.floor(Math.log10(least) + 1e-9),
    last = Math.ceil(Math.log10(most) - 1e-9);
  const step = Math.max(1, Math.ceil((last - first) / wanted));
  const ticks = [];
  for (let i = first; i < last + step; i += step) ticks.push(10 ** i);
  return ticks.length > 1 ? ticks : [...ticks, ticks[0] * 10];
}

const logScale = (ticks) => (value) =>
  Math.log10(value / ticks[0]) / Math.log10(ticks.at(-1) / ticks[0]);
const linearScale = (ticks) => (value) => (value - ticks[0]) / (ticks.at(-1) - ticks[0]);

/// The frame of a chart with a scale at its left: where data goes, and how to place it.
class Plot {
  constructor(width, height, { left = 64, bottom = 36, right = 12, top = 10 } = {}) {
    Object.assign(this, { left, top, right: width - right, bottom: height - bottom });
    this.svg = drawn("svg", { viewBox: `0 0 ${width} ${height}` });
  }

  x(part) {
    return this.left + part * (this.right - this.left);
  }
  y(part) {
    return this.bottom - part * (this.bottom - this.top);
  }
  add(tag, attributes, ...children) {
    const node = drawn(tag, attributes, ...children);
    this.svg.append(node);
    return node;
  }

  yAxis(ticks, scale, text, title) {
    for (const tick of ticks) {
      const y = this.y(scale(tick));
      this.add("line", { class: "grid", x1: this.left, x2: this.right, y1: y, y2: y });
      this.add("text", { class: "tick end", x: this.left - 6, y: y + 4 }, text(tick));
    }
    if (title)
      this.add(
        "text",
        {
          class: "tick middle",
          transform: `translate(12 ${(this.top + this.bottom) / 2}) rotate(-90)`,
        },
        title,
      );
  }

  xAxis(ticks, scale, text, title) {
    for (const tick of ticks) {
      const x = this.x(scale(tick));
      this.add("line", { class: "grid", x1: x, x2: x, y1: this.top, y2: this.bottom });
      this.add("text", { class: "tick middle", x, y: this.bottom + 15 }, text(tick));
    }
    this.xTitle(title);
  }

  xTitle(title) {
    if (title)
      this.add(
        "text",
        { class: "tick middle", x: (this.left + this.right) / 2, y: this.bottom + 30 },
        title,
      );
  }
}
