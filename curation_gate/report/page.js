"use strict";
// Searches, sorts and pages the rows that stand on the page; copies commands. Nothing is fetched and
// no HTML is made: rows are moved, text is read. Without this script the page shows all its rows.
(() => {
  for (const button of document.querySelectorAll(".copy")) {
    const code = button.previousElementSibling;
    button.hidden = false;
    button.setAttribute("aria-label", "Copy: " + code.textContent);
    button.addEventListener("click", async () => {
      let done = false;
      try {
        await navigator.clipboard.writeText(code.textContent);
        done = true;
      } catch {
        getSelection().selectAllChildren(code);
      }
      button.textContent = done ? "Copied" : "Selected";
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  const table = document.getElementById("rows");
  if (!table) return;
  const body = table.tBodies[0];
  const pagers = [...document.querySelectorAll(".pager")];
  const field = (id) => document.getElementById(id);
  const value = (id) => (field(id) ? field(id).value : "");
  const rows = [...body.rows].map((row, rank) => ({
    row, rank, number: Number(row.id.slice(4)), text: null,
    task: Number(row.dataset.t), rule: row.dataset.r,
    p: row.dataset.p.split(" "), r: row.dataset.r.split(" "), t: [row.dataset.t], v: [row.dataset.v],
  }));
  const orders = {
    row: (a, b) => a.number - b.number,
    task: (a, b) => a.task - b.task || a.rank - b.rank,
    rule: (a, b) => a.rule.localeCompare(b.rule) || a.rank - b.rank,
  };
  const filters = ["v", "p", "r", "t"];
  let found = rows;
  let first = 0;

  function show() {
    const size = Number(value("size")) || found.length || 1;
    first = Math.max(0, Math.min(first, Math.floor((found.length - 1) / size) * size));
    const shown = found.slice(first, first + size);
    body.replaceChildren(...shown.map((entry) => entry.row));
    const last = first + shown.length;
    const part = shown.length ? `Rows ${(first + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ` : "";
    const whole = found.length.toLocaleString("en") + (found.length === rows.length ? "" : ` found in ${rows.length.toLocaleString("en")}`);
    for (const pager of pagers) {
      pager.firstElementChild.textContent = shown.length ? part + whole : "No row fits.";
      pager.querySelector(".prev").disabled = first === 0;
      pager.querySelector(".next").disabled = last >= found.length;
    }
  }

  function find() {
    const asked = value("q").toLowerCase().split(/\s+/).filter(Boolean);
    const chosen = filters.map((key) => [key, value("by-" + key)]).filter(([, wanted]) => wanted);
    found = rows.filter((entry) => {
      if (!chosen.every(([key, wanted]) => entry[key].includes(wanted))) return false;
      if (!asked.length) return true;
      entry.text ??= entry.row.textContent.toLowerCase();
      return asked.every((word) => entry.text.includes(word));
    });
    const order = orders[value("sort")];
    if (order) found.sort(order);
    first = 0;
    show();
  }

  function go(id) {
    const wanted = rows.findIndex((entry) => entry.row.id === id);
    if (wanted < 0) return;
    if (!found.includes(rows[wanted])) {
      for (const control of field("tools").querySelectorAll("input, select")) {
        if (control.id !== "size" && control.id !== "sort") control.value = "";
      }
      find();
    }
    const size = Number(value("size")) || found.length;
    first = Math.floor(found.indexOf(rows[wanted]) / size) * size;
    show();
    const row = rows[wanted].row;
    row.tabIndex = -1;
    row.focus({ preventScroll: true });
    row.scrollIntoView({ block: "center" });
  }

  for (const control of field("tools").querySelectorAll("input, select")) {
    control.addEventListener("input", find);
  }
  for (const pager of pagers) {
    for (const [name, sign] of [["prev", -1], ["next", 1]]) {
      pager.querySelector("." + name).addEventListener("click", () => {
        first += sign * Number(value("size"));
        show();
        if (pager === pagers[1]) field("flagged-rows").focus();
      });
    }
    pager.hidden = rows.length <= 25;
  }
  field("tools").hidden = rows.length < 2;
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='#row-']");
    if (!link) return;
    event.preventDefault();
    history.replaceState(null, "", link.hash);
    go(link.hash.slice(1));
  });
  const closed = [];
  addEventListener("beforeprint", () => {
    for (const part of document.querySelectorAll("details:not([open])")) {
      part.open = true;
      closed.push(part);
    }
  });
  addEventListener("afterprint", () => {
    for (const part of closed.splice(0)) part.open = false;
  });
  show();
  if (location.hash.startsWith("#row-")) go(location.hash.slice(1));
})();
