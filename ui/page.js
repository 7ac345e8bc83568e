// The page's behaviour: opening footnotes, the keyboard, examples. It makes no requests and builds no markup.
"use strict";

(() => {
  const box = () => document.querySelector("#fn-box textarea");
  const openSource = () => document.querySelector(".source.open");
  let opener = null;

  function close({ refocus = true } = {}) {
    const panel = openSource();
    if (!panel) return;
    panel.classList.remove("open");
    document.querySelectorAll(".on").forEach((it) => it.classList.remove("on"));
    document.body.classList.remove("fn-reading");
    if (refocus && opener?.isConnected) opener.focus({ preventScroll: true });
  }

  function open(turn, n, from) {
    const panel = turn?.querySelector(`.source[data-n="${n}"]`);
    if (!panel) return;
    close({ refocus: false });
    opener = from ?? turn.querySelector(`.fn[data-n="${n}"]`);
    panel.classList.add("open");
    turn.querySelectorAll(`:is(.fn, .ref)[data-n="${n}"]`).forEach((it) => it.classList.add("on"));
    document.body.classList.add("fn-reading");
    const cited = panel.querySelector(".cited");
    const lines = panel.querySelector(".lines");
    if (cited) lines.scrollTop = cited.offsetTop - lines.offsetTop - lines.clientHeight / 3;
    panel.focus({ preventScroll: true });
    const chip = turn.querySelector(`.fn[data-n="${n}"]`);
    if (chip && panel.offsetWidth === innerWidth) chip.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  function step(by) {
    const panel = openSource();
    const turn = panel?.closest(".turn");
    if (!turn) return;
    const all = [...turn.querySelectorAll(".source")];
    const next = all[all.indexOf(panel) + by];
    if (next) open(turn, next.dataset.n, null);
  }

  function ask(question) {
    const area = box();
    area.value = question;
    area.dispatchEvent(new Event("input", { bubbles: true }));
    setTimeout(() => document.querySelector("#fn-box .submit-button")?.click(), 30);
  }

  async function copy(button) {
    const label = button.textContent;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = label), 1200);
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.matches(".fn, .ref")) open(button.closest(".turn"), button.dataset.n, button);
    else if (button.matches(".source .close")) close();
    else if (button.matches(".source .previous")) step(-1);
    else if (button.matches(".source .next")) step(1);
    else if (button.matches(".source .copy")) copy(button);
    else if (button.matches(".example")) ask(button.textContent);
  });

  // An Enter that ends the composition of Chinese characters is not a question.
  for (const kind of ["keydown", "keypress"]) {
    window.addEventListener(
      kind,
      (event) => {
        if (event.key === "Enter" && (event.isComposing || event.keyCode === 229)) event.stopImmediatePropagation();
      },
      true,
    );
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      if (openSource()) close();
      return;
    }
    if (event.target.closest?.("textarea, input")) return;
    if (event.key === "/") {
      event.preventDefault();
      close({ refocus: false });
      box()?.focus();
    } else if (/^[1-9]$/.test(event.key)) {
      const turns = document.querySelectorAll(".turn.done");
      open(openSource()?.closest(".turn") ?? turns[turns.length - 1], event.key, null);
    } else if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
  });

  // A new turn closes the panel and comes to the top; the language of the page follows its words.
  let turn = "";
  function changed() {
    const language = document.querySelector(".brand")?.dataset.lang;
    if (language) document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
    const current = document.querySelector("#fn-current .turn");
    document.body.classList.toggle("fn-asked", Boolean(current));
    if ((current?.dataset.turn ?? "") === turn) return;
    turn = current?.dataset.turn ?? "";
    close({ refocus: false });
    document.body.classList.remove("fn-reading");
    current?.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  function begin() {
    if (!box()) return setTimeout(begin, 50);
    new MutationObserver(changed).observe(document.querySelector("gradio-app"), { childList: true, subtree: true });
    changed();
    if (matchMedia("(hover: hover)").matches) box().focus();
    return undefined;
  }

  begin();
})();
