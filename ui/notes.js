// The notes page: its parts are asked for from the server, which makes all markup; what is done is sent there.
"use strict";

(() => {
  const ASK_AGAIN = 500; // ms between two looks at a sync that is running
  const part = (name) => document.querySelector(`#fn-notes [data-part="${name}"]`);
  const here = () => Boolean(document.querySelector("#fn-notes [data-part]"));
  let status = "";
  let most = 200;
  let timer = 0;
  let wasRunning = false;

  async function fill(name, address) {
    const reply = await fetch(address).catch(() => null);
    if (reply?.ok) part(name).innerHTML = await reply.text();
    return reply?.ok;
  }

  const folders = () => fill("folders", "notes/folders");
  const files = () => fill("files", `notes/files?${new URLSearchParams({ q: part("query").value, status, most })}`);

  // Looks until the sync is over; then the rest of the page is as it is now.
  async function job() {
    clearTimeout(timer);
    await fill("job", "notes/job");
    const running = Boolean(part("job").querySelector("[data-running]"));
    if (running) timer = setTimeout(job, ASK_AGAIN);
    else if (wasRunning) await Promise.all([folders(), files()]);
    wasRunning = running;
  }

  function say(line) {
    part("trouble").textContent = line;
  }

  async function act(name, root = "", value = "") {
    say("");
    const reply = await fetch(`notes/do/${name}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ root, value }),
    }).catch(() => null);
    if (!reply?.ok) {
      say(reply ? await reply.text() : part("trouble").dataset.away);
      return false;
    }
    if (["add", "sync", "accept"].includes(name)) wasRunning = true;
    await Promise.all([job(), folders(), ["rename", "remove"].includes(name) ? files() : null]);
    return true;
  }

  async function upload(list) {
    say("");
    for (const file of list) {
      const reply = await fetch(`notes/upload?${new URLSearchParams({ name: file.name })}`, { method: "POST", body: file }).catch(() => null);
      if (!reply?.ok) say(`${file.name}: ${reply ? await reply.text() : part("trouble").dataset.away}`);
    }
    await Promise.all([folders(), files()]);
  }

  document.addEventListener("click", async (event) => {
    if (!here()) return;
    const button = event.target.closest?.("#fn-notes button");
    if (!button) return;
    if (button.matches(".act")) {
      const { act: name, root, sure, ask } = button.dataset;
      if (sure && !confirm(sure)) return;
      const value = ask ? prompt(ask, root) : "";
      if (value !== null) act(name, root, value);
    } else if (button.matches(".add")) {
      if (await act("add", "", part("path").value)) part("path").value = "";
    } else if (button.matches(".tab")) {
      status = button.dataset.status;
      files();
    } else if (button.matches(".more")) {
      most = Number(button.dataset.most);
      files();
    }
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target === part("path") && !event.isComposing) {
      event.preventDefault();
      document.querySelector("#fn-notes .add").click();
    }
  });

  let typing = 0;
  document.addEventListener("input", (event) => {
    if (here() && event.target === part("query")) {
      clearTimeout(typing);
      typing = setTimeout(files, 150);
    }
  });

  document.addEventListener("change", (event) => {
    if (!here()) return;
    if (event.target === part("watch")) act("watch", "", event.target.checked ? "on" : "off");
    else if (event.target === part("upload")) {
      upload([...event.target.files]).then(() => (event.target.value = ""));
    }
  });

  // A story is asked for when it is opened. "toggle" does not bubble.
  document.addEventListener(
    "toggle",
    async (event) => {
      const story = event.target.matches?.("details.file[open]") && event.target.querySelector(".story:empty");
      if (!story) return;
      const reply = await fetch(`notes/why?${new URLSearchParams({ id: event.target.dataset.id })}`).catch(() => null);
      if (reply?.ok) story.innerHTML = await reply.text();
    },
    true,
  );

  function begin() {
    if (!/\/notes\/?$/.test(location.pathname)) return;
    if (!here()) return setTimeout(begin, 50);
    folders();
    files();
    job();
    return undefined;
  }

  begin();
})();
