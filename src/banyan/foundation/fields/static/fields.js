// The card's number stays in this frame: it is sent to this page's own origin, and the shop's page is told a token.
(() => {
  const { shop, send } = document.body.dataset;
  const form = document.querySelector("#card");
  const [number, expiry, cvc] = ["number", "expiry", "cvc"].map((id) => document.getElementById(id));
  const schemes = [
    ["American Express", /^3[47]/, [15], 4],
    ["Mastercard", /^(5[1-5]|222[1-9]|22[3-9]|2[3-6]|27[01]|2720)/, [16], 3],
    ["Visa", /^4/, [16, 19], 3],
    ["Discover", /^(6011|64[4-9]|65)/, [16, 19], 3],
    ["UnionPay", /^(62|81)/, [16, 17, 18, 19], 3],
    ["JCB", /^35(2[89]|[3-8])/, [16, 17, 18, 19], 3],
    ["Diners Club", /^3(0[0-5]|095|[689])/, [14, 16, 19], 3],
    ["Maestro", /^(50(18|20|38)|5[6-9]|6304|67)/, [12, 13, 14, 15, 16, 17, 18, 19], 3],
  ];
  const digits = () => number.value.replace(/\D/g, "");
  const scheme = () => schemes.find(([, start]) => start.test(digits()));
  const luhn = (text) => [...text].reverse().reduce((sum, each, place) => {
    const value = +each * (place % 2 ? 2 : 1);
    return sum + (value > 9 ? value - 9 : value);
  }, 0) % 10 === 0;
  const tell = (is, more = {}) => parent.postMessage({ banyan: "card", is, ...more }, shop);
  const size = () => tell("size", { height: document.documentElement.offsetHeight });

  const say = (field, words) => {
    document.getElementById(`${field.id}-wrong`).textContent = words;
    if (words) field.setAttribute("aria-invalid", "true");
    else field.removeAttribute("aria-invalid");
  };
  const checks = {
    number: () => {
      const text = digits();
      const lengths = scheme()?.[2] ?? [12, 13, 14, 15, 16, 17, 18, 19];
      return lengths.includes(text.length) && luhn(text) ? "" : "Please check the digits of the card number";
    },
    expiry: () => {
      const found = /^(\d{1,2})\s*[/ .-]?\s*(\d{2}|20\d{2})$/.exec(expiry.value.trim());
      if (!found || +found[1] < 1 || +found[1] > 12) return "Month and year, like 08/29";
      const now = new Date();
      const [month, year] = [+found[1], +found[2] > 99 ? +found[2] : 2000 + +found[2]];
      return year < now.getFullYear() || (year === now.getFullYear() && month < now.getMonth() + 1) ? "This card has expired" : "";
    },
    cvc: () => {
      const wanted = scheme()?.[3];
      const fits = wanted ? cvc.value.length === wanted : /^\d{3,4}$/.test(cvc.value);
      return fits && /^\d+$/.test(cvc.value) ? "" : wanted ? `${wanted} digits` : "3 or 4 digits";
    },
  };
  const fields = [number, expiry, cvc];
  const check = (field) => {
    const words = checks[field.id]();
    say(field, words);
    size();
    return !words;
  };

  number.addEventListener("input", () => {
    const at = number.selectionStart;
    const before = number.value.slice(0, at).replace(/\D/g, "").length;
    const text = digits().slice(0, 19);
    const amex = /^3[47]/.test(text);
    number.value = (amex ? [text.slice(0, 4), text.slice(4, 10), text.slice(10, 15)] : text.match(/.{1,4}/g) ?? []).filter(Boolean).join(" ");
    let place = 0;
    for (let seen = 0; seen < before && place < number.value.length; place++) if (/\d/.test(number.value[place])) seen++;
    number.setSelectionRange(place, place);
    document.querySelector("#brand").textContent = scheme()?.[0] ?? "";
  });
  expiry.addEventListener("input", (event) => {
    const text = expiry.value.replace(/[^\d/]/g, "");
    expiry.value = event.inputType?.startsWith("delete") || text.includes("/") || text.length < 2 ? text : `${text.slice(0, 2)}/${text.slice(2, 4)}`;
  });
  for (const field of fields) {
    field.addEventListener("blur", () => { if (field.value) check(field); });
    field.addEventListener("input", () => { if (field.getAttribute("aria-invalid")) check(field); });
  }

  let sending = false;
  const go = async () => {
    document.querySelector("#wrong").textContent = "";
    const wrong = fields.filter((field) => !check(field));
    if (wrong.length) { wrong[0].focus(); return tell("wrong"); }
    if (sending) return;
    sending = true;
    try {
      const [month, year] = expiry.value.split(/[/ .-]+/);
      const body = JSON.stringify({ number: digits(), exp_month: +month, exp_year: +year > 99 ? +year : 2000 + +year, cvc: cvc.value });
      const answer = await fetch(send, { method: "POST", body, headers: { "content-type": "application/json" }, credentials: "omit" });
      const told = await answer.json();
      if (answer.ok) return tell("token", { token: told.token, brand: told.brand, last4: told.last4 });
      const known = { number, exp_month: expiry, exp_year: expiry, cvc };
      for (const each of told.errors ?? []) {
        const field = known[each.pointer.split("/").pop()];
        if (field) say(field, each.detail);
      }
      document.querySelector("#wrong").textContent = told.errors?.length ? "" : told.detail;
      tell("wrong");
    } catch {
      document.querySelector("#wrong").textContent = "That did not get through. Please try again.";
      tell("wrong");
    } finally {
      sending = false;
      size();
    }
  };
  form.addEventListener("submit", (event) => { event.preventDefault(); tell("enter"); });
  addEventListener("message", (event) => {
    if (event.origin !== shop || event.source !== parent) return;
    if (event.data?.banyan === "card" && event.data.do === "submit") go();
    if (event.data?.banyan === "card" && event.data.do === "focus") number.focus();
  });
  addEventListener("resize", size);
  tell("ready");
  size();
})();
