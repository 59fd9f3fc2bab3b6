/** Notices of what was refused. Quasar shows messages as text, never as markup. */

const SHOWN = 6000; // milliseconds

/** Show what went wrong for a while, or with 0 until it is dismissed; calling the result dismisses it. */
export function showError(error, timeout = SHOWN) {
  return Quasar.Notify.create({
    message: error.message ?? String(error),
    classes: "g-notice",
    color: "surface", // names of no colour of Quasar: the style sheet has them
    textColor: "ink",
    timeout,
    actions: [{ icon: "close", "aria-label": "Dismiss", flat: true, dense: true }],
  });
}

/** Run `work` and return its result; show its error and return undefined when it is refused. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!error.isKnown) showError(error);
    return undefined;
  }
}
