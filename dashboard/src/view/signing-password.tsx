interface SigningPasswordProps {
  readonly value: string;
  readonly onValue: (value: string) => void;
}

/** Where real money is decided: the key is made from it in this tab. */
export function SigningPassword({ value, onValue }: SigningPasswordProps) {
  return (
    <label>
      Signing password: this is about real money, and takes your own key
      <input
        name="signing-password"
        type="password"
        autocomplete="off"
        required
        maxLength={1024}
        value={value}
        onInput={(event) => onValue(event.currentTarget.value)}
      />
    </label>
  );
}
