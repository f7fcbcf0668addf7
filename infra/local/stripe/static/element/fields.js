/* The fields: drawn, read, and told what is wrong with them. */
const AUTOCOMPLETE = { number: "cc-number", exp: "cc-exp", cvc: "cc-csc", country: "billing country", postal: "billing postal-code" };
const NAMES = Object.keys(AUTOCOMPLETE);
const PARAMETERS = { number: "number", exp_month: "exp", exp_year: "exp", cvc: "cvc", postal_code: "postal" };

class Fields {
  constructor(root, { locale, say }) {
    this.words = WORDS[language(locale)];
    this.root = root;
    this.say = say;
    this.parts = {};
    document.documentElement.lang = language(locale);
    root.replaceChildren(...NAMES.map((name) => this.draw(name)));
    this.fillCountries(locale);
    this.placed();
  }

  draw(name) {
    const input = name === "country" ? make("select", {}) : make("input", { type: "text", spellcheck: "false", inputmode: name === "postal" ? "text" : "numeric" });
    const error = make("p", { class: "Error", id: `${name}-error`, role: "alert" });
    const label = make("label", { class: "Label", for: name }, this.words[name]);
    if (name === "exp") label.append(" ", make("span", { class: "Hint" }, this.words.expHint));
    for (const [attribute, value] of Object.entries({ id: name, class: "Input", autocomplete: AUTOCOMPLETE[name], "aria-required": "true" })) {
      input.setAttribute(attribute, value);
    }
    const box = make("div", { class: "Box" }, input);
    if (name === "number") box.append(make("span", { class: "Brand", "aria-hidden": "true" }));
    const field = make("div", { class: `Field Field--${name}` }, label, box, error);
    this.parts[name] = { input, error, field, label };
    this.listen(name, input);
    return field;
  }

  listen(name, input) {
    input.addEventListener("input", () => this.typed(name));
    input.addEventListener("focus", () => this.say("focus"));
    input.addEventListener("blur", () => {
      if (input.value) this.show(name, this.check(name));
      this.say("blur");
    });
    input.addEventListener("keydown", (event) => {
      if (event.key === "Escape") this.say("escape");
    });
  }

  fillCountries(locale) {
    const language = locale === "auto" ? navigator.language : locale;
    const names = new Intl.DisplayNames([language, "en"], { type: "region" });
    const sorted = COUNTRIES.map((code) => [names.of(code), code]).sort(([a], [b]) => a.localeCompare(b, language));
    const { input } = this.parts.country;
    input.append(...sorted.map(([name, code]) => make("option", { value: code }, name)));
    const here = new Intl.Locale(navigator.language).maximize().region;
    input.value = COUNTRIES.includes(here) ? here : "US";
  }

  get values() {
    return Object.fromEntries(NAMES.map((name) => [name, this.parts[name].input.value]));
  }

  check(name) {
    return CHECKS[name](this.values);
  }

  typed(name) {
    const { input } = this.parts[name];
    const formatted = FORMATS[name] ? FORMATS[name](input.value) : input.value;
    // Only at the end of the text, so that the caret stays where somebody corrects a digit.
    if (formatted !== input.value && input.selectionStart === input.value.length) input.value = formatted;
    if (!this.check(name)) this.show(name, null);
    this.placed();
    this.changed();
  }

  /* What depends on what was typed: the brand, and whether there is a postal code to give. */
  placed() {
    const { country, number } = this.values;
    this.root.querySelector(".Brand").textContent = brandOf(digits(number))[2];
    const { field, label } = this.parts.postal;
    field.hidden = !POSTAL[country];
    label.textContent = country === "US" ? this.words.postalUS : this.words.postal;
    this.parts.country.field.classList.toggle("Field--wide", field.hidden);
  }

  changed() {
    const typed = NAMES.filter((name) => name !== "country").every((name) => !this.parts[name].input.value);
    const complete = NAMES.every((name) => !this.check(name));
    this.say("change", { empty: typed, complete, collapsed: false, value: { type: "card" } });
  }

  show(name, code) {
    const { input, error, field } = this.parts[name];
    error.textContent = code ? this.words[code] || code : "";
    input.classList.toggle("Input--invalid", Boolean(code));
    field.classList.toggle("Field--invalid", Boolean(code));
    for (const [attribute, value] of [["aria-invalid", "true"], ["aria-describedby", error.id]]) {
      if (code) input.setAttribute(attribute, value);
      else input.removeAttribute(attribute);
    }
  }

  /* The first thing that is wrong; each is shown at its field. Null when the card can be sent. */
  complain() {
    const wrong = NAMES.map((name) => [name, this.check(name)]).filter(([, code]) => code);
    for (const [name, code] of wrong) this.show(name, code);
    if (!wrong.length) return null;
    this.parts[wrong[0][0]].input.focus();
    return { type: "validation_error", code: wrong[0][1], message: this.words[wrong[0][1]] };
  }

  /* An error of the bank or the API, shown at the field that it names. */
  blame({ param = "", code, message }) {
    const name = PARAMETERS[param.replace(/.*\[|\]/g, "")];
    if (name) this.show(name, this.words[code] ? code : message);
  }

  method() {
    const { number, exp, cvc, country, postal } = this.values;
    const expiry = digits(exp);
    return {
      type: "card",
      card: { number: digits(number), exp_month: expiry.slice(0, 2), exp_year: expiry.slice(2), cvc: digits(cvc) },
      billing_details: { address: { country, postal_code: POSTAL[country] ? postal.trim() : undefined } },
    };
  }

  update({ readOnly }) {
    if (readOnly === undefined) return;
    for (const { input } of Object.values(this.parts)) input.disabled = readOnly;
  }

  clear() {
    for (const name of NAMES) {
      if (name !== "country") this.parts[name].input.value = "";
      this.show(name, null);
    }
    this.placed();
    this.changed();
  }

  focus() {
    this.parts.number.input.focus();
  }
}
