/** Keeps what the page shows in the address bar, so that it can be opened again or sent on. */
export default {
  template: `<span hidden></span>`,
  props: { address: String },
  watch: {
    address(address) {
      history.replaceState(history.state, "", `/${address}`);
    },
  },
};
