// Where the nodes of a graph stand: rows by longest path, few crossings, straight lines (Sugiyama,
// Tagawa and Toda, Methods for Visual Understanding of Hierarchical System Structures, 1981).

const kMostBends = 12000; // points of long edges; beyond, the longest are drawn straight

/// The row of each node. Edges are [from, to] with from < to.
function rowsOf(count, edges) {
  const row = new Array(count).fill(0);
  const first = new Array(count).fill(Infinity); // row of the first reader
  const fed = new Set(edges.map(([, to]) => to));
  for (const [from, to] of [...edges].sort((a, b) => a[1] - b[1])) {
    row[to] = Math.max(row[to], row[from] + 1);
  }
  for (const [from, to] of edges) first[from] = Math.min(first[from], row[to]);
  return row.map((r, node) => (fed.has(node) || first[node] === Infinity ? r : first[node] - 1));
}

/// Vertices are the nodes, then the bends of edges that cross rows; edges of one node share theirs.
/// Links join vertices of neighbouring rows, and routes lead from node to node through them.
function bendEdges(row, edges) {
  const rows = [...row],
    links = [],
    routes = [];
  const readers = new Map();
  edges.forEach(([from, to], edge) => {
    if (!readers.has(from)) readers.set(from, []);
    readers.get(from).push({ to, edge });
  });
  const chains = [...readers].map(([from, list]) => ({
    from,
    list,
    crossed: Math.max(...list.map(({ to }) => row[to])) - row[from] - 1,
  }));
  for (const { from, list, crossed } of chains.sort((a, b) => a.crossed - b.crossed)) {
    const bent = rows.length + crossed < row.length + kMostBends;
    const chain = [from];
    for (let i = 0; bent && i < crossed; i++) {
      rows.push(row[from] + 1 + i);
      links.push([chain.at(-1), rows.length - 1]);
      chain.push(rows.length - 1);
    }
    for (const { to, edge } of list) {
      const via = bent ? chain.slice(0, row[to] - row[from]) : [from];
      if (bent || row[to] === row[from] + 1) links.push([via.at(-1), to]);
      routes[edge] = [...via, to];
    }
  }
  return { rows, links, routes };
}

/// Pairs of links between two neighbouring rows that cross, counted in a binary indexed tree.
function countCrossings(upper, down, place) {
  const ends = [];
  for (const vertex of upper) {
    ends.push(...down[vertex].map((other) => place[other]).sort((a, b) => a - b));
  }
  const size = Math.max(0, ...ends) + 2,
    tree = new Array(size).fill(0);
  let crossings = 0;
  ends.forEach((end, before) => {
    let notBeyond = 0;
    for (let i = end + 1; i > 0; i -= i & -i) notBeyond += tree[i];
    crossings += before - notBeyond;
    for (let i = end + 1; i < size; i += i & -i) tree[i] += 1;
  });
  return crossings;
}

/// Vertices of each row from left to right, by the mean place of their neighbours in the row
/// before.
function orderRows(rows, up, down) {
  const levels = Array.from({ length: Math.max(0, ...rows) + 1 }, () => []);
  const seen = new Array(rows.length).fill(false);
  const roots = rows.map((_, vertex) => vertex).filter((vertex) => up[vertex].length === 0);
  const stack = roots.reverse();
  while (stack.length > 0) {
    const vertex = stack.pop();
    if (seen[vertex]) continue;
    seen[vertex] = true;
    levels[rows[vertex]].push(vertex);
    stack.push(...[...down[vertex]].reverse());
  }
  const place = new Array(rows.length);
  const number = (level) =>
    level.forEach((vertex, i) => {
      place[vertex] = i;
    });
  levels.forEach(number);
  let best = levels.map((level) => [...level]),
    fewest = Infinity;
  for (let sweep = 0; sweep < 10 && fewest > 0; sweep++) {
    const near = sweep % 2 === 0 ? up : down;
    for (const level of sweep % 2 === 0 ? levels : [...levels].reverse()) {
      const mean = new Map(
        level.map((vertex) => [
          vertex,
          near[vertex].length === 0
            ? place[vertex]
            : sum(near[vertex], (other) => place[other]) / near[vertex].length,
        ]),
      );
      level.sort((a, b) => mean.get(a) - mean.get(b) || place[a] - place[b]);
      number(level);
    }
    const crossings = sum(levels, (level) => countCrossings(level, down, place));
    if (crossings < fewest) {
      fewest = crossings;
      best = levels.map((level) => [...level]);
    }
  }
  return best;
}

