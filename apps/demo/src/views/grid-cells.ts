// Cells of a grid over a picture, counted row by row: the one under the pointer, and where arrow keys lead.

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** A grid. */
export interface Grid {
  readonly columns: number;
  readonly rows: number;
}

/** Whether a key is for moving. */
export function isArrowKey(key: string): boolean {
  return Object.hasOwn(STEPS, key);
}

/** The cell beside `cell` that an arrow key leads to; at an edge the same one. */
export function cellBeside(
  cell: number,
  { key, columns, rows }: Grid & { readonly key: string },
): number {
  const [x, y] = STEPS[key] ?? [0, 0];
  const column = clamp((cell % columns) + x, columns);
  return clamp(Math.floor(cell / columns) + y, rows) * columns + column;
}

/** The cell in the middle. */
export function middleCell({ columns, rows }: Grid): number {
  return Math.floor(rows / 2) * columns + Math.floor(columns / 2);
}

/** The cell under the pointer. */
export function cellUnder(
  { clientX, clientY }: MouseEvent,
  { columns, rows, element }: Grid & { readonly element: HTMLElement },
): number {
  const box = element.getBoundingClientRect();
  const column = Math.floor(((clientX - box.left) / box.width) * columns);
  const row = Math.floor(((clientY - box.top) / box.height) * rows);
  return clamp(row, rows) * columns + clamp(column, columns);
}

function clamp(value: number, count: number): number {
  return Math.min(Math.max(value, 0), count - 1);
}
