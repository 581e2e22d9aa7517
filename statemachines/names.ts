// Spellings of names that the compiler and the template derive from those in a definition.

/** `tumour-screening` → `TumourScreening` */
export function pascal(name: string): string {
  return name
    .split('-')
    .map((word) => word[0]!.toUpperCase() + word.slice(1))
    .join('');
}

/** `TumourScreening` → `tumour-screening`: every capital begins a word. */
export function kebab(name: string): string {
  return name.replace(/(?<!^)[A-Z]/g, (letter) => `-${letter}`).toLowerCase();
}

/** `TumourScreeningEndpoint` → `tumour-screening` */
export function endpointOf(placeholder: string): string {
  return kebab(placeholder.replace(/Endpoint$/, ''));
}
