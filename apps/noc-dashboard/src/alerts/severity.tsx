import {
  IconAlertOctagonFilled,
  IconAlertTriangleFilled,
  IconCircleArrowDownFilled,
  IconInfoSquareRoundedFilled,
  IconSquareRotatedFilled,
  type Icon,
} from '@tabler/icons-react';
import type { Severity } from '../wire/wire-types.ts';
import classes from './severity.module.css';

/** Shape and word as well as colour: octagon, triangle, diamond, disc, square. */
const LOOK: Record<Severity, { readonly label: string; readonly icon: Icon }> = {
  critical: { label: 'Critical', icon: IconAlertOctagonFilled },
  high: { label: 'High', icon: IconAlertTriangleFilled },
  medium: { label: 'Medium', icon: IconSquareRotatedFilled },
  low: { label: 'Low', icon: IconCircleArrowDownFilled },
  info: { label: 'Info', icon: IconInfoSquareRoundedFilled },
};

export function severityLabel(severity: Severity): string {
  return LOOK[severity].label;
}

export function SeverityIcon({ severity, size = 18 }: { severity: Severity; size?: number }) {
  const Shape = LOOK[severity].icon;
  return <Shape className={classes.icon} data-severity={severity} size={size} aria-hidden />;
}

/** `isLoud` fills the badge of a critical alert that nobody has taken yet. */
export function SeverityBadge({ severity, isLoud }: { severity: Severity; isLoud: boolean }) {
  return (
    <span className={classes.badge} data-severity={severity} data-loud={isLoud || undefined}>
      <SeverityIcon severity={severity} size={16} />
      {LOOK[severity].label}
    </span>
  );
}
