// Filters that are chosen from lists and typed into a box: each shows what the other says.
"use strict";

(() => {
  const boxOf = (filters) => document.querySelector(filters.dataset.for);
  const typed = (key, value) => (/[\s"]/.test(value) ? `${key}:"${value.replaceAll('"', "")}"` : `${key}:${value}`);

  function write(control) {
    const box = boxOf(control.closest(".filters"));
    const { key } = control.dataset;
    const rest = box.value.replace(new RegExp(`(^|\\s)${key}:("[^"]*"|\\S*)`, "g"), " ").trim();
    box.value = control.value ? `${typed(key, control.value)} ${rest}` : rest;
    box.dispatchEvent(new Event("input", { bubbles: true }));
  }

  function read(box) {
    for (const filters of document.querySelectorAll(".filters")) {
      if (boxOf(filters) !== box) continue;
      for (const control of filters.querySelectorAll("[data-key]")) {
        const found = box.value.match(new RegExp(`(?:^|\\s)${control.dataset.key}:(?:"([^"]*)"|(\\S*))`));
        const value = found ? (found[1] ?? found[2]) : "";
        const fits = control.type !== "date" || /^\d{4}-\d\d-\d\d$/.test(value);
        if (control.value !== value) control.value = fits ? value : "";
      }
    }
  }

  document.addEventListener("change", (event) => event.target.matches?.(".filters [data-key]") && write(event.target));
  document.addEventListener("input", (event) => event.target.matches?.("textarea, input") && read(event.target));
})();