/// Moves a row's vertices as near to where they are wanted as their order and distances allow: least
/// squares by pooling adjacent violators. `apart[i]` is how far vertex i is from the one before.
function settleRow(level, wanted, weight, apart, x) {
  const blocks = [];
  let offset = 0;
  const offsets = level.map((_, i) => (offset += i === 0 ? 0 : apart[i]));
  level.forEach((vertex, i) => {
    let block = { mean: wanted[i] - offsets[i], weight: weight[i], count: 1 };
    while (blocks.length > 0 && blocks.at(-1).mean >= block.mean) {
      const left = blocks.pop();
      const all = left.weight + block.weight;
      block = {
        mean: (left.mean * left.weight + block.mean * block.weight) / all,
        weight: all,
        count: left.count + block.count,
      };
    }
    blocks.push(block);
  });
  let i = 0;
  for (const block of blocks) {
    for (let k = 0; k < block.count; k++, i++) x[level[i]] = block.mean + offsets[i];
  }
}

/// Centres of all vertices: each wants to stand in the middle of its neighbours, bends most of all.
function placeVertices(levels, up, down, nodes, width) {
  const bend = (vertex) => vertex >= nodes;
  const half = (vertex) => (bend(vertex) ? 7 : width / 2 + 10);
  const x = new Array(up.length).fill(0);
  const aparts = levels.map((level) =>
    level.map((vertex, i) => (i === 0 ? 0 : half(level[i - 1]) + half(vertex))),
  );
  levels.forEach((level, row) =>
    settleRow(
      level,
      level.map(() => 0),
      level.map(() => 1),
      aparts[row],
      x,
    ),
  );
  const pull = (a, b) => (bend(a) && bend(b) ? 8 : bend(a) || bend(b) ? 2 : 1);
  for (let sweep = 0; sweep < 14; sweep++) {
    const downwards = sweep % 2 === 0;
    for (let k = 0; k < levels.length; k++) {
      const row = downwards ? k : levels.length - 1 - k,
        level = levels[row];
      const wanted = [],
        weight = [];
      for (const vertex of level) {
        const near = sweep > 9 ? [...up[vertex], ...down[vertex]] : (downwards ? up : down)[vertex];
        const all = sum(near, (other) => pull(vertex, other));
        wanted.push(
          all > 0 ? sum(near, (other) => pull(vertex, other) * x[other]) / all : x[vertex],
        );
        weight.push(all > 0 ? all : 0.1);
      }
      settleRow(level, wanted, weight, aparts[row], x);
    }
  }
  return x;
}

/// Places `count` nodes of one size. Returns their left upper corners, the points that each edge
/// passes ({x, top, bottom}), and the size of it all.
function placeGraph(count, edges, { width, height, gap }) {
  const { rows, links, routes } = bendEdges(rowsOf(count, edges), edges);
  const up = rows.map(() => []),
    down = rows.map(() => []);
  for (const [from, to] of links) {
    down[from].push(to);
    up[to].push(from);
  }
  const levels = orderRows(rows, up, down);
  const x = placeVertices(levels, up, down, count, width);
  let left = Infinity,
    right = -Infinity;
  for (let vertex = 0; vertex < x.length; vertex++) {
    const half = vertex < count ? width / 2 : 0;
    left = Math.min(left, x[vertex] - half);
    right = Math.max(right, x[vertex] + half);
  }
  const top = (vertex) => rows[vertex] * (height + gap);
  return {
    nodes: x
      .slice(0, count)
      .map((centre, node) => ({ x: centre - left - width / 2, y: top(node) })),
    routes: routes.map((route) =>
      route.map((vertex) => ({
        x: x[vertex] - left,
        top: top(vertex),
        bottom: top(vertex) + height,
      })),
    ),
    width: count > 0 ? right - left : 0,
    height: count > 0 ? levels.length * (height + gap) - gap : 0,
  };
}
