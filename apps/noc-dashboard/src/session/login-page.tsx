import { Button, PasswordInput, TextInput } from '@mantine/core';
import { IconAlertCircle, IconInfoCircle } from '@tabler/icons-react';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { useDashboard } from '../dashboard.ts';
import { ProductMark } from '../layout/product-mark.tsx';
import classes from './entrance.module.css';

/** `reason` tells someone who was signed in why they are not any more. */
export function LoginPage({ reason }: { reason: string | null }) {
  const { session } = useDashboard();
  const [error, setError] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const password = useRef<HTMLInputElement>(null);

  useEffect(() => {
    document.title = 'Sign in · NOC alerts';
  }, []);

  async function submit(form: FormData): Promise<void> {
    setIsBusy(true);
    setError(null);
    const problem = await session.login(textOf(form, 'username'), textOf(form, 'password'));
    if (problem === null) return;
    setError(problem);
    setIsBusy(false);
    password.current?.select();
  }

  function handleSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (!isBusy) void submit(new FormData(event.currentTarget));
  }

  return (
    <main className={classes.page}>
      <div className={classes.card}>
        <header className={classes.brand}>
          <ProductMark size={40} />
          <div>
            <h1>Network operations</h1>
            <p>Live alerts of every site</p>
          </div>
        </header>
        {reason !== null && (
          <p className={classes.note} role="status">
            <IconInfoCircle size={18} aria-hidden />
            {reason}
          </p>
        )}
        <form className={classes.form} onSubmit={handleSubmit} aria-label="Sign in">
          <TextInput
            name="username"
            label="User name"
            size="md"
            autoComplete="username"
            autoCapitalize="none"
            spellCheck={false}
            autoFocus
            required
            withAsterisk={false}
            data-testid="login-username"
          />
          <PasswordInput
            name="password"
            label="Password"
            size="md"
            autoComplete="current-password"
            required
            withAsterisk={false}
            ref={password}
            data-testid="login-password"
          />
          {error !== null && (
            <p className={classes.error} role="alert" data-testid="login-error">
              <IconAlertCircle size={18} aria-hidden />
              {error}
            </p>
          )}
          <Button type="submit" size="md" loading={isBusy} data-testid="login-submit">
            Sign in
          </Button>
        </form>
        <p className={classes.fine}>
          Signing in also allows this page to sound the alarm for new critical alerts.
        </p>
      </div>
    </main>
  );
}

function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}
