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
