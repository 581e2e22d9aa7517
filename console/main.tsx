// The entry of the inspection console: a page that draws the inspection API (docs/inspection.md), which it knows by
// types and over HTTP only. Served by `npm start` at `/console/`, or as static files beside a deployed API.
import { createRoot } from 'react-dom/client';
import { App } from './app.tsx';
import './style.css';

createRoot(document.getElementById('root')!).render(<App />);
