// The page's behaviour: opening footnotes, the keyboard, examples, one question at a time. It builds no markup,
// and all it ever asks the server by itself is whether a cited note is still the one that was cited.
"use strict";

(() => {
  document.documentElement.dataset.theme = localStorage.getItem("fn-theme") ?? "system";

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

  // A panel that did not come with the page is asked for when it is opened.
  async function fetched(turn, n) {
    const address = turn?.querySelector(`.ref[data-n="${n}"]`)?.dataset.source;
    const reply = address ? await fetch(address).catch(() => null) : null;
    if (!reply?.ok) return false;
    turn.insertAdjacentHTML("beforeend", await reply.text());
    return true;
  }

  async function open(turn, n, from) {
    if (!turn?.querySelector(`.source[data-n="${n}"]`) && !(await fetched(turn, n))) return;
    const panel = turn.querySelector(`.source[data-n="${n}"]`);
    close({ refocus: false });
    opener = from ?? turn.querySelector(`.fn[data-n="${n}"]`);
    panel.classList.add("open");
    turn.querySelectorAll(`:is(.fn, .ref)[data-n="${n}"]`).forEach((it) => it.classList.add("on"));
    document.body.classList.add("fn-reading");
    check([panel]);
    const cited = panel.querySelector(".cited");
    const lines = panel.querySelector(".lines");
    if (cited) lines.scrollTop = cited.offsetTop - lines.offsetTop - lines.clientHeight / 3;
    panel.focus({ preventScroll: true });
    panel.dispatchEvent(new Event("fn-opened", { bubbles: true }));
    const chip = turn.querySelector(`.fn[data-n="${n}"]`);
    if (chip && panel.offsetWidth === innerWidth) chip.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  function step(by) {
    const panel = openSource();
    const turn = panel?.closest(".turn");
    if (!turn) return;
    const next = turn.querySelector(`.ref[data-n="${Number(panel.dataset.n) + by}"]`);
    if (next) open(turn, next.dataset.n, null);
  }

  // --- what has become of the cited notes ---

  const known = new Map();
  const key = (panel) => JSON.stringify([panel.dataset.id, panel.dataset.sha256]);

  function mark(panel) {
    const state = known.get(key(panel));
    if (!state) return;
    const n = panel.dataset.n;
    const places = [panel, ...panel.closest(".turn").querySelectorAll(`:is(.fn, .ref)[data-n="${n}"]`)];
    for (const place of places) {
      const badge = place.querySelector(".fate");
      const words = badge?.dataset[state] ?? "";
      if (badge && badge.textContent !== words) badge.textContent = words;
      place.classList.toggle("stale", state !== "same");
    }
  }

  // A note that cannot be asked about now keeps what was last said of it.
  async function check(panels) {
    panels.forEach(mark);
    const wanted = new Map(panels.map((panel) => [key(panel), panel.dataset]));
    for (const [name, { id, sha256 }] of wanted) {
      try {
        const answer = await fetch(`/state?${new URLSearchParams({ id, sha256 })}`);
        if (answer.ok) known.set(name, (await answer.json()).state);
      } catch {
        return;
      }
      document.querySelectorAll(".turn .source").forEach((panel) => key(panel) === name && mark(panel));
    }
  }

  // Answers are drawn anew when they move up the page; each drawing is looked at once.
  const seen = new WeakSet();
  function checkNew() {
    const panels = [...document.querySelectorAll(".turn .source")].filter((panel) => !seen.has(panel));
    panels.forEach((panel) => seen.add(panel));
    if (panels.length) check(panels);
  }

  const checkAll = () => document.hidden || check([...document.querySelectorAll(".turn .source")]);
  document.addEventListener("visibilitychange", checkAll);
  window.addEventListener("focus", checkAll);

  // --- no event is lost ---
  //
  // Gradio's client reads the news of all events from one stream. The server ends it when no event is pending; should
  // it take on another just then, the client still thinks the stream is open, opens no other, and never hears of it.
  // So the client learns that an event was taken on when the stream has spoken of it, or else is over.

  let stream = null; // the open one
  const unheard = new Map(); // by event: what to do when it is safe to know of it
  const plainFetch = window.fetch;
  const LONGEST = 2000; // ms

  function look() {
    for (const [id, tell] of unheard) {
      if (stream && !stream.said.includes(id)) continue;
      unheard.delete(id);
      tell();
    }
  }

  async function openStream(request) {
    const mine = { said: "" };
    stream = mine;
    const end = () => {
      if (stream === mine) stream = null;
      look();
    };
    request.signal.addEventListener("abort", end); // the client hangs up in the moment it knows
    const response = await plainFetch(request).catch((error) => {
      end();
      throw error;
    });
    const decoder = new TextDecoder();
    const transform = (chunk, through) => {
      through.enqueue(chunk);
      mine.said += decoder.decode(chunk, { stream: true });
      look();
    };
    return new Response(response.body.pipeThrough(new TransformStream({ transform })), response);
  }

  window.fetch = async (resource, options) => {
    const { pathname } = new URL(resource.url ?? resource, location.href);
    if (pathname.endsWith("/queue/data")) return openStream(resource);
    const response = await plainFetch(resource, options);
    if (pathname.endsWith("/queue/join") && response.ok) {
      const { event_id: id } = await response.clone().json();
      await new Promise((tell) => {
        unheard.set(id, tell);
        setTimeout(tell, LONGEST); // a stream that ended and was not hung up on must hold nobody
        look();
      });
    }
    return response;
  };

  // --- one question at a time: the next one waits in the box until the answer before it is finished ---

  let sent = null; // the turn that stood there when a question was sent and the server had not yet begun
  let waits = false;
  const ignored = new Map(); // by turn: what its question was told to take for words alone
  const current = () => document.querySelector("#fn-current .turn")?.dataset.turn ?? "";
  const writing = () => document.querySelector("#fn-current .turn.live, #fn-box .stop-button") !== null;

  function hold() {
    box().readOnly = sent !== null || waits;
    document.body.classList.toggle("fn-waits", waits);
  }

  function fill(words) {
    box().value = words;
    box().dispatchEvent(new Event("input", { bubbles: true }));
  }

  function release() {
    sent = null;
    waits = false;
    hold();
  }

  // True: the question may go to the server now.
  function sending() {
    if (sent !== null || !box().value.trim()) return false;
    if (writing()) waits = true;
    else sent = current();
    hold();
    return sent !== null;
  }

  function follow() {
    if (sent !== null && current() !== sent) {
      sent = null;
      fill("");
      hold();
    }
    if (waits && !writing()) {
      waits = false;
      hold();
      document.querySelector("#fn-box .submit-button")?.click();
    }
  }

  function put(selector, words) {
    const field = document.querySelector(selector);
    field.value = words;
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  // The same conversation may be opened twice, and Gradio tells only of what changes.
  let reopened = 0;
  const reopen = (session) => put("#fn-session :is(input, textarea)", `${session} ${++reopened}`);

  // --- verdicts; an answer that moves up the page is drawn anew, without them ---

  const verdicts = new Map();
  const judged = (button) => `${button.closest(".turn").dataset.turn} ${button.dataset.n ?? ""}`;

  function showVerdicts() {
    if (!verdicts.size) return;
    for (const button of document.querySelectorAll(".turn .judge"))
      button.setAttribute("aria-pressed", verdicts.get(judged(button)) === button.dataset.judgement);
  }

  function judge(button) {
    const { judgement, n } = button.dataset;
    verdicts.set(judged(button), judgement);
    showVerdicts();
    put("#fn-verdict :is(input, textarea)", [button.closest(".turn").dataset.turn, judgement, n].filter(Boolean).join(" "));
  }

  // What a turn has been told to take for words alone stays so when another part is switched off, too.
  function without(button) {
    const turn = button.closest(".turn");
    const before = ignored.get(turn.dataset.turn) ?? [];
    const words = [...before, button.dataset.ignore];
    if (sent !== null || writing()) return;
    ignored.set(String(Number(current()) + 1), words);
    put("#fn-ignored textarea", words.join("\n"));
    ask(button.dataset.question);
  }

  // On a page without a box the question goes along to the one that has it.
  function ask(question) {
    if (!box()) {
      sessionStorage.setItem(QUESTION, question);
      location.href = "./";
      return;
    }
    if (sent !== null || writing()) return;
    fill(question);
    setTimeout(() => document.querySelector("#fn-box .submit-button")?.click(), 30);
  }

  function edit(question) {
    if (sent !== null || waits) return;
    fill(question);
    box().focus();
  }

  async function leave() {
    await fetch("logout", { method: "POST" });
    location.assign("login");
  }

  async function copy(button) {
    const label = button.textContent;
    await navigator.clipboard.writeText(button.dataset.copy);
    button.textContent = button.dataset.done;
    setTimeout(() => (button.textContent = label), 1200);
  }

  window.addEventListener(
    "click",
    (event) => {
      if (event.target.closest?.("#fn-box .submit-button") && !sending()) event.stopImmediatePropagation();
      else if (event.target.closest?.("#fn-new")) {
        release();
        ignored.clear();
        verdicts.clear();
        sessionStorage.removeItem(TALK);
        clearing = current() !== "";
      }
    },
    true,
  );

  document.addEventListener("click", (event) => {
    const button = event.target.closest?.("button");
    if (!button) return;
    if (button.matches(".fn, .ref")) open(button.closest(".turn"), button.dataset.n, button);
    else if (button.matches(".leave")) leave();
    else if (button.matches(".source .close")) close();
    else if (button.matches(".source .previous")) step(-1);
    else if (button.matches(".source .next")) step(1);
    else if (button.matches(".copy")) copy(button);
    else if (button.matches(".again")) ask(button.dataset.question);
    else if (button.matches(".edit")) edit(button.dataset.question);
    else if (button.matches(".chip .off")) without(button);
    else if (button.matches(".judge")) {
      // Opening a footnote moves a button under the pointer; the second click of a double click is not meant for it.
      if (event.detail < 2) judge(button);
    }
    else if (button.matches(".example")) ask(button.dataset.question ?? button.textContent);
    else if (button.matches(".session")) reopen(button.dataset.session);
  });

  // An Enter that ends the composition of Chinese characters is not a question.
  for (const kind of ["keydown", "keypress"]) {
    window.addEventListener(
      kind,
      (event) => {
        if (event.key !== "Enter" || event.target !== box()) return;
        if (event.isComposing || event.keyCode === 229) event.stopImmediatePropagation();
        else if (kind === "keypress" && !event.shiftKey && !sending()) {
          event.preventDefault();
          event.stopImmediatePropagation();
        }
      },
      true,
    );
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape") {
      if (waits) release();
      else if (openSource()) close();
      return;
    }
    if (event.target.closest?.("textarea, input")) return;
    if (event.key === "/") {
      event.preventDefault();
      close({ refocus: false });
      (box() ?? document.querySelector("#fn-query"))?.focus();
    } else if (/^[1-9]$/.test(event.key)) {
      const turns = document.querySelectorAll(".turn.done");
      open(openSource()?.closest(".turn") ?? turns[turns.length - 1], event.key, null);
    } else if (event.key === "ArrowLeft") step(-1);
    else if (event.key === "ArrowRight") step(1);
  });

  // --- a tab that is reloaded, or comes back from another page, shows its conversation again ---

  const TALK = "fn-talk";
  const QUESTION = "fn-question";

  let clearing = false; // a new page was asked for; the old one is still to be seen

  function remember() {
    const latest = document.querySelector("#fn-current .turn");
    if (!latest) clearing = false;
    else if (latest.dataset.session && !clearing) sessionStorage.setItem(TALK, latest.dataset.session);
  }

  // Asked for when the server has drawn the empty page; a conversation that is gone is asked for once.
  function recall() {
    const session = sessionStorage.getItem(TALK);
    if (!session || !box()) return;
    if (!document.querySelector(".welcome")) return void setTimeout(recall, 50);
    sessionStorage.removeItem(TALK);
    reopen(session);
  }

  // A new turn closes the panel and comes to the top; the language of the page follows its words.
  let turn = "";
  function changed() {
    const language = document.querySelector(".brand")?.dataset.lang;
    if (language) document.documentElement.lang = language === "zh" ? "zh-Hans" : "en";
    const latest = document.querySelector("#fn-current .turn");
    document.body.classList.toggle("fn-asked", Boolean(latest));
    follow();
    checkNew();
    showVerdicts();
    remember();
    if (current() === turn) return;
    turn = current();
    close({ refocus: false });
    document.body.classList.remove("fn-reading");
    latest?.scrollIntoView({ block: "start", behavior: "smooth" });
  }

  function begin() {
    const asks = location.pathname.endsWith("/"); // the only page with the box
    if (!document.querySelector("#fn-top") || (asks && !box())) return setTimeout(begin, 50);
    new MutationObserver(changed).observe(document.querySelector("gradio-app"), { childList: true, subtree: true });
    changed();
    recall();
    if (box() && sessionStorage.getItem(QUESTION)) fill(sessionStorage.getItem(QUESTION));
    if (box()) sessionStorage.removeItem(QUESTION);
    if (box() && matchMedia("(hover: hover)").matches) box().focus();
    return undefined;
  }

  begin();
})();
