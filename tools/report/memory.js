// Memory over time, for pages whose documents tell of it.

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
      "Each block is a part of the arena while layers use it; those in use at the peak stand out.",
      chart("The arena over time", (width) => {
        const plot = new Plot(width, 220);
        const ticks = byteTicks(arena);
        const y = linearScale(ticks);
        plot.yAxis(ticks, y, format.bytes);
        plot.xTitle(over);
        // Outputs lie outside it.
        for (const buffer of buffers.filter((buffer) => buffer.offset !== null)) {
          const span = `layers ${buffer.first_layer} to ${buffer.last_layer}`;
          const left = plot.x(buffer.first_layer / layers.length);
          const right = plot.x((buffer.last_layer + 1) / layers.length);
          const top = plot.y(y(buffer.offset + buffer.bytes));
          plot.add("rect", {
            class: `series-${buffer.at_peak ? 1 : 0} choice block`,
            x: left,
            y: top,
            width: Math.max(right - left - 1, 1),
            height: Math.max(plot.y(y(buffer.offset)) - top - 1, 1),
            "data-tip": `${buffer.values.join("\n")}\n${format.bytes(buffer.bytes)}, ${span}`,
            onclick: () => select(buffer.first_layer),
          });
        }
        return plot.svg;
      }),
    ),
  ];
}
