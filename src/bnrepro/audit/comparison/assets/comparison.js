// The panels of a comparison, each drawn by Vega-Lite. Axes are those of the explorer's chart.

const data = JSON.parse(document.getElementById("data").textContent);
const dark = window.matchMedia("(prefers-color-scheme: dark)");
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function panelSpec(panel) {
  const [ink, faint] = ["--ink", "--faint"].map(color);
  const named = panel.points.map((point) => ({ ...point, name: data.names[point.side === "before" ? 0 : 1] }));
  const x = {
    field: "step",
    type: "quantitative",
    scale: { type: "log", nice: false },
    axis: { values: STEPS, format: "~s", labelSeparation: 6, labelOverlap: true },
    title: "training steps",
  };
  const y = (field) => ({
    field,
    type: "quantitative",
    scale: { type: "log", domain: panel.range, nice: false },
    axis: { values: ERRORS, format: "~%", minExtent: 38 },
    title: "test error",
  });
  const side = (range) => ({ field: "side", type: "nominal", scale: { domain: ["before", "after"], range }, legend: null });
  const hue = side([color("--before"), color("--after")]);
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    width: "container",
    height: 200,
    autosize: { type: "fit-x", contains: "padding" },
    data: { values: named },
    layer: [
      { mark: { type: "area", clip: true, aria: false, opacity: 0.18 }, encoding: { x, y: y("low"), y2: { field: "high" }, fill: hue } },
      {
        mark: { type: "line", clip: true, aria: false, strokeWidth: 2.2 },
        encoding: { x, y: y("error"), stroke: hue, strokeDash: side([[6, 3], [1, 0]]) },
      },
      {
        mark: { type: "point", size: 60, opacity: 0.001, aria: false }, // what a pointer finds
        encoding: {
          x,
          y: y("error"),
          tooltip: [
            { field: "name", title: "of" },
            { field: "step", title: "step" },
            { field: "error", format: ".2%", title: "mean error" },
          ],
        },
      },
    ],
    config: {
      background: null,
      font: FONT,
      view: { stroke: null },
      axis: { labelColor: ink, titleColor: ink, titleFontWeight: "normal", gridColor: faint, domainColor: faint, tickColor: faint, labelFontSize: 11, titleFontSize: 11 },
    },
  };
}

function draw() {
  const options = { ast: true, actions: false, renderer: "svg", tooltip: { theme: dark.matches ? "dark" : "light" } };
  document.querySelectorAll(".chart").forEach((element, place) => vegaEmbed(element, panelSpec(data.panels[place]), options));
}

dark.addEventListener("change", draw);
draw();
