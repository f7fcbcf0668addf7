/* The shop without a network: the worker in sw.js answers then, in the language of the page that called it last. */
(function (d) {
  "use strict";
  var root = d.documentElement;
  if ("serviceWorker" in navigator) {
    addEventListener("load", function () {
      navigator.serviceWorker.register("/sw.js?language=" + root.lang).catch(function () {});
    });
  }
  d.addEventListener("DOMContentLoaded", function () {
    if ("offline" in root.dataset || d.querySelector("[data-no-network]")) comeBack();
  });

  /* Where the network is back for good, and nobody is on their way to another page. */
  function comeBack() {
    var leaving = false;
    addEventListener("beforeunload", function () { leaving = true; });
    addEventListener("online", function () {
      setTimeout(function () { if (navigator.onLine && !leaving) location.reload(); }, 500);
    });
  }
})(document);
