// Dims the links that do not match what is typed; Enter opens the first that does.
export function watchFind() {
  const field = document.querySelector("#find");
  if (!field) return;
  const rows = () => [...document.querySelectorAll("tr[data-link]")];
  const matches = (row) => row.dataset.link.includes(field.value.trim().toLowerCase());
  const apply = () => {
    for (const row of rows()) {
      row.toggleAttribute("data-dim", !matches(row));
      row.toggleAttribute("data-found", Boolean(field.value.trim()) && matches(row));
    }
  };
  field.addEventListener("input", apply);
  field.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      field.value = "";
      apply();
    } else if (event.key === "Enter") {
      const first = rows().find(matches);
      if (first) location.assign(`/links/${first.dataset.link}`);
    }
  });
  document.addEventListener("renewed", apply);
}
