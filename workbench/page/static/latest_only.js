/** Requests while something is dragged: one at a time, at most 20 a second, with the latest arguments. */

const PAUSE = 50;

/**
 * Make a function that runs `send` with its last arguments, never twice at once; those that came in between
 * are skipped, but never the last.
 */
export function latestOnly(send) {
  let waiting = null;
  let busy = false;
  const work = async () => {
    busy = true;
    while (waiting) {
      const values = waiting;
      waiting = null;
      const pause = new Promise((resolve) => setTimeout(resolve, PAUSE));
      await send(...values);
      await pause;
    }
    busy = false;
  };
  return (...values) => {
    waiting = values;
    if (!busy) work();
  };
}
