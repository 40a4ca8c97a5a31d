// Tables that sort by any column and show what matches some words.

const kRowsAtFirst = 300;

/// A column of numbers that shows nothing for zero.
function timed(title, value, text) {
  return {
    title,
    number: true,
    value,
    text: (row) => (value(row) > 0 ? text(value(row)) : ""),
  };
}

/// A table of `rows`. Columns: {title, value(row) to sort by, text(row) to show (default: the value),
/// number: aligned right, bar(row): from 0 to 1, draw(row): an element instead of the text}. `options`: select(row) when one is clicked,
/// filter: whether there is a field for words, onfilter(rows or null), empty: what to say of none.
class DataTable {
  constructor(rows, columns, options = {}) {
    Object.assign(this, {
      rows,
      columns,
      options,
      most: kRowsAtFirst,
      descending: false,
      by: null,
      words: "",
    });
    this.texts = rows.map((row) =>
      columns
        .map((column) => this.textOf(column, row))
        .join(" ")
        .toLowerCase(),
    );
    this.body = element("tbody");
    this.heads = columns.map((column) =>
      element(
        "th",
        { scope: "col", class: column.number ? "number" : null, "data-title": column.title },
        element("button", { type: "button", onclick: () => this.sort(column) }, column.title),
      ),
    );
    this.count = element("output", { class: "count" });
    this.more = element("button", {
      type: "button",
      class: "more",
      onclick: () => {
        this.most = Infinity;
        this.show();
      },
    });
    const field = options.filter
      ? element(
          "label",
          { class: "filter" },
          "Filter ",
          element("input", {
            type: "search",
            placeholder: "conv 3x3 onednn …",
            oninput: (event) => {
              this.words = event.target.value;
              this.show();
            },
          }),
        )
      : null;
    this.element = element(
      "div",
      { class: "data-table" },
      field ? element("div", { class: "bar" }, field, this.count) : null,
      element(
        "div",
        { class: "scroll" },
        element("table", {}, element("thead", {}, element("tr", {}, this.heads)), this.body),
      ),
      this.more,
    );
    this.show();
  }

  textOf(column, row) {
    const text = column.text ? column.text(row) : column.value(row);
    return text === null || text === undefined ? "" : String(text);
  }

  sort(column) {
    this.descending = this.by === column ? !this.descending : Boolean(column.number);
    this.by = column;
    this.heads.forEach((head, i) => {
      if (this.columns[i] !== column) head.removeAttribute("aria-sort");
      else head.setAttribute("aria-sort", this.descending ? "descending" : "ascending");
    });
    this.show();
  }

  /// Indices of the rows that match, in the order to show them. What has no value comes last.
  matching() {
    const words = this.words.toLowerCase().split(/\s+/).filter(Boolean);
    const found = this.rows
      .map((_, i) => i)
      .filter((i) => words.every((word) => this.texts[i].includes(word)));
    if (!this.by) return found;
    const sign = this.descending ? -1 : 1;
    const missing = (value) =>
      value === null || value === undefined || value === "" || Number.isNaN(value);
    return found
      .map((i) => [i, this.by.value(this.rows[i])])
      .sort(([i, a], [k, b]) => {
        if (missing(a) || missing(b)) return missing(a) - missing(b) || i - k;
        const order =
          typeof a === "number" && typeof b === "number"
            ? a - b
            : String(a).localeCompare(String(b), "en", { numeric: true });
        return sign * order || i - k;
      })
      .map(([i]) => i);
  }

  show() {
    const found = this.matching(),
      shown = found.slice(0, this.most);
    this.shown = new Map();
    this.body.replaceChildren(...shown.map((i) => this.row(i)));
    if (found.length === 0) {
      const says =
        this.rows.length === 0
          ? (this.options.empty ?? "Nothing to show.")
          : "No row has all these words.";
      this.body.append(
        element("tr", { class: "none" }, element("td", { colspan: this.columns.length }, says)),
      );
    }
    this.count.textContent =
      found.length === this.rows.length
        ? `${this.rows.length} rows`
        : `${found.length} of ${this.rows.length} rows`;
    this.more.hidden = shown.length === found.length;
    this.more.textContent = `Show all ${found.length} rows`;
    this.options.onfilter?.(
      found.length === this.rows.length ? null : found.map((i) => this.rows[i]),
    );
    this.mark(this.marked);
  }

  row(i) {
    const row = this.rows[i];
    const cells = this.columns.map((column) => {
      const part = column.bar?.(row);
      const text = this.textOf(column, row);
      return element(
        "td",
        {
          class: [column.number ? "number" : "", part > 0 ? "part" : ""].join(" ").trim() || null,
          style: part > 0 ? `--part: ${(100 * Math.min(part, 1)).toFixed(2)}%` : null,
          title: text.length > 40 ? text : null,
        },
        column.draw ? column.draw(row) : text,
      );
    });
    const choose = this.options.select ? () => this.options.select(row) : null;
    const line = element(
      "tr",
      choose
        ? {
            tabindex: 0,
            onclick: choose,
            onkeydown: (event) => {
              if (event.key === "Enter") choose();
            },
          }
        : {},
      cells,
    );
    this.shown.set(row, line);
    return line;
  }

  /// Marks the row that the rest of the page shows.
  mark(row) {
    this.shown.get(this.marked)?.removeAttribute("aria-selected");
    this.marked = row;
    this.shown.get(row)?.setAttribute("aria-selected", "true");
  }
}
