/* Stripe's card fields: Stripe's script puts them into frames of Stripe's, and this page gets a token when its form is sent.
   Runs before shop.js, which sends a form with `data-once` once: a form that has no token yet is not sent at all.
   Stripe's side of it: docs.stripe.com/js, docs.stripe.com/payments/finalize-payments-on-the-server */
(() => {
  const box = document.querySelector("[data-stripe]");
  if (!box) return;
  const WAY = "card:stripe";
  const PATIENCE = 15_000; // milliseconds for the fields to come, and for a token
  const AWAY = "Stripe’s card fields do not load just now. Press the button to try again, or choose another way to pay.";
  const LATE = "Stripe does not answer just now, and nothing was paid. Press the button to try again, or choose another way to pay.";
  const { nonce } = document.currentScript;
  const { stripe: source, key, account, currency, amount } = box.dataset;
  const form = box.closest("form");
  const [place, waiting, wrong] = ["[data-fields]", "[data-waiting]", ".error"].map((each) => box.querySelector(each));
  const { stripe_token: token, stripe_brand: brand, stripe_last4: last4, way, save } = form.elements;
  const chosen = () => way.value === WAY;
  const kept = () => (save?.checked ? "off_session" : null);
  const say = (words) => {
    wrong.textContent = words;
    if (words && pressed) box.scrollIntoView({ block: "center" }); // the button is further down
  };
  let pressed = false;
  let stands = "away"; // then coming, then here
  let asking = false;
  let fetched, timer, stripe, elements, element;

  const press = (now) => {
    asking = now;
    for (const button of form.querySelectorAll("button")) now ? button.setAttribute("aria-busy", "true") : button.removeAttribute("aria-busy");
  };
  const becomes = (now, words = "") => {
    clearTimeout(timer);
    stands = now;
    waiting.hidden = now !== "coming";
    say(words);
    if (now === "away") {
      element?.destroy();
      element = undefined;
    }
  };
  const away = () => becomes("away", AWAY);

  const fetching = () => fetched ??= new Promise((there, missing) => {
    const script = document.createElement("script");
    const gone = () => {
      fetched = undefined;
      script.remove();
      missing(new Error("Stripe.js does not load"));
    };
    Object.assign(script, { src: source, nonce, onload: there, onerror: gone });
    document.head.append(script);
  });

  const look = () => {
    const colour = getComputedStyle(document.documentElement);
    const [colorPrimary, colorBackground, colorText, colorDanger, fontFamily] = ["leaf", "card", "ink", "bad", "sans"].map((each) => colour.getPropertyValue(`--${each}`).trim());
    const theme = matchMedia("(prefers-color-scheme: dark)").matches ? "night" : "stripe";
    return { theme, variables: { colorPrimary, colorBackground, colorText, colorDanger, fontFamily, borderRadius: "12px" } };
  };

  const begin = async () => {
    if (stands !== "away") return;
    becomes("coming");
    timer = setTimeout(away, PATIENCE);
    try {
      await fetching();
      if (stands !== "coming") return; // it came too late: the next press begins again
      const paid = +amount ? { mode: "payment", amount: +amount, captureMethod: "manual", setupFutureUsage: kept() } : { mode: "setup" };
      stripe = Stripe(key, { locale: "en", ...(account && { stripeAccount: account }) });
      elements = stripe.elements({ ...paid, currency, paymentMethodCreation: "manual", paymentMethodTypes: ["card"], appearance: look() });
      element = elements.create("payment", { wallets: { applePay: "never", googlePay: "never", link: "never" } });
      element.on("ready", () => becomes("here"));
      element.on("loaderror", away);
      element.mount(place);
    } catch { away(); }
  };

  const ask = async () => {
    const { error } = await elements.submit();
    return error ? { error } : stripe.createPaymentMethod({ elements });
  };
  const late = () => new Promise((_, missing) => setTimeout(missing, PATIENCE, new Error("no answer")));

  form.addEventListener("submit", async (event) => {
    if (!chosen() || token.value) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    if (asking) return;
    pressed = true;
    if (stands !== "here") return begin();
    press(true);
    say("");
    const told = await Promise.race([ask(), late()]).catch(() => ({ error: { message: LATE } }));
    press(false);
    if (!told.paymentMethod) return say(told.error?.message || LATE);
    if (!chosen()) return; // they went for another way meanwhile
    const { id, card } = told.paymentMethod;
    [token.value, brand.value, last4.value] = [id, card?.brand ?? "", card?.last4 ?? ""];
    form.requestSubmit();
  });
  form.addEventListener("change", ({ target }) => {
    if (target === save && +amount) elements?.update({ setupFutureUsage: kept() });
    if (target.name === "way" && chosen()) begin();
  });
  // Who goes back to this page, or loads it again, types again: a token is good for one payment.
  token.value = "";
  addEventListener("pageshow", ({ persisted }) => {
    if (!persisted) return;
    token.value = "";
    press(false);
  });
  if (chosen()) begin();
})();
