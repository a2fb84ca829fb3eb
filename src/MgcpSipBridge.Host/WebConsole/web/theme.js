// Runs before the page is painted, so that nobody who chose dark is blinded first. "auto" follows the system.
(() => {
  try {
    const chosen = localStorage.getItem('mgcpsipbridge.theme');
    if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
  } catch { /* storage may be forbidden: then the system decides */ }
})();
