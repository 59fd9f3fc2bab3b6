/** The connection of this page to the run: one websocket, shared by everything on the page. */

import { unpack } from "/assets/messages.js";

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 10_000;

/** @typedef {import("/assets/messages.js").Message} Message */

/** @type {Map<string, Set<(value: any) => void>>} */
const listeners = new Map();
/** @type {Map<string, any>} the last message of each type */
const newest = new Map();
/** @type {Map<number, {text: string, resolve: (reply: Message) => void, reject: (error: Error) => void}>} */
const waiting = new Map();
/** @type {Map<any, string[]>} */
const kindsByOwner = new Map();

/** @type {WebSocket | null} */
let socket = null;
let pause = FIRST_PAUSE;
let timer = 0;
let number = 0;
let over = false; // the run has announced its end: there is nothing to connect to
let readyDue = false; // whether the server still has to be told that this page is ready

const isOpen = () => socket?.readyState === WebSocket.OPEN;

/**
 * Listen to messages: `frame` ({header, arrays}), `status` and `curve` (as the operations of the same names return
 * them), `reply` ({header, arrays}), `open` and `close` (nothing), `connection` (whether there is one), `findings`
 * (signs of trouble in layers).
 * @param {string} type
 * @param {(value: any) => void} callback
 * @returns {() => void} stops listening
 */
export function on(type, callback) {
  if (!listeners.has(type)) listeners.set(type, new Set());
  listeners.get(type).add(callback);
  connect();
  return () => listeners.get(type).delete(callback);
}

/** Tell the other parts of the page something, as if a message had brought it. */
export const publish = (type, value) => store(type, value);

/** The last message of a type, or undefined. */
export const last = (type) => newest.get(type);

/**
 * Request an operation; without a connection the request waits for one.
 * @param {string} op
 * @param {Record<string, any>} [args]
 * @returns {Promise<Message>} rejected with an Error whose message is for people
 */
export function request(op, args = {}) {
  connect();
  const id = ++number;
  const text = JSON.stringify({ id, op, args });
  return new Promise((resolve, reject) => {
    waiting.set(id, { text, resolve, reject });
    if (isOpen()) socket.send(text);
  });
}

/**
 * Set which kinds of numbers a part of the page wants in its frames; the page requests those of all its parts.
 * @param {any} owner
 * @param {string[]} kinds empty for none
 */
export function setKinds(owner, kinds) {
  const before = wanted().join();
  if (kinds.length) kindsByOwner.set(owner, kinds);
  else kindsByOwner.delete(owner);
  if (wanted().join() !== before) becomeReady();
}

/** Connect, unless there is a connection or one is being made. */
export function connect() {
  if (socket || timer || over) return;
  const address = new URL("/live", location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.binaryType = "arraybuffer";
  socket.onopen = opened;
  socket.onmessage = (event) => receive(event.data);
  socket.onclose = closed;
}

const wanted = () => [...new Set([...kindsByOwner.values()].flat())].sort();

function notify(type, value) {
  for (const callback of [...(listeners.get(type) ?? [])]) {
    try {
      callback(value);
    } catch (error) {
      reportError(error); // one broken listener must not silence the others
    }
  }
}

function store(type, value) {
  if (type === "status" && value.state === "ended") over = true;
  newest.set(type, value);
  notify(type, value);
}

function opened() {
  pause = FIRST_PAUSE;
  for (const { text } of waiting.values()) socket.send(text);
  notify("open");
  store("connection", true);
  becomeReady();
}

function closed() {
  const wasOpen = newest.get("connection");
  socket = null;
  readyDue = false;
  const lost = [...waiting.values()];
  waiting.clear();
  const why = over ? newest.get("status").message : "the connection to the run is lost; it is tried again";
  for (const { reject } of lost) reject(Object.assign(new Error(why), { isKnown: true })); // the page says so
  if (over) return; // what is on the page stays
  if (wasOpen !== false) {
    notify("close");
    store("connection", false);
  }
  timer = setTimeout(again, pause * (0.5 + Math.random() / 2));
  pause = Math.min(2 * pause, LONGEST_PAUSE);
}

/** Connect now, if it is waited to try again. */
export function reconnect() {
  if (timer) again();
}

/** Give up the connection, which may be none any more, for a new one. */
export const renew = () => socket?.close();

function again() {
  clearTimeout(timer);
  timer = 0;
  connect();
}

function receive(buffer) {
  let message;
  try {
    message = unpack(buffer);
  } catch (error) {
    reportError(error);
    socket.close(); // nothing that follows could be trusted; a new connection begins cleanly
    return;
  }
  const { type, ...rest } = message.header;
  if (type === "frame") showFrame(message);
  else if (type === "reply") settle(message);
  else store(type, { ...rest, ...message.arrays });
}

function showFrame(message) {
  store("frame", message);
  if (message.header.status) store("status", message.header.status);
  becomeReady();
}

function settle(message) {
  const request = waiting.get(message.header.id);
  waiting.delete(message.header.id);
  if (message.header.error !== undefined) request?.reject(Object.assign(new Error(message.header.error), { isKnown: over }));
  else request?.resolve(message);
  notify("reply", message);
}

/** Request the next frame once the last one is on the screen: the second animation frame follows its drawing. */
function becomeReady() {
  readyDue = true;
  requestAnimationFrame(() => requestAnimationFrame(sayReady));
}

function sayReady() {
  if (!readyDue || !isOpen() || document.visibilityState === "hidden") return;
  readyDue = false;
  socket.send(JSON.stringify({ ready: { kinds: wanted() } }));
}

document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "hidden") return;
  reconnect();
  sayReady();
});
addEventListener("online", reconnect);
