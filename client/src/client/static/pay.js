/* Paying: the card goes from Stripe's own fields to Stripe. We give the page the secret of one payment, and ask Stripe what came of it. */
(function (d) {
  "use strict";
  const LOADED_WITHIN = 15000, ANSWERED_WITHIN = 30000, TRIES = 12, LONGEST = 15000;
  const root = d.documentElement;

  /* Our tokens, as docs.stripe.com/elements/appearance-api names them. */
  function look() {
    const style = getComputedStyle(root), token = (name) => style.getPropertyValue(`--${name}`).trim();
    return {
      theme: style.colorScheme === "dark" ? "night" : "stripe",
      labels: "above",
      variables: {
        colorPrimary: token("action"), colorBackground: token("surface"), colorText: token("ink"),
        colorTextSecondary: token("ink-2"), colorTextPlaceholder: token("ink-2"), colorDanger: token("bad-ink"),
        fontFamily: getComputedStyle(d.body).fontFamily, fontSizeBase: token("t-2"), fontSizeSm: token("t-1"),
        fontLineHeight: token("lh"), fontWeightMedium: "600", borderRadius: token("r"), spacingUnit: token("s-1"),
        gridRowSpacing: token("s-4"), gridColumnSpacing: token("s-4"),
      },
      rules: {
        ".Input": {border: `1.5px solid ${token("line-strong")}`, boxShadow: "none", padding: "10px 12px"},
        ".Input:hover": {borderColor: token("ink")},
        ".Input:focus": {outline: `3px solid ${token("focus")}`, outlineOffset: "1px", boxShadow: "none"},
        ".Input--invalid": {border: `2px solid ${token("bad-mark")}`, boxShadow: `inset 4px 0 0 ${token("bad-mark")}`, color: token("ink")},
        ".Label": {color: token("ink"), fontSize: token("t-1"), fontWeight: "600"},
        ".Error": {color: token("bad-ink"), fontSize: token("t-1"), fontWeight: "600"},
      },
    };
  }

  function followTheme(elements) {
    const change = () => elements.update({appearance: look()});
    new MutationObserver(change).observe(root, {attributes: true, attributeFilter: ["class"]});
    matchMedia("(prefers-color-scheme:dark)").addEventListener("change", change);
  }

  /* What our server says; null where it cannot be reached. */
  async function ask(address, then) {
    try {
      const answer = await fetch(address, {
        method: "POST", headers: {Accept: "application/json"}, redirect: "manual", signal: AbortSignal.timeout(ANSWERED_WITHIN),
      });
      if (answer.type === "opaqueredirect") return {then}; /* signed out meanwhile: that page leads to where one signs in */
      return answer.ok ? await answer.json() : null;
    } catch {
      return null;
    }
  }

  function pause(milliseconds) {
    return new Promise((done) => {
      setTimeout(done, milliseconds);
      addEventListener("online", done, {once: true});
    });
  }

  /* The form with its words and its states. */
  function box(form) {
    const find = (name) => d.querySelector(`[data-${name}]`);
    const button = form.querySelector(".btn--big"), notice = find("told"), label = button.textContent;
    let state = "loading";
    function become(now) {
      state = form.dataset.state = now;
      root.classList.toggle("paying", now === "paying");
      button.textContent = now === "paying" ? form.dataset.doing : label;
      if (now === "ready") button.removeAttribute("aria-disabled"); else button.setAttribute("aria-disabled", "true");
      if (now !== "loading") find("loading").hidden = true;
    }
    become("loading");
    return {
      get state() { return state; },
      become,
      begin() {
        become("paying");
        notice.hidden = true;
        find("card-error").textContent = "";
        find("say").textContent = form.dataset.doing;
      },
      unavailable() {
        become("unavailable");
        find("no-card").hidden = false;
      },
      mark() {
        become("ready");
        find("card-error").textContent = form.dataset.wrong;
      },
      tell(title, sentence) {
        notice.firstElementChild.textContent = title;
        notice.lastElementChild.textContent = sentence;
        notice.hidden = false;
        notice.focus();
      },
      refuse(title, sentence) {
        become("ready");
        this.tell(title, sentence);
      },
      sentence(code) {
        const found = code && d.querySelector(`[data-code~="${CSS.escape(code)}"]`);
        return found ? found.textContent : "";
      },
    };
  }

  function payments(form, {stripe, elements, view}) {
    const words = form.dataset;

    /* Why a bank, or Stripe, did not take the card; nothing where that is not what happened. */
    function decline({type, code, decline_code: why}) {
      return view.sentence(why) || view.sentence(code) || (type === "card_error" ? view.sentence("generic_decline") : "");
    }

    /* Our server reads Stripe; it is asked until it says what came of it. */
    async function settle() {
      for (let tries = 0; tries < TRIES; tries += 1) {
        const answer = await ask(form.action, words.then);
        if (answer && answer.then) return location.replace(answer.then);
        if (answer && answer.open) return view.refuse(words.refused, view.sentence(answer.open));
        if (!tries) view.tell(words.lost, words.lostSay);
        await pause(Math.min(LONGEST, 1000 * Math.pow(1.6, tries)));
      }
      view.become("ready");
    }

    async function confirm(clientSecret) {
      const confirmParams = {return_url: new URL(words.back, location.href).href};
      try {
        return await stripe.confirmPayment({elements, clientSecret, confirmParams, redirect: "if_required"});
      } catch (error) {
        console.error(error);
        return {error: {type: "api_error"}};
      }
    }

    return async function () {
      view.begin();
      if ((await elements.submit()).error) return view.mark();
      const answer = await ask(words.intent, words.then);
      if (!answer) return view.refuse(words.unsent, words.unsentSay);
      if (answer.then) return location.replace(answer.then);
      if (answer.refused) return view.refuse(...answer.refused);
      const {error} = await confirm(answer.secret);
      if (error && error.type === "validation_error") return view.mark();
      const why = error && decline(error);
      if (!why) return settle();
      ask(form.action, words.then); /* so that My orders and other tabs hear of it without a webhook */
      return view.refuse(words.refused, why);
    };
  }

  function start(form) {
    const view = box(form), {pay: key, amount, currency} = form.dataset;
    form.addEventListener("submit", (e) => e.preventDefault());
    try {
      const stripe = window.Stripe(key);
      const elements = stripe.elements({
        mode: "payment", amount: Number(amount), currency, captureMethod: "manual", allowedPaymentMethodTypes: ["card"], appearance: look(), locale: root.lang,
      });
      const never = {applePay: "never", googlePay: "never", link: "never"};
      const element = elements.create("payment", {layout: "tabs", wallets: never, terms: {card: "never"}});
      const late = setTimeout(view.unavailable, LOADED_WITHIN), pay = payments(form, {stripe, elements, view});
      element.on("ready", () => { clearTimeout(late); d.querySelector("[data-no-card]").hidden = true; view.become("ready"); });
      element.on("loaderror", () => { clearTimeout(late); view.unavailable(); });
      element.mount("#card");
      followTheme(elements);
      form.addEventListener("submit", () => { if (view.state === "ready") pay(); });
    } catch (error) {
      if (window.Stripe) console.error(error);
      view.unavailable();
    }
  }

  d.addEventListener("DOMContentLoaded", () => {
    const form = d.querySelector("[data-pay]");
    if (form) start(form);
  });
})(document);
