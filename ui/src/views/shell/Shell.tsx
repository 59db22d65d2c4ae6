// The frame around every screen: navigation, environment and dataset chooser, theme, shortcuts, sign-in.
import { useQuery } from '@tanstack/react-query';
import { Outlet } from '@tanstack/react-router';
import { Check, ChevronDown, Keyboard, LogOut, Monitor, Moon, PanelLeft, Search, Sun } from 'lucide-react';
import { lazy, Suspense, useEffect, useState } from 'react';
import { signOut, type Session } from '../../api/calls';
import { datasetsOptions, resultOptions, sessionOptions } from '../../api/options';
import { Button, EnvironmentMark, ErrorBox, IconButton, Skeleton } from '../../widgets/basic';
import { Link } from '../../widgets/Link';
import { DropMenu } from '../../widgets/popup';
import { usePref, useUtc, writePref } from '../../widgets/prefs';
import type { HomeSearch } from '../../model/url-state';
import { datasetPath, environmentPath, useGo, usePathname, usePlace, useTypedSearch } from '../../widgets/route';
import { TopBarSlot } from '../../widgets/slot';
import { setTheme, themeChoice, type ThemeChoice } from '../../widgets/theme';
import { useKeys } from '../../widgets/use-keys';
import type { Screen } from '..';
import css from './shell.module.css';
import { ShortcutPanel } from './ShortcutPanel';
import { SignIn } from './SignIn';

const CommandPalette = lazy(() => import('./CommandPalette'));
const THEMES: { id: ThemeChoice; label: string; icon: typeof Sun }[] = [
  { id: 'system', label: 'System theme', icon: Monitor },
  { id: 'light', label: 'Light theme', icon: Sun },
  { id: 'dark', label: 'Dark theme', icon: Moon },
];

export function Shell({ screens }: { screens: readonly Screen[] }) {
  const { data: session, error, refetch } = useQuery(sessionOptions());
  if (error) {
    return (
      <main className={css.alone}>
        <ErrorBox what="Waggle could not be reached" error={error} onRetry={() => void refetch()} />
      </main>
    );
  }
  if (!session) {
    return (
      <main className={css.alone}>
        <Skeleton />
      </main>
    );
  }
  if (!session.user && !session.dev) return <SignIn />;
  return <Frame session={session} screens={screens} />;
}

