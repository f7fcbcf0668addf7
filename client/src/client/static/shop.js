/* Everything works without this file. It adds: colours without a reload, a ticking clock, spoken warnings, pages that look again. */
(function (d) {
  "use strict";
  var root = d.documentElement;
  root.classList.add("js");

  function colours(form) {
    form.addEventListener("submit", function (e) {
      var theme = e.submitter && e.submitter.value;
      if (!theme || !window.fetch) return;
      e.preventDefault();
      root.classList.remove("theme-light", "theme-dark");
      root.classList.add("theme-" + theme);
      fetch(form.action, {method: "POST", body: new URLSearchParams({theme: theme, back: "/"}), redirect: "manual"}).catch(function () {});
      var other = form.querySelector(".theme--" + (theme === "dark" ? "light" : "dark"));
      if (other) other.focus();
    });
  }

  /* Seconds left come from the server, so a wrong clock on this machine changes nothing. */
  function clock(hold) {
    var end = performance.now() + hold.dataset.left * 1000, said = {};
    var count = hold.querySelector(".count"), strip = hold.querySelector("progress"), voice = d.querySelector("[data-say]");
    function say(key) {
      if (!said[key]) { said[key] = 1; voice.textContent = hold.dataset[key]; }
    }
    (function tick() {
      if (!hold.isConnected) return;
      var left = Math.max(0, Math.ceil((end - performance.now()) / 1000));
      count.textContent = Math.floor(left / 60) + ":" + ("0" + left % 60).slice(-2);
      strip.value = left;
      hold.classList.toggle("hold--urgent", left <= 120);
      if (left <= 120 && left > 60) say("two");
      if (left <= 60 && left > 0) say("one");
      if (left > 0) return void setTimeout(tick, 250);
      say("over");
      setTimeout(leave, 1000);
    })();
    /* Once Pay is pressed the clock never moves the page away: the server decides. */
    function leave() {
      if (!hold.isConnected) return;
      if (root.classList.contains("paying")) setTimeout(leave, 1000); else location.replace(hold.dataset.then);
    }
  }

  /* A page that waits for somebody else's answer asks again, ever more slowly, for about ten minutes. */
  function look(page) {
    var tries = 0;
    function later() {
      if (tries < 45) setTimeout(ask, Math.min(15000, 700 * Math.pow(1.4, tries++)));
    }
    function ask() {
      fetch(page.dataset.check, {headers: {Accept: "application/json"}, credentials: "same-origin"})
        .then(function (answer) { return answer.ok ? answer.json() : null; })
        .then(function (news) {
          if (news && news.stage !== page.dataset.stage) location.replace(page.dataset.then);
          else later();
        }, later);
    }
    later();
  }

  d.addEventListener("DOMContentLoaded", function () {
    var found = function (selector, use) { var one = d.querySelector(selector); if (one) use(one); };
    found("[data-theme-form]", colours);
    found("[data-focus]", function (one) { one.focus(); });
    found("[data-left]", clock);
    found("[data-check]", look);
    d.addEventListener("put", function (e) { if (e.detail.dataset.left) clock(e.detail); });
    found("[data-left],[data-check]", function () {
      addEventListener("pageshow", function (e) { if (e.persisted) location.reload(); });
    });
  });
})(document);
