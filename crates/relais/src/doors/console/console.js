// What HTML cannot do by itself. Every page works without it.

// Select all rows of a list, and say how many are selected.
for (const form of document.querySelectorAll("form[data-selection]")) {
  const boxes = [...form.querySelectorAll("input[type=checkbox][name=account]")];
  const all = form.querySelector("input[data-all]");
  const count = form.querySelector("[data-count]");
  const bar = form.querySelector(".bulk");
  const limit = Number(form.dataset.selection);
  const show = () => {
    const chosen = boxes.filter((box) => box.checked).length;
    if (all) {
      all.checked = chosen > 0 && chosen === boxes.length;
      all.indeterminate = chosen > 0 && chosen < boxes.length;
    }
    if (count) count.textContent = String(chosen);
    if (bar) bar.classList.toggle("some", chosen > 0);
    for (const button of form.querySelectorAll(".bulk button")) button.disabled = chosen === 0 || chosen > limit;
  };
  if (all) {
    all.closest("[hidden]")?.removeAttribute("hidden");
    all.addEventListener("change", () => {
      for (const box of boxes) box.checked = all.checked;
      show();
    });
  }
  for (const box of boxes) box.addEventListener("change", show);
  // A browser that goes back has the boxes as they were.
  addEventListener("pageshow", show);
  show();
}

// A form that asks again as soon as an answer changes.
for (const form of document.querySelectorAll("form[data-live]")) {
  const place = document.getElementById(form.dataset.live);
  let asked = 0;
  const ask = async () => {
    const number = ++asked;
    const query = new URLSearchParams(new FormData(form));
    place.setAttribute("aria-busy", "true");
    const answer = await fetch(`${form.action}?${query}`, { headers: { accept: "text/html" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    if (number !== asked) return;
    const fresh = page.getElementById(place.id);
    if (fresh) place.replaceChildren(...fresh.childNodes);
    place.removeAttribute("aria-busy");
  };
  form.addEventListener("change", ask);
  for (const button of form.querySelectorAll("[data-without-script]")) button.hidden = true;
}

// A text that is pasted elsewhere.
for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(button.dataset.copy);
    button.append(" ✓");
    button.disabled = true;
  });
}

// What goes on while somebody looks: the server says when there is something new, and that part is read again.
for (const place of document.querySelectorAll("[data-follow]")) {
  const news = new EventSource(place.dataset.follow);
  const read = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } });
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById(place.id);
    if (fresh) place.replaceChildren(...fresh.childNodes);
    if (!fresh || !fresh.hasAttribute("data-follow")) news.close();
  };
  news.addEventListener("changed", read);
  // The connection was made again: something may have changed in between.
  let connections = 0;
  news.addEventListener("open", () => {
    connections += 1;
    if (connections > 1) read();
  });
  news.addEventListener("over", () => {
    news.close();
    read();
  });
}

// A form that a device has to answer: the server says what to ask, the answer goes into the form.
for (const form of document.querySelectorAll("form[data-passkey]")) {
  const making = form.dataset.passkey === "create";
  const parse = making ? "parseCreationOptionsFromJSON" : "parseRequestOptionsFromJSON";
  const trouble = form.querySelector("[data-trouble]");
  const plain = trouble.textContent;
  if (!globalThis.PublicKeyCredential?.[parse]) continue;
  for (const button of form.querySelectorAll("button")) button.disabled = false;
  for (const place of document.querySelectorAll("[data-with-passkeys]")) place.hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    trouble.hidden = true;
    try {
      const body = new URLSearchParams(new FormData(form));
      const asked = await fetch(form.dataset.begin, { method: "POST", body });
      const options = await asked.json();
      if (!asked.ok) throw new Error(options.refused);
      const publicKey = PublicKeyCredential[parse](options);
      const answer = await navigator.credentials[making ? "create" : "get"]({ publicKey });
      form.elements.credential.value = JSON.stringify(answer.toJSON());
      form.submit();
    } catch (error) {
      // What a browser says itself is in no language that one could count on.
      trouble.textContent = error instanceof DOMException || !error.message ? plain : error.message;
      trouble.hidden = false;
    }
  });
}

// A menu that is open closes when something else is clicked.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.account[open], details.row-menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details.account[open], details.row-menu[open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
