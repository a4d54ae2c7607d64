// The theme, before the first paint: what was chosen, or else what the system prefers.
(() => {
  const chosen = localStorage.getItem("cotorra.theme");
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
})();
