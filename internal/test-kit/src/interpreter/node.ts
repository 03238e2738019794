// What the interpreter sees of a graph: the shape of model-core's plain data, named again here because the test-kit
// depends on nothing of ours.

import type { Float64Tensor } from "./array.ts";

/** An operator call. */
export interface InterpretedNode {
  readonly name: string;
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, { readonly value: unknown }>>;
}

/** A graph whose constants are all inline. */
export interface InterpretedGraph {
  readonly nodes: readonly InterpretedNode[];
  readonly initializers: readonly {
    readonly name: string;
    readonly tensor?: {
      readonly shape: readonly number[];
      readonly data: ArrayLike<number | bigint>;
    };
  }[];
}

/** An operator: its inputs (undefined where one is left out) and attributes to its outputs. */
export type Operator = (
  inputs: readonly Float64Tensor[],
  attributes: Attributes,
) => readonly Float64Tensor[];

/** An operator's attributes by name, with a value for those that are absent. */
export interface Attributes {
  number(name: string, fallback: number): number;
  numbers(name: string, fallback: readonly number[]): readonly number[];
  text(name: string, fallback: string): string;
}

/** The attributes of a node. */
export function attributesOf({ attributes }: InterpretedNode): Attributes {
  const read = <T>(name: string, fallback: T): T =>
    attributes[name] === undefined ? fallback : (attributes[name].value as T);
  return { number: read, numbers: read, text: read };
}
