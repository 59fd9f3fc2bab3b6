/** Files that the page itself makes, saved where the browser saves downloads. */

/** @param {string} name @param {Blob} blob */
export function saveFile(name, blob) {
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(blob), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may ask where to save it
}

/** Rows of numbers and text as a table of values with commas. @param {string} name @param {any[][]} rows */
export function saveTable(name, rows) {
  const cell = (value) => (value === null || value === undefined ? "" : String(value));
  const text = rows.map((row) => row.map(cell).join(",")).join("\r\n");
  saveFile(name, new Blob([text, "\r\n"], { type: "text/csv" }));
}
