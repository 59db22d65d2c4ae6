// Sign-in with a local account; the errors do not say which field was wrong.
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { signIn } from '../../api/calls';
import { sessionOptions } from '../../api/options';
import { Button, ErrorBox } from '../../widgets/basic';
import css from './shell.module.css';

export function SignIn() {
  const client = useQueryClient();
  const [email, setEmail] = useState('');
  const [password, setPassword] = useState('');
  const attempt = useMutation({
    mutationFn: () => signIn(email, password),
    onSuccess: (session) => client.setQueryData(sessionOptions().queryKey, session),
  });
  return (
    <main className={css.signIn}>
      <form
        onSubmit={(e) => {
          e.preventDefault();
          attempt.mutate();
        }}
      >
        <svg viewBox="0 0 32 32" width="36" height="36" aria-hidden>
          <path d="M16 1.5 28.6 8.75v14.5L16 30.5 3.4 23.25V8.75z" className={css.logoCell} />
          <path d="M8.2 18.6c2.2-6.4 5-6.4 7.8-1.6s5.6 4.8 7.8-1.6" className={css.logoWave} />
        </svg>
        <h1>Sign in to Waggle</h1>
        <label>
          E-mail
          <input
            type="email"
            name="email"
            autoComplete="username"
            required
            autoFocus
            value={email}
            onChange={(e) => setEmail(e.target.value)}
          />
        </label>
        <label>
          Password
          <input
            type="password"
            name="password"
            autoComplete="current-password"
            required
            value={password}
            onChange={(e) => setPassword(e.target.value)}
          />
        </label>
        {attempt.error && <ErrorBox what="Sign-in failed" error={attempt.error} />}
        <Button kind="primary" type="submit" disabled={attempt.isPending}>
          {attempt.isPending ? 'Signing in…' : 'Sign in'}
        </Button>
      </form>
    </main>
  );
}
