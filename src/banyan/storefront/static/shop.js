/* What makes the pages quicker to use. Every page does all it must without this file. */
(() => {
  const all = (wanted, within = document) => [...within.querySelectorAll(wanted)];
  document.documentElement.classList.add("js");

  // Lists that are sorted and counts that are changed without a further press.
  for (const each of all("[data-submit]")) each.addEventListener("change", () => each.form.requestSubmit());

  // A card is typed in a frame of the one who keeps it; this page is told a token, by that one alone.
  for (const box of all("[data-card]")) {
    const form = box.closest("form");
    const frame = document.createElement("iframe");
    const origin = new URL(box.dataset.card, location.href).origin;
    Object.assign(frame, { src: box.dataset.card, title: "Card details" });
    box.append(frame);
    const { card_token: token, card_brand: brand, card_last4: last4 } = form.elements;
    token.value = "";
    const busy = (now) => { for (const button of all("button", form)) now ? button.setAttribute("aria-busy", "true") : button.removeAttribute("aria-busy"); };
    const byCard = () => (form.elements.way?.value ?? "card") === "card";
    form.addEventListener("submit", (event) => {
      if (!byCard() || token.value) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      busy(true);
      frame.contentWindow.postMessage({ banyan: "card", do: "submit" }, origin);
    });
    addEventListener("message", (event) => {
      if (event.origin !== origin || event.source !== frame.contentWindow || event.data?.banyan !== "card") return;
      const told = event.data;
      if (told.is === "size") frame.style.height = `${Math.min(Math.max(told.height, 120), 640)}px`;
      if (told.is === "wrong") busy(false);
      if (told.is === "enter") form.requestSubmit();
      if (told.is === "token" && /^(card|tok_card)_[0-9a-z]{26}$/.test(told.token)) {
        [token.value, brand.value, last4.value] = [told.token, told.brand, told.last4];
        form.requestSubmit();
      }
    });
  }

  // A form that must be sent once is sent once.
  for (const form of all("form[data-once]")) {
    form.addEventListener("submit", (event) => {
      if (form.dataset.sent) return event.preventDefault();
      form.dataset.sent = "1";
      for (const button of all("button", form)) button.setAttribute("aria-busy", "true");
    });
  }
  addEventListener("pageshow", (event) => {
    if (!event.persisted) return;
    for (const form of all("form[data-once]")) {
      delete form.dataset.sent;
      for (const button of all("button", form)) button.removeAttribute("aria-busy");
    }
  });

  // Another country: its ways of delivery, asked of the same page.
  const recount = document.querySelector("[data-recount]");
  const country = document.querySelector("#f-country");
  if (recount && country) {
    recount.hidden = true;
    country.addEventListener("change", async () => {
      const sent = new URLSearchParams([...new FormData(country.form), ["do", "options"]]);
      const answer = await fetch(country.form.action, { method: "POST", body: sent });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = page.querySelector("#options");
      if (fresh) document.querySelector("#options").replaceWith(fresh);
    });
  }

  // Price and stock of what is chosen.
  const buy = document.querySelector("form[data-variants]");
  if (buy) {
    const variants = JSON.parse(buy.dataset.variants);
    const names = [...new Set(variants.flatMap((each) => Object.keys(each.o)))];
    const fits = (variant, chosen) => names.every((name) => !chosen[name] || variant.o[name] === chosen[name]);
    const show = () => {
      const chosen = {};
      for (const name of names) chosen[name] = buy.elements[`option.${name}`]?.value;
      for (const radio of all("input[type=radio]", buy)) {
        const name = radio.name.slice(7);
        const some = variants.some((each) => each.a && fits(each, { ...chosen, [name]: radio.value }));
        radio.parentElement.classList.toggle("none", !some);
      }
      const found = variants.find((each) => names.every((name) => each.o[name] === chosen[name]));
      if (!found) return;
      if (found.p) document.querySelector("#price").textContent = found.p;
      const stock = document.querySelector("#stock");
      stock.textContent = found.a ? "In stock" : "Sold out in this choice";
      stock.classList.toggle("none", !found.a);
      buy.querySelector("[data-add]").disabled = !found.a;
    };
    buy.addEventListener("change", show);
    show();
  }

  // Words to search for, while typing.
  const input = document.querySelector("#q");
  if (!input) return;
  const list = document.createElement("ul");
  Object.assign(list, { id: "hints", className: "hints", hidden: true });
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Suggestions");
  input.form.append(list);
  for (const [name, value] of Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": "hints", "aria-autocomplete": "list" })) input.setAttribute(name, value);
  let at = -1;
  let waiting;
  let latest = 0;
  const close = () => {
    list.hidden = true;
    at = -1;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  };
  const mark = (place) => {
    at = (place + list.children.length) % list.children.length;
    [...list.children].forEach((each, number) => each.setAttribute("aria-selected", number === at));
    input.setAttribute("aria-activedescendant", list.children[at].id);
  };
  const take = (word) => {
    input.value = word;
    close();
    input.form.requestSubmit();
  };
  const ask = async () => {
    const turn = ++latest;
    const typed = input.value.trim();
    if (typed.length < 2) return close();
    try {
      const { items } = await (await fetch(`/v1/suggest?limit=7&q=${encodeURIComponent(typed)}`)).json();
      if (turn !== latest || document.activeElement !== input) return;
      list.replaceChildren(...items.map((word, number) => {
        const item = document.createElement("li");
        Object.assign(item, { id: `hint-${number}`, textContent: word });
        item.setAttribute("role", "option");
        item.addEventListener("pointerdown", (event) => { event.preventDefault(); take(word); });
        return item;
      }));
      if (!items.length) return close();
      at = -1;
      list.hidden = false;
      input.setAttribute("aria-expanded", "true");
    } catch { close(); }
  };
  input.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(ask, 120); });
  input.addEventListener("blur", close);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return close();
    if (list.hidden || !list.children.length) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      mark(at < 0 && event.key === "ArrowUp" ? -1 : at + (event.key === "ArrowDown" ? 1 : -1));
    } else if (event.key === "Enter" && at >= 0) {
      event.preventDefault();
      take(list.children[at].textContent);
    }
  });
})();