function Frame({ session, screens }: { session: Session; screens: readonly Screen[] }) {
  const params = usePlace();
  const place = {
    team: params.team ?? session.team?.slug ?? '',
    env: params.env ?? session.environments[0]?.slug ?? '',
  };
  const pathname = usePathname();
  const go = useGo();
  const [slot, setSlot] = useState<HTMLElement | null>(null);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [isDatasetOpen, setDatasetOpen] = useState(false);
  const [isPaletteOpen, setPaletteOpen] = useState(false);
  const isNarrow = usePref('nav') === 'narrow';
  const utc = useUtc();
  const datasets = useQuery({ ...datasetsOptions(place.env), enabled: place.env !== '' });
  const latest = latestDataset(datasets.data);
  // A kept result may be linked to without its dataset.
  const isResult = params.dataset === undefined && params.result !== undefined;
  const result = useQuery({ ...resultOptions(place.env, params.result ?? ''), enabled: isResult && place.env !== '' });
  const dataset = params.dataset ?? (isResult && result.data ? (result.data.dataset ?? '__all__') : undefined);
  const queryPath = dataset ?? latest;
  const screen = screenOf(pathname);
  const search = useTypedSearch<HomeSearch>();
  // Home names its dataset in its own way; what names none is of all.
  const about = dataset ?? (screen === 'home' ? search.dataset : undefined) ?? '__all__';
  const environment = session.environments.find((e) => e.slug === place.env);

  const nextTheme = () => {
    const at = THEMES.findIndex((t) => t.id === themeChoice());
    setTheme(THEMES[(at + 1) % THEMES.length]!.id);
  };
  // The map shows what the query in hand lets through.
  const { query } = useTypedSearch<{ query?: object }>();
  const queryTo = queryPath ? datasetPath(place, queryPath) : environmentPath(place, '/datasets');
  useKeys({
    palette: () => setPaletteOpen(true),
    help: () => setHelpOpen(true),
    nav: () => writePref('nav', isNarrow ? null : 'narrow'),
    utc: () => writePref('utc', utc ? null : '1'),
    theme: nextTheme,
    dataset: () => setDatasetOpen(true),
    'go-home': () => go(environmentPath(place)),
    'go-query': () => go(queryTo),
    'go-boards': () => go(environmentPath(place, '/boards')),
    'go-history': () => go(environmentPath(place, '/history')),
    'go-datasets': () => go(environmentPath(place, '/datasets')),
    'go-map': () => go(environmentPath(place, '/map'), query ? { query } : {}),
    'go-triggers': () => go(environmentPath(place, '/triggers')),
    'go-slos': () => go(environmentPath(place, '/slos')),
    'go-settings': () => go(environmentPath(place, '/settings')),
    'go-send': () => go(environmentPath(place, '/send-data')),
  });
  useEffect(() => {
    const title = screens.find((s) => s.id === screen)?.title ?? 'Waggle';
    document.title = [dataset, title, 'Waggle'].filter((part, i, all) => part && all.indexOf(part) === i).join(' · ');
  }, [dataset, screen, screens]);

  const link = (s: Screen) => {
    const to = s.id === 'query' ? queryTo : environmentPath(place, s.path);
    const Icon = s.nav!.icon;
    const isActive =
      s.id === screen ||
      (s.id === 'query' && screen === 'trace') ||
      (s.id === 'datasets' && screen === 'schema') ||
      (s.id === 'boards' && screen === 'board');
    return (
      <Link
        key={s.id}
        to={to}
        search={s.id === 'map' && query ? { query } : undefined}
        className={css.navLink}
        aria-current={isActive ? 'page' : undefined}
        title={s.nav!.label}
      >
        <Icon size={16} />
        <span>{s.nav!.label}</span>
      </Link>
    );
  };
  const group = (name: 'main' | 'setup') => screens.filter((s) => s.nav?.group === name).map(link);

  return (
    <TopBarSlot.Provider value={slot}>
      <div className={css.frame} data-narrow={isNarrow || undefined}>
        <a href="#main" className={css.skip}>
          Skip to the content
        </a>
        <nav className={css.nav} aria-label="Screens">
          <Link to={environmentPath(place)} className={css.logo} title="Home" aria-label="Waggle, home">
            <svg viewBox="0 0 32 32" width="22" height="22" aria-hidden>
              <path d="M16 1.5 28.6 8.75v14.5L16 30.5 3.4 23.25V8.75z" className={css.logoCell} />
              <path d="M8.2 18.6c2.2-6.4 5-6.4 7.8-1.6s5.6 4.8 7.8-1.6" className={css.logoWave} />
            </svg>
            <span>Waggle</span>
          </Link>
          {group('main')}
          <div className={css.gap} />
          {group('setup')}
          <DropMenu
            trigger={
              <button type="button" className={css.navLink} title="Theme">
                <ThemeIcon />
                <span>Theme</span>
              </button>
            }
            list={THEMES.map((t) => ({
              id: t.id,
              label: t.label,
              icon: <t.icon size={14} />,
              detail: themeChoice() === t.id ? <Check size={14} /> : undefined,
              onSelect: () => setTheme(t.id),
            }))}
          />
          {session.user && <UserMenu user={session.user} />}
          <button
            type="button"
            className={css.navLink}
            title={isNarrow ? 'Widen (n)' : 'Narrow (n)'}
            aria-label={isNarrow ? 'Widen the navigation' : 'Narrow the navigation'}
            onClick={() => writePref('nav', isNarrow ? null : 'narrow')}
          >
            <PanelLeft size={16} />
            <span>Narrow</span>
          </button>
        </nav>
        <header className={css.top}>
          <DropMenu
            trigger={
              <button type="button" className={css.chooser} aria-label="Environment">
                {environment && <EnvironmentMark color={environment.color} />}
                {environment?.name ?? place.env}
                <ChevronDown size={14} />
              </button>
            }
            list={session.environments.map((e) => ({
              id: e.slug,
              label: e.name,
              icon: <EnvironmentMark color={e.color} />,
              detail: e.slug === place.env ? <Check size={14} /> : undefined,
              onSelect: () => go(environmentPath({ team: place.team, env: e.slug })),
            }))}
          />
          <span className={css.slash}>/</span>
          <DropMenu
            open={isDatasetOpen}
            onOpenChange={setDatasetOpen}
            trigger={
              <button type="button" className={css.chooser} aria-label="Dataset" data-testid="dataset-chooser">
                {datasetName(about, datasets.data)}
                <ChevronDown size={14} />
              </button>
            }
            list={[
              ...(datasets.data ?? []).map((d) => ({
                id: d.slug,
                label: d.name,
                detail: d.slug === dataset ? <Check size={14} /> : undefined,
                onSelect: () => go(datasetPath(place, d.slug)),
              })),
              null,
              {
                id: '__all__',
                label: 'All datasets of the environment',
                onSelect: () => go(datasetPath(place, '__all__')),
              },
            ]}
          />
          <div className={css.slot} ref={setSlot} />
          <IconButton label="Go to (Ctrl K)" onClick={() => setPaletteOpen(true)}>
            <Search size={16} />
          </IconButton>
          <IconButton label="Shortcuts (?)" onClick={() => setHelpOpen(true)}>
            <Keyboard size={16} />
          </IconButton>
        </header>
        <main id="main" className={css.main} tabIndex={-1}>
          <Outlet />
        </main>
        <ShortcutPanel open={isHelpOpen} onOpenChange={setHelpOpen} />
        {isPaletteOpen && (
          <Suspense fallback={null}>
            <CommandPalette
              place={dataset === undefined ? place : { ...place, dataset }}
              screens={screens}
              queryPath={queryTo}
              onClose={() => setPaletteOpen(false)}
            />
          </Suspense>
        )}
      </div>
    </TopBarSlot.Provider>
  );
}

