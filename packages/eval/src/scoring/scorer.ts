// Scores of a set, picture by picture: exact counts whatever the batches, and memory that does not grow with the set
// (but for one bit per picture, where outcomes are asked for). References: recipes of OpenGVLab/InternVL,
// classification/main.py and dataset/imagenet_real.py; instead of a mean of batch means over padded ranks it is the
// exact mean over the pictures.

import type { LabelledPicture } from "../datasets/classification-set.ts";
import { EvalError } from "../errors.ts";
import { createCalibrator } from "./calibration.ts";
import { createConfusion, keepMostConfident } from "./confusion.ts";
import { createOutcomes, encodeOutcomes, markRight } from "./outcomes.ts";
import { rankRow, softmaxOf } from "./rank.ts";
import type { ClassificationScore, PictureError, WrongPicture } from "./score.ts";

/** Options of `createScorer`. */
export interface ScorerOptions {
  /** Columns of a row of scores: the model's classes. */
  readonly width: number;
  /** The column of each label, ascending, where a set covers a part of the classes; default: label i is column i. */
  readonly columns?: readonly number[];
  /** What scores are: `logits`, made probabilities by softmax over the columns, or `shares` that are some already. */
  readonly scores?: "logits" | "shares";
  /** What an unreadable picture does: it counts as wrong, or the evaluation ends; default `wrong`. */
  readonly unreadable?: "wrong" | "fail";
  /** Number of pictures of the set, to keep whether each one was right; default: not kept. */
  readonly outcomesOf?: number;
  /** Bins of the calibration; default 15. */
  readonly bins?: number;
  /** Unreadable and wrong pictures that are named; default 1000 and 48. Others are counted. */
  readonly namedUnreadable?: number;
  readonly namedWrong?: number;
  /** Least recognised classes that are described; default 12. */
  readonly worstClasses?: number;
}

/** Scores pictures as they come. */
export interface Scorer {
  /**
   * Adds pictures and their scores [pictures, width]; both stay the caller's.
   *
   * @throws EvalError `invalid-argument` for scores of another shape, `invalid-data` for a label out of range and for
   *   a score that is not a number, naming the picture
   */
  add(pictures: readonly LabelledPicture[], scores: Float32Array): void;
  /**
   * Adds a picture that could not be read.
   *
   * @throws EvalError `invalid-data` naming it, when `unreadable` is `fail`
   */
  addUnreadable(picture: LabelledPicture, reason: string): void;
  /** The unreadable pictures, the first ones by name. */
  unreadable(): readonly PictureError[];
  /** The score of what was added so far. */
  score(): ClassificationScore;
}

/**
 * A scorer for one head and one set.
 *
 * @throws EvalError `invalid-argument` for columns that are out of range or not ascending
 */
export function createScorer(options: ScorerOptions): Scorer {
  const { width, scores: kind = "logits", unreadable: policy = "wrong", bins = 15 } = options;
  const { outcomesOf, namedUnreadable = 1000, namedWrong = 48, worstClasses = 12 } = options;
  const columns = checkedColumns(options.columns, width);
  const confusion = createConfusion(columns.length);
  const calibrator = createCalibrator(bins);
  const outcomes = outcomesOf === undefined ? undefined : createOutcomes(outcomesOf);
  const best = new Int32Array(Math.min(5, columns.length));
  const wrong: WrongPicture[] = [];
  const errors: PictureError[] = [];
  let [scored, unlabelled, unreadable, top1Correct, top5Correct] = [0, 0, 0, 0, 0];

  const addRow = (picture: LabelledPicture, row: { scores: Float32Array; start: number }): void => {
    const { index, key, labels } = picture;
    checkLabels(picture, columns.length);
    if (labels.length === 0) {
      unlabelled += 1;
      return;
    }
    ranked(picture, () => rankRow({ ...row, columns }, best));
    const predicted = best[0]!;
    const share = row.scores[row.start + columns[predicted]!]!;
    const confidence = kind === "shares" ? share : softmaxOf({ ...row, columns }, predicted);
    const right = labels.includes(predicted);
    scored += 1;
    if (right) top1Correct += 1;
    if (labels.some((label) => best.includes(label))) top5Correct += 1;
    calibrator.add(confidence, { right });
    const answer = { index, key, labels, predicted, confidence };
    confusion.add(answer, { right });
    if (!right) keepMostConfident(wrong, { picture: answer, limit: namedWrong });
    else if (outcomes !== undefined) markRight(outcomes, index);
  };

  return {
    add(pictures, scores) {
      if (scores.length !== pictures.length * width) {
        throw new EvalError(
          "invalid-argument",
          `scores of ${pictures.length} pictures: expected ${pictures.length} × ${width}, found ${scores.length}`,
        );
      }
      for (const [at, picture] of pictures.entries())
        addRow(picture, { scores, start: at * width });
    },
    addUnreadable(picture, reason) {
      const { index, key, labels } = picture;
      checkLabels(picture, columns.length);
      if (policy === "fail") {
        throw new EvalError("invalid-data", `${key} (picture ${index}) cannot be read: ${reason}`, {
          subject: key,
        });
      }
      if (errors.length < namedUnreadable) errors.push({ index, key, reason });
      if (labels.length === 0) {
        unlabelled += 1;
        return;
      }
      scored += 1;
      unreadable += 1;
      confusion.addUnanswered(labels);
    },
    unreadable: () => [...errors],
    score: () => ({
      scored,
      unlabelled,
      unreadable,
      top1Correct,
      top5Correct,
      top1: percentage(top1Correct, scored),
      top5: percentage(top5Correct, scored),
      perClass: confusion.perClass(),
      worstClasses: confusion.worst(worstClasses),
      calibration: calibrator.calibration(),
      worstPictures: [...wrong],
      outcomes: outcomes === undefined ? null : encodeOutcomes(outcomes),
    }),
  };
}

function percentage(part: number, whole: number): number | null {
  // In this order, as the reference's mean times 100: the last bit depends on it.
  return whole === 0 ? null : (part / whole) * 100;
}

function checkedColumns(columns: readonly number[] | undefined, width: number): Int32Array {
  const chosen = columns ?? Array.from({ length: width }, (_, column) => column);
  for (const [label, column] of chosen.entries()) {
    const previous = chosen[label - 1] ?? -1;
    if (!Number.isInteger(column) || column <= previous || column >= width) {
      throw new EvalError(
        "invalid-argument",
        `the column of label ${label}: expected a whole number above ${previous} and below ${width}, found ${column}`,
      );
    }
  }
  return Int32Array.from(chosen);
}

function checkLabels({ index, key, labels }: LabelledPicture, classes: number): void {
  const wrong = labels.find((label) => !Number.isInteger(label) || label < 0 || label >= classes);
  if (wrong !== undefined) {
    throw new EvalError(
      "invalid-data",
      `${key} (picture ${index}): expected labels from 0 to ${classes - 1}, found ${wrong}`,
      { subject: key },
    );
  }
}

/** Runs the ranking; its error is told with the picture. */
function ranked({ index, key }: LabelledPicture, rank: () => void): void {
  try {
    rank();
  } catch (cause) {
    throw new EvalError("invalid-data", `${key} (picture ${index}): ${(cause as Error).message}`, {
      subject: key,
      cause,
    });
  }
}
