/* A small part of Stripe.js, played: what a page needs to have a card typed in a frame, and to get a payment method for it.

Written from docs.stripe.com/js. What Stripe.js refuses as a mistake of the page (an IntegrationError) is refused here too. */
(() => {
  const home = new URL(document.currentScript.src).origin;
  const mistake = (words) => Object.assign(new Error(words), { name: "IntegrationError" });

  class Element {
    #heard = {};
    #waiting = new Map();
    #frame = null;

    constructor(key, account, appearance) {
      this.about = { key, account, variables: appearance?.variables ?? {} };
      this.number = 0;
      this.listen = ({ origin, source, data }) => {
        if (origin !== home || source !== this.#frame?.contentWindow) return;
        if (data.is === "size") this.#frame.style.height = `${data.height}px`;
        if (data.is === "up") this.#ask("begin", this.about).then(() => this.#tell("ready", { elementType: "payment" }));
        if (data.is === "answer") {
          this.#waiting.get(data.number)?.(data.told);
          this.#waiting.delete(data.number);
        }
      };
    }

    on(event, handler) {
      (this.#heard[event] ??= []).push(handler);
      return this;
    }

    mount(place) {
      const at = typeof place === "string" ? document.querySelector(place) : place;
      if (!at) throw mistake("The selector you specified applies to no DOM elements that are currently on the page.");
      this.#frame = document.createElement("iframe");
      Object.assign(this.#frame, { src: `${home}/_elements/card#${location.origin}`, title: "Secure payment input frame" });
      Object.assign(this.#frame.style, { width: "100%", height: "1px", border: "0", display: "block", colorScheme: "light" });
      addEventListener("message", this.listen);
      at.replaceChildren(this.#frame);
    }

    unmount() {
      removeEventListener("message", this.listen);
      this.#frame?.remove();
      this.#frame = null;
    }

    destroy() {
      this.unmount();
    }

    submit() {
      return this.#ask("submit");
    }

    pay() {
      return this.#ask("create");
    }

    #ask(wanted, more = {}) {
      if (!this.#frame) throw mistake("We could not retrieve data from the specified Element: it is not mounted.");
      const number = ++this.number;
      this.#frame.contentWindow.postMessage({ do: wanted, number, ...more }, home);
      return new Promise((resolve) => this.#waiting.set(number, resolve));
    }

    #tell(event, told) {
      for (const handler of this.#heard[event] ?? []) handler(told);
    }
  }

  class Elements {
    constructor(key, account, options) {
      Object.assign(this, { key, account, options, element: null, submitted: false });
      this.#check();
    }

    #check() {
      const { mode, amount, currency } = this.options;
      if (!["payment", "setup", "subscription"].includes(mode)) throw mistake(`Invalid value for elements(): mode: ${mode}`);
      if (mode === "payment" && !(Number.isInteger(amount) && amount > 0)) throw mistake("Invalid value for elements(): amount must be a positive integer.");
      if (!/^[a-z]{3}$/.test(currency)) throw mistake("Invalid value for elements(): currency must be a three-letter lowercase code.");
    }

    create(kind) {
      if (kind !== "payment") throw mistake(`This simulator has the Payment Element only, not ${kind}.`);
      if (this.element) throw mistake("Can only create one Element of type payment through elements.");
      this.element = new Element(this.key, this.account, this.options.appearance);
      return this.element;
    }

    update(options) {
      this.options = { ...this.options, ...options };
      this.#check();
    }

    async submit() {
      const { error } = await this.element.submit();
      this.submitted = !error;
      return error ? { error } : { selectedPaymentMethod: "card" };
    }
  }

  window.Stripe = (key, { stripeAccount = "" } = {}) => {
    if (!/^pk_(test|live)_/.test(key)) throw mistake("Stripe() needs a publishable key, and no secret one: pk_…");
    return {
      elements: (options) => new Elements(key, stripeAccount, options),
      createPaymentMethod: async ({ elements }) => {
        if (elements.options.paymentMethodCreation !== "manual") throw mistake("createPaymentMethod() needs elements() with paymentMethodCreation: 'manual'.");
        if (!elements.submitted) throw mistake("elements.submit() must be called before stripe.createPaymentMethod().");
        elements.submitted = false;
        return elements.element.pay();
      },
    };
  };
  window.Stripe.version = "simulated";
})();
