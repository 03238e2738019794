// What is known of a set after all its pictures were scored. Counts are exact; every percentage is a count divided by
// the pictures that are scored, unreadable ones among them.

/** The score of one head on one set. */
export interface ClassificationScore {
  /** The denominator: pictures with a label, readable or not. */
  readonly scored: number;
  /** Pictures that no label says anything about (IN-ReaL): left out. */
  readonly unlabelled: number;
  /** Pictures of the denominator that could not be read and count as wrong. */
  readonly unreadable: number;
  readonly top1Correct: number;
  readonly top5Correct: number;
  /** 100 · top1Correct / scored; null when nothing was scored. */
  readonly top1: number | null;
  readonly top5: number | null;
  readonly perClass: PerClass;
  /** The classes that are recognised least, and what they are taken for; worst first. */
  readonly worstClasses: readonly WorstClass[];
  readonly calibration: Calibration;
  /** Wrong answers given with the most confidence, most confident first. */
  readonly worstPictures: readonly WrongPicture[];
  /** One bit per picture of the set in its order, 1 for right at top 1, low bit first, in base64; null: not kept. */
  readonly outcomes: string | null;
}

/** Counts by label. A picture with several labels counts for each of them. */
export interface PerClass {
  readonly pictures: readonly number[];
  readonly top1Correct: readonly number[];
}

/** A class with what it is mistaken for. */
export interface WorstClass {
  readonly label: number;
  readonly pictures: number;
  readonly top1Correct: number;
  /** Wrong labels that were answered, most frequent first. */
  readonly mistakenFor: readonly { readonly label: number; readonly pictures: number }[];
  /** Its most confident mistakes. */
  readonly examples: readonly WrongPicture[];
}

/** A picture that was classified wrongly. */
export interface WrongPicture {
  readonly index: number;
  readonly key: string;
  readonly labels: readonly number[];
  readonly predicted: number;
  /** Probability of the answer. */
  readonly confidence: number;
}

/** How far confidence can be trusted, over the readable scored pictures. */
export interface Calibration {
  /** Expected calibration error: the mean over pictures of |accuracy − confidence| of their bin; null without pictures. */
  readonly expectedError: number | null;
  /** Bins of equal width over (0, 1]: bin i holds confidences in (i / n, (i + 1) / n]. */
  readonly bins: readonly CalibrationBin[];
}

/** One bin. */
export interface CalibrationBin {
  readonly pictures: number;
  readonly correct: number;
  /** Mean confidence; null for an empty bin. */
  readonly confidence: number | null;
}

/** A picture that could not be read. */
export interface PictureError {
  readonly index: number;
  readonly key: string;
  readonly reason: string;
}
