/** What a person is told when something was refused. Quasar shows messages as text, never as markup. */

const SHOWN = 6000; // milliseconds

/** Show what went wrong for a while, or with 0 until it is dismissed; the result takes it away. */
export function complain(error, timeout = SHOWN) {
  return Quasar.Notify.create({
    message: error.message ?? String(error),
    classes: "g-notice",
    color: "surface", // names of no colour of Quasar: the style sheet has them
    textColor: "ink",
    timeout,
    actions: [{ icon: "close", "aria-label": "Dismiss", flat: true, dense: true }],
  });
}

/** Run `work`; what it is refused is shown. The result, or undefined. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!error.isKnown) complain(error);
    return undefined;
  }
}
