import { Button, CloseButton, Kbd, SegmentedControl, Switch, TextInput } from '@mantine/core';
import { IconFilterOff, IconSearch } from '@tabler/icons-react';
import type { Ref } from 'react';
import { useDashboard } from '../dashboard.ts';
import { useStore } from '../state/store.ts';
import { isFilterOff, type AlertCounts, type StatusFilter } from './alert-filter.ts';
import classes from './filter-bar.module.css';

export function FilterBar({
  counts,
  shown,
  textRef,
}: {
  counts: AlertCounts;
  shown: number;
  textRef: Ref<HTMLInputElement>;
}) {
  const { view } = useDashboard();
  const filter = useStore(view, (state) => state.filter);
  const isNarrowed = !isFilterOff({ ...filter, isClosedHidden: false });
  const statuses: { value: StatusFilter; label: string }[] = [
    { value: 'all', label: `All ${counts.total}` },
    { value: 'new', label: `New ${counts.unacknowledged}` },
    { value: 'acknowledged', label: `Acknowledged ${counts.acknowledged}` },
    { value: 'closed', label: `Resolved ${counts.closed}` },
  ];

  return (
    <search className={classes.bar} aria-label="Filter alerts">
      <SegmentedControl
        size="sm"
        className="numbers"
        aria-label="Status"
        value={filter.status}
        onChange={(status) => view.dispatch({ type: 'filtered', change: { status } })}
        data={statuses}
        data-testid="status-filter"
      />
      <TextInput
        ref={textRef}
        className={classes.text}
        size="sm"
        aria-label="Filter by text"
        placeholder="Message, type, source, client, #id"
        leftSection={<IconSearch size={15} aria-hidden />}
        rightSection={
          filter.text === '' ? (
            <Kbd size="xs" aria-hidden>
              /
            </Kbd>
          ) : (
            <CloseButton
              size="sm"
              aria-label="Clear the text filter"
              onClick={() => view.dispatch({ type: 'filtered', change: { text: '' } })}
            />
          )
        }
        maxLength={200}
        spellCheck={false}
        autoComplete="off"
        value={filter.text}
        onChange={(event) => view.dispatch({ type: 'filtered', change: { text: event.currentTarget.value } })}
        data-testid="text-filter"
      />
      <Switch
        size="sm"
        withThumbIndicator={false}
        label="Hide resolved"
        checked={filter.isClosedHidden}
        disabled={filter.status === 'closed'}
        onChange={(event) =>
          view.dispatch({ type: 'filtered', change: { isClosedHidden: event.currentTarget.checked } })
        }
        data-testid="hide-resolved"
      />
      <p className={`${classes.shown} numbers`}>
        <strong
          data-testid="alert-count"
          data-shown={shown}
          data-total={counts.total}
          data-unacknowledged={counts.unacknowledged}
        >
          {shown}
        </strong>{' '}
        {shown === counts.total ? (shown === 1 ? 'alert' : 'alerts') : `of ${counts.total} alerts shown`}
      </p>
      {isNarrowed && (
        <Button
          size="compact-sm"
          variant="default"
          leftSection={<IconFilterOff size={14} aria-hidden />}
          onClick={() => view.dispatch({ type: 'filter_cleared' })}
          data-testid="clear-filter"
        >
          Show all
        </Button>
      )}
    </search>
  );
}
