// Average frames a second from the times of the packets. FFmpeg (decord's `get_avg_fps`) reads the rate that the
// container states; packets only have times in whole ticks, a millisecond in Matroska and WebM. So a common rate is
// taken where the ticks cannot tell the video's duration from it.

// 24, 30, 60 and 120 also come divided by 1.001 (NTSC).
const NTSC = [24, 30, 60, 120].map((rate) => (rate * 1000) / 1001);
const COMMON_RATES = [...Array.from({ length: 240 }, (_, i) => i + 1), ...NTSC];

/**
 * The rate of `frameCount` frames that last `duration` seconds in ticks of 1 / `ticksPerSecond` seconds; undefined
 * for a duration of nothing.
 */
export function averageFrameRate(
  frameCount: number,
  time: { readonly duration: number; readonly ticksPerSecond: number },
): number | undefined {
  const { duration, ticksPerSecond } = time;
  if (!(duration > 0)) return undefined;
  const distance = (rate: number): number => Math.abs(frameCount / rate - duration);
  const nearest = COMMON_RATES.reduce((best, rate) =>
    distance(rate) < distance(best) ? rate : best,
  );
  return distance(nearest) <= 1 / ticksPerSecond ? nearest : frameCount / duration;
}
