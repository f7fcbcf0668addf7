/* Inside the shop's page: tells it that the bank is done, or that the buyer wants to leave. */
(() => {
  if (window.parent === window) return;
  const tell = (what) => window.parent.postMessage({ standIn: "3ds", ...what }, window.location.origin);
  if (document.documentElement.dataset.bank === "done") tell({ done: true });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tell({ done: false });
  });
})();
