// A queue that cannot grow without limit. What happens when it is full is the caller's choice,
// made visible: `push` says whether the item went in, and the queue counts what it refused.

/** First in, first out, at most `capacity` items. */
export type BoundedQueue<T> = {
  readonly capacity: number;
  readonly items: T[];
  /** Items refused or dropped because the queue was full. */
  refused: number;
};

/** An empty queue for 1 or more items. */
export function boundedQueue<T>(capacity: number): BoundedQueue<T> {
  if (!(capacity >= 1)) throw new RangeError(`queue capacity ${capacity}`);
  return { capacity, items: [], refused: 0 };
}

/** Adds at the end; false (and counted) when full. */
export function push<T>(queue: BoundedQueue<T>, item: T): boolean {
  if (queue.items.length >= queue.capacity) {
    queue.refused++;
    return false;
  }
  queue.items.push(item);
  return true;
}

/** Adds at the end, dropping the oldest item (counted) when full. */
export function pushDroppingOldest<T>(queue: BoundedQueue<T>, item: T): void {
  if (queue.items.length >= queue.capacity) {
    queue.items.shift();
    queue.refused++;
  }
  queue.items.push(item);
}

/** Takes the oldest item, or undefined when empty. */
export function shift<T>(queue: BoundedQueue<T>): T | undefined {
  return queue.items.shift();
}
