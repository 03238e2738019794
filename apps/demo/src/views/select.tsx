// One of several, from a list that opens.

import type { JSX } from "preact";

/** The field with its label. */
export function Select<Value extends string>(props: {
  readonly label: string;
  readonly value: Value;
  readonly options: Readonly<Record<Value, string>>;
  /** Whether an option can be chosen; default: all can. */
  readonly isThere?: (value: Value) => boolean;
  readonly onChange: (value: Value) => void;
}): JSX.Element {
  const { label, value, options, isThere = () => true, onChange } = props;
  return (
    <label class="field">
      <span>{label}</span>
      <select value={value} onChange={(event) => onChange(event.currentTarget.value as Value)}>
        {(Object.entries(options) as [Value, string][]).map(([key, text]) => (
          <option key={key} value={key} disabled={!isThere(key)}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}
