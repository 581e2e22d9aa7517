// The title of the browser's tab, which a screen reader tells when a page is opened.
import { useEffect } from 'react';

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = `${title} · Seriatim`;
  }, [title]);
}
