// Charts of layers, sides and shares.

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

/// A column for each value in order of execution: {value, tip, series, layer}. Where there is no
/// room for all, a column stands for neighbours and shows the greatest.
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

/// Lines over the layers on a logarithmic scale: series of {name, points}, a point being
/// {at, value, tip, layer}. Zero has a place of its own below the scale.
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
