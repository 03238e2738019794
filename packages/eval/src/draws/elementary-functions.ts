// exp, log, sine and cosine for random draws. ECMAScript leaves the last bits of Math.exp, Math.log, Math.pow, Math.sin
// and Math.cos to the engine, and engines differ; a draw must not. These use additions, multiplications and divisions
// only, which IEEE 754 rounds in one way, so that they give the same bits in every engine. They are for draws, not for
// speed.

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

/** The sine of so many turns, from 0 to 1, within two units of 2^-53. */
export function sinTurns(turns: number): number {
  return waveAt(turns, 0);
}

/** The cosine of so many turns, from 0 to 1, within two units of 2^-53. */
export function cosTurns(turns: number): number {
  return waveAt(turns, 1);
}

/** The sine of a number of turns and quarters of one. */
function waveAt(turns: number, quarters: number): number {
  const nearest = Math.round(4 * turns);
  // The difference is exact, and at most π / 4, where both series are exact after their last terms.
  const angle = 2 * Math.PI * (turns - nearest / 4);
  const phase = (nearest + quarters) & 3;
  const value = (phase & 1) === 0 ? sineSeries(angle) : cosineSeries(angle);
  return phase < 2 ? value : -value;
}

function sineSeries(angle: number): number {
  const square = angle * angle;
  let sum = 1;
  for (let term = 17; term > 1; term -= 2) sum = 1 - (sum * square) / (term * (term - 1));
  return sum * angle;
}

function cosineSeries(angle: number): number {
  const square = angle * angle;
  let sum = 1;
  for (let term = 18; term > 0; term -= 2) sum = 1 - (sum * square) / (term * (term - 1));
  return sum;
}
