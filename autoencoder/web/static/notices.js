/** What a person is told when something was refused. Quasar shows messages as text, never as markup. */

export function complain(error) {
  Quasar.Notify.create({
    message: error.message ?? String(error),
    classes: "g-notice",
    color: "surface", // names of no colour of Quasar: the style sheet has them
    textColor: "ink",
    timeout: 6000,
    actions: [{ icon: "close", "aria-label": "Dismiss", flat: true, dense: true }],
  });
}

/** Run `work`; what it is refused is shown. The result, or undefined. */
export async function attempt(work) {
  try {
    return await work();
  } catch (error) {
    complain(error);
    return undefined;
  }
}
