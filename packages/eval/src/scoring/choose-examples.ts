// Which pictures of a set stand for it: the worst, those in the middle, and the best.

/** A picture that stands for the set. */
export interface ChosenExample {
  /** Position in the set. */
  readonly index: number;
  readonly place: "worst" | "median" | "best";
}

/** Pictures of each place. */
const EACH = 3;

/**
 * Up to three pictures of each place by the mean IoU of every picture of the set, in ascending order of it; of equal ones
 * the lower index first. Null and NaN are pictures without a score and are passed over. No picture is named twice: fewer
 * than nine are shared out, the worst first.
 */
export function chooseExamples(meanIous: ArrayLike<number | null>): readonly ChosenExample[] {
  const scored = Array.from(meanIous, (meanIou, index) => ({ index, meanIou })).filter(
    (each): each is { index: number; meanIou: number } =>
      each.meanIou !== null && !Number.isNaN(each.meanIou),
  );
  scored.sort((a, b) => a.meanIou - b.meanIou || a.index - b.index);
  const count = scored.length;
  const worst = Math.min(EACH, Math.ceil(count / 3));
  const best = Math.min(EACH, Math.ceil((count - worst) / 2));
  const median = Math.min(EACH, count - worst - best);
  const middle = worst + ((count - worst - best - median) >> 1);
  const take = (from: number, many: number, place: ChosenExample["place"]) =>
    scored.slice(from, from + many).map(({ index }) => ({ index, place }));
  return [
    ...take(0, worst, "worst"),
    ...take(middle, median, "median"),
    ...take(count - best, best, "best"),
  ];
}
