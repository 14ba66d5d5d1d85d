/** Why there are no passkeys on a page that was reached by a number, and where there are. */
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
