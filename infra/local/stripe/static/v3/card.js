/* The card element: three labelled inputs in the shop's own look. */
const BRANDS = [[/^3[47]/, "amex"], [/^4/, "visa"], [/^(5[1-5]|2[2-7])/, "mastercard"], [/^6[05]/, "discover"], [/^62/, "unionpay"], [/^35/, "jcb"], [/^3[06]/, "diners"]];
const LENGTHS = { amex: [15], diners: [14, 16], unionpay: [16, 17, 18, 19], unknown: [12, 13, 14, 15, 16, 17, 18, 19] };
const SAY = {
  incomplete_number: "The card number is incomplete.",
  invalid_number: "The card number is not valid.",
  incomplete_expiry: "The expiry date is incomplete.",
  invalid_expiry_month_past: "The expiry date is in the past.",
  invalid_expiry_year_past: "The expiry date is in the past.",
  incomplete_cvc: "The security code is incomplete.",
};
let made = 0;

const digits = (text) => text.replace(/\D/g, "");
const brandOf = (number) => (BRANDS.find(([pattern]) => pattern.test(number)) || [null, "unknown"])[1];

function luhn(number) {
  const sum = [...number].reverse().reduce((total, digit, place) => {
    const value = Number(digit) * (1 + (place % 2));
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

const CHECKS = {
  number(text) {
    const number = digits(text);
    const lengths = LENGTHS[brandOf(number)] || [16];
    if (number.length < lengths[0]) return "incomplete_number";
    return lengths.includes(number.length) && luhn(number) ? null : "invalid_number";
  },
  exp(text) {
    const found = /^(0[1-9]|1[0-2])(\d\d)$/.exec(digits(text));
    if (!found) return "incomplete_expiry";
    const now = new Date();
    const year = now.getFullYear() % 100;
    if (Number(found[2]) < year) return "invalid_expiry_year_past";
    return Number(found[2]) === year && Number(found[1]) <= now.getMonth() ? "invalid_expiry_month_past" : null;
  },
  cvc(text, card) {
    const wanted = card.brand() === "amex" ? [3, 4] : [3];
    return wanted.includes(digits(text).length) ? null : "incomplete_cvc";
  },
};

const FORMATS = {
  number: (text) => digits(text).slice(0, 19).replace(/(\d{4})(?=\d)/g, "$1 "),
  exp(text) {
    let found = digits(text);
    if (/^[2-9]/.test(found)) found = `0${found}`;
    found = found.slice(0, 4);
    return found.length > 2 ? `${found.slice(0, 2)}/${found.slice(2)}` : found;
  },
  cvc: (text) => digits(text).slice(0, 4),
};

const FIELDS = [
  { name: "number", label: "Card number", hint: "", autocomplete: "cc-number", full: true },
  { name: "exp", label: "Expires", hint: "MM/YY", autocomplete: "cc-exp", full: false },
  { name: "cvc", label: "Security code", hint: "", autocomplete: "cc-csc", full: false },
];

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
  node.append(...children);
  return node;
}

class CardElement {
  constructor(options) {
    made += 1;
    this.prefix = `stand-in-card-${made}`;
    this.listeners = {};
    this.fields = {};
    this.container = null;
    this.nodes = FIELDS.map((field) => this.draw(field));
    this.update(options || {});
  }

  draw({ name, label, hint, autocomplete, full }) {
    const id = `${this.prefix}-${name}`;
    const input = make("input", { class: "input", id, type: "text", inputmode: "numeric", autocomplete, "aria-required": "true", spellcheck: "false" });
    const error = make("p", { class: "error", id: `${id}-error` });
    error.hidden = true;
    const title = make("label", { for: id }, label);
    if (hint) title.append(" ", make("span", { class: "hint" }, hint));
    const field = make("div", { class: full ? "field field--full" : "field" }, title, input, error);
    this.fields[name] = { input, error, field };
    input.addEventListener("input", () => this.typed(name));
    input.addEventListener("focus", () => this.emit("focus", { elementType: "card" }));
    input.addEventListener("blur", () => {
      if (input.value) this.show(name, this.check(name));
      this.emit("blur", { elementType: "card" });
    });
    return field;
  }

  typed(name) {
    const { input } = this.fields[name];
    const formatted = FORMATS[name](input.value);
    // Only at the end of the text, so that the caret stays where somebody corrects a digit.
    if (input.selectionStart === input.value.length && formatted !== input.value) input.value = formatted;
    if (!this.check(name)) this.show(name, null);
    this.changed();
  }

  check(name) {
    return CHECKS[name](this.fields[name].input.value, this);
  }

  brand() {
    return brandOf(digits(this.fields.number.input.value));
  }

  show(name, code) {
    const { input, error, field } = this.fields[name];
    error.textContent = code ? SAY[code] || code : "";
    error.hidden = !code;
    field.classList.toggle("field--bad", Boolean(code));
    if (code) {
      input.setAttribute("aria-invalid", "true");
      input.setAttribute("aria-describedby", error.id);
    } else {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  }

  /* The first thing that is wrong, shown at its field; null when the card can be sent. */
  complain() {
    const wrong = FIELDS.map(({ name }) => [name, this.check(name)]).filter(([, code]) => code);
    for (const [name, code] of wrong) this.show(name, code);
    if (!wrong.length) return null;
    this.fields[wrong[0][0]].input.focus();
    return { type: "validation_error", code: wrong[0][1], message: SAY[wrong[0][1]] };
  }

  /* An error of the bank or the API, shown at the field that it names. */
  blame({ param, message }) {
    const name = { number: "number", exp_month: "exp", exp_year: "exp", cvc: "cvc" }[param];
    if (name) this.show(name, message);
  }

  details() {
    const expiry = digits(this.fields.exp.input.value);
    return {
      number: digits(this.fields.number.input.value),
      exp_month: expiry.slice(0, 2),
      exp_year: expiry.slice(2),
      cvc: digits(this.fields.cvc.input.value),
    };
  }

  changed() {
    const values = FIELDS.map(({ name }) => this.fields[name].input.value);
    const codes = FIELDS.map(({ name }) => this.check(name));
    const wrong = codes.find((code) => code && !code.startsWith("incomplete"));
    const state = {
      elementType: "card",
      empty: values.every((value) => !value),
      complete: codes.every((code) => !code),
      brand: this.brand(),
      value: { postalCode: "" },
      error: wrong ? { type: "validation_error", code: wrong, message: SAY[wrong] } : undefined,
    };
    if (this.container) {
      this.container.classList.toggle("StripeElement--complete", state.complete);
      this.container.classList.toggle("StripeElement--empty", state.empty);
      this.container.classList.toggle("StripeElement--invalid", Boolean(state.error));
    }
    this.emit("change", state);
  }

  mount(target) {
    const container = typeof target === "string" ? document.querySelector(target) : target;
    if (!container) throw new Error(`Nothing to mount the card into: ${target}`);
    this.unmount();
    this.container = container;
    container.classList.add("StripeElement", "StripeElement--empty");
    if (!container.closest(".card-entry")) container.classList.add("card-entry");
    else if (!container.classList.contains("card-entry")) container.classList.add("stand-in-contents");
    container.replaceChildren(...this.nodes);
    queueMicrotask(() => this.emit("ready", { elementType: "card" }));
    return this;
  }

  unmount() {
    if (this.container) this.container.replaceChildren();
    this.container = null;
    return this;
  }

  update({ disabled }) {
    if (disabled !== undefined) for (const { input } of Object.values(this.fields)) input.disabled = disabled;
    return this;
  }

  clear() {
    for (const { name } of FIELDS) {
      this.fields[name].input.value = "";
      this.show(name, null);
    }
    this.changed();
    return this;
  }

  focus() {
    this.fields.number.input.focus();
    return this;
  }

  blur() {
    for (const { input } of Object.values(this.fields)) input.blur();
    return this;
  }

  destroy() {
    this.unmount();
    this.listeners = {};
    if (this.onDestroy) this.onDestroy();
  }

  on(event, listener) {
    (this.listeners[event] ||= []).push(listener);
    return this;
  }

  off(event, listener) {
    this.listeners[event] = listener ? (this.listeners[event] || []).filter((known) => known !== listener) : [];
    return this;
  }

  emit(event, detail) {
    for (const listener of this.listeners[event] || []) listener(detail);
  }
}
