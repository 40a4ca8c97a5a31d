// The roofline of `profile`.

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
    plot.add(
      "text",
      { class: "tick halo", x: plot.x(x(middle)) + 8, y: plot.y(y(middle * bandwidth)) + 14 },
      `${significant(bandwidth)} GB/s`,
    );
    return plot.svg;
  });
}
