export const SetupLink = ({ id }: { readonly id: string }) => <a href={`#/setups/${id}`}>{id}</a>;
