// While versions begin with 0, all published packages are released together under one version. changesets has a list
// for that; a pattern in it would take in the private packages, so the list is held against what is there.

/** Where the fixed group in .changeset/config.json and the published packages differ. */
export function checkVersionGroup(
  config: Readonly<Record<string, unknown>>,
  published: readonly string[],
): readonly string[] {
  const groups = (config["fixed"] ?? []) as readonly (readonly string[])[];
  const expected = published.toSorted().join(", ");
  const found = groups.map((group) => group.toSorted().join(", ")).join(" and ");
  return found === expected
    ? []
    : [`.changeset/config.json: fixed: expected ${expected}, found ${found}`];
}
