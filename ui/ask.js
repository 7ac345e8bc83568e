// The source panel's views and related notes, and what stands under the box. Markup comes from the server, which has made it safe.
"use strict";

(() => {
  let wanted = "text"; // how sources were looked at last in this tab

  function toMark(looks) {
    const mark = looks.querySelector("mark");
    if (mark) looks.scrollTop = mark.offsetTop - looks.offsetTop - looks.clientHeight / 3;
  }

  // A note that cannot be shown as a page any more says so, and stays text.
  async function fill(looks, button) {
    if (looks.childElementCount) return;
    const reply = await fetch(button.dataset.address).catch(() => null);
    looks.innerHTML = reply?.ok ? await reply.text() : "";
    if (!looks.childElementCount) looks.append(failed(button));
    for (const image of looks.querySelectorAll("img"))
      image.addEventListener("error", () => image.replaceWith(image.matches(".sheet") ? failed(button) : image.alt));
  }

  function failed(button) {
    const line = document.createElement("p");
    line.setAttribute("role", "alert");
    line.textContent = button.dataset.failed;
    return line;
  }

  async function show(panel, kind) {
    const button = panel.querySelector(`.view[data-view="${kind}"]`);
    if (!button) return;
    const looks = panel.querySelector(".looks");
    for (const one of panel.querySelectorAll(".view")) one.setAttribute("aria-pressed", String(one === button));
    panel.querySelector(".lines").hidden = kind === "page";
    looks.hidden = kind !== "page";
    if (kind !== "page") return;
    await fill(looks, button);
    toMark(looks);
  }

  // --- related notes: asked for once, when they are unfolded ---

  document.addEventListener(
    "toggle",
    async ({ target }) => {
      const place = target.matches?.(".source .related[open]") && target.querySelector("div");
      if (!place || place.childElementCount) return;
      const reply = await fetch(target.dataset.address).catch(() => null);
      if (reply?.ok) place.innerHTML = await reply.text();
      else place.textContent = target.dataset.failed;
    },
    true,
  );

  // --- what a language model is sent ---

  async function preview(button) {
    const question = document.querySelector("#fn-box textarea").value.trim();
    const dialog = document.querySelector("dialog.preview");
    const reply = question ? await fetch(`ask/preview?${new URLSearchParams({ q: question })}`).catch(() => null) : null;
    if (reply?.ok) dialog.innerHTML = await reply.text();
    else dialog.textContent = question ? button.dataset.away : button.dataset.empty;
    dialog.showModal();
  }

  function deepen(box) {
    const field = document.querySelector("#fn-deep :is(input, textarea)");
    field.value = box.checked ? "deep" : "";
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  document.addEventListener("change", (event) => event.target.matches?.(".goes .deep") && deepen(event.target));
  document.addEventListener("click", (event) => {
    if (event.target.closest?.("dialog .shut") || event.target.matches?.("dialog")) event.target.closest("dialog").close();
    const button = event.target.closest?.(".goes .preview");
    if (button) preview(button);
  });

  document.addEventListener("fn-opened", (event) => show(event.target, wanted));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".source .view");
    if (!button) return;
    wanted = button.dataset.view;
    show(button.closest(".source"), wanted);
  });
})();
