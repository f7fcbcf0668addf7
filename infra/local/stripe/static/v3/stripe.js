/* The object that the shop's page works with. */
class Elements {
  constructor({ clientSecret, mode, appearance, locale, ...terms }) {
    if (!clientSecret === !mode) throw new IntegrationError("elements() takes either a clientSecret or a mode.");
    if (mode && mode !== "payment") throw new IntegrationError(`The stand-in has no mode "${mode}".`);
    if (mode && !(Number.isInteger(terms.amount) && terms.amount > 0 && terms.currency)) {
      throw new IntegrationError("Without an intent, elements() takes an amount and a currency.");
    }
    if (terms.paymentMethodTypes) throw new IntegrationError("paymentMethodTypes is not taken any more: give allowedPaymentMethodTypes.");
    if (clientSecret) intentId(clientSecret);
    this.clientSecret = clientSecret;
    this.deferred = Boolean(mode);
    this.terms = terms;
    this.appearance = appearance || {};
    this.locale = locale || "auto";
    this.submitted = false;
    this.made = null;
  }

  create(type, options) {
    if (type !== "payment") throw new IntegrationError(`The stand-in has no element "${type}".`);
    if (this.made) throw new IntegrationError("There is already a Payment Element.");
    this.made = new PaymentElement(this, options);
    return this.made;
  }

  getElement(type) {
    return type === "payment" ? this.made : null;
  }

  update({ appearance, locale, ...terms }) {
    Object.assign(this.terms, terms);
    if (locale) this.locale = locale;
    if (!appearance) return;
    this.appearance = appearance;
    this.made?.show(appearance);
  }

  async submit() {
    const error = await this.check();
    this.submitted = !error;
    return error ? { error } : { selectedPaymentMethod: "card" };
  }

  check() {
    if (!this.made) throw new IntegrationError("There is no Payment Element.");
    return this.made.ask("check");
  }

  /* What an intent made afterwards must agree with. */
  disagreement(intent) {
    const { amount, currency, captureMethod = "automatic", allowedPaymentMethodTypes } = this.terms;
    const method = intent.capture_method === "automatic_async" ? "automatic" : intent.capture_method;
    if (intent.amount !== amount || intent.currency !== currency) return "amount or currency";
    if (method !== captureMethod) return "capture method";
    const automatic = intent.automatic_payment_methods !== null;
    return automatic === Boolean(allowedPaymentMethodTypes) ? "payment method types" : null;
  }
}

class StripeStandIn {
  constructor(key) {
    this.key = key;
  }

  elements(options = {}) {
    return new Elements(options);
  }

  async retrievePaymentIntent(clientSecret) {
    const { value, error } = await call(this.key, "GET", `/v1/payment_intents/${intentId(clientSecret)}`, { client_secret: clientSecret });
    return error ? { error } : { paymentIntent: value };
  }

  async confirmPayment({ elements, clientSecret, confirmParams = {}, redirect = "always" }) {
    const secret = this.ready({ elements, clientSecret, confirmParams, redirect });
    const wrong = await this.wrong(elements, secret);
    if (wrong) return { error: wrong };
    const { value, error } = await elements.made.ask("confirm", { key: this.key, secret, parameters: confirmParams });
    if (error) return { error };
    const done = await this.act(secret, value);
    if (done.error || redirect === "if_required") return done;
    return leave(returning(confirmParams.return_url, done.paymentIntent));
  }

  /* The client secret to confirm with. What is wrong in the page's own code is thrown, as Stripe does. */
  ready({ elements, clientSecret, confirmParams, redirect }) {
    if (!elements?.made) throw new IntegrationError("confirmPayment takes the elements with a mounted Payment Element.");
    const secret = elements.clientSecret || clientSecret;
    if (!secret) throw new IntegrationError("confirmPayment takes a clientSecret where elements() had none.");
    if (elements.deferred && !elements.submitted) throw new IntegrationError("Call elements.submit() before confirmPayment.");
    if (redirect !== "if_required" && !confirmParams.return_url) throw new IntegrationError("confirmPayment takes a return_url.");
    elements.submitted = false;
    intentId(secret);
    return secret;
  }

  async wrong(elements, secret) {
    const typed = await elements.check();
    if (typed || !elements.deferred) return typed;
    const { paymentIntent, error } = await this.retrievePaymentIntent(secret);
    if (error) return error;
    const differs = elements.disagreement(paymentIntent);
    return differs ? { type: "invalid_request_error", message: `The elements and the intent differ in their ${differs}.` } : null;
  }

  async handleNextAction({ clientSecret }) {
    const found = await this.retrievePaymentIntent(clientSecret);
    return found.error ? found : this.act(clientSecret, found.paymentIntent);
  }

  /* Lets the bank ask, where it wants to, and says how that ended. */
  async act(clientSecret, paymentIntent) {
    if (paymentIntent.status !== "requires_action") return { paymentIntent };
    const action = paymentIntent.next_action;
    if (action.type === "redirect_to_url") return leave(action.redirect_to_url.url);
    await challenge(action.use_stripe_sdk.stripe_js);
    const after = await this.retrievePaymentIntent(clientSecret);
    if (after.error || after.paymentIntent.status !== "requires_payment_method") return after;
    return { error: { ...after.paymentIntent.last_payment_error, payment_intent: after.paymentIntent } };
  }
}

function returning(address, intent) {
  const url = new URL(address);
  url.searchParams.set("payment_intent", intent.id);
  url.searchParams.set("payment_intent_client_secret", intent.client_secret);
  url.searchParams.set("redirect_status", "succeeded");
  return url.href;
}

/* Never settles: the page is on its way out. */
function leave(address) {
  window.location.assign(address);
  return new Promise(() => {});
}

window.Stripe = function Stripe(key) {
  if (!/^pk_test_/.test(key || "")) throw new IntegrationError("Stripe() takes a publishable test key, which begins with pk_test_.");
  return new StripeStandIn(key);
};
window.Stripe.version = "stand-in";
