// Charts, drawn as wide as there is room for.

/// A drawing that draw(width) makes anew whenever its width changes.
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

/// Horizontal bars with their labels: {label, value, text, tip, series} each.
function bars(items, most = Math.max(...items.map((item) => item.value))) {
  return element(
    "div",
    { class: "bars" },
    items.map((item) => [
      element("span", { class: "label", title: item.label }, item.label),
      element(
        "span",
        { class: "track", "data-tip": item.tip },
        element("span", {
          class: `fill series-${item.series ?? 0}`,
          style: `width: ${most > 0 ? (100 * item.value) / most : 0}%`,
        }),
      ),
      element("span", { class: "value" }, item.text),
    ]),
  );
}

/// A small histogram without scales, for a cell of a table.
function sparkline(counts) {
  const most = Math.max(1, ...counts);
  const marks = counts.map((count, i) =>
    drawn("rect", {
      class: "series-0",
      x: i * 4,
      y: 18 - (18 * count) / most,
      width: 3,
      height: (18 * count) / most,
    }),
  );
  return drawn("svg", { class: "chart", width: counts.length * 4, height: 18 }, marks);
}

/// A legend of series by their number.
function seriesLegend(names) {
  return element(
    "div",
    { class: "legend" },
    names.map(({ name, series }) =>
      element("span", { class: "key" }, element("i", { class: `series-${series}` }), name),
    ),
  );
}

/// A column for each value in order of execution: {value, tip, series, layer}. Where there is no room
/// for all, a column stands for neighbours and shows the greatest.
function columns(items, { label, text, title, select, ends = ["#0", `#${items.length - 1}`] }) {
  const most = greatest(items, (item) => item.value);
  const low = Math.min(0, -greatest(items, (item) => -item.value));
  const ticks = text === format.bytes ? byteTicks(most) : linearTicks(Math.max(most, 0), low);
  const scale = linearScale(ticks);
  return chart(label, (width) => {
    const plot = new Plot(width, 220);
    plot.yAxis(ticks, scale, text);
    plot.xTitle(title);
    const room = plot.right - plot.left;
    const each = Math.max(1, Math.ceil(items.length / (room / 2)));
    const step = room / Math.ceil(items.length / each);
    const zero = plot.y(scale(0));
    for (let i = 0; i * each < items.length; i++) {
      const item = items
        .slice(i * each, (i + 1) * each)
        .reduce((a, b) => (Math.abs(b.value) > Math.abs(a.value) ? b : a));
      const end = plot.y(scale(item.value));
      plot.add("rect", {
        class: `series-${item.series ?? 0}${select ? " choice" : ""}`,
        "data-tip": item.tip,
        x: plot.left + i * step + Math.min(step * 0.1, 2),
        y: Math.min(end, zero),
        width: Math.min(Math.max(step * 0.8, step - 4), 40),
        height: Math.max(Math.abs(zero - end), item.value !== 0 ? 1 : 0),
        onclick: select ? () => select(item.layer) : null,
      });
    }
    const y = plot.bottom + 15;
    plot.add("text", { class: "tick", x: plot.left, y }, ends[0]);
    if (items.length > 1) plot.add("text", { class: "tick end", x: plot.right, y }, ends[1]);
    return plot.svg;
  });
}

/// Lines over the layers on a logarithmic scale: series of {name, points: [{at, value, tip, layer}]}.
/// Zero has a place of its own below the scale.
function lines(series, { label, count, text, title, select }) {
  const known = series.flatMap(({ points }) => points.filter(({ value }) => value > 0));
  const most = greatest(known, ({ value }) => value);
  const ticks = known.length > 0 ? logTicks(-greatest(known, ({ value }) => -value), most) : [];
  const zeros = series.some(({ points }) => points.some(({ value }) => !(value > 0)));
  const foot = zeros ? 0.12 : 0;
  const scale = (value) => (value > 0 ? foot + (1 - foot) * logScale(ticks)(value) : 0);
  return chart(label, (width) => {
    const plot = new Plot(width, 260, { left: 56 });
    plot.yAxis(zeros ? [0, ...ticks] : ticks, scale, (tick) => (tick === 0 ? "0" : text(tick)));
    plot.xTitle(title);
    for (const [i, { name, points }] of series.entries()) {
      const number = sideSeries(name, i);
      const at = points.map((point) => ({
        ...point,
        x: plot.x((point.at + 0.5) / count),
        y: plot.y(scale(point.value)),
      }));
      plot.add("path", {
        class: `line series-${number}`,
        d: at.map(({ x, y }, k) => `${k === 0 ? "M" : "L"}${x} ${y}`).join(""),
      });
      for (const point of at) {
        plot.add("circle", {
          class: `series-${number}${select ? " choice" : ""}`,
          cx: point.x,
          cy: point.y,
          r: at.length > 150 ? 2 : 3.2,
          "data-tip": point.tip,
          onclick: select ? () => select(point.layer) : null,
        });
      }
    }
    return plot.svg;
  });
}

