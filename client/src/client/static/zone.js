/* Times in the visitor's own zone. The server cannot know it before the first page: that page is rewritten here, and all
   later ones come as they should be, since the cookie says where. */
(function (d) {
  "use strict";
  var root = d.documentElement, zone = window.Intl && Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (!zone || zone === root.dataset.zone) return;
  d.cookie = "zone=" + zone + ";path=/;max-age=31536000;samesite=lax" + (location.protocol === "https:" ? ";secure" : "");

  d.addEventListener("DOMContentLoaded", function () {
    /* As the server writes them: 6:42 PM, but 06:42. */
    var noon = new Intl.DateTimeFormat(root.dataset.locale, {hour: "numeric"}).resolvedOptions().hour12;
    var hour = noon ? "numeric" : "2-digit";
    var looks = {
      minute: {hour: hour, minute: "2-digit", timeZoneName: "short"},
      second: {hour: hour, minute: "2-digit", second: "2-digit", timeZoneName: "short"},
      day: {dateStyle: "medium"}
    };
    d.querySelectorAll("time[data-at]").forEach(function (one) {
      try {
        one.textContent = new Intl.DateTimeFormat(root.dataset.locale, looks[one.dataset.at]).format(new Date(one.dateTime));
      } catch (e) { /* An older browser keeps UTC, which is true as well. */ }
    });
  });
})(document);
