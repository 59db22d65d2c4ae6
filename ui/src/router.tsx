// Routes, in Honeycomb's link forms, made from the table of screens.
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, type AnyRoute } from '@tanstack/react-router';
import { parseSearch, stringifySearch } from './model/url-state';
import { SCREENS } from './views';
import { Classic, NotFound, Start } from './views/shell/Pages';
import { Shell } from './views/shell/Shell';
import { Skeleton } from './widgets/basic';

export function makeRouter() {
  const root = createRootRoute({ component: () => <Shell screens={SCREENS} />, notFoundComponent: NotFound });
  const start = createRoute({ getParentRoute: () => root, path: '/', component: Start });
  const classic = createRoute({ getParentRoute: () => root, path: '/$team/datasets/$', component: Classic });
  const environment = createRoute({ getParentRoute: () => root, path: '/$team/environments/$env' });
  const screens: AnyRoute[] = SCREENS.map((screen) =>
    createRoute({
      getParentRoute: () => environment,
      path: screen.path,
      validateSearch: screen.search,
      component: lazyRouteComponent(screen.load),
      pendingComponent: () => <Skeleton />,
      staticData: { screen: screen.id },
    } as never),
  );
  return createRouter({
    routeTree: root.addChildren([start, classic, environment.addChildren(screens)]) as AnyRoute,
    parseSearch,
    stringifySearch,
    defaultPreload: 'intent',
    scrollRestoration: false,
  });
}
