import { expect, test } from "vitest";

import { readAhead } from "../../src/worker/read-ahead.ts";

const MB = 2 ** 20;

/** A file whose bytes tell where they are. */
function byteAt(position: number): number {
  return (position * 7 + (position >> 8)) & 0xff;
}

/** Answers, and notes what was asked and how much of it is not answered yet. */
function server(): {
  readonly ask: (file: string, start: number, end: number) => Promise<Uint8Array>;
  readonly asked: (readonly [number, number])[];
} {
  const asked: (readonly [number, number])[] = [];
  return {
    asked,
    async ask(_file, start, end) {
      asked.push([start, end]);
      const bytes = new Uint8Array(end - start);
      for (let i = 0; i < bytes.length; i++) bytes[i] = byteAt(start + i);
      return bytes;
    },
  };
}

const place = (start: number, byteLength: number) => ({ file: "w", start, byteLength });

test("neighbours are one request, whatever their order, and every tensor gets its own bytes", async () => {
  const { ask, asked } = server();
  const places = [place(3000, 500), place(0, 1000), place(1000, 2000), place(3500, 10)];
  const read = readAhead(places, ask);
  for (const wanted of places) {
    const { start, byteLength } = wanted;
    const expected = Uint8Array.from({ length: byteLength }, (_, i) => byteAt(start + i));
    expect(await read(wanted)).toEqual(expected);
  }
  expect(asked).toEqual([[0, 3510]]);
});

test("tensors far from one another are not fetched with what is between them", async () => {
  const { ask, asked } = server();
  const places = [place(0, 100), place(50 * MB, 100)];
  const read = readAhead(places, ask);
  for (const wanted of places) await read(wanted);
  expect(asked).toEqual([
    [0, 100],
    [50 * MB, 50 * MB + 100],
  ]);
});

test("large ones come in parts, and no more than the next window is asked for ahead", async () => {
  const { ask, asked } = server();
  const places = [0, 1, 2, 3].map((index) => place(index * 9 * MB, 9 * MB));
  const read = readAhead(places, ask);
  const first = await read(places[0]!);
  expect(first.length).toBe(9 * MB);
  expect(first[8.5 * MB]).toBe(byteAt(8.5 * MB));
  const bytes = asked.reduce((sum, [start, end]) => sum + end - start, 0);
  expect(bytes).toBe(18 * MB);
  expect(Math.max(...asked.map(([start, end]) => end - start))).toBe(8 * MB);
});

test("what is read twice is fetched once, and what was not planned is refused", async () => {
  const { ask, asked } = server();
  const read = readAhead([place(0, 8), place(8, 8), place(0, 8)], ask);
  const [first, again] = [await read(place(0, 8)), await read(place(0, 8))];
  expect(again).toEqual(first);
  expect(asked).toHaveLength(1);
  await expect(read(place(0, 8))).rejects.toThrow(/unplanned read/);
  await expect(read(place(4, 8))).rejects.toThrow(/unplanned read/);
});

test("a failure reaches whoever reads", async () => {
  const read = readAhead([place(0, 8)], async () => {
    throw new Error("the network is gone");
  });
  await expect(read(place(0, 8))).rejects.toThrow("the network is gone");
});
