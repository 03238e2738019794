// exp and log for random draws. ECMAScript leaves the last bits of Math.exp, Math.log and Math.pow to the engine, and
// engines differ; a draw must not. These use additions, multiplications and divisions only, which IEEE 754 rounds in
// one way, so that they give the same bits in every engine. They are for draws, not for speed.

// ln 2 in two parts: the first has zeros in its last bits, so that its product with an exponent is exact.
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;

/** Past these, e^x is no positive finite float64. */
const LARGEST = 709.782712893384;
const SMALLEST = -745.1332191019411;

/** e^x, within two units in the last place where the result is a normal number. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return x;
  if (x > LARGEST) return Infinity;
  if (x < SMALLEST) return 0;
  const exponent = Math.round(x / Math.LN2);
  // |rest| <= ln 2 / 2, where the series is exact after 14 terms.
  const rest = x - exponent * LN2_HIGH - exponent * LN2_LOW;
  let sum = 1;
  for (let term = 14; term > 0; term--) sum = 1 + (sum * rest) / term;
  for (let power = exponent; power > 0; power--) sum *= 2;
  for (let power = exponent; power < 0; power++) sum /= 2;
  return sum;
}

/** The natural logarithm, within two units in the last place; -Infinity at 0. */
export function log(x: number): number {
  if (x === 0) return -Infinity;
  if (!(x > 0 && x < Infinity)) return x === Infinity ? x : NaN;
  let exponent = 0;
  let mantissa = x;
  for (; mantissa < Math.SQRT1_2; mantissa *= 2) exponent--;
  for (; mantissa > Math.SQRT2; mantissa /= 2) exponent++;
  // ln m = 2 artanh((m - 1) / (m + 1)), |ratio| <= 0.172.
  const ratio = (mantissa - 1) / (mantissa + 1);
  const square = ratio * ratio;
  let series = 0;
  for (let term = 23; term > 1; term -= 2) series = (series + 1 / term) * square;
  return exponent * LN2_HIGH + (2 * ratio + (2 * ratio * series + exponent * LN2_LOW));
}
