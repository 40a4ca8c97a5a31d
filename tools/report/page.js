// The page as a whole: reads its document and shows it.

const kPages = {
  bench: benchPage,
  compare: comparePage,
  inspect: inspectPage,
  profile: profilePage,
  run: runPage,
};

function showPage() {
  const doc = JSON.parse(document.getElementById("document").textContent);
  const command = /^sardonyx\.(\w+)\//.exec(doc.schema ?? "")?.[1] ?? "";
  const page = document.getElementById("page");
  const name = doc.model ?? command;
  document.title = `${command} ${name}`;
  const facts = [
    doc.backend && `backend ${doc.backend}`,
    doc.threads && `${doc.threads} thread${doc.threads === 1 ? "" : "s"}`,
  ];
  page.replaceChildren(
    element(
      "header",
      {},
      element("p", { class: "kind" }, `sardonyx ${command}`),
      element("h1", {}, name),
      element("p", { class: "facts" }, facts.filter(Boolean).join(" · ")),
    ),
  );
  if (doc.error) page.append(element("p", { class: "error", role: "alert" }, doc.error));
  if (kPages[command] && (!doc.error || doc.layers || doc.outputs || doc.sides))
    page.append(...kPages[command](doc).flat().filter(Boolean));
  installTips();
  document.documentElement.dataset.ready = performance.now().toFixed(0);
}

showPage();
