/* The appearance that a page asks for (docs.stripe.com/elements/appearance-api). */
const THEMES = {
  stripe: { colorPrimary: "#0570de", colorBackground: "#ffffff", colorText: "#30313d", colorTextSecondary: "#5b5c68", colorDanger: "#b3143a", borderRadius: "5px", line: "#7a7c8c" },
  night: { colorPrimary: "#85d996", colorBackground: "#30313d", colorText: "#ffffff", colorTextSecondary: "#c9c9cf", colorDanger: "#fe87a1", borderRadius: "5px", line: "#9a9ba8" },
};
const SIZES = { fontFamily: "system-ui, sans-serif", fontSizeBase: "16px", fontSizeSm: "0.93em", fontLineHeight: "1.4", fontWeightMedium: "500", fontWeightNormal: "400", spacingUnit: "4px", gridRowSpacing: "16px", gridColumnSpacing: "16px" };
const SELECTOR = /^\.(Input|Label|Error|Block)(--[a-z]+)?(::?[a-z-]+)?$/;
const sheet = new CSSStyleSheet();
document.adoptedStyleSheets = [sheet];

function look(appearance = {}, behind = "transparent") {
  const root = document.documentElement;
  const variables = { ...SIZES, ...THEMES[appearance.theme === "night" ? "night" : "stripe"], ...appearance.variables };
  root.style.colorScheme = appearance.theme === "night" ? "dark" : "light";
  root.style.backgroundColor = behind;
  for (const [name, value] of Object.entries(variables)) root.style.setProperty(`--${name}`, value);
  sheet.replaceSync("");
  for (const [selector, declarations] of Object.entries(appearance.rules || {})) {
    if (!SELECTOR.test(selector)) {
      console.warn(`The stand-in styles nothing that is called ${selector}.`);
      continue;
    }
    const rule = sheet.cssRules[sheet.insertRule(`${selector}{}`, sheet.cssRules.length)];
    for (const [name, value] of Object.entries(declarations)) {
      rule.style.setProperty(name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`), value);
    }
  }
}
