/** Notices of what was done or refused. Quasar shows messages as text, never as markup. */

const SHOWN = 6000; // milliseconds
const SHOWN_BRIEFLY = 3000; // of what a person did and expects

/** Show a message for a while, or with 0 until it is dismissed; calling the result dismisses it. */
export function showNotice(message, timeout = SHOWN_BRIEFLY) {
  return Quasar.Notify.create({
    message,
    classes: "g-notice",
    color: "surface", // names of no colour of Quasar: the style sheet has them
    textColor: "ink",
    timeout,
    position: "bottom-left", // not over what is looked at
    actions: [{ icon: "close", "aria-label": "Dismiss", flat: true, dense: true }],
  });
}

/** Show what went wrong, as `showNotice` does. */
export const showError = (error, timeout = SHOWN) => showNotice(error.message ?? String(error), timeout);

/** Run `work` and return its result; show its error and return undefined when it is refused. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    if (!error.isKnown) showError(error);
    return undefined;
  }
}
