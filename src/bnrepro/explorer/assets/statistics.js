// Steps to a target and ratios of them, by the definitions of bnrepro.analysis.steps_to_target and
// bnrepro.claims.statistics. Tests compare the numbers with those of the tables.

// The step of the first evaluation at or above a target that the next one confirms; null where there is none.
function crossing(steps, accuracy, target) {
  const place = accuracy.findIndex((one, index) => one >= target && accuracy[index + 1] >= target);
  return place < 0 ? null : steps[place];
}

// When a run arrives at a target: `at` the steps, or the budget of one that does not arrive; between `low` and `high`.
// For a target of the tables the steps are theirs. For any other they are those of the evaluations that the table of
// curves keeps, as close together as those are.
function arrival(data, study, run, mode, target) {
  const place = data.targets.indexOf(target);
  const accuracy = run.accuracy[mode] ?? run.accuracy.ema;
  const steps = place < 0 ? crossing(study.kept, accuracy, target) : (run.first[mode] ?? run.first.ema)[place];
  const grid = place < 0 ? study.kept : study.evaluated;
  const before = (step) => grid.filter((one) => one < step).at(-1) ?? 0;
  const seed = run.seed;
  if (steps !== null) {
    return { seed, arrived: true, atFirst: steps === grid[0], at: steps, low: before(steps), high: steps };
  }
  const unconfirmed = !run.diverged && accuracy.at(-1) >= target; // it may have arrived just before its end
  const low = unconfirmed ? before(grid.at(-1)) : run.budget;
  return { seed, arrived: false, atFirst: false, at: run.budget, low, high: Infinity };
}

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

// Of an arm: how many runs arrive, and the mean and the range of their steps, or of the budget of those that do not.
function summary(arrivals) {
  const at = arrivals.map((run) => run.at);
  return {
    runs: arrivals.length,
    reached: arrivals.filter((run) => run.arrived).length,
    atFirst: arrivals.filter((run) => run.atFirst).length,
    mean: mean(at),
    low: Math.min(...at),
    high: Math.max(...at),
  };
}

// How many times fewer steps a second arm takes than a first, the geometric mean over the seeds that both have, with
// Student's t interval on the logarithms. An end that bounds leave open is 0 or infinite. Null where no run arrives.
function ratio(first, second, quantiles) {
  const bySeed = new Map(second.map((run) => [run.seed, run]));
  const pairs = first.filter((run) => bySeed.has(run.seed)).map((run) => [run, bySeed.get(run.seed)]);
  if (!pairs.some((pair) => pair.some((run) => run.arrived))) return null;
  const logarithms = (of) => pairs.map(([one, other]) => Math.log(of(one, other)));
  const t = quantiles[pairs.length]; // none where there are too few pairs
  return {
    pairs: pairs.length,
    estimate: Math.exp(mean(logarithms((one, other) => one.at / other.at))),
    interval: t
      ? [
          Math.exp(interval(logarithms((one, other) => one.low / other.high), t)[0]),
          Math.exp(interval(logarithms((one, other) => one.high / other.low), t)[1]),
        ]
      : null,
    tooLow: pairs.some(([one, other]) => !one.arrived || other.atFirst),
    tooHigh: pairs.some(([one, other]) => one.atFirst || !other.arrived),
  };
}

function interval(values, t) {
  if (!values.every(Number.isFinite)) return [-Infinity, Infinity];
  const middle = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  const reach = t * Math.sqrt(variance / values.length);
  return [middle - reach, middle + reach];
}
