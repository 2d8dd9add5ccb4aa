"use strict";
/* Draws the example graphs of a rule's page, with the scripts of the HTML report. */

const drawn = [...document.querySelectorAll("figure.example")].map((figure) => {
  const data = JSON.parse(figure.querySelector("script").textContent);
  const graph = new ModelGraph(data.graph, data.profiles);
  const rows = (names) => new Set(names.map((name) => graph.row(name)).filter((row) => row !== undefined));
  const marked = {
    chosen: new Set(),
    consequences: rows(data.findings.flatMap((finding) => finding.consequences)),
  };
  const drawing = new Drawing(figure.querySelector(".drawing"), () => {}, () => {});
  drawing.cy.userZoomingEnabled(false); // the wheel is the page's
  drawing.show(graph, graph.whole(), 0, marked);
  return drawing;
});

/* Material switches between light and dark by an attribute of the body. */
new MutationObserver(() => {
  document.documentElement.dataset.theme = dark() ? "dark" : "light";
  for (const drawing of drawn) drawing.restyle();
}).observe(document.body, { attributes: true, attributeFilter: ["data-md-color-scheme"] });

function dark() {
  return document.body.dataset.mdColorScheme === "slate";
}
document.documentElement.dataset.theme = dark() ? "dark" : "light";
for (const drawing of drawn) drawing.restyle();
