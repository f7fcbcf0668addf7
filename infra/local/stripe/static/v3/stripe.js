/* The object that the shop's page works with. */
const ELEMENTS = { card: CardElement };

class Elements {
  constructor() {
    this.made = {};
  }

  create(type, options) {
    if (!Object.hasOwn(ELEMENTS, type)) throw new Error(`The stand-in has no element "${type}".`);
    if (this.made[type]) throw new Error(`There is already an element "${type}".`);
    const element = new ELEMENTS[type](options);
    element.onDestroy = () => delete this.made[type];
    this.made[type] = element;
    return element;
  }

  getElement(type) {
    return this.made[type] || null;
  }
}

class StripeStandIn {
  constructor(key) {
    this.key = key;
  }

  elements() {
    return new Elements();
  }

  async createPaymentMethod({ type, card, billing_details, metadata }) {
    const typed = card instanceof CardElement;
    const wrong = typed ? card.complain() : null;
    if (wrong) return { error: wrong };
    const details = typed ? card.details() : card;
    const { value, error } = await call(this.key, "POST", "/v1/payment_methods", { type, card: details, billing_details, metadata });
    if (error && typed) card.blame(error);
    return error ? { error } : { paymentMethod: value };
  }

  async retrievePaymentIntent(clientSecret) {
    const { value, error } = await call(this.key, "GET", `/v1/payment_intents/${intentId(clientSecret)}`, { client_secret: clientSecret });
    return error ? { error } : { paymentIntent: value };
  }

  async confirmCardPayment(clientSecret, data = {}, { handleActions = true } = {}) {
    const chosen = await this.chooseMethod(data.payment_method);
    if (chosen.error) return chosen;
    const { value, error } = await call(this.key, "POST", `/v1/payment_intents/${intentId(clientSecret)}/confirm`, {
      client_secret: clientSecret,
      payment_method: chosen.id,
      return_url: data.return_url,
      use_stripe_sdk: true,
    });
    if (error) return { error };
    return handleActions ? this.act(clientSecret, value) : { paymentIntent: value };
  }

  async handleNextAction({ clientSecret }) {
    const found = await this.retrievePaymentIntent(clientSecret);
    return found.error ? found : this.act(clientSecret, found.paymentIntent);
  }

  async chooseMethod(method) {
    if (!method || typeof method === "string") return { id: method };
    const { paymentMethod, error } = await this.createPaymentMethod({ type: "card", ...method });
    return error ? { error } : { id: paymentMethod.id };
  }

  /* Lets the bank ask, where it wants to, and says how that ended. */
  async act(clientSecret, paymentIntent) {
    if (paymentIntent.status !== "requires_action") return { paymentIntent };
    const action = paymentIntent.next_action;
    if (action.type === "redirect_to_url") {
      window.location.assign(action.redirect_to_url.url);
      return new Promise(() => {});
    }
    await challenge(action.use_stripe_sdk.stripe_js);
    const after = await this.retrievePaymentIntent(clientSecret);
    if (after.error || after.paymentIntent.status !== "requires_payment_method") return after;
    return { error: { ...after.paymentIntent.last_payment_error, payment_intent: after.paymentIntent } };
  }
}

window.Stripe = function Stripe(key) {
  if (!/^pk_test_/.test(key || "")) throw new Error("Stripe() takes a publishable test key, which begins with pk_test_.");
  return new StripeStandIn(key);
};
window.Stripe.version = "stand-in";
