/* Passkeys: the device is asked, its answer goes with the form. Pages offer another way to who has no script or no device. */
(() => {
  const buttons = [...document.querySelectorAll("button[data-passkey]")];
  if (!buttons.length) return;
  const named = !/^[\d.]+$|:/.test(location.hostname); // a passkey belongs to a name, never to a number
  if (!named && location.hostname === "127.0.0.1") {
    for (const each of document.querySelectorAll("[data-elsewhere]")) {
      each.querySelector("a").href = location.href.replace("127.0.0.1", "localhost");
      each.hidden = false;
    }
  }
  if (!named || !window.PublicKeyCredential || !navigator.credentials) return;
  for (const each of document.querySelectorAll("[data-passkeys]")) each.hidden = false;
  for (const each of document.querySelectorAll("details[data-otherwise]")) each.open = "keep" in each.dataset;

  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const ids = (list) => (list || []).map((each) => ({ ...each, id: bytes(each.id) }));
  const read = (given) => ({
    ...given,
    challenge: bytes(given.challenge),
    ...(given.user && { user: { ...given.user, id: bytes(given.user.id) } }),
    ...(given.excludeCredentials && { excludeCredentials: ids(given.excludeCredentials) }),
    ...(given.allowCredentials && { allowCredentials: ids(given.allowCredentials) }),
  });
  const told = (credential) => {
    const response = { clientDataJSON: text(credential.response.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (credential.response[name]) response[name] = text(credential.response[name]);
    }
    if (credential.response.getTransports) response.transports = credential.response.getTransports();
    return {
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      response,
      clientExtensionResults: credential.getClientExtensionResults(),
      authenticatorAttachment: credential.authenticatorAttachment,
    };
  };

  const ask = async (button) => {
    const answer = await fetch(button.dataset.options, { method: "POST", body: new URLSearchParams(new FormData(button.form)) });
    const said = await answer.json();
    if (!answer.ok) throw Object.assign(new Error(said.detail), { field: said.field, ours: true });
    return read(said);
  };
  const send = (button, credential) => {
    const field = Object.assign(document.createElement("input"), { type: "hidden", name: "credential" });
    field.value = JSON.stringify(told(credential));
    button.form.append(field);
    button.form.action = button.dataset.to;
    button.form.submit();
  };
  const show = (button, words) => {
    const place = button.form.querySelector("[data-wrong]");
    place.querySelector("p").textContent = words;
    place.hidden = false;
    place.scrollIntoView({ block: "nearest" });
  };
  const words = (wrong) => {
    if (wrong.ours) return wrong.message;
    if (wrong.name === "InvalidStateError") return "This device has a passkey for this account already.";
    if (wrong.name === "NotAllowedError") return "Nothing was done: it was called off, or took too long. Try again, or another way.";
    return "This device could not do it. Try another way.";
  };

  let waiting; // the conditional question, which must end before another is asked
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      const needed = button.form.querySelectorAll("[data-first]");
      if (![...needed].every((each) => each.reportValidity())) return;
      waiting?.abort();
      waiting = undefined;
      button.setAttribute("aria-busy", "true");
      try {
        const publicKey = await ask(button);
        send(button, await navigator.credentials[button.dataset.passkey]({ publicKey }));
      } catch (wrong) {
        button.removeAttribute("aria-busy");
        show(button, words(wrong));
      }
    });
  }

  // Offered where the address is typed, beside what the browser remembers. A challenge lives five minutes: then the next one.
  const quiet = buttons.find((each) => "conditional" in each.dataset);
  const offer = async () => {
    if (!quiet || !(await PublicKeyCredential.isConditionalMediationAvailable?.())) return;
    waiting = new AbortController();
    const mine = waiting;
    const timer = setTimeout(() => { if (waiting === mine) { mine.abort(); offer(); } }, 280_000);
    try {
      const publicKey = await ask(quiet);
      send(quiet, await navigator.credentials.get({ publicKey, mediation: "conditional", signal: mine.signal }));
    } catch {
      clearTimeout(timer);
    }
  };
  offer();
})();
