// A phone's menu does not open by itself. Streamlit keeps in the browser that its drawer was open, and would open it over the
// next page that is loaded; so when this one is left, that is forgotten. On a wider screen the sidebar stays as it was left.
window.onpagehide = document.onvisibilitychange = () => {
  if (!matchMedia("(max-width: 767px)").matches) return;
  for (const key of Object.keys(localStorage)) if (key.startsWith("stSidebarCollapsed-")) localStorage.removeItem(key);
};
