// The screens, once: the router makes their routes and the shell its navigation from this table.
import {
  Bell,
  Database,
  History,
  House,
  LayoutDashboard,
  Network,
  Rocket,
  Search,
  Settings,
  Target,
} from 'lucide-react';
import type { ComponentType } from 'react';
import {
  readBoardSearch,
  readHistorySearch,
  readHomeSearch,
  readMapSearch,
  readQuerySearch,
  readTraceSearch,
} from '../model/url-state';

type Raw = Record<string, unknown>;
export interface Screen {
  id: string;
  /** Below `/$team/environments/$env`. */
  path: string;
  title: string;
  load: () => Promise<{ default: ComponentType }>;
  search?: (raw: Raw) => object;
  nav?: { label: string; icon: ComponentType<{ size?: number }>; group: 'main' | 'setup' };
}
const text = (raw: Raw, ...names: string[]) =>
  Object.fromEntries(names.filter((n) => typeof raw[n] === 'string' && raw[n] !== '').map((n) => [n, raw[n]]));

export const SCREENS: readonly Screen[] = [
  {
    id: 'home',
    path: '/',
    title: 'Home',
    load: () => import('./home/HomePage'),
    search: readHomeSearch,
    nav: { label: 'Home', icon: House, group: 'main' },
  },
  {
    id: 'query',
    path: '/datasets/$dataset',
    title: 'Query',
    load: () => import('./query/QueryPage'),
    search: readQuerySearch,
    nav: { label: 'Query', icon: Search, group: 'main' },
  },
  {
    id: 'result',
    path: '/datasets/$dataset/result/$result',
    title: 'Query',
    load: () => import('./query/QueryPage'),
    search: readQuerySearch,
  },
  {
    id: 'result-any',
    path: '/result/$result',
    title: 'Query',
    load: () => import('./query/QueryPage'),
    search: readQuerySearch,
  },
  {
    id: 'boards',
    path: '/boards',
    title: 'Boards',
    load: () => import('./boards/BoardsPage'),
    search: (raw) => text(raw, 'find', 'show', 'template', 'dataset'),
    nav: { label: 'Boards', icon: LayoutDashboard, group: 'main' },
  },
  {
    id: 'board',
    path: '/board/$board',
    title: 'Board',
    load: () => import('./boards/BoardPage'),
    search: readBoardSearch,
  },
  {
    id: 'trace',
    path: '/datasets/$dataset/trace',
    title: 'Trace',
    load: () => import('./trace/TracePage'),
    search: readTraceSearch,
  },
  { id: 'trace-any', path: '/trace', title: 'Trace', load: () => import('./trace/TracePage'), search: readTraceSearch },
  {
    id: 'triggers',
    path: '/triggers',
    title: 'Triggers',
    load: () => import('./alerts/TriggersPage'),
    nav: { label: 'Triggers', icon: Bell, group: 'main' },
  },
  {
    id: 'slos',
    path: '/slos',
    title: 'SLOs',
    load: () => import('./alerts/SlosPage'),
    nav: { label: 'SLOs', icon: Target, group: 'main' },
  },
  {
    id: 'map',
    path: '/map',
    title: 'Service map',
    load: () => import('./map/MapPage'),
    search: readMapSearch,
    nav: { label: 'Service map', icon: Network, group: 'main' },
  },
  {
    id: 'history',
    path: '/history',
    title: 'History',
    load: () => import('./history/HistoryPage'),
    search: readHistorySearch,
    nav: { label: 'History', icon: History, group: 'main' },
  },
  {
    id: 'datasets',
    path: '/datasets',
    title: 'Datasets',
    load: () => import('./datasets/DatasetsPage'),
    search: (raw) => text(raw, 'find'),
    nav: { label: 'Datasets', icon: Database, group: 'main' },
  },
  {
    id: 'schema',
    path: '/datasets/$dataset/schema',
    title: 'Schema',
    load: () => import('./datasets/SchemaPage'),
    search: (raw) => text(raw, 'find', 'tab', 'column'),
  },
  {
    id: 'send-data',
    path: '/send-data',
    title: 'Send data',
    load: () => import('./send-data/SendDataPage'),
    search: (raw) => text(raw, 'tab', 'service'),
    nav: { label: 'Send data', icon: Rocket, group: 'setup' },
  },
  {
    id: 'settings',
    path: '/settings',
    title: 'Settings',
    load: () => import('./settings/SettingsPage'),
    search: (raw) => text(raw, 'tab'),
    nav: { label: 'Settings', icon: Settings, group: 'setup' },
  },
];
