/* Paying: the card goes from the provider's own fields to the provider; we are given a token that stands for it. */
(function (d) {
  "use strict";

  function pay(form) {
    var button = form.querySelector(".btn--big"), problem = d.querySelector("[data-card-error]"), sent = false;
    var stripe, card, ready = button.textContent;
    if (!window.Stripe) {
      d.querySelector("[data-no-card]").hidden = false;
      button.setAttribute("aria-disabled", "true");
      form.addEventListener("submit", function (e) { e.preventDefault(); });
      return;
    }
    stripe = window.Stripe(form.dataset.pay);
    card = stripe.elements().create("card", {hidePostalCode: true});
    card.mount("#card");

    function paying(on) {
      sent = on;
      d.documentElement.classList.toggle("paying", on);
      button.textContent = on ? form.dataset.doing : ready;
      if (on) button.setAttribute("aria-disabled", "true"); else button.removeAttribute("aria-disabled");
    }
    function refuse(sentence) {
      paying(false);
      /* The provider's fields may say it themselves, beside the field that is meant. */
      if (!d.querySelector("#card .error:not([hidden])")) problem.textContent = sentence;
    }
    form.addEventListener("submit", function (e) {
      e.preventDefault();
      if (sent) return;
      paying(true);
      problem.textContent = "";
      d.querySelector("[data-say]").textContent = form.dataset.doing;
      var name = d.querySelector("[data-card-name]").value.trim();
      stripe.createPaymentMethod({type: "card", card: card, billing_details: name ? {name: name} : {}})
        .then(function (result) {
          if (result.error) return refuse(result.error.message);
          form.elements.token.value = result.paymentMethod.id;
          form.submit();
        }, function () {
          paying(false);
          d.querySelector("[data-no-card]").hidden = false;
        });
    });
    /* Back from the next page: the form must be good for another try. */
    addEventListener("pageshow", function (e) { if (e.persisted) paying(false); });
  }

  /* The buyer's bank asks for more: its page opens over ours, and then the server looks at what came of it. */
  function confirm(form) {
    var stripe = window.Stripe && window.Stripe(form.dataset.confirm);
    if (!stripe || !stripe.handleNextAction) return;
    stripe.handleNextAction({clientSecret: form.dataset.secret}).then(function () { form.submit(); }, function () {});
  }

  d.addEventListener("DOMContentLoaded", function () {
    var form = d.querySelector("[data-pay]"), asked = d.querySelector("[data-confirm]");
    if (form) pay(form);
    if (asked) confirm(asked);
  });
})(document);
