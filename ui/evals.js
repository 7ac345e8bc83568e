// The evals page: its parts are asked for from the server, which makes all markup; what is done is sent there.
"use strict";

(() => {
  const ASK_AGAIN = 400; // ms between two looks at what is running
  const root = () => document.querySelector("#evals");
  const part = (name) => root().querySelector(`[data-part="${name}"]`);
  let timer = 0;
  let wasRunning = false;

  async function fill(name, address = `evals/${name}`) {
    const reply = await fetch(address).catch(() => null);
    if (reply?.ok) part(name).innerHTML = await reply.text();
    else say(root().dataset.away);
    return Boolean(reply?.ok);
  }

  function say(line) {
    part("trouble").textContent = line;
  }

  // Looks until it is over; then the rest of the page is as it is now.
  async function job() {
    clearTimeout(timer);
    await fill("job");
    const running = Boolean(part("job").querySelector("[data-running]"));
    for (const button of root().querySelectorAll('[data-act="make"], [data-act="run"]')) button.disabled = running;
    if (running) timer = setTimeout(job, ASK_AGAIN);
    else if (wasRunning) await Promise.all([fill("questions"), fill("report"), fill("runs")]);
    wasRunning = running;
  }

  async function act(name) {
    say("");
    const reply = await fetch(`evals/do/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ count: Number(part("count").value) }),
    }).catch(() => null);
    if (!reply?.ok) return say(reply ? await reply.text() : root().dataset.away);
    wasRunning = true;
    return job();
  }

  async function compare() {
    const chosen = (name) => part("runs").querySelector(`[name="${name}"]:checked`)?.value ?? "";
    await fill("comparison", `evals/compare?${new URLSearchParams({ before: chosen("before"), now: chosen("now") })}`);
    part("comparison").scrollIntoView({ block: "start" });
    part("comparison").focus({ preventScroll: true });
  }

  document.addEventListener("click", (event) => {
    const button = root() && event.target.closest?.("#evals button");
    if (!button) return;
    if (button.matches(".act")) act(button.dataset.act);
    else if (button.matches(".compare")) compare();
  });

  function begin() {
    if (!/\/evals\/?$/.test(location.pathname)) return undefined;
    if (document.querySelector("#fn-evals .welcome")) return undefined; // there are no notes
    if (!root()) return setTimeout(begin, 50);
    fill("questions");
    fill("report");
    fill("runs");
    return job();
  }

  begin();
})();
