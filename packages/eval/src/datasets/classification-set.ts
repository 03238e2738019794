// What the probes know of a set of labelled pictures. Readers of folders, lists, archives and tables implement it; a
// page implements it over the pictures that were dropped on it.

/** One picture of a set, without its bytes. */
export interface LabelledPicture {
  /** Position in the set's fixed order, from 0. */
  readonly index: number;
  /** Names the picture for people and in results: a path within the set, an entry of an archive. */
  readonly key: string;
  /** Class indices that count as right: one in most sets; in IN-ReaL any number, and a picture with none is not scored. */
  readonly labels: readonly number[];
}

/** Labelled pictures in a fixed order, read one by one: nothing grows with their number. */
export interface ClassificationSet {
  /** "imagenet-1k", "imagenet-a" or what the user calls it. */
  readonly name: string;
  /** Where it is, for messages and results. */
  readonly origin: string;
  /** The class of each label, in the order of the labels: WordNet ids, folder names. */
  readonly classes: readonly string[];
  /**
   * For sets that cover a part of a model's classes (IN-A, IN-R): the model's class of each label, ascending. Scores
   * are restricted to these columns before they are ranked. Absent: label and column are the same.
   */
  readonly columns?: readonly number[];
  /** Number of pictures. */
  readonly length: number;
  /** SHA-256, in hexadecimal, of keys and labels in order. */
  readonly listHash: string;
  /**
   * The picture at an index.
   *
   * @throws EvalError `invalid-argument` outside the set, `io`
   */
  picture(index: number): Promise<LabelledPicture>;
  /**
   * The picture's bytes as they are stored, still encoded. They belong to the caller.
   *
   * @throws EvalError `io` or `not-found`, naming the picture
   */
  read(index: number, signal?: AbortSignal): Promise<Uint8Array<ArrayBuffer>>;
  /** Closes what is open. */
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}
