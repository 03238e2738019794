/**
 * The results of `map` in the order of the items. While the consumer works on one, up to `ahead` more are under way. A
 * rejection is thrown when its turn comes.
 */
export async function* mapAhead<T, R>(
  items: Iterable<T>,
  options: { readonly ahead: number; readonly map: (item: T) => Promise<R> },
): AsyncGenerator<R, void, undefined> {
  const { ahead, map } = options;
  const underWay: Promise<R>[] = [];
  for (const item of items) {
    const result = map(item);
    // It may be rejected before its turn, or its turn may never come.
    result.catch(() => {});
    underWay.push(result);
    if (underWay.length > ahead) yield await underWay.shift()!;
  }
  for (const result of underWay) yield await result;
}

/** The same items; while the consumer works on one, the next is under way. */
export async function* oneAhead<T>(
  items: AsyncGenerator<T, void, undefined>,
): AsyncGenerator<T, void, undefined> {
  let following = items.next();
  try {
    for (let item = await following; !item.done; item = await following) {
      following = items.next();
      // It may be rejected before its turn, or its turn may never come.
      following.catch(() => {});
      yield item.value;
    }
  } finally {
    await items.return();
  }
}
