/** Theme, menu, filter, copying and the place in the contents. The page can be read without any of it. */
"use strict";
(() => {
  const byId = (id) => document.getElementById(id);
  const THEMES = ["system", "light", "dark"];
  const themeButton = byId("theme");

  function showTheme(theme) {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
    themeButton.textContent = `Theme: ${theme}`;
  }

  /** Storage is off in some browsers; the page does without. */
  function remember(theme) {
    try {
      localStorage.setItem("docs-theme", theme);
    } catch {
      return;
    }
  }

  function recall() {
    try {
      return localStorage.getItem("docs-theme");
    } catch {
      return null;
    }
  }

  let theme = THEMES.find((name) => name === recall()) ?? "system";
  showTheme(theme);
  themeButton.hidden = false;
  themeButton.addEventListener("click", () => {
    theme = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length];
    showTheme(theme);
    remember(theme);
  });

  const navigation = byId("navigation");
  const menuButton = byId("menu");

  function setMenu(open) {
    navigation.classList.toggle("closed", !open);
    menuButton.setAttribute("aria-expanded", String(open));
  }

  const narrow = matchMedia("(max-width: 52rem)");
  menuButton.hidden = false;
  setMenu(!narrow.matches);
  narrow.addEventListener("change", () => setMenu(!narrow.matches));
  menuButton.addEventListener("click", () => setMenu(navigation.classList.contains("closed")));
  navigation.addEventListener("click", (event) => {
    if (narrow.matches && event.target.closest("a") !== null) setMenu(false);
  });

  const filter = byId("filter");
  filter.closest("label").hidden = false;
  filter.addEventListener("input", () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of navigation.querySelectorAll("li")) {
      const text = entry.textContent.toLowerCase();
      entry.hidden = !words.every((word) => text.includes(word));
      if (!entry.hidden) shown += 1;
    }
    for (const list of navigation.querySelectorAll("h2 + ul")) {
      list.previousElementSibling.hidden = list.querySelector("li:not([hidden])") === null;
    }
    byId("filter-state").textContent = words.length === 0 ? "" : `${shown} found`;
  });

  for (const button of document.querySelectorAll(".copy")) {
    if (navigator.clipboard === undefined) break;
    button.hidden = false;
    const tell = (text) => {
      button.textContent = text;
      setTimeout(() => (button.textContent = "Copy"), 1500);
    };
    button.addEventListener("click", () => {
      const code = button.closest("figure").querySelector("code").textContent;
      navigator.clipboard.writeText(code).then(
        () => tell("Copied"),
        () => tell("Not allowed"),
      );
    });
  }

  const links = new Map([...navigation.querySelectorAll("li a")].map((link) => [link.hash.slice(1), link]));
  const observer = new IntersectionObserver(
    (entries) => {
      const visible = entries.find(({ isIntersecting }) => isIntersecting);
      if (visible === undefined) return;
      navigation.querySelector("[aria-current]")?.removeAttribute("aria-current");
      links.get(visible.target.id)?.setAttribute("aria-current", "location");
    },
    { rootMargin: "-15% 0px -75% 0px" },
  );
  for (const id of links.keys()) {
    const place = byId(id);
    if (place !== null) observer.observe(place);
  }
})();
