// The settings page: a setting is sent when its field is left; the server checks it and says what is then in use.
"use strict";

(() => {
  const part = (name) => document.querySelector(`#fn-settings [data-part="${name}"]`);
  const here = () => Boolean(part("choices"));

  async function choices() {
    const reply = await fetch("settings/choices").catch(() => null);
    if (reply?.ok) part("choices").innerHTML = await reply.text();
  }

  async function post(what, body) {
    const options = { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body ?? {}) };
    const reply = await fetch(`settings/do/${what}`, options).catch(() => null);
    const words = reply ? await reply.text() : part("trouble").dataset.away;
    part("trouble").textContent = reply?.ok ? "" : words;
    return reply?.ok ? words : null;
  }

  // What was refused is shown as it was typed, beside the reason.
  async function set(key, value) {
    const done = (await post("set", { key, value })) !== null;
    if (done) await choices();
    return done;
  }

  document.addEventListener("change", (event) => {
    const field = event.target.closest?.("#fn-settings [data-key]");
    if (field) set(field.dataset.key, field.value);
    else if (event.target.name === "theme") {
      localStorage.setItem("fn-theme", event.target.value);
      document.documentElement.dataset.theme = event.target.value;
    }
  });

  document.addEventListener("click", async (event) => {
    const button = event.target.closest?.("#fn-settings button");
    if (!button) return;
    if (button.matches(".back")) set(button.dataset.key, "");
    else if (button.matches(".test, .find")) {
      button.disabled = true;
      const told = await post(button.matches(".test") ? "test" : "find");
      button.disabled = false;
      if (told !== null) part("tested").innerHTML = told;
    } else if (button.matches(".use")) {
      const { url, kind, model } = button.dataset;
      const all = [...(url ? [["llm.kind", kind], ["llm.url", url]] : []), ["llm.model", model]];
      for (const [key, value] of all) if (!(await set(key, value))) return;
    }
  });

  function begin() {
    if (!/\/settings\/?$/.test(location.pathname)) return;
    if (!here()) return setTimeout(begin, 50);
    const theme = localStorage.getItem("fn-theme") ?? "system";
    document.querySelector(`#fn-settings [name="theme"][value="${theme}"]`).checked = true;
    choices();
    return undefined;
  }

  begin();
})();
