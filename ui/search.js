// The search page: passages as one types, filters that are written into the box, the keyboard. Answers are asked for
// in order; one that comes late changes nothing. All markup comes from the server, where it is escaped.
"use strict";

(() => {
  const PAUSE = 120; // ms without a key before the server is asked
  let timer = 0;
  let running = null; // the request under way
  let asked = null; // what is shown, or will be
  let ignored = [];

  const box = () => document.querySelector("#fn-query");
  const results = () => document.querySelector("#fn-results");

  async function look() {
    const query = box().value.trim();
    const wanted = JSON.stringify([query, ignored]);
    if (wanted === asked) return;
    asked = wanted;
    running?.abort();
    running = new AbortController();
    const address = new URL(location.href);
    query ? address.searchParams.set("q", query) : address.searchParams.delete("q");
    history.replaceState(null, "", address);
    document.querySelector("#fn-teach").hidden = query !== "";
    results().setAttribute("aria-busy", "false");
    if (!query) return results().replaceChildren();
    const words = new URLSearchParams([["q", query], ...ignored.map((one) => ["ignore", one])]);
    results().setAttribute("aria-busy", "true");
    try {
      const reply = await fetch(`found?${words}`, { signal: running.signal });
      if (asked !== wanted) return;
      if (!reply.ok) throw new Error(await reply.text());
      results().innerHTML = await reply.text();
    } catch (error) {
      if (error.name === "AbortError" || asked !== wanted) return;
      const line = document.createElement("p");
      line.className = "colophon";
      line.setAttribute("role", "alert");
      line.textContent = results().dataset.away;
      results().replaceChildren(line);
      asked = null;
    }
    results().setAttribute("aria-busy", "false");
  }

  function soon() {
    clearTimeout(timer);
    timer = setTimeout(look, PAUSE);
  }

  function now() {
    clearTimeout(timer);
    look();
  }

  function fill(words) {
    box().value = words;
    box().dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("input", (event) => {
    if (event.target.id === "fn-query") {
      ignored = [];
      if (!event.isComposing) soon();
    }
  });
  document.addEventListener("compositionend", (event) => event.target.id === "fn-query" && soon());

  document.addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.("#fn-search button");
      if (!button) return;
      if (button.matches(".chip .off")) {
        event.stopImmediatePropagation();
        ignored = [...ignored, button.dataset.ignore];
        now();
      } else if (button.matches(".try")) {
        fill(button.textContent);
        box().focus();
        now();
      }
    },
    true,
  );

  // Arrows go from the box through the passages and back.
  document.addEventListener("keydown", (event) => {
    if (!box() || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    const here = document.activeElement;
    if (event.key === "Enter" && here === box()) {
      event.preventDefault();
      now();
    }
    if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
    const stops = [box(), ...results().querySelectorAll(".ref")];
    const at = stops.indexOf(here);
    const next = stops[at + (event.key === "ArrowDown" ? 1 : -1)];
    if (at < 0 || !next) return;
    event.preventDefault();
    next.focus();
  });

  // The box is there when Gradio has drawn the page.
  function begin() {
    if (!/\/search\/?$/.test(location.pathname)) return;
    if (!box()) return setTimeout(begin, 50);
    fill(new URL(location.href).searchParams.get("q") ?? "");
    box().focus();
    look();
    return undefined;
  }

  begin();
})();
