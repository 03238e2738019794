/** The names of the files that a table of weights points into. */
export function namesOfFiles(weights: object): ReadonlySet<string> {
  const names = new Set<string>();
  JSON.stringify(weights, (key, value: unknown) => {
    if (key === "file") names.add(value as string);
    return value;
  });
  return names;
}
