// Passkeys: the browser asks the device, and the form sends what the device says.

for (const form of document.querySelectorAll("form[data-passkey]")) {
  const note = form.querySelector("[data-passkey-note]");
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
    form.hidden = form.dataset.passkey === "sign-in";
    continue;
  }
  note.textContent = "";
  form.querySelector("[data-passkey-button]").hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    try {
      form.elements.credential.value = JSON.stringify(await ask(form));
      form.submit();
    } catch {
      note.textContent = note.dataset.refused;
    }
  });
}

async function ask(form) {
  const { credentials } = navigator;
  const kind = form.dataset.passkey;
  const options = kind === "sign-in" ? await fetched(form.action) : JSON.parse(document.getElementById("passkey-options").textContent);
  if (kind === "create") {
    const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(options.creation_options.publicKey);
    return credentials.create({ publicKey });
  }
  const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(options.request_options.publicKey);
  return credentials.get({ publicKey });
}

async function fetched(address) {
  const answer = await fetch(address, { headers: { Accept: "application/json" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.json();
}
