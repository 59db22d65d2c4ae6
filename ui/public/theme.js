// Sets the theme before the first paint; external and not inline because of the Content-Security-Policy.
(function () {
  var choice = null;
  try {
    choice = localStorage.getItem('waggle.theme');
  } catch (e) {
    /* storage may be switched off; the system's theme then holds */
  }
  if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
})();
