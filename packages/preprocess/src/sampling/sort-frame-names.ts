// The order of the files in a folder of frames. The reference sorts by the number between an underscore and the
// extension ("clip_2.jpg" before "clip_10.jpg") and leaves names without one, which go first, in the order of the
// listing. Here those are ordered too, by the number before the extension and then by name, so that the result never
// depends on the file system.

/** The names in the order of their frames. Extensions other than `.jpg` are treated alike. */
export function sortFrameNames(names: readonly string[]): string[] {
  return names
    .map((name) => ({ name, frame: frameNumber(name), trailing: trailingNumber(name) }))
    .toSorted((a, b) => a.frame - b.frame || a.trailing - b.trailing || (a.name < b.name ? -1 : 1))
    .map(({ name }) => name);
}

function frameNumber(name: string): number {
  return Number(/_(\d+)\.[^.]+$/u.exec(name)?.[1] ?? -1);
}

function trailingNumber(name: string): number {
  return Number(/(\d+)\.[^.]+$/u.exec(name)?.[1] ?? -1);
}
