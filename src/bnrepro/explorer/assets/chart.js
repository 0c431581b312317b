// The chart: test error by training steps, drawn by Vega-Lite.

const HUES = { none: [0, 0], batch: [205, 85], layer: [30, 90], weight: [310, 45], self: [155, 70] }; // hue, saturation
const DASHES = [[], [7, 3], [2, 2], [9, 3, 2, 3]];
const ERRORS = [0.9, 0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001]; // on the axis

const STEPS = [0, 1, 2, 3, 4, 5, 6, 7, 8].flatMap((power) => [1, 2, 5].map((one) => one * 10 ** power));
const FONT = '"DejaVu Sans", Verdana, sans-serif'; // the page's: Vega measures texts by it

// An arm's look: a color by its normalization, lighter and in other dashes the later it is among those.
function looks(arms, dark) {
  const count = {};
  const order = arms.map((arm) => (count[arm.normalization] = (count[arm.normalization] ?? -1) + 1));
  return arms.map((arm, index) => {
    const [hue, saturation] = HUES[arm.normalization] ?? [60, 80];
    const share = order[index] / Math.max(3, count[arm.normalization]);
    const start = arm.normalization === "none" ? 5 : 30;
    const lightness = dark ? (arm.normalization === "none" ? 95 : 75) - 35 * share : start + (62 - start) * share;
    return { color: `hsl(${hue}, ${saturation}%, ${lightness}%)`, dash: DASHES[order[index] % DASHES.length] };
  });
}

// Rows of the chart: of every run a point at each evaluation; of every arm mean, lowest and highest error over its
// seeds, to where the first of its runs diverges. No error is drawn below half of the smallest one that is not 0.
function points(study, arms, look, mode) {
  const accuracies = (run) => run.accuracy[mode] ?? run.accuracy.ema;
  const errors = arms.flatMap((arm) => arm.runs.flatMap((run) => accuracies(run).map((one) => 1 - one)));
  const floor = errors.reduce((least, one) => (one > 1e-9 && one < least ? one : least), 1) / 2;
  const error = (accuracy) => Math.max(floor, +(1 - accuracy).toPrecision(4));
  const runs = [];
  const means = [];
  arms.forEach((arm, index) => {
    const own = { arm: arm.name, color: look[index].color, dash: look[index].dash };
    arm.runs.forEach((run) =>
      accuracies(run).forEach((one, place) =>
        runs.push({ ...own, seed: run.seed, id: `${arm.name} ${run.seed}`, step: study.kept[place], error: error(one) }),
      ),
    );
    const shared = Math.min(...arm.runs.map((run) => accuracies(run).length));
    study.kept.slice(0, shared).forEach((step, place) => {
      const at = arm.runs.map((run) => error(accuracies(run)[place]));
      means.push({ ...own, step, error: +mean(at).toPrecision(4), low: Math.min(...at), high: Math.max(...at) });
    });
  });
  return { runs, means, range: [floor, Math.max(0.1, ...errors)] };
}

function chartSpec(drawn, { target, logSteps, ink, faint }) {
  const y = (field) => ({
    field,
    type: "quantitative",
    scale: { type: "log", domain: drawn.range, nice: false },
    axis: { values: ERRORS, format: "~%", minExtent: 38 },
    title: "error, 1 − accuracy (log scale)",
  });
  const x = {
    field: "step",
    type: "quantitative",
    scale: logSteps ? { type: "log", nice: false } : { zero: true, nice: false },
    axis: { format: "~s", labelSeparation: 6, labelOverlap: true, ...(logSteps ? { values: STEPS } : { tickCount: 6 }) },
    title: logSteps ? "training steps (log scale)" : "training steps",
  };
  const stroke = { field: "color", type: "nominal", scale: null };
  const detail = { field: "id", type: "nominal" };
  const line = (mark) => ({ type: "line", clip: true, aria: false, ...mark });
  const rule = (mark) => ({ type: "rule", clip: true, aria: false, ...mark });
  const atTarget = { datum: { expr: "1 - target" }, type: "quantitative" };
  return {
    $schema: "https://vega.github.io/schema/vega-lite/v6.json",
    description: "Error against training steps. The table below has the numbers.",
    width: "container",
    height: 380,
    autosize: { type: "fit-x", contains: "padding" },
    params: [{ name: "target", value: target }],
    datasets: { runs: drawn.runs, means: drawn.means },
    layer: [
      {
        data: { name: "means" },
        mark: { type: "area", clip: true, aria: false, opacity: 0.16 },
        encoding: { x, y: y("low"), y2: { field: "high" }, fill: stroke, detail: { field: "arm" } },
      },
      {
        data: { name: "runs" },
        mark: line({ strokeWidth: 1 }),
        encoding: { x, y: y("error"), stroke, detail, opacity: { condition: { param: "hovered", empty: false, value: 1 }, value: 0.25 } },
      },
      {
        data: { name: "means" },
        mark: line({ strokeWidth: 2.4 }),
        encoding: { x, y: y("error"), stroke, detail: { field: "arm" }, strokeDash: { field: "dash", scale: null } },
      },
      {
        data: { name: "runs" },
        params: [{ name: "hovered", select: { type: "point", on: "pointerover", clear: "pointerout", fields: ["id"] } }],
        mark: line({ strokeWidth: 9, opacity: 0.001 }), // what a pointer finds
        encoding: { x, y: y("error"), stroke, detail, tooltip: [{ field: "arm" }, { field: "seed" }] },
      },
      { data: { values: [{}] }, mark: rule({ color: ink, strokeDash: [4, 3] }), encoding: { y: atTarget } },
      {
        data: { values: [{}] },
        mark: { type: "text", ...(logSteps ? { align: "left", dx: 4 } : { align: "right", dx: -4 }), dy: -7, color: ink, fontSize: 12, fontWeight: "bold", aria: false },
        encoding: {
          x: { value: logSteps ? 0 : "width" }, // where curves leave room
          y: atTarget,
          text: { value: { expr: "'target ' + format(100 * target, '~r') + '%'" } },
        },
      },
      {
        data: { values: [{}] },
        name: "handle",
        mark: rule({ strokeWidth: 22, opacity: 0.001, cursor: "ns-resize" }), // to drag
        encoding: { y: atTarget, tooltip: { value: "Drag to move the target" } }, // without one it gets no events
      },
    ],
    config: {
      background: null,
      font: FONT,
      view: { stroke: null },
      axis: { labelColor: ink, titleColor: ink, titleFontWeight: "normal", gridColor: faint, domainColor: faint, tickColor: faint, labelFontSize: 12, titleFontSize: 12 },
    },
  };
}

// Call back with the target while a reader drags its line.
function dragging(view, element, onTarget) {
  view.addEventListener("pointerdown", (event, item) => {
    if (!item?.mark?.name?.startsWith("handle")) return;
    event.preventDefault();
    const top = element.querySelector("svg").getBoundingClientRect().top + view.origin()[1];
    const accuracy = ({ clientY }) => 1 - view.scale("y").invert(clientY - top);
    const move = (moved) => onTarget(Math.round(1000 * accuracy(moved)) / 1000); // a hand is no finer
    window.addEventListener("pointermove", move);
    window.addEventListener("pointerup", () => window.removeEventListener("pointermove", move), { once: true });
  });
}
