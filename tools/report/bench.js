// The page of `bench`: how fast a model loads and runs.

function benchPage(doc) {
  const { latency_ms: latency, latency_histogram: histogram, latency_course_ms: course } = doc;
  const counts = histogram.counts.map((value, i) => {
    const from = histogram.from_ms + i * histogram.step_ms;
    const range =
      i < histogram.counts.length - 1
        ? `${format.ms(from)} to ${format.ms(from + histogram.step_ms)}`
        : `more than ${format.ms(from)}`;
    return {
      value,
      series: i < histogram.counts.length - 1 ? 0 : 1,
      tip: `${range}: ${format.integer(value)} runs`,
    };
  });
  const each = Math.ceil(doc.runs / course.length);
  return [
    tiles([
      ["median", format.ms(latency.median), `${format.integer(doc.runs)} runs`],
      ["least", format.ms(latency.min)],
      ["90th percentile", format.ms(latency.p90)],
      ["99th percentile", format.ms(latency.p99)],
      [
        "throughput",
        `${format.count(doc.throughput_per_s)} /s`,
        doc.batch > 1 ? `batch of ${doc.batch}` : null,
      ],
      ["load", format.ms(doc.load_ms)],
      ["first run", format.ms(doc.first_run_ms)],
      ["peak memory", format.bytes(doc.peak_rss_mb * 1024 * 1024)],
    ]),
    section(
      "Latency",
      element(
        "div",
        { class: "figures" },
        figure(
          "Distribution",
          "Equal steps up to the 99th percentile; the last column is all that took longer.",
          columns(counts, {
            label: "Distribution of latencies",
            text: format.count,
            title: "time of a run",
            ends: [format.ms(latency.min), `more than ${format.ms(latency.p99)}`],
          }),
        ),
        figure(
          "Over time",
          each > 1
            ? `Medians of ${format.integer(each)} runs each, from first to last.`
            : "Each run, from first to last.",
          columns(
            course.map((value, i) => ({ value, tip: `run ${i * each + 1}: ${format.ms(value)}` })),
            { label: "Latency over time", text: format.ms, title: "runs", ends: ["first", "last"] },
          ),
        ),
      ),
    ),
  ];
}
