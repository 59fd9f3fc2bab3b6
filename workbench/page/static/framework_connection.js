/** The websocket of the page's framework, which the panels in Python are behind. */

const PATIENCE = 50; // milliseconds between two looks whether there is one yet

/**
 * Tell whether the framework is connected, whenever that changes.
 * @param {(isOpen: boolean) => void} callback
 * @returns {Promise<{reconnect: () => void}>}
 */
export async function frameworkConnection(callback) {
  while (!window.socket) await new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const { socket } = window;
  // The framework's own answer to a timeout is to load the page anew, which without a network leaves none.
  socket.off("connect_error");
  socket.on("connect_error", ({ message }) => {
    if (message === "Implicit handshake failed") location.reload();
  });
  socket.on("connect", () => callback(true));
  socket.on("disconnect", () => callback(false));
  return {
    reconnect: () => {
      if (!socket.connected) socket.disconnect().connect();
    },
  };
}