function ThemeIcon() {
  usePref('theme');
  const Icon = THEMES.find((t) => t.id === themeChoice())!.icon;
  return <Icon size={16} />;
}
function UserMenu({ user }: { user: { email: string; name: string } }) {
  return (
    <div className={css.user}>
      <span title={user.email}>{user.name || user.email}</span>
      <Button
        kind="plain"
        icon={<LogOut size={14} />}
        // A full load: nothing of the old session stays in memory.
        onClick={() => void signOut().finally(() => location.assign('/'))}
      >
        Sign out
      </Button>
    </div>
  );
}

/** The id of the screen at an address; none of an address that leads nowhere. */
function screenOf(pathname: string): string | undefined {
  const rest = pathname.split('/').slice(4).filter(Boolean);
  if (rest.length === 0) return 'home';
  if (['send-data', 'settings', 'map', 'triggers', 'slos'].includes(rest[0]!)) return rest[0]!;
  if (rest[0] === 'trace' || rest[2] === 'trace') return 'trace';
  if (rest[0] === 'boards' || rest[0] === 'board' || rest[0] === 'history') return rest[0];
  if (rest[2] === 'schema') return 'schema';
  if (rest[0] === 'datasets') return rest.length === 1 ? 'datasets' : 'query';
  return rest[0] === 'result' ? 'query' : undefined;
}
const latestDataset = (list: { slug: string; last_written_at: string | null }[] | undefined): string | undefined =>
  [...(list ?? [])].sort((a, b) => (b.last_written_at ?? '').localeCompare(a.last_written_at ?? ''))[0]?.slug;
const datasetName = (slug: string, list: { slug: string; name: string }[] | undefined): string =>
  slug === '__all__' ? 'All datasets' : (list?.find((d) => d.slug === slug)?.name ?? slug);