/// Columns side by side: a group for each of `labels`, a column in it for each of series {name,
/// values}, as shares of 1.
function groups(labels, series, { label, title }) {
  return chart(label, (width) => {
    const plot = new Plot(width, 220),
      most = Math.max(...series.flatMap(({ values }) => values));
    const ticks = linearTicks(most),
      scale = linearScale(ticks),
      step = (plot.right - plot.left) / labels.length;
    plot.yAxis(ticks, scale, format.percent);
    plot.xTitle(title);
    const each = Math.min((step * 0.8) / series.length, 36);
    const sparse = Math.ceil(48 / step);
    labels.forEach((name, i) => {
      const middle = plot.left + (i + 0.5) * step;
      if (i % sparse === 0)
        plot.add("text", { class: "tick middle", x: middle, y: plot.bottom + 15 }, name);
      series.forEach(({ name: whose, values }, k) => {
        const value = values[i] ?? 0,
          y = plot.y(scale(value));
        if (value > 0)
          plot.add("rect", {
            class: `series-${sideSeries(whose, k)}`,
            x: middle + (k - series.length / 2) * each,
            y: Math.min(y, plot.bottom - 1),
            width: Math.max(each - 1, 1),
            height: Math.max(plot.bottom - y, 1),
            "data-tip": `${whose}, ${name}: ${format.percent(value)}`,
          });
      });
    });
    return plot.svg;
  });
}

/// Where layers stand below what the machine can do (Williams, Waterman and Patterson, Roofline,
/// 2009). Points: {operations, bytes, ms, tip, series, layer}; the peaks in GFLOP/s and GB/s.
function rooflineChart(points, peak, bandwidth, select) {
  return chart("Roofline", (width) => {
    const at = points.map((point) => ({
      ...point,
      intensity: point.operations / point.bytes,
      rate: (point.operations / point.ms) * 1e-6,
    }));
    const ridge = peak / bandwidth,
      longest = Math.max(...at.map((point) => point.ms));
    const across = logTicks(
      Math.min(ridge / 4, ...at.map((p) => p.intensity)),
      Math.max(ridge * 4, ...at.map((p) => p.intensity)),
    );
    const along = logTicks(
      Math.min(peak / 50, ...at.map((p) => p.rate)),
      Math.max(peak * 1.01, ...at.map((p) => p.rate)),
    );
    const plot = new Plot(width, 300, { left: 60, bottom: 40 }),
      x = logScale(across),
      y = logScale(along);
    const power = (tick) =>
      tick >= 0.01 && tick < 1e5 ? String(Number(tick.toPrecision(1))) : tick.toExponential(0);
    plot.yAxis(along, y, power, "GFLOP/s");
    plot.xAxis(across, x, power, "operations per byte");
    const low = Math.max(across[0], along[0] / bandwidth);
    const middle = Math.sqrt(low * ridge);
    plot.add("path", {
      class: "roof",
      d: `M${plot.x(x(low))} ${plot.y(y(low * bandwidth))}L${plot.x(x(ridge))} ${plot.y(y(peak))}H${plot.right}`,
    });
    plot.add(
      "text",
      { class: "tick", x: plot.x(x(middle)) + 8, y: plot.y(y(middle * bandwidth)) + 14 },
      `${significant(bandwidth)} GB/s`,
    );
    plot.add(
      "text",
      { class: "tick end", x: plot.right - 2, y: plot.y(y(peak)) - 5 },
      `${significant(peak)} GFLOP/s`,
    );
    for (const point of at.sort((a, b) => b.ms - a.ms)) {
      plot.add("circle", {
        class: `series-${point.series} point${select ? " choice" : ""}`,
        "data-tip": point.tip,
        cx: plot.x(x(point.intensity)),
        cy: plot.y(y(point.rate)),
        r: 3 + 9 * Math.sqrt(point.ms / longest),
        onclick: select ? () => select(point.layer) : null,
      });
    }
    return plot.svg;
  });
}
