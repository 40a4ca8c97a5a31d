// What the mouse, fingers, keys and the printer do with the drawn graph.

const kClick = 4; // pixels that a pointer may move between press and release

function listenToGraph(view) {
  dragGraph(view);
  view.svg.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the page scrolls
      event.preventDefault();
      view.zoom(Math.exp(-event.deltaY / 300), insideOf(view.svg, event));
    },
    { passive: false },
  );
  view.svg.addEventListener("keydown", (event) => pressKey(view, event));
  for (const kind of ["pointerdown", "pointermove"]) {
    view.map.addEventListener(kind, (event) => {
      if (event.buttons === 0) return;
      const at = insideOf(view.map, event);
      const { width, height } = view.placed;
      view.centre((at.x / at.width) * width, (at.y / at.height) * height);
    });
  }
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => view.drawMap());
  addEventListener("beforeprint", () => layOutForPaper(view));
  addEventListener("afterprint", () => view.element.querySelector(".paper")?.remove());
}

/// One pointer moves the graph, two zoom it as well, and a press without a move selects.
function dragGraph(view) {
  const { svg } = view;
  const pointers = new Map();
  let moved = 0;
  svg.addEventListener("pointerdown", (event) => {
    pointers.set(event.pointerId, event);
    if (pointers.size === 1) moved = 0;
  });
  svg.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (!before) return;
    if (event.buttons === 0) {
      pointers.delete(event.pointerId); // released elsewhere
      return;
    }
    pointers.set(event.pointerId, event);
    moved += Math.abs(event.clientX - before.clientX) + Math.abs(event.clientY - before.clientY);
    if (moved > kClick) svg.setPointerCapture(event.pointerId);
    const other = [...pointers.values()].find((pointer) => pointer.pointerId !== event.pointerId);
    if (other) {
      const span = (pointer) =>
        Math.hypot(pointer.clientX - other.clientX, pointer.clientY - other.clientY);
      if (span(before) > 0) view.zoom(span(event) / span(before), insideOf(svg, other));
    }
    view.move(event.clientX - before.clientX, event.clientY - before.clientY);
  });
  for (const kind of ["pointerup", "pointercancel"]) {
    svg.addEventListener(kind, (event) => pointers.delete(event.pointerId));
  }
  svg.addEventListener("click", (event) => {
    const node = event.target.closest("[data-node]");
    if (node && moved <= kClick) view.choose(Number(node.dataset.node));
  });
}

function pressKey(view, event) {
  const actions = {
    ArrowLeft: () => view.move(60, 0),
    ArrowRight: () => view.move(-60, 0),
    ArrowUp: () => view.move(0, 60),
    ArrowDown: () => view.move(0, -60),
    "+": () => view.zoom(1.4),
    "=": () => view.zoom(1.4),
    "-": () => view.zoom(1 / 1.4),
    0: () => view.fit(),
  };
  if (!actions[event.key]) return;
  event.preventDefault();
  actions[event.key]();
}

/// Where an event is in an element, and how large that is.
function insideOf(node, event) {
  const { left, top, width, height } = node.getBoundingClientRect();
  return { x: event.clientX - left, y: event.clientY - top, width, height };
}

/// Cuts the graph into strips that stand side by side, as high as a page.
function layOutForPaper(view) {
  const kScale = 0.62,
    kStrips = 24;
  const { width, height } = view.placed;
  const row = kNode.height + kNode.gap;
  const tall = Math.min(Math.floor(860 / kScale / row) * row, height + kNode.gap);
  const strips = Math.ceil((height + kNode.gap) / tall);
  const paper = element("div", { class: "paper" });
  if (strips > kStrips) {
    paper.append(element("p", { class: "empty" }, "The graph is too large for paper."));
  } else {
    const whole = view.wholeDrawing();
    for (let i = 0; i < strips; i++) {
      const part = drawn("svg", {
        class: "graph-part",
        width: (width + 24) * kScale,
        height: Math.min(tall, height + kNode.gap - i * tall) * kScale,
        viewBox: `-12 ${i * tall - 2} ${width + 24} ${Math.min(tall, height + kNode.gap - i * tall)}`,
      });
      part.append(i === strips - 1 ? whole : whole.cloneNode(true));
      paper.append(part);
    }
  }
  view.element.append(paper);
}
