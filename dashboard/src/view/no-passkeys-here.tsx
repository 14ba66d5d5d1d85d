/** Says why a page opened by an IP address has no passkeys, and where they work. */
export function NoPasskeysHere() {
  const { hostname, port } = location;
  const onThisMachine = hostname === '127.0.0.1' || hostname === '[::1]';
  const address = `http://localhost${port === '' ? '' : `:${port}`}/`;
  return (
    <>
      A browser binds a passkey to a name, and <code>{hostname}</code> is a number. To use one, open{' '}
      {onThisMachine ? <a href={address}>{address}</a> : 'the desk’s public address (api.publicUrl)'}.
    </>
  );
}
