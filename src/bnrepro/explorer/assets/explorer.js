// What a reader picks, the table that follows, and the link that keeps it.

const data = JSON.parse(document.getElementById("data").textContent);
const at = (id) => document.getElementById(id);
const MODES = { ema: "moving averages", population: "population statistics", validation: "held-out images" };
const dark = window.matchMedia("(prefers-color-scheme: dark)");
let state; // study, mode, target, logSteps, against (an arm's link or null), chosen: by factor, keys of its values
let view; // Vega's
let timer;

// --- the link ---------------------------------------------------------------------------------------------------------

function read(fragment) {
  const asked = new URLSearchParams(fragment.replace(/^#/, ""));
  const study = data.studies.find((one) => one.name === asked.get("study")) ?? data.studies[0];
  const target = Number(asked.get("target"));
  const chosen = {};
  for (const factor of study.factors) {
    const keys = (asked.get(factor.name) ?? "").split(",");
    const known = factor.values.map((value) => value.key).filter((key) => keys.includes(key));
    chosen[factor.name] = known.length ? known : [...factor.shown];
  }
  return {
    study,
    mode: study.modes.includes(asked.get("mode")) ? asked.get("mode") : study.modes[0],
    target: target > 0 && target < 1 ? target : data.target,
    logSteps: asked.get("steps") !== "linear",
    against: study.arms.find((arm) => link(study, arm) === asked.get("against")) ?? null,
    chosen,
  };
}

function written() {
  const asked = new URLSearchParams({ study: state.study.name, mode: state.mode, target: state.target });
  if (!state.logSteps) asked.set("steps", "linear");
  if (state.against) asked.set("against", link(state.study, state.against));
  for (const factor of state.study.factors) asked.set(factor.name, state.chosen[factor.name].join(","));
  return `#${asked}`.replaceAll("%2C", ",").replaceAll("%2F", "/");
}

// Browsers take few changes of an address a second, and a slider makes many.
function keep() {
  clearTimeout(timer);
  timer = setTimeout(() => history.replaceState(null, "", written()), 200);
}

const link = (study, arm) => arm.values.map((key) => key ?? "").join("/");

// --- controls ---------------------------------------------------------------------------------------------------------

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function option(value, words, selected) {
  return element("option", { value, selected }, words);
}

function controls() {
  const { study } = state;
  const runs = (one) => one.arms.reduce((sum, arm) => sum + arm.runs.length, 0);
  const studies = data.studies.map((one) => option(one.name, `${one.name} (${runs(one)} runs)`, one === study));
  at("study").replaceChildren(...studies);
  at("mode").replaceChildren(...study.modes.map((mode) => option(mode, MODES[mode], mode === state.mode)));
  at("log").checked = state.logSteps;
  at("factors").replaceChildren(
    ...study.factors.map((factor) =>
      element("fieldset", {}, element("legend", {}, factor.title), ...factor.values.map((value) => checkbox(factor, value))),
    ),
  );
  const arms = study.arms.map((arm) => option(link(study, arm), arm.name, arm === state.against));
  at("against").replaceChildren(option("", "the same without normalization", !state.against), ...arms);
}

function checkbox(factor, value) {
  const checked = state.chosen[factor.name].includes(value.key);
  const box = element("input", { type: "checkbox", checked, name: factor.name, value: value.key });
  box.addEventListener("change", () => {
    const boxes = [...document.getElementsByName(factor.name)].filter((one) => one.checked);
    if (!boxes.length) {
      box.checked = true; // something has to be shown
      return;
    }
    state.chosen[factor.name] = boxes.map((one) => one.value);
    update();
  });
  return element("label", {}, box, ` ${value.words}`);
}

function targetControls() {
  const percent = +(100 * state.target).toFixed(4);
  if (Number(at("target").value) !== percent) at("target").value = percent;
  at("slider").value = percent;
  for (const button of at("targets").children) button.ariaPressed = String(Number(button.value) === state.target);
}

// --- the table --------------------------------------------------------------------------------------------------------

function shownArms() {
  const applies = (key, index) => key === null || state.chosen[state.study.factors[index].name].includes(key);
  return state.study.arms.filter((arm) => arm.values.every(applies));
}

const whole = (value) => Math.round(value).toLocaleString("en-US");
const number = (value, words) => element("data", { value }, words);

// Three digits, a bound rounded to the side on which it stays true.
function digits(value, rounding = Math.round) {
  const unit = 10 ** (Math.floor(Math.log10(value)) - 2);
  return String(+(rounding(+(value / unit).toFixed(6)) * unit).toPrecision(3));
}

function stepsCell(own) {
  if (!own.reached) return [`not within ${whole(own.high)}`];
  const late = own.reached < own.runs;
  const sign = late === own.atFirst > 0 ? (late ? "? " : "") : late ? "≥ " : "≤ ";
  const range = ` (${own.atFirst ? "≤ " : ""}${whole(own.low)} to ${late ? "> " : ""}${whole(own.high)})`;
  return [sign, number(own.mean, whole(own.mean)), range];
}

function ratioCell(found) {
  if (!found) return ["–"];
  const { estimate, interval, tooLow, tooHigh } = found;
  if (tooLow && tooHigh) return ["not determined"];
  const [sign, rounding] = tooLow ? ["≥ ", Math.floor] : tooHigh ? ["≤ ", Math.ceil] : ["", Math.round];
  const [low, high] = interval ?? [0, Infinity];
  const from = low > 0 ? digits(low, tooLow ? Math.floor : Math.round) : null;
  const to = high < Infinity ? digits(high, tooHigh ? Math.ceil : Math.round) : null;
  const range = from && to ? ` (${from} to ${to})` : from ? ` (from ${from})` : to ? ` (to ${to})` : "";
  return [sign, number(estimate, digits(estimate, rounding)), range];
}

function bySeed(arrivals) {
  const list = arrivals.map((run) =>
    element("li", {}, `${run.seed}: `, run.arrived ? number(run.at, whole(run.at)) : `not within ${whole(run.at)}`),
  );
  return element("details", {}, element("summary", {}, "by seed"), element("ul", {}, ...list));
}

function swatch({ color, dash }) {
  const picture = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const line = document.createElementNS("http://www.w3.org/2000/svg", "line");
  const drawn = { x1: 0, x2: 34, y1: 6, y2: 6, stroke: color, "stroke-width": 3, "stroke-dasharray": dash.join(" ") };
  for (const [name, value] of Object.entries(drawn)) line.setAttribute(name, value);
  picture.setAttribute("class", "swatch");
  picture.setAttribute("aria-hidden", "true");
  picture.append(line);
  return picture;
}

function table(arms) {
  const { study, mode, target } = state;
  const arrivals = new Map(study.arms.map((arm) => [arm, arm.runs.map((run) => arrival(data, study, run, mode, target))]));
  const look = looks(arms, dark.matches);
  const open = new Set([...document.querySelectorAll("#rows details[open]")].map((one) => one.closest("tr").dataset.arm));
  const rows = arms.map((arm, index) => {
    const own = summary(arrivals.get(arm));
    const baseline = state.against ?? study.arms[arm.baseline];
    const found = baseline && baseline !== arm ? ratio(arrivals.get(baseline), arrivals.get(arm), data.t) : null;
    const seeds = bySeed(arrivals.get(arm));
    seeds.open = open.has(link(study, arm));
    const name = element("th", { scope: "row" }, swatch(look[index]), arm.name);
    const diverged = arm.runs.filter((run) => run.diverged).length;
    const arrive = `${own.reached} of ${own.runs}${diverged ? ` (${diverged} diverged)` : ""}`;
    const cells = [[arrive], stepsCell(own), ratioCell(found), [seeds]];
    const row = element("tr", {}, name, ...cells.map((cell) => element("td", {}, ...cell)));
    row.dataset.arm = link(study, arm);
    return row;
  });
  at("rows").replaceChildren(...rows);
  const all = arms.flatMap((arm) => arrivals.get(arm));
  const percent = +(100 * target).toFixed(4);
  at("said").textContent =
    `${all.filter((run) => run.arrived).length} of ${all.length} runs arrive at ${percent}% ` +
    (mode === "validation" ? "on held-out images." : `on test images, by ${MODES[mode]}.`);
  const thinned = study.kept.length < study.evaluated.length && !data.targets.includes(target);
  at("thinned").hidden = !thinned;
}

// --- all together -----------------------------------------------------------------------------------------------------

async function chart(arms) {
  const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name);
  const drawn = points(state.study, arms, looks(arms, dark.matches), state.mode);
  const spec = chartSpec(drawn, { ...state, ink: color("--ink"), faint: color("--faint") });
  const tooltip = { theme: dark.matches ? "dark" : "light" };
  const made = await vegaEmbed("#chart", spec, { ast: true, actions: false, renderer: "svg", tooltip });
  view = made.view;
  dragging(view, at("chart"), setTarget);
}

function update() {
  const arms = shownArms();
  targetControls();
  table(arms);
  keep();
  return chart(arms);
}

function setTarget(target) {
  const rounded = Math.round(1e6 * target) / 1e6;
  if (!(rounded > 0 && rounded < 1)) return;
  state.target = rounded;
  targetControls();
  table(shownArms());
  keep();
  view?.signal("target", rounded).run();
}

function restore() {
  state = read(location.hash);
  controls();
  return update();
}

function begin() {
  const { bnrepro, data_digest, records_digest } = data.provenance;
  at("made").textContent =
    `Made by bnrepro ${bnrepro} from the tables of ${data.dataset}: data ${data_digest.slice(0, 12)}, ` +
    `records ${records_digest.slice(0, 12)}.`;
  at("targets").replaceChildren(
    ...data.targets.map((one) => element("button", { type: "button", value: one }, `${+(100 * one).toFixed(4)}%`)),
  );
  at("targets").addEventListener("click", ({ target }) => target.value && setTarget(Number(target.value)));
  at("target").addEventListener("input", ({ target }) => setTarget(Number(target.value) / 100));
  at("slider").addEventListener("input", ({ target }) => setTarget(Number(target.value) / 100));
  at("study").addEventListener("change", ({ target }) => {
    state = { ...read(`study=${target.value}&mode=${state.mode}`), target: state.target, logSteps: state.logSteps };
    controls();
    update();
  });
  at("mode").addEventListener("change", ({ target }) => update((state.mode = target.value)));
  at("log").addEventListener("change", ({ target }) => update((state.logSteps = target.checked)));
  at("against").addEventListener("change", ({ target }) => {
    state.against = state.study.arms.find((arm) => link(state.study, arm) === target.value) ?? null;
    update();
  });
  window.addEventListener("hashchange", restore);
  dark.addEventListener("change", update);
  restore();
}

begin();
