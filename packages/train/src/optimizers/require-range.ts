import { TrainError } from "../errors.ts";

/** Throws for a factor outside [least, 1): momenta and decays. */
export function requireRange(name: string, value: number, least = 0): void {
  if (value >= least && value < 1) return;
  const range = least === 0 ? "[0, 1)" : "(0, 1)";
  throw new TrainError("invalid-argument", `${name}: expected a number in ${range}, got ${value}`);
}
