// The source panel's two views. Markup comes from the server, which has made it safe.
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

  document.addEventListener("fn-opened", (event) => show(event.target, wanted));
  document.addEventListener("click", (event) => {
    const button = event.target.closest?.(".source .view");
    if (!button) return;
    wanted = button.dataset.view;
    show(button.closest(".source"), wanted);
  });
})();
