/* The bank's page, in a dialog over the shop's. */
function loadStyle() {
  const href = `${BASE}/static/stand-in.css`;
  if (!document.querySelector(`link[href="${href}"]`)) document.head.append(make("link", { rel: "stylesheet", href }));
}

function challenge(address) {
  loadStyle();
  return new Promise((resolve) => {
    const frame = make("iframe", { src: address, title: "Your bank: confirm the payment" });
    const dialog = make("dialog", { class: "stand-in-dialog", "aria-label": "Confirm the payment with your bank" }, frame);
    let answered = false;
    const heard = (event) => {
      const ours = event.origin === window.location.origin && event.source === frame.contentWindow;
      if (!ours || !event.data || event.data.standIn !== "3ds") return;
      answered = event.data.done;
      dialog.close();
    };
    const end = () => {
      dialog.remove();
      resolve();
    };
    window.addEventListener("message", heard);
    dialog.addEventListener("close", () => {
      window.removeEventListener("message", heard);
      // Leaving the bank's page is an answer too: it has not been passed.
      if (answered) end();
      else fetch(address, { method: "POST", body: new URLSearchParams({ outcome: "fail" }) }).then(end, end);
    });
    document.body.append(dialog);
    dialog.showModal();
    frame.focus();
  });
}
