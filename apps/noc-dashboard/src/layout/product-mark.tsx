/** The sign of the page, the same as its favicon. */
export function ProductMark({ size }: { size: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <path
        d="M16 3 28 7.2v8.6c0 6.7-4.8 11.5-12 13.9C8.8 27.3 4 22.5 4 15.8V7.2z"
        fill="none"
        stroke="var(--accent)"
        strokeWidth="2.2"
      />
      <path
        d="M8.5 16h3.9l2.3-5.4 3.5 10.6 2.3-5.2h3.2"
        fill="none"
        stroke="var(--text-1)"
        strokeWidth="2.2"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
