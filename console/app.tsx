// The frame of every page: where one can go, the theme, and the page that the address names. A photo that is dropped
// anywhere goes to the form that sends it.
import { type DragEvent, lazy, Suspense, useEffect, useRef, useState } from 'react';
import { ExecutionPage } from './execution/execution-page.tsx';
import { ListPage } from './list/list-page.tsx';
import type { Route } from './route.ts';
import { Nothing, Reading } from './ui/messages.tsx';
import { ThemeChoice } from './ui/theme.tsx';
import { useLocation } from './ui/use-media.ts';

const SendPage = lazy(() => import('./send/send-page.tsx'));
const EndpointsPage = lazy(() => import('./hosting/endpoints-page.tsx'));
const MetricsPage = lazy(() => import('./metrics/metrics-page.tsx'));
const ComparePage = lazy(() => import('./compare/compare-page.tsx'));

const PLACES = [
  { page: 'executions', href: '#/executions', title: 'Executions' },
  { page: 'endpoints', href: '#/endpoints', title: 'Endpoints' },
  { page: 'metrics', href: '#/metrics', title: 'Metrics' },
  { page: 'send', href: '#/send', title: 'Send' },
] as const;

export function App() {
  const { route, query } = useLocation();
  const [photo, setPhoto] = useState<File>();
  const main = useRef<HTMLElement>(null);
  usePageFocus(main, pageKey(route));
  const drop = (event: DragEvent): void => {
    event.preventDefault();
    const file = event.dataTransfer.files[0];
    if (file === undefined) return;
    setPhoto(file);
    if (route.page !== 'send') location.hash = '#/send/photo-themes';
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: a file may be chosen in the form as well
    <div className="app" onDragOver={(event) => event.preventDefault()} onDrop={drop}>
      <Header page={route.page} onSkip={() => main.current?.focus()} />
      <main ref={main} tabIndex={-1}>
        <Suspense fallback={<Reading what="the page" />}>
          <Page route={route} query={query} photo={photo} />
        </Suspense>
      </main>
    </div>
  );
}

interface HeaderProps {
  readonly page: Route['page'];
  readonly onSkip: () => void;
}

function Header({ page, onSkip }: HeaderProps) {
  const place = page === 'execution' || page === 'compare' ? 'executions' : page;
  return (
    <header className="app-header">
      <button type="button" className="skip" onClick={onSkip}>
        Skip to content
      </button>
      <a className="brand" href="#/executions">
        <span aria-hidden="true">▸▸</span> Seriatim
      </a>
      <nav aria-label="Pages">
        {PLACES.map(({ page: one, href, title }) => (
          <a key={one} href={href} aria-current={one === place ? 'page' : undefined}>
            {title}
          </a>
        ))}
      </nav>
      <ThemeChoice />
    </header>
  );
}

interface PageProps {
  readonly route: Route;
  readonly query: URLSearchParams;
  readonly photo: File | undefined;
}

function Page({ route, query, photo }: PageProps) {
  switch (route.page) {
    case 'executions':
      return <ListPage query={query} />;
    case 'execution':
      return <ExecutionPage key={route.id} route={route} view={query.get('view')} />;
    case 'send':
      return <SendPage asked={route.pipeline} photo={photo} />;
    case 'endpoints':
      return <EndpointsPage />;
    case 'metrics':
      return <MetricsPage asked={route.pipeline} since={query.get('since') ?? '1h'} />;
    case 'compare':
      return <ComparePage a={query.get('a') ?? ''} b={query.get('b') ?? ''} />;
    case 'unknown':
      return (
        <div className="page">
          <h1>No such page</h1>
          <Nothing>
            There is nothing at this address. <a href="#/executions">The executions</a> are the first page.
          </Nothing>
        </div>
      );
  }
}

function pageKey(route: Route): string {
  return route.page === 'execution' ? `execution ${route.id}` : route.page;
}

/** Who follows a link to another page goes on reading at its beginning; not when the first page is opened. */
function usePageFocus(main: { readonly current: HTMLElement | null }, key: string): void {
  const before = useRef(key);
  useEffect(() => {
    if (before.current === key) return;
    before.current = key;
    main.current?.focus({ preventScroll: true });
    scrollTo(0, 0);
  }, [key, main]);
}
